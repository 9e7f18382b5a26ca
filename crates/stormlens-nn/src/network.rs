//! What every network provides.

use burn::tensor::Tensor;

use crate::parameters::Mode;
use crate::{Parameters, Tap};

/// An architecture: a function from frames to fields over named parameters.
///
/// The architecture holds no weights, so one value serves training (where the parameters are
/// differentiable leaves and batch statistics are taken) and inference (where neither is so).
pub trait Network: Send + Sync {
    /// `input` is `[batch, frames, height, width]`, normalised; the answer
    /// `[batch, lead times, height, width]`, in the same unit.
    fn forward(
        &self,
        parameters: &Parameters,
        input: Tensor<4>,
        tap: &mut Tap,
        mode: &Mode,
    ) -> Tensor<4>;
}
