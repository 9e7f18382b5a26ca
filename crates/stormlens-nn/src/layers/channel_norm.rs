//! Layer normalisation over the channels of each pixel (Ba et al. 2016), and the Gaussian error linear unit (Hendrycks
//! and Gimpel 2016).

use std::f64::consts::SQRT_2;

use burn::tensor::Tensor;

use super::fused;
use crate::parameters::{Mode, Scope};

/// Of each pixel by itself: `weight` and `bias` are `[channels]`.
pub(crate) fn channel_norm(p: &Scope, x: Tensor<4>, epsilon: f64, mode: &Mode) -> Tensor<4> {
    fused::channel_norm(p, &x, epsilon, false, mode).unwrap_or_else(|| normalise(p, x, epsilon))
}

/// The same, then GELU.
pub(crate) fn channel_norm_gelu(p: &Scope, x: Tensor<4>, epsilon: f64, mode: &Mode) -> Tensor<4> {
    let fused = fused::channel_norm(p, &x, epsilon, true, mode);
    fused.unwrap_or_else(|| unit(normalise(p, x, epsilon)))
}

/// `x · Φ(x)` with the distribution of the normal distribution.
pub(crate) fn gelu(x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    fused::gelu(&x, mode).unwrap_or_else(|| unit(x))
}

/// Written out, because the gradient of burn's own is that of an approximation.
fn unit(x: Tensor<4>) -> Tensor<4> {
    let share = x.clone().div_scalar(SQRT_2).erf().add_scalar(1.0);
    x * share.mul_scalar(0.5)
}

fn normalise(p: &Scope, x: Tensor<4>, epsilon: f64) -> Tensor<4> {
    let n = x.dims()[1];
    let centred = x.clone() - x.mean_dim(1);
    let deviation = centred.clone().square().mean_dim(1).add_scalar(epsilon).sqrt();
    let of = |part: &str| p.tensor::<1>(part).reshape([1, n, 1, 1]);
    centred / deviation * of("weight") + of("bias")
}

/// The same over the last axis: `[batch, tokens, channels]`.
pub(crate) fn normalise_last(p: &Scope, x: Tensor<3>, epsilon: f64) -> Tensor<3> {
    let n = x.dims()[2];
    let centred = x.clone() - x.mean_dim(2);
    let deviation = centred.clone().square().mean_dim(2).add_scalar(epsilon).sqrt();
    let of = |part: &str| p.tensor::<1>(part).reshape([1, 1, n]);
    centred / deviation * of("weight") + of("bias")
}
