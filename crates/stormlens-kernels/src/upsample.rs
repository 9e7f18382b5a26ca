//! Bilinear interpolation of maps to twice the size, corners aligned, where nothing follows that
//! could do it on the way.

use crate::bands::{self, Maps, Shape};
use crate::bilinear::Doubling;
use crate::level::at_level;
use crate::{Level, scratch};

/// `[batch, channels, 2 height, 2 width]`
pub fn forward(level: Level, x: Maps) -> Vec<f32> {
    let shape = x.shape;
    let doubling = Doubling::new(shape.height, shape.width);
    let width = 2 * shape.width;
    bands::fill_planes(shape.with_size(2 * shape.height, width), |plane, band| {
        let (example, channel) = (plane / shape.n_channels, plane % shape.n_channels);
        scratch::with(shape.height * width, |wide| {
            at_level!(level, || {
                let rows = x.plane(example, channel).chunks_exact(shape.width);
                for (row, wide) in rows.zip(wide.chunks_exact_mut(width)) {
                    doubling.across().interpolate(row, wide);
                }
                for &(low, share) in &doubling.down {
                    let of = |row: usize| &wide[row.min(shape.height - 1) * width..][..width];
                    let rows = (of(low), of(low + 1));
                    band.append_both(0, rows, |a, b| a * (1.0 - share) + b * share);
                }
            });
        });
    })
}

/// The gradient of the maps of that shape, from that of the result.
///
/// # Panics
/// If the gradient is not twice as large.
pub fn backward(level: Level, shape: Shape, gradient: Maps) -> Vec<f32> {
    assert_eq!(gradient.shape, shape.with_size(2 * shape.height, 2 * shape.width));
    let doubling = Doubling::new(shape.height, shape.width);
    bands::fill_planes(shape, |plane, band| {
        let (example, channel) = (plane / shape.n_channels, plane % shape.n_channels);
        scratch::with(3 * shape.plane(), |space| {
            let (narrow, out) = space.split_at_mut(2 * shape.plane());
            at_level!(level, || {
                let rows = gradient.plane(example, channel).chunks_exact(2 * shape.width);
                for (row, narrow) in rows.zip(narrow.chunks_exact_mut(shape.width)) {
                    doubling.across().gather(row, narrow);
                }
                doubling.gather_down(narrow, out);
            });
            band.append(0, out, |v| v);
        });
    })
}
