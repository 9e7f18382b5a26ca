//! Layer normalisation over channels and pixels (Ba et al. 2016), with weights for each pixel.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use stormlens_kernels::layer_norm::EPSILON;

use super::fused;
use crate::parameters::{Mode, Scope};

/// Of each example by itself: `weight` and `bias` are `[channels, height, width]`.
pub(crate) fn layer_norm(p: &Scope, x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    fused::layer_norm(p, &x, false, mode).unwrap_or_else(|| normalise(p, x))
}

/// The same, then ReLU.
pub(crate) fn layer_norm_relu(p: &Scope, x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    fused::layer_norm(p, &x, true, mode).unwrap_or_else(|| relu(normalise(p, x)))
}

/// The end of a residual block: the first map normalised and rectified, plus the second one normalised.
pub(crate) fn residual_layer_norms(
    norms: [&Scope; 2],
    [x, straight]: [Tensor<4>; 2],
    mode: &Mode,
) -> Tensor<4> {
    match fused::residual_layer_norms(norms, [&x, &straight], mode) {
        Some(y) => y,
        None => relu(normalise(norms[0], x)) + normalise(norms[1], straight),
    }
}

/// Means are taken over planes first: so sums stay short, and lose few digits.
fn normalise(p: &Scope, x: Tensor<4>) -> Tensor<4> {
    let [n_batch, n_channels, height, width] = x.dims();
    let x = x.reshape([n_batch, n_channels, height * width]);
    let mean = |x: Tensor<3>| x.mean_dim(2).mean_dim(1); // [batch, 1, 1]
    let centred = x.clone() - mean(x);
    let deviation = mean(centred.clone().square()).add_scalar(EPSILON).sqrt();
    let of = |part: &str| p.tensor::<3>(part).reshape([1, n_channels, height, width]);
    let x = (centred / deviation).reshape([n_batch, n_channels, height, width]);
    x * of("weight") + of("bias")
}
