//! Layer normalisation over channels and pixels.

use std::sync::Arc;

use stormlens_kernels::layer_norm::{LayerNorm, Moments};
use stormlens_kernels::{Level, Maps, Shape};

use super::{Needs, Operation, Pass, Values};

/// Normalisation, weight, bias, perhaps ReLU.
#[derive(Clone, Debug)]
pub(crate) struct LayerNormOperation {
    pub level: Level,
    pub weight: Values,
    pub bias: Values,
    pub relu: bool,
}

impl LayerNormOperation {
    fn kernel(&self) -> LayerNorm<'_> {
        LayerNorm { weight: &self.weight, bias: &self.bias, relu: self.relu }
    }
}

impl Operation for LayerNormOperation {
    type Kept = Arc<Vec<Moments>>;

    const NEEDS: Needs = Needs::Inputs;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, Self::Kept) {
        let (values, moments) = self.kernel().forward(self.level, maps[0]);
        (maps[0].shape, values, Arc::new(moments))
    }

    fn backward(&self, pass: &Pass<Self::Kept>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        vec![Some(self.kernel().backward(self.level, pass.inputs[0], pass.kept, gradient))]
    }
}

/// The sum of two maps, each behind a normalisation of its own.
#[derive(Clone, Debug)]
pub(crate) struct LayerNormPair(pub [LayerNormOperation; 2]);

impl Operation for LayerNormPair {
    type Kept = Arc<[Vec<Moments>; 2]>;

    const NEEDS: Needs = Needs::Inputs;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, Self::Kept) {
        let [one, other] = self.0.each_ref().map(LayerNormOperation::kernel);
        let pair = [maps[0], maps[1]];
        let (values, moments) = LayerNorm::forward_pair(self.0[0].level, [&one, &other], pair);
        (maps[0].shape, values, Arc::new(moments))
    }

    fn backward(&self, pass: &Pass<Self::Kept>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        let of = |i: usize| {
            let norm = &self.0[i];
            norm.kernel().backward(norm.level, pass.inputs[i], &pass.kept[i], gradient)
        };
        vec![Some(of(0)), Some(of(1))]
    }
}
