//! Mean and spread of patches, which give what the decoder says its size.

use burn::tensor::{Tensor, TensorData};
use stormlens_data::patches::PUBLISHED_FLOOR;
pub use stormlens_data::patches::{FLOOR, SIDE_PX};

use super::form::ENCODER;
use super::sparse::Visible;
use crate::models::HostTensors;
use crate::parameters::Scope;

/// Mean and spread of all values of a patch, frames together: `[batch, patches, 1]`.
pub(super) struct Statistics {
    mean: Tensor<3>,
    spread: Tensor<3>,
}

impl Statistics {
    /// The spread is `√(variance + floor²)` with the unbiased variance. Of a hidden patch both are those of all visible
    /// patches of its example together.
    ///
    /// `frames` has zeros where it is hidden; height and width are multiples of [`SIDE_PX`].
    pub fn of(root: &Scope, frames: Tensor<4>, visible: Option<&Visible>) -> Self {
        let [n_batch, n_channels, height, width] = frames.dims();
        let [rows, columns] = [height / SIDE_PX, width / SIDE_PX];
        let n = n_channels * SIDE_PX * SIDE_PX;
        let parts = [n_batch, n_channels, rows, SIDE_PX, columns, SIDE_PX];
        let patches = frames.reshape(parts).permute([0, 2, 4, 1, 3, 5]);
        let patches: Tensor<3> = patches.reshape([n_batch, rows * columns, n]);
        let mean = patches.clone().mean_dim(2);
        let squares = (patches - mean.clone()).square().sum_dim(2);
        let variance = squares.clone().div_scalar((n - 1) as f64);
        let (mean, variance) = match visible {
            None => (mean, variance),
            Some(visible) => of_hidden_too(mean, variance, squares, n, visible),
        };
        let floor = match root.optional::<1>(FLOOR) {
            Some(floor) => floor.square().reshape([1, 1, 1]),
            None => {
                mean.clone().inner().zeros_like().narrow(0, 0, 1).narrow(1, 0, 1)
                    + PUBLISHED_FLOOR.powi(2)
            }
        };
        Self { mean, spread: (variance + floor).sqrt() }
    }

    /// What the decoder says in the unit of the input.
    pub fn apply(&self, decoded: Tensor<4>) -> Tensor<4> {
        let [n_batch, n_channels, height, width] = decoded.dims();
        let [rows, columns] = [height / SIDE_PX, width / SIDE_PX];
        let of_patches = |x: &Tensor<3>| x.clone().reshape([n_batch, 1, rows, 1, columns, 1]);
        let parts = [n_batch, n_channels, rows, SIDE_PX, columns, SIDE_PX];
        let decoded: Tensor<6> = decoded.reshape(parts);
        let frames = decoded * of_patches(&self.spread) + of_patches(&self.mean);
        frames.reshape([n_batch, n_channels, height, width])
    }
}

/// Mean and variance of `n` values a patch, and for hidden ones those of all values of the visible ones.
fn of_hidden_too(
    mean: Tensor<3>,
    variance: Tensor<3>,
    squares: Tensor<3>,
    n: usize,
    visible: &Visible,
) -> (Tensor<3>, Tensor<3>) {
    let [n_batch, n_patches, _] = mean.dims();
    let device = mean.device().without_autodiff();
    let tensor = |values: Vec<f32>, n_patches: usize| {
        Tensor::<3>::from_data(TensorData::new(values, [n_batch, n_patches, 1]), &device)
    };
    let shares = visible.shares();
    let n_seen = shares.chunks_exact(n_patches).map(|of| of.iter().sum::<f32>().max(1.0));
    let n_seen: Vec<f32> = n_seen.collect();
    let n_values = tensor(n_seen.iter().map(|seen| seen * n as f32 - 1.0).collect(), 1);
    let (n_seen, seen) = (tensor(n_seen, 1), tensor(shares, n_patches));
    let hidden = seen.clone().neg().add_scalar(1.0);
    let whole = (mean.clone() * seen.clone()).sum_dim(1) / n_seen;
    let between = (mean.clone() - whole.clone()).square().mul_scalar(n as f64);
    let of_whole = ((squares + between) * seen.clone()).sum_dim(1) / n_values;
    let mean = mean * seen.clone() + whole * hidden.clone();
    (mean, variance * seen + of_whole * hidden)
}

/// Changes weights so that input and output are in units so many times as large: the stem meets the input, and all that comes
/// out has its size from the statistics of the input and the floor.
pub(super) fn rescale(tensors: &mut HostTensors, scale: f32) {
    if tensors.iter().all(|(name, ..)| name != FLOOR) {
        tensors.push((FLOOR.to_owned(), vec![1], vec![PUBLISHED_FLOOR as f32]));
    }
    let stem = format!("{ENCODER}.conv1.weight");
    for (name, _, values) in tensors {
        let factor = match name.as_str() {
            FLOOR => 1.0 / scale,
            name if name == stem => scale,
            _ => continue,
        };
        values.iter_mut().for_each(|value| *value *= factor);
    }
}
