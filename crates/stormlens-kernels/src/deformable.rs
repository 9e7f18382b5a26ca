//! Deformable convolution, version 3: its core (Wang et al. 2023, <https://arxiv.org/abs/2211.05778>).
//!
//! Channels lie last here, `[batch, height, width, channels]`, in groups. For each pixel of the result every group
//! samples its channels of the value at `kernel × kernel` points, bilinearly, with zeros beyond the edge; a point is a
//! place of the regular grid moved by a learnt offset, and counts by a learnt modulation:
//!
//! ```text
//! y[i, j, g, :] = Σ_k m[i, j, g, k] · v_g(x_k, y_k)
//! x_k = j · stride − padding + c + (kx · dilation − c + offset_x) · scale,   c = ⌊dilation · (kernel − 1) / 2⌋
//! ```
//!
//! and `y_k` of `i` and `ky` likewise; `k = kx · kernel + ky`, so `x` is the slow index. What a point needs of the value
//! is read where it lies: nothing of the size of all samples is ever written down.

mod gradient;
mod points;

use rayon::prelude::*;

use crate::Level;
use crate::level::{Sums, at_level};
pub use gradient::Gradients;
use points::Corner;

/// Channels that are summed up together.
const LANES: usize = 16;

/// A deformable convolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deformable {
    /// Points of a side of the grid.
    pub kernel: usize,
    pub stride: usize,
    /// Pixels of zeros around the value.
    pub padding: usize,
    pub dilation: usize,
    /// Parts of the channels with points of their own.
    pub groups: usize,
    /// What grid and offsets are multiplied by.
    pub offset_scale: f32,
}

/// What is sampled, and where.
#[derive(Clone, Copy, Debug)]
pub struct Sampled<'a> {
    /// `[batch × height × width × channels]`
    pub value: &'a [f32],
    /// Batch, height, width, channels.
    pub shape: [usize; 4],
    /// In pixels, x before y: `[batch × height out × width out × groups × points × 2]`.
    pub offset: &'a [f32],
    /// `[batch × height out × width out × groups × points]`
    pub modulation: &'a [f32],
}

impl Deformable {
    /// 3 × 3 points around each pixel.
    pub fn around(groups: usize) -> Self {
        Self { kernel: 3, stride: 1, padding: 1, dilation: 1, groups, offset_scale: 1.0 }
    }

    /// Points of a group.
    pub fn n_points(&self) -> usize {
        self.kernel * self.kernel
    }

    /// The shape of the result: batch, height, width, channels.
    ///
    /// # Panics
    /// If the grid is larger than the value with its padding, or channels do not fall into groups.
    pub fn shape_out(&self, [n_batch, height, width, n_channels]: [usize; 4]) -> [usize; 4] {
        assert!(self.groups > 0 && n_channels.is_multiple_of(self.groups), "channels in groups");
        let reach = self.dilation * (self.kernel - 1) + 1;
        let out = |n: usize| (n + 2 * self.padding).checked_sub(reach).map(|n| n / self.stride + 1);
        let [height, width] = [height, width].map(|n| out(n).expect("a grid within the padding"));
        [n_batch, height, width, n_channels]
    }

    /// # Panics
    /// If value, offsets and modulation do not fit each other.
    fn check(&self, x: &Sampled) -> [usize; 4] {
        let out = self.shape_out(x.shape);
        let n_points = out[0] * out[1] * out[2] * self.groups * self.n_points();
        assert_eq!(x.value.len(), x.shape.iter().product::<usize>(), "values");
        assert_eq!(x.modulation.len(), n_points, "a modulation for each point");
        assert_eq!(x.offset.len(), 2 * n_points, "an offset for each point");
        out
    }

    /// `[batch × height out × width out × channels]`
    ///
    /// # Panics
    /// If value, offsets and modulation do not fit each other.
    pub fn forward(&self, level: Level, x: Sampled) -> Vec<f32> {
        let out = self.check(&x);
        let [_, height, width, n_channels] = out;
        let mut y = vec![0.0; out.iter().product()];
        if y.is_empty() {
            return y;
        }
        y.par_chunks_exact_mut(width * n_channels).enumerate().for_each(|(row, y)| {
            let mut corners = vec![Corner::default(); 4 * self.n_points()];
            at_level!(level, |sums| {
                for (column, y) in y.chunks_exact_mut(n_channels).enumerate() {
                    let at = [row / height, row % height, column];
                    for (g, y) in y.chunks_exact_mut(n_channels / self.groups).enumerate() {
                        let n = self.corners(&x, out, at, g, &mut corners);
                        blend(sums, &corners[..n], x.value, y);
                    }
                }
            });
        });
        y
    }
}

/// `Σ weight · value` of all corners, channel by channel.
#[inline(always)]
fn blend(sums: Sums, corners: &[Corner], value: &[f32], y: &mut [f32]) {
    let (blocks, rest) = y.as_chunks_mut::<LANES>();
    let n = LANES * blocks.len();
    for (b, y) in blocks.iter_mut().enumerate() {
        let mut sum = [0.0; LANES];
        for corner in corners {
            let v: &[f32; LANES] = lanes(value, corner.start + b * LANES);
            for (sum, &v) in sum.iter_mut().zip(v) {
                *sum = sums.add(*sum, corner.weight, v);
            }
        }
        *y = sum;
    }
    for (i, y) in rest.iter_mut().enumerate() {
        let add = |sum, corner: &Corner| sums.add(sum, corner.weight, value[corner.start + n + i]);
        *y = corners.iter().fold(0.0, add);
    }
}

#[inline(always)]
fn lanes(values: &[f32], start: usize) -> &[f32; LANES] {
    values[start..].first_chunk().expect("a corner lies in the value with all its channels")
}
