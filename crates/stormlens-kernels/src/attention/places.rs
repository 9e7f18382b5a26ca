//! Spatial attention: a 7 × 7 convolution over two planes, and its gradient.

use super::sigmoid;
use crate::bands::{self, Maps, Shape};
use crate::level::at_level;
use crate::{Level, scratch};

const SIDE: usize = 7;
const REACH: usize = SIDE / 2;

/// `sigmoid(weight ∗ [mean, peak] + bias)`, `[batch × height × width]`.
pub(super) fn attend(level: Level, weight: &[f32], bias: f32, summary: [Maps; 2]) -> Vec<f32> {
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
                band.append(0, out, sigmoid);
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
