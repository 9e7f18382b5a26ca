//! The two ways in which the reference programs bring a scene to the network's size.

use super::{Picture, Resampling};

/// Writes a picture, stretched to `width × height` pixels, into an image of `[height, width, 3]`
/// values whose lines are `stride_px` pixels apart; `first` is the index of its upper left pixel.
pub(super) fn resample(
    picture: &Picture,
    resampling: Resampling,
    [width, height]: [usize; 2],
    into: &mut [f32],
    [first, stride_px]: [usize; 2],
) {
    let columns = taps(resampling, picture.width, width);
    let rows = taps(resampling, picture.height, height);
    for (y, row) in rows.iter().enumerate() {
        let start = 3 * (first + y * stride_px);
        let line = into[start..start + 3 * width].as_chunks_mut::<3>().0;
        for (pixel, column) in line.iter_mut().zip(&columns) {
            *pixel = std::array::from_fn(|channel| mix(picture, column, row, channel));
        }
    }
}

/// Two indices of the source along one axis, and how far the place is from the first to the second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tap {
    pub low: usize,
    pub high: usize,
    pub weight: f32,
}

/// Where along an axis of `n_in` pixels each of `n_out` pixels comes from.
pub(super) fn taps(resampling: Resampling, n_in: usize, n_out: usize) -> Vec<Tap> {
    let tap = |i: usize| match resampling {
        Resampling::Nearest => {
            // floor((i + 1/2) · in / out) in integers, exact for every size.
            let index = (2 * i + 1) * n_in / (2 * n_out);
            Tap { low: index, high: index, weight: 0.0 }
        }
        Resampling::Bilinear => {
            // Single precision and this order of operations are the reference's, to the last bit.
            let place = (i as f32 + 0.5) * (n_in as f32 / n_out as f32) - 0.5;
            let low = place.floor();
            let high = (place.ceil() as usize).min(n_in - 1);
            Tap { low: low.max(0.0) as usize, high, weight: place - low }
        }
    };
    (0..n_out).map(tap).collect()
}

/// Along x first, then along y.
fn mix(picture: &Picture, column: &Tap, row: &Tap, channel: usize) -> f32 {
    let at = |x: usize, y: usize| picture.rgb.at((y * picture.width + x) * 3 + channel);
    let along_x = |y| {
        let (left, right) = (at(column.low, y), at(column.high, y));
        left + (right - left) * column.weight
    };
    if row.weight == 0.0 {
        return along_x(row.low);
    }
    let (top, bottom) = (along_x(row.low), along_x(row.high));
    top + (bottom - top) * row.weight
}
