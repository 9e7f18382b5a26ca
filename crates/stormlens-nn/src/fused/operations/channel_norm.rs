//! Layer normalisation over channels, and the Gaussian error linear unit.

use stormlens_kernels::channel_norm::ChannelNorm;
use stormlens_kernels::{Level, Maps, Shape, gelu};

use super::{Needs, Operation, Pass, Values};

/// Normalisation of each pixel over its channels, weight, bias, perhaps GELU.
#[derive(Clone, Debug)]
pub(crate) struct ChannelNormOperation {
    pub level: Level,
    pub weight: Values,
    pub bias: Values,
    pub epsilon: f32,
    pub gelu: bool,
}

impl ChannelNormOperation {
    fn kernel(&self) -> ChannelNorm<'_> {
        let Self { weight, bias, epsilon, gelu, .. } = self;
        ChannelNorm { weight, bias, epsilon: *epsilon, gelu: *gelu }
    }
}

impl Operation for ChannelNormOperation {
    type Kept = ();

    const NEEDS: Needs = Needs::Inputs;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        (maps[0].shape, self.kernel().forward(self.level, maps[0]), ())
    }

    fn backward(&self, pass: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        vec![Some(self.kernel().backward(self.level, pass.inputs[0], gradient))]
    }
}

/// `x · Φ(x)`, value by value.
#[derive(Clone, Debug)]
pub(crate) struct GeluOperation {
    pub level: Level,
}

impl Operation for GeluOperation {
    type Kept = ();

    const NEEDS: Needs = Needs::Inputs;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        (maps[0].shape, gelu::forward(self.level, maps[0].values), ())
    }

    fn backward(&self, pass: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        vec![Some(gelu::backward(self.level, pass.inputs[0].values, gradient.values))]
    }
}
