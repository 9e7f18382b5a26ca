//! Deformable convolution, version 3 (Wang et al. 2023, <https://arxiv.org/abs/2211.05778>).

mod core;
#[cfg(test)]
mod tests;

use burn::tensor::activation::softmax;
use burn::tensor::{Tensor, TensorData};
use stormlens_kernels::deformable::Deformable;

use super::channel_norm::channel_norm_gelu;
use super::convolution::conv1x1;
use super::depthwise::depthwise;
use super::fused;
use crate::Tap;
use crate::parameters::{Mode, Scope};
use core::deformable_core;

/// Points of a group: 3 × 3.
const N_POINTS: usize = 9;

/// The layer without its last linear map: the core of the mapped input, sampled at 3 × 3 points a group that a depthwise
/// convolution of the input says. How many groups there are, the weights show.
///
/// Shown below `name`: `.offset`, `[2 · 9 · groups]`, x before y for each point, in pixels; `.modulation`, `[9 · groups]`,
/// shares of one; `.offset_length`, the mean length of the offsets at each pixel; `.points`, `[3 · 9 · groups]`, of each
/// point the row and the column that it reads, in pixels counted from the middle of the first one, and its modulation.
pub(crate) fn deformable(
    p: &Scope,
    name: &str,
    x: Tensor<4>,
    epsilon: f64,
    tap: &mut Tap,
    mode: &Mode,
) -> Tensor<4> {
    let value = conv1x1(&p.at("input_proj"), x.clone(), mode);
    let convolution = p.at("dw_conv.0");
    let features = fused::depthwise(&convolution, &x, mode);
    let features = features.unwrap_or_else(|| depthwise(&convolution, x, mode));
    let features = channel_norm_gelu(&p.at("dw_conv.1.1"), features, epsilon, mode);
    let offset = conv1x1(&p.at("offset"), features.clone(), mode);
    let offset = tap.at(&format!("{name}.offset"), offset);
    let length = format!("{name}.offset_length");
    if tap.watches(&length) {
        tap.at(&length, mean_length(offset.clone()));
    }
    let modulation = shares(conv1x1(&p.at("mask"), features, mode));
    let modulation = tap.at(&format!("{name}.modulation"), modulation);
    let points = format!("{name}.points");
    if tap.watches(&points) {
        tap.at(&points, places(&offset, &modulation));
    }
    let layer = Deformable::around(modulation.dims()[1] / N_POINTS);
    deformable_core(&layer, [value, offset, modulation], mode)
}

/// The softmax over the points of each group.
fn shares(logits: Tensor<4>) -> Tensor<4> {
    let shape = logits.dims();
    let [n_batch, n, height, width] = shape;
    let groups = logits.reshape([n_batch * n / N_POINTS, N_POINTS, height * width]);
    softmax(groups, 1).reshape(shape)
}

/// Rows, columns and modulation of the points, one point after the other.
fn places(offset: &Tensor<4>, modulation: &Tensor<4>) -> Tensor<4> {
    let [n_batch, n, height, width] = modulation.dims();
    let n_pixels = height * width;
    // The first of a point's two places along the grid counts columns, as does the first of its offsets.
    let start = |i: usize| {
        let (point, pixel) = (i / (2 * n_pixels) % N_POINTS, i % n_pixels);
        let (column, row) = (point / 3 + pixel % width, point % 3 + pixel / width);
        [column, row][i / n_pixels % 2] as f32 - 1.0
    };
    let values: Vec<f32> = (0..n * 2 * n_pixels).map(start).collect();
    let device = offset.device().without_autodiff();
    let start = Tensor::<4>::from_data(TensorData::new(values, [1, n, 2, n_pixels]), &device);
    let places = offset.clone().reshape([n_batch, n, 2, n_pixels]) + start;
    let part = |axis: usize| places.clone().narrow(2, axis, 1);
    let modulation = modulation.clone().reshape([n_batch, n, 1, n_pixels]);
    let all = Tensor::cat(vec![part(1), part(0), modulation], 2);
    all.reshape([n_batch, 3 * n, height, width])
}

/// `[batch, 1, height, width]` of offsets whose x and y follow each other.
fn mean_length(offset: Tensor<4>) -> Tensor<4> {
    let [n_batch, n, height, width] = offset.dims();
    let pairs = offset.reshape([n_batch, n / 2, 2, height * width]);
    let length = pairs.square().sum_dim(2).sqrt().mean_dim(1);
    length.reshape([n_batch, 1, height, width])
}
