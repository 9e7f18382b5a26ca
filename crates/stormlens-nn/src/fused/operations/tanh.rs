//! The hyperbolic tangent.

use stormlens_kernels::{Level, Maps, Shape, tanh};

use super::{Needs, Operation, Pass};

#[derive(Clone, Debug)]
pub(crate) struct TanhOperation {
    pub level: Level,
}

impl Operation for TanhOperation {
    type Kept = ();

    const NEEDS: Needs = Needs::Output;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        (maps[0].shape, tanh::forward(self.level, maps[0].values), ())
    }

    fn backward(&self, pass: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        let output = pass.output.map_or(&[][..], |output| output.values);
        vec![Some(tanh::backward(self.level, output, gradient.values))]
    }
}
