//! Transposed convolutions that double height and width.

use burn::tensor::ops::PadMode;
use burn::tensor::{Tensor, s};

use super::{fused, trained};
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

/// Kernel 4 × 4, stride 2, padding 1: kernels overlap, so that every pixel of the result is a linear map of 2 × 2 pixels
/// of the input. `weight` is `[in, out, 4, 4]`.
///
/// The four pixels that one becomes see other neighbours each: of the one in row a and column b (0 or 1), those that begin a − 1
/// rows and b − 1 columns away. So there are four products of matrices, and so are their gradients.
pub(crate) fn enlarge_overlapping(p: &Scope, x: Tensor<4>, mode: &Mode) -> Tensor<4> {
    fused::enlarge_overlapping(p, &x, mode)
        .or_else(|| trained::enlarge_overlapping(p, &x, mode))
        .unwrap_or_else(|| overlapping(p, x))
}

fn overlapping(p: &Scope, x: Tensor<4>) -> Tensor<4> {
    let [n_batch, n_in, height, width] = x.dims();
    let weight = p.tensor::<4>("weight");
    let n_out = weight.dims()[1];
    // Backwards, an element of the kernel is the neighbour (first) and the place (second), of rows and of columns.
    let weight: Tensor<6> = weight.flip([2, 3]).reshape([n_in, n_out, 2, 2, 2, 2]);
    let weight = weight.permute([3, 5, 1, 0, 2, 4]).reshape([4, n_out, 4 * n_in]);
    let padded = x.pad([(1, 1), (1, 1)], PadMode::Constant(0.0));
    let part = |(row, column): (usize, usize)| {
        let neighbours = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(down, across)| {
            let (row, column) = (row + down, column + across);
            padded.clone().slice(s![.., .., row..row + height, column..column + width])
        });
        let around: Tensor<5> = Tensor::stack(neighbours.to_vec(), 2);
        let weight = weight.clone().narrow(0, 2 * row + column, 1);
        let y = weight.matmul(around.reshape([n_batch, 4 * n_in, height * width]));
        y.reshape([n_batch, n_out, height, width])
    };
    let parts = [(0, 0), (0, 1), (1, 0), (1, 1)].map(part);
    let y: Tensor<5> = Tensor::stack(parts.to_vec(), 2);
    let y = y.reshape([n_batch, n_out, 2, 2, height, width]).permute([0, 1, 4, 2, 5, 3]);
    y.reshape([n_batch, n_out, 2 * height, 2 * width])
        + p.tensor::<1>("bias").reshape([1, n_out, 1, 1])
}
