//! The transposed convolution that doubles height and width.

use std::sync::Arc;

use stormlens_kernels::product::Matrix;
use stormlens_kernels::transposed::Transposed;
use stormlens_kernels::{Level, Maps, Shape};

use super::{Needs, Operation, Pass, Values};

/// Kernel 2 × 2, stride 2, bias.
#[derive(Clone, Debug)]
pub(crate) struct TransposedOperation {
    pub level: Level,
    pub weight: Arc<Matrix>,
    pub bias: Values,
}

impl TransposedOperation {
    fn kernel(&self) -> Transposed<'_> {
        Transposed { weight: &self.weight, bias: &self.bias }
    }
}

impl Operation for TransposedOperation {
    type Kept = ();

    const NEEDS: Needs = Needs::Nothing;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        let Shape { height, width, .. } = maps[0].shape;
        let shape = maps[0].shape.with_size(2 * height, 2 * width).with_channels(self.bias.len());
        (shape, self.kernel().forward(self.level, maps[0]), ())
    }

    fn backward(&self, pass: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        vec![Some(self.kernel().backward(self.level, pass.shapes[0], gradient))]
    }
}
