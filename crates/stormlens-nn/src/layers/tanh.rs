//! The hyperbolic tangent.

use burn::tensor::Tensor;

use super::fused;
use crate::parameters::Mode;

/// Of every value.
pub(crate) fn tanh(x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    fused::tanh(&x, mode).unwrap_or_else(|| burn::tensor::activation::tanh(x))
}
