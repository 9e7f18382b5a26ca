//! Convolutions and the batch normalisation behind them.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module::{batch_norm, batch_norm_train};

use super::depthwise::depthwise;
use crate::parameters::{Mode, Scope};

/// PyTorch's defaults, with which every published checkpoint was trained.
const BATCH_NORM_EPSILON: f64 = 1e-5;
const BATCH_NORM_MOMENTUM: f64 = 0.1;

/// A 1 × 1 convolution with bias: a linear map of the channels.
///
/// Written as a matrix product, whose gradients are matrix products too: burn's CPU kernels compute
/// the gradient of a convolution's weights as a convolution with a kernel of the picture's size.
pub(crate) fn conv1x1(p: &Scope, x: Tensor<4>) -> Tensor<4> {
    let [n_batch, n_in, height, width] = x.dims();
    let weight = p.tensor::<4>("weight");
    let n_out = weight.dims()[0];
    let x = x.reshape([n_batch, n_in, height * width]);
    let mut y = weight.reshape([1, n_out, n_in]).matmul(x);
    if let Some(bias) = p.optional::<1>("bias") {
        y = y + bias.reshape([1, n_out, 1]);
    }
    y.reshape([n_batch, n_out, height, width])
}

/// Depthwise 3 × 3, then pointwise 1 × 1, with nothing in between.
///
/// Each input channel feeds `k` consecutive depthwise channels; `k` follows from the weights.
pub(crate) fn depthwise_separable(p: &Scope, x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    conv1x1(&p.at("pointwise"), depthwise(&p.at("depthwise"), x, mode))
}

/// Twice: depthwise-separable convolution, batch normalisation, ReLU.
pub(crate) fn double_depthwise_separable(p: &Scope, x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    let p = p.at("double_conv");
    let x = norm_relu(&p.at("1"), depthwise_separable(&p.at("0"), x, mode), mode);
    norm_relu(&p.at("4"), depthwise_separable(&p.at("3"), x, mode), mode)
}

/// Batch normalisation and ReLU.
pub(crate) fn norm_relu(p: &Scope, x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    relu(norm(p, x, mode))
}

/// Batch normalisation; nothing where it has been folded into the convolution before it.
pub(crate) fn norm(p: &Scope, x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    if !p.has("running_var") {
        return x;
    }
    let (weight, bias) = (p.tensor("weight"), p.tensor("bias"));
    let (mean, variance) = (p.tensor::<1>("running_mean"), p.tensor::<1>("running_var"));
    match mode {
        Mode::Inference => batch_norm(x, weight, bias, mean, variance, BATCH_NORM_EPSILON),
        Mode::Training(recorder) => {
            let [n_batch, _, height, width] = x.dims();
            let n = (n_batch * height * width) as f64;
            let batch = batch_norm_train(x, weight, bias, BATCH_NORM_EPSILON);
            // The batch is normalised with its own variance; the running one learns the unbiased
            // estimate, as in PyTorch.
            let unbiased = batch.variance.inner().mul_scalar(n / (n - 1.0).max(1.0));
            let follow = |running: Tensor<1>, now: Tensor<1>| {
                running.mul_scalar(1.0 - BATCH_NORM_MOMENTUM) + now.mul_scalar(BATCH_NORM_MOMENTUM)
            };
            recorder.statistics.borrow_mut().extend([
                (p.name("running_mean"), follow(mean, batch.mean.inner())),
                (p.name("running_var"), follow(variance, unbiased)),
            ]);
            batch.output
        }
    }
}
