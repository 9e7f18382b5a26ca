//! Spatial attention: a 7 × 7 convolution over two planes, and its gradient.

use crate::bands::{self, Maps, Shape};
use crate::level::{Sums, at_level};
use crate::{Level, scratch};

const SIDE: usize = 7;
const REACH: usize = SIDE / 2;

/// What `finish` makes of `weight ∗ [mean, peak] + bias`, `[batch × height × width]`.
pub(super) fn convolve(
    level: Level,
    weight: &[f32],
    bias: f32,
    summary: [Maps; 2],
    finish: impl Fn(f32) -> f32 + Sync,
) -> Vec<f32> {
    let kernels: Vec<&[f32]> = weight.chunks_exact(SIDE * SIDE).collect();
    let shape = summary[0].shape;
    bands::fill(shape, bands::rows_per_band(shape, 4, 1), |band| {
        scratch::with(shape.width, |out| {
            for row in band.rows.clone() {
                at_level!(level, || {
                    out.fill(bias);
                    for (map, kernel) in summary.iter().zip(&kernels) {
                        add_row(map.plane(band.example, 0), shape, kernel, row, out);
                    }
                });
                band.append(0, out, &finish);
            }
        });
    })
}

/// The gradients of both planes from that of what goes into the sigmoid.
pub(super) fn backward(level: Level, weight: &[f32], gradient: Maps) -> [Vec<f32>; 2] {
    let turned: Vec<Vec<f32>> =
        weight.chunks_exact(SIDE * SIDE).map(|k| k.iter().rev().copied().collect()).collect();
    let shape = gradient.shape;
    bands::fill_many([shape, shape], bands::rows_per_band(shape, 4, 1), |bands| {
        scratch::with(shape.width, |out| {
            for (band, kernel) in bands.into_iter().zip(&turned) {
                for row in band.rows.clone() {
                    at_level!(level, || {
                        out.fill(0.0);
                        add_row(gradient.plane(band.example, 0), shape, kernel, row, out);
                    });
                    band.append(0, out, |v| v);
                }
            }
        });
    })
}

/// The gradient of the weights, `[2 × 7 × 7]`, from that of what comes out before anything follows.
pub(super) fn weight_gradient(level: Level, summary: [Maps; 2], gradient: Maps) -> Vec<f32> {
    let Shape { n_batch, height, width, .. } = gradient.shape;
    let of_map = |map: Maps| {
        let mut sums = vec![0.0; SIDE * SIDE];
        let stride = width + 2 * REACH;
        scratch::with((height + 2 * REACH) * stride, |padded| {
            for example in 0..n_batch {
                padded.fill(0.0);
                let rows = padded.chunks_exact_mut(stride).skip(REACH);
                for (out, row) in rows.zip(map.plane(example, 0).chunks_exact(width)) {
                    out[REACH..][..width].copy_from_slice(row);
                }
                let gradient = gradient.plane(example, 0);
                at_level!(level, |fused| correlate(fused, padded, gradient, width, &mut sums));
            }
        });
        sums
    };
    let [mean, peak] = summary;
    let (mean, peak) = rayon::join(|| of_map(mean), || of_map(peak));
    [mean, peak].concat()
}

/// Adds `Σ x[row + dy, column + dx] · g[row, column]` for each place of the kernel; `padded` is x with zeros around it.
#[inline(always)]
fn correlate(fused: Sums, padded: &[f32], gradient: &[f32], width: usize, sums: &mut [f32]) {
    const LANES: usize = 8;
    let stride = width + 2 * REACH;
    for (dy, sums) in sums.chunks_exact_mut(SIDE).enumerate() {
        let (mut lanes, mut rest) = ([[0.0f32; LANES]; SIDE], [0.0f32; SIDE]);
        for (x, g) in padded[dy * stride..].chunks_exact(stride).zip(gradient.chunks_exact(width)) {
            let (blocks, last) = g.as_chunks::<LANES>();
            for (block, g) in blocks.iter().enumerate() {
                for (dx, lanes) in lanes.iter_mut().enumerate() {
                    let x: &[f32; LANES] = x[LANES * block + dx..].first_chunk().expect("padding");
                    for i in 0..LANES {
                        lanes[i] = fused.add(lanes[i], x[i], g[i]);
                    }
                }
            }
            for (i, &g) in last.iter().enumerate() {
                for (dx, rest) in rest.iter_mut().enumerate() {
                    *rest += x[LANES * blocks.len() + i + dx] * g;
                }
            }
        }
        for ((sum, lanes), rest) in sums.iter_mut().zip(lanes).zip(rest) {
            *sum += lanes.iter().sum::<f32>() + rest;
        }
    }
}

/// Adds one row of the convolution of a plane; beyond the plane is zero.
#[inline(always)]
fn add_row(plane: &[f32], shape: Shape, kernel: &[f32], row: usize, out: &mut [f32]) {
    let Shape { height, width, .. } = shape;
    for (dy, kernel) in kernel.chunks_exact(SIDE).enumerate() {
        let Some(y) = (row + dy).checked_sub(REACH).filter(|&y| y < height) else { continue };
        let source = &plane[y * width..][..width];
        for (dx, &k) in kernel.iter().enumerate() {
            // out[x] += k · source[x + dx − REACH], where there is such a pixel.
            let first = REACH.saturating_sub(dx).min(width);
            let end = (width + REACH).saturating_sub(dx).min(width);
            if first >= end {
                continue;
            }
            let source = &source[first + dx - REACH..][..end - first];
            for (out, &v) in out[first..end].iter_mut().zip(source) {
                *out += k * v;
            }
        }
    }
}
