//! Convolutional block attention module (Woo et al. 2018).

use burn::tensor::Tensor;
use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;

use super::convolution::{linear, norm};
use super::{fused, trained};
use crate::parameters::{Mode, Scope};

/// Channel attention, then spatial attention; no residual around them.
pub(crate) fn cbam(p: &Scope, x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    if let Some(y) = fused::attention(p, &x, mode).or_else(|| trained::attention(p, &x, mode)) {
        return y;
    }
    let channels = channel_attention(&p.at("channel_att"), x.clone());
    let x = x * channels;
    let places = spatial_attention(&p.at("spatial_att"), x.clone(), mode);
    x * places
}

/// `[batch, channels, 1, 1]` in 0 to 1: a shared two-layer perceptron over mean and maximum.
fn channel_attention(p: &Scope, x: Tensor<4>) -> Tensor<4> {
    let [n_batch, n_channels, height, width] = x.dims();
    let flat = x.reshape([n_batch, n_channels, height * width]);
    let mean = flat.clone().mean_dim(2).reshape([n_batch, n_channels]);
    let maximum = flat.max_dim(2).reshape([n_batch, n_channels]);
    let attention = sigmoid(perceptron(p, mean) + perceptron(p, maximum));
    attention.reshape([n_batch, n_channels, 1, 1])
}

fn perceptron(p: &Scope, x: Tensor<2>) -> Tensor<2> {
    let x = relu(linear(&p.at("MLP.1"), x));
    linear(&p.at("MLP.3"), x)
}

/// `[batch, 1, height, width]` in 0 to 1, from the mean and the maximum over the channels.
fn spatial_attention(p: &Scope, x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    let summary = Tensor::cat(vec![x.clone().mean_dim(1), x.max_dim(1)], 1);
    let options = ConvOptions::new([1, 1], [3, 3], [1, 1], 1);
    let conv = p.at("conv");
    let x = conv2d(summary, conv.tensor("weight"), conv.optional("bias"), options);
    sigmoid(norm(&p.at("bn"), x, mode))
}
