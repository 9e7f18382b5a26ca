//! The transposed convolution that doubles height and width.

use burn::tensor::Tensor;

use super::fused;
use crate::parameters::{Mode, Scope};

/// Kernel 2 × 2, stride 2: every pixel becomes four, each by a linear map of the channels of its own.
/// `weight` is `[in, out, 2, 2]`.
///
/// Since kernels do not overlap, this is a product of matrices and a rearrangement, and so are its
/// gradients.
pub(crate) fn enlarge_transposed(p: &Scope, x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    fused::enlarge_transposed(p, &x, mode).unwrap_or_else(|| enlarge(p, x))
}

fn enlarge(p: &Scope, x: Tensor<4>) -> Tensor<4> {
    let [n_batch, n_in, height, width] = x.dims();
    let weight = p.tensor::<4>("weight");
    let n_out = weight.dims()[1];
    let weight = weight.reshape([1, n_in, 4 * n_out]).swap_dims(1, 2);
    let x = weight.matmul(x.reshape([n_batch, n_in, height * width]));
    let x = x.reshape([n_batch, n_out, 2, 2, height, width]);
    let x = x.permute([0, 1, 4, 2, 5, 3]).reshape([n_batch, n_out, 2 * height, 2 * width]);
    x + p.tensor::<1>("bias").reshape([1, n_out, 1, 1])
}
