//! Sums over planes and over channels.

use rayon::prelude::*;

use crate::Level;
use crate::bands::{self, Maps};
use crate::level::at_level;

/// The sum over each plane, `[batch × channels]`: what a gradient that is the same for all pixels
/// of a channel adds up to.
pub fn sums(level: Level, x: Maps) -> Vec<f32> {
    if x.shape.is_empty() {
        return Vec::new();
    }
    let planes = x.values.par_chunks_exact(x.shape.plane());
    planes.map(|plane| at_level!(level, || sum(plane))).collect()
}

/// The sum over examples and pixels, `[channels]`: the gradient of a bias.
pub fn sums_over_examples(level: Level, x: Maps) -> Vec<f32> {
    let n_channels = x.shape.n_channels;
    let planes = sums(level, x);
    (0..n_channels).map(|c| planes.iter().skip(c).step_by(n_channels.max(1)).sum()).collect()
}

/// `Σ_c weights[c] · x[c]` for each example, `[batch × height × width]`; `weights` is
/// `[batch × channels]`.
///
/// # Panics
/// If there is not one weight for each plane.
pub fn weighted(level: Level, weights: &[f32], x: Maps) -> Vec<f32> {
    let shape = x.shape;
    assert_eq!(weights.len(), shape.n_batch * shape.n_channels);
    let out = shape.with_channels(1);
    bands::fill(out, bands::rows_per_band(out, 1, 1), |band| {
        let pixels = band.rows.start * shape.width..band.rows.end * shape.width;
        let weights = &weights[band.example * shape.n_channels..][..shape.n_channels];
        for start in pixels.clone().step_by(BLOCK) {
            let n = BLOCK.min(pixels.end - start);
            let mut sums = [0.0; BLOCK];
            at_level!(level, || {
                for (c, &weight) in weights.iter().enumerate() {
                    let plane = &x.plane(band.example, c)[start..start + n];
                    for (sum, &v) in sums.iter_mut().zip(plane) {
                        *sum += weight * v;
                    }
                }
            });
            band.append(0, &sums[..n], |v| v);
        }
    })
}

/// Pixels that are summed up together over the channels: sixteen kilobytes.
pub(crate) const BLOCK: usize = 1024;

/// Running results that are kept side by side, so that they stay in vector registers.
const SIDE_BY_SIDE: usize = 64;

/// In running sums, so that vectors may be used and few digits are lost.
#[inline(always)]
pub(crate) fn sum(values: &[f32]) -> f32 {
    let (blocks, rest) = values.as_chunks::<SIDE_BY_SIDE>();
    let mut sums = [0.0f32; SIDE_BY_SIDE];
    for block in blocks {
        for i in 0..SIDE_BY_SIDE {
            sums[i] += block[i];
        }
    }
    sums.iter().sum::<f32>() + rest.iter().sum::<f32>()
}

/// `Σ a · b`, likewise.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, a_rest) = a.as_chunks::<SIDE_BY_SIDE>();
    let (b, b_rest) = b.as_chunks::<SIDE_BY_SIDE>();
    let mut sums = [0.0f32; SIDE_BY_SIDE];
    for (a, b) in a.iter().zip(b) {
        for i in 0..SIDE_BY_SIDE {
            sums[i] += a[i] * b[i];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// The largest value.
#[inline(always)]
pub(crate) fn largest(values: &[f32]) -> f32 {
    let (blocks, rest) = values.as_chunks::<SIDE_BY_SIDE>();
    let mut largest = [f32::NEG_INFINITY; SIDE_BY_SIDE];
    for block in blocks {
        for i in 0..SIDE_BY_SIDE {
            largest[i] = if block[i] > largest[i] { block[i] } else { largest[i] };
        }
    }
    largest.iter().chain(rest).fold(f32::NEG_INFINITY, |m, &v| if v > m { v } else { m })
}
