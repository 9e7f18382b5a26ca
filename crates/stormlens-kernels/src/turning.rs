//! Maps with their channels last, and back.

use rayon::prelude::*;

use crate::bands::{self, Maps, Shape};
use crate::scratch;

/// Pixels that are turned together.
const STRETCH: usize = 64;

/// `[batch × height × width × channels]` of `[batch, channels, height, width]`.
pub fn channels_last(x: Maps) -> Vec<f32> {
    let (n_pixels, n) = (x.shape.plane(), x.shape.n_channels);
    let mut out = vec![0.0; x.shape.len()];
    if out.is_empty() {
        return out;
    }
    for (example, out) in out.chunks_exact_mut(n_pixels * n).enumerate() {
        out.par_chunks_mut(STRETCH * n).enumerate().for_each(|(block, out)| {
            for channel in 0..n {
                let values = &x.plane(example, channel)[block * STRETCH..];
                for (pixel, &v) in out.chunks_exact_mut(n).zip(values) {
                    pixel[channel] = v;
                }
            }
        });
    }
    out
}

/// Maps of that shape from `[batch × height × width × channels]`.
///
/// # Panics
/// If there are not as many values.
pub fn channels_first(values: &[f32], shape: Shape) -> Vec<f32> {
    assert_eq!(values.len(), shape.len());
    let n = shape.n_channels;
    bands::fill(shape, bands::rows_per_band(shape, 1, 1), |band| {
        let (first, end) = (band.rows.start * shape.width, band.rows.end * shape.width);
        let own = &values[band.example * shape.plane() * n..][first * n..end * n];
        scratch::with(STRETCH, |row| {
            for block in own.chunks(STRETCH * n) {
                for channel in 0..n {
                    let pixels = block.chunks_exact(n);
                    row.iter_mut().zip(pixels).for_each(|(place, pixel)| *place = pixel[channel]);
                    band.append(channel, &row[..block.len() / n], |v| v);
                }
            }
        });
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_turned_there_and_back() {
        for dims in [[2, 3, 5, 29], [1, 1, 1, 1], [3, 70, 2, 2]] {
            let values: Vec<f32> = (0..dims.iter().product()).map(|i| i as f32).collect();
            let maps = Maps::new(&values, dims);
            let turned = channels_last(maps);
            let [_, n, height, width] = dims;
            for (i, &v) in turned.iter().enumerate() {
                let (example, pixel) = (i / n / (height * width), i / n % (height * width));
                assert_eq!(v, maps.plane(example, i % n)[pixel], "{dims:?}");
            }
            assert_eq!(channels_first(&turned, maps.shape), values);
        }
    }
}
