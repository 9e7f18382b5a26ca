//! The stem, and a layer of the encoder.

use burn::tensor::Tensor;

use super::EPSILON;
use crate::Tap;
use crate::layers::{
    Source, channel_norm, channel_norm_gelu, conv1x1, conv1x1_onto, convolution_halving,
    deformable, drop_path, gelu,
};
use crate::parameters::{Mode, Scope};

/// 3 × 3 at every second pixel, normalisation, GELU, 1 × 1, normalisation.
pub(super) fn stem(p: &Scope, x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    let x = convolution_halving(&p.at("conv1"), x, mode);
    let x = channel_norm_gelu(&p.at("norm1.1"), x, EPSILON, mode);
    let x = conv1x1(&p.at("conv2"), x, mode);
    channel_norm(&p.at("norm2.1"), x, EPSILON, mode)
}

/// To half the size and twice the channels.
pub(super) fn downsample(p: &Scope, x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    let x = convolution_halving(&p.at("conv"), x, mode);
    channel_norm(&p.at("norm.1"), x, EPSILON, mode)
}

/// `x + γ₁ · deformable(N₁ x)`, and to that `γ₂ · perceptron(N₂ x)`; `share` is that of the examples for which training
/// drops either.
pub(super) fn layer(
    p: &Scope,
    name: &str,
    x: Tensor<4>,
    share: f64,
    tap: &mut Tap,
    mode: &Mode,
) -> Tensor<4> {
    let normed = channel_norm(&p.at("norm1.0"), x.clone(), EPSILON, mode);
    let dcn = p.at("dcn");
    let sampled = deformable(&dcn, &format!("{name}.dcn"), normed, EPSILON, tap, mode);
    let x = add(p, "gamma1", &dcn.at("output_proj"), sampled, x, share, mode);
    let normed = channel_norm(&p.at("norm2.0"), x.clone(), EPSILON, mode);
    let inner = gelu(conv1x1(&p.at("mlp.fc1"), normed, mode), mode);
    add(p, "gamma2", &p.at("mlp.fc2"), inner, x, share, mode)
}

/// A linear map of a path, scaled and added to what goes straight on.
fn add(
    p: &Scope,
    gamma: &str,
    last: &Scope,
    path: Tensor<4>,
    straight: Tensor<4>,
    share: f64,
    mode: &Mode,
) -> Tensor<4> {
    let scale = p.optional::<1>(gamma);
    if scale.is_none() && mode.kernels().is_some() {
        return conv1x1_onto(last, Source::Whole(path), straight, mode);
    }
    let mut y = conv1x1(last, path, mode);
    if let Some(scale) = scale {
        let n = scale.dims()[0];
        y = y * scale.reshape([1, n, 1, 1]);
    }
    straight + drop_path(y, share, mode)
}
