//! Deformable convolution, version 3 (Wang et al. 2023, <https://arxiv.org/abs/2211.05778>).

mod core;
#[cfg(test)]
mod tests;

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;
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
/// shares of one; `.offset_length`, the mean length of the offsets at each pixel.
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

/// `[batch, 1, height, width]` of offsets whose x and y follow each other.
fn mean_length(offset: Tensor<4>) -> Tensor<4> {
    let [n_batch, n, height, width] = offset.dims();
    let pairs = offset.reshape([n_batch, n / 2, 2, height * width]);
    let length = pairs.square().sum_dim(2).sqrt().mean_dim(1);
    length.reshape([n_batch, 1, height, width])
}
