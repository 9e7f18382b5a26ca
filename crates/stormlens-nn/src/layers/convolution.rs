//! Convolutions and the batch normalisation behind them.

use burn::tensor::Tensor;
use burn::tensor::activation::{leaky_relu, relu};
use burn::tensor::module::{batch_norm, batch_norm_train, conv2d};
use burn::tensor::ops::ConvOptions;
use stormlens_kernels::Activation;

use super::channel_norm::gelu;
use super::depthwise::depthwise;
use super::fused;
use super::resample::same_padding;
use super::source::Source;
use super::trained;
use crate::parameters::{Mode, Scope};

/// What batch normalisation was built with: the default of a framework, which no checkpoint
/// records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormOptions {
    /// Added to the variance under the root.
    pub epsilon: f64,
    /// Share of the batch in the next running statistics; Keras states one minus this.
    pub momentum: f64,
}

impl NormOptions {
    pub const PYTORCH: Self = Self { epsilon: 1e-5, momentum: 0.1 };
    pub const KERAS: Self = Self { epsilon: 1e-3, momentum: 0.01 };
}

/// A linear layer: `[batch, in]` to `[batch, out]`, with weights `[out, in]`.
pub(crate) fn linear(p: &Scope, x: Tensor<2>) -> Tensor<2> {
    x.matmul(p.tensor::<2>("weight").transpose()) + p.tensor::<1>("bias").unsqueeze()
}

/// A 3 × 3 convolution with bias at every second pixel, padded as TensorFlow's `same`.
pub(crate) fn conv3x3_halving(p: &Scope, x: Tensor<4>) -> Tensor<4> {
    let [_, _, height, width] = x.dims();
    let padding = [same_padding(height), same_padding(width)];
    let options = ConvOptions::new_with_padding([2, 2], padding, [1, 1], 1);
    conv2d(x, p.tensor("weight"), p.optional("bias"), options)
}

/// The same, then batch normalisation and ReLU.
pub(crate) fn conv3x3_halving_relu(
    p: &Scope,
    norm: &Scope,
    x: Tensor<4>,
    options: NormOptions,
    mode: &Mode,
) -> Tensor<4> {
    match fused::stem_relu(p, norm, &x, mode) {
        Some(y) => y,
        None => norm_relu(norm, conv3x3_halving(p, x), options, mode),
    }
}

/// A 1 × 1 convolution with bias: a linear map of the channels. Its weights may be those of a linear layer,
/// `[out, in]`.
pub(crate) fn conv1x1(p: &Scope, x: impl Into<Source>, mode: &Mode) -> Tensor<4> {
    let x = x.into();
    let own = fused::conv1x1(p, &x, None, mode).or_else(|| trained::conv1x1(p, &x, None, mode));
    own.unwrap_or_else(|| linear_map(p, x.into_map()))
}

/// The same, added to another map.
pub(crate) fn conv1x1_onto(
    p: &Scope,
    x: impl Into<Source>,
    addend: Tensor<4>,
    mode: &Mode,
) -> Tensor<4> {
    let x = x.into();
    let own = fused::conv1x1(p, &x, Some(&addend), mode)
        .or_else(|| trained::conv1x1(p, &x, Some(&addend), mode));
    own.unwrap_or_else(|| linear_map(p, x.into_map()) + addend)
}

/// The same with batch normalisation as PyTorch builds it behind the convolution, added to another map if there is one, then
/// ReLU; convolution and normalisation go by these names.
pub(crate) fn conv1x1_relu(
    p: &Scope,
    [conv, norm]: [&str; 2],
    x: Tensor<4>,
    addend: Option<Tensor<4>>,
    mode: &Mode,
) -> Tensor<4> {
    let (conv, norm) = (p.at(conv), p.at(norm));
    if let Some(y) = fused::conv1x1_relu([&conv, &norm], &x, addend.as_ref(), mode) {
        return y;
    }
    let y = conv1x1(&conv, x, mode);
    match addend {
        None => norm_relu(&norm, y, NormOptions::PYTORCH, mode),
        Some(addend) => relu(addend + norm_with(&norm, y, NormOptions::PYTORCH, mode)),
    }
}

/// A 1 × 1 convolution with batch normalisation and GELU; both go by these names.
pub(crate) fn conv1x1_gelu(
    p: &Scope,
    [conv, norm]: [&str; 2],
    x: impl Into<Source>,
    mode: &Mode,
) -> Tensor<4> {
    let y = conv1x1(&p.at(conv), x, mode);
    gelu(norm_with(&p.at(norm), y, NormOptions::PYTORCH, mode), mode)
}

/// Written as a matrix product, whose gradients are matrix products too: burn's CPU kernels compute
/// the gradient of a convolution's weights as a convolution with a kernel of the picture's size.
fn linear_map(p: &Scope, x: Tensor<4>) -> Tensor<4> {
    let [n_batch, n_in, height, width] = x.dims();
    let n_out = p.n_out("weight").expect("weights");
    let weight = p.reshaped("weight", [1, n_out, n_in]);
    let x = x.reshape([n_batch, n_in, height * width]);
    let mut y = weight.matmul(x);
    if let Some(bias) = p.optional::<1>("bias") {
        y = y + bias.reshape([1, n_out, 1]);
    }
    y.reshape([n_batch, n_out, height, width])
}

/// Depthwise 3 × 3, then pointwise 1 × 1, with nothing in between.
///
/// Each input channel feeds `k` consecutive depthwise channels; `k` follows from the weights.
pub(crate) fn depthwise_separable(p: &Scope, x: impl Into<Source>, mode: &Mode) -> Tensor<4> {
    let x = x.into();
    match trained::separable(p, &x, mode) {
        Some(y) => y,
        None => linear_map(&p.at("pointwise"), depthwise(&p.at("depthwise"), x.into_map(), mode)),
    }
}

/// The same, then batch normalisation and ReLU; children go by these names.
pub(crate) fn separable_relu(
    p: &Scope,
    [conv, norm]: [&str; 2],
    x: impl Into<Source>,
    options: NormOptions,
    mode: &Mode,
) -> Tensor<4> {
    let (conv, norm, x) = (p.at(conv), p.at(norm), x.into());
    match fused::separable_relu(&conv, &norm, &x, mode) {
        Some(y) => y,
        None => norm_relu(&norm, depthwise_separable(&conv, x, mode), options, mode),
    }
}

/// Twice depthwise-separable convolution, batch normalisation and ReLU, plus a 1 × 1 convolution of
/// the same.
pub(crate) fn residual_separable(
    double: &Scope,
    straight: &Scope,
    x: impl Into<Source>,
    mode: &Mode,
) -> Tensor<4> {
    let (p, x) = (double.at("double_conv"), x.into());
    let middle = separable_relu(&p, ["0", "1"], x.clone(), NormOptions::PYTORCH, mode);
    match fused::residual_end([&p.at("3"), &p.at("4"), straight], &middle, &x, mode) {
        Some(sum) => sum,
        None => {
            let convolved = separable_relu(&p, ["3", "4"], middle, NormOptions::PYTORCH, mode);
            conv1x1_onto(straight, x, convolved, mode)
        }
    }
}

/// Twice: depthwise-separable convolution, batch normalisation, ReLU.
pub(crate) fn double_depthwise_separable(
    p: &Scope,
    x: impl Into<Source>,
    mode: &Mode,
) -> Tensor<4> {
    let p = p.at("double_conv");
    let x = separable_relu(&p, ["0", "1"], x, NormOptions::PYTORCH, mode);
    separable_relu(&p, ["3", "4"], x, NormOptions::PYTORCH, mode)
}

/// Batch normalisation as PyTorch builds it.
pub(crate) fn norm(p: &Scope, x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    norm_with(p, x, NormOptions::PYTORCH, mode)
}

/// Batch normalisation, then ReLU.
pub(crate) fn norm_relu(p: &Scope, x: Tensor<4>, options: NormOptions, mode: &Mode) -> Tensor<4> {
    match trained::norm(p, &x, options, Activation::Relu, mode) {
        Some(y) => y,
        None => relu(norm_with(p, x, options, mode)),
    }
}

/// Batch normalisation as PyTorch builds it, then a ReLU with this slope below zero.
pub(crate) fn norm_leaky(p: &Scope, x: Tensor<4>, slope: f32, mode: &Mode) -> Tensor<4> {
    let options = NormOptions::PYTORCH;
    match trained::norm(p, &x, options, Activation::Leaky(slope), mode) {
        Some(y) => y,
        None => leaky_relu(norm_with(p, x, options, mode), f64::from(slope)),
    }
}

/// Batch normalisation; nothing where it has been folded into the convolution before it.
pub(crate) fn norm_with(p: &Scope, x: Tensor<4>, options: NormOptions, mode: &Mode) -> Tensor<4> {
    let NormOptions { epsilon, .. } = options;
    if !p.has("running_var") {
        return x;
    }
    if let Some(y) = trained::norm(p, &x, options, Activation::None, mode) {
        return y;
    }
    let (weight, bias) = (p.tensor("weight"), p.tensor("bias"));
    match mode {
        Mode::Inference(_) | Mode::Sampling(..) => {
            let (mean, variance) = (p.tensor("running_mean"), p.tensor("running_var"));
            batch_norm(x, weight, bias, mean, variance, epsilon)
        }
        Mode::Training(recorder) => {
            let [n_batch, _, height, width] = x.dims();
            let batch = batch_norm_train(x, weight, bias, epsilon);
            let statistics = [batch.mean.inner(), batch.variance.inner()];
            recorder.follow(p, options, statistics, n_batch * height * width);
            batch.output
        }
    }
}
