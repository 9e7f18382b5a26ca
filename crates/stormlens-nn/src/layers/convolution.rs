//! Convolutions and the batch normalisation behind them.

use burn::tensor::activation::relu;
use burn::tensor::module::{batch_norm, batch_norm_train, conv2d};
use burn::tensor::ops::ConvOptions;
use burn::tensor::Tensor;

use crate::parameters::{Mode, Scope};

/// PyTorch's defaults, with which every published checkpoint was trained.
const BATCH_NORM_EPSILON: f64 = 1e-5;
const BATCH_NORM_MOMENTUM: f64 = 0.1;

/// A 1 × 1 convolution with bias: a linear map of the channels.
pub(crate) fn conv1x1(p: &Scope, x: Tensor<4>) -> Tensor<4> {
    conv2d(x, p.tensor("weight"), p.optional("bias"), ConvOptions::new([1, 1], [0, 0], [1, 1], 1))
}

/// Depthwise 3 × 3, then pointwise 1 × 1, with nothing in between.
///
/// Each input channel feeds `k` consecutive depthwise channels; `k` follows from the weights.
pub(crate) fn depthwise_separable(p: &Scope, x: Tensor<4>) -> Tensor<4> {
    let [_, n_channels, _, _] = x.dims();
    let depthwise = p.at("depthwise");
    let options = ConvOptions::new([1, 1], [1, 1], [1, 1], n_channels);
    let x = conv2d(x, depthwise.tensor("weight"), depthwise.optional("bias"), options);
    conv1x1(&p.at("pointwise"), x)
}

/// Twice: depthwise-separable convolution, batch normalisation, ReLU.
pub(crate) fn double_depthwise_separable(p: &Scope, x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    let p = p.at("double_conv");
    let x = norm_relu(&p.at("1"), depthwise_separable(&p.at("0"), x), mode);
    norm_relu(&p.at("4"), depthwise_separable(&p.at("3"), x), mode)
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
        Mode::Training(updates) => {
            let [n_batch, _, height, width] = x.dims();
            let n = (n_batch * height * width) as f64;
            let batch = batch_norm_train(x, weight, bias, BATCH_NORM_EPSILON);
            // The batch is normalised with its own variance; the running one learns the unbiased
            // estimate, as in PyTorch.
            let unbiased = batch.variance.inner().mul_scalar(n / (n - 1.0).max(1.0));
            let follow = |running: Tensor<1>, now: Tensor<1>| {
                running.mul_scalar(1.0 - BATCH_NORM_MOMENTUM) + now.mul_scalar(BATCH_NORM_MOMENTUM)
            };
            updates.borrow_mut().extend([
                (p.name("running_mean"), follow(mean, batch.mean.inner())),
                (p.name("running_var"), follow(variance, unbiased)),
            ]);
            batch.output
        }
    }
}
