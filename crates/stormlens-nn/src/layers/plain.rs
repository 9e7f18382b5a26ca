//! A plain 3 × 3 convolution with batch normalisation and ReLU.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;

use super::convolution::{NormOptions, norm_with};
use super::source::Source;
use crate::parameters::{Mode, Scope};

/// 3 × 3 convolution with zero padding 1, batch normalisation, ReLU; children go by these names.
pub(crate) fn convolution_relu(
    p: &Scope,
    [conv, norm]: [&str; 2],
    x: impl Into<Source>,
    options: NormOptions,
    mode: &Mode,
) -> Tensor<4> {
    let (conv, norm) = (p.at(conv), p.at(norm));
    let stride_and_padding = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
    let x = x.into().into_map();
    let y = conv2d(x, conv.tensor("weight"), conv.optional("bias"), stride_and_padding);
    relu(norm_with(&norm, y, options, mode))
}
