//! Transposed convolutions that double height and width.

use std::sync::Arc;

use stormlens_kernels::product::Matrix;
use stormlens_kernels::transposed::{OverlappingFilter, Transposed};
use stormlens_kernels::{Level, Maps, Shape, planes};

use super::{Learner, Needs, Operation, Pass, Values};

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

/// Kernel 4 × 4, stride 2, padding 1, bias.
#[derive(Clone, Debug)]
pub(crate) struct OverlappingOperation {
    pub level: Level,
    pub filter: Arc<OverlappingFilter>,
    pub bias: Values,
}

impl Operation for OverlappingOperation {
    type Kept = ();

    const NEEDS: Needs = Needs::Nothing;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        let Shape { height, width, .. } = maps[0].shape;
        let shape = maps[0].shape.with_size(2 * height, 2 * width).with_channels(self.bias.len());
        (shape, self.filter.forward(self.level, &self.bias, maps[0]), ())
    }

    fn backward(&self, _: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        vec![Some(self.filter.backward(self.level, gradient))]
    }
}

/// The same that learns.
#[derive(Clone, Debug)]
pub(crate) struct OverlappingTraining {
    pub layer: OverlappingOperation,
    pub learner: Learner,
}

impl Operation for OverlappingTraining {
    type Kept = ();

    const NEEDS: Needs = Needs::Inputs;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        self.layer.forward(maps)
    }

    fn backward(&self, pass: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        let OverlappingOperation { level, filter, .. } = &self.layer;
        let weight = filter.weight_gradient(*level, pass.inputs[0], gradient);
        self.learner.learn(weight, || planes::sums_over_examples(*level, gradient));
        vec![Some(filter.backward(*level, gradient))]
    }
}
