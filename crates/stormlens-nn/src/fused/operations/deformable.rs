//! The core of deformable convolution, and the depthwise convolution in front of it.

use stormlens_kernels::deformable::{Deformable, Sampled};
use stormlens_kernels::depthwise::Depthwise;
use stormlens_kernels::turning::{channels_first, channels_last};
use stormlens_kernels::{Level, Maps, Shape};

use super::{Needs, Operation, Pass, Values};

/// Of a value, offsets and modulation, channels first as all maps; the kernel has them last.
#[derive(Clone, Debug)]
pub(crate) struct DeformableOperation {
    pub level: Level,
    pub layer: Deformable,
}

/// Batch, height, width, channels.
fn last(shape: Shape) -> [usize; 4] {
    [shape.n_batch, shape.height, shape.width, shape.n_channels]
}

impl Operation for DeformableOperation {
    type Kept = ();

    const NEEDS: Needs = Needs::Inputs;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        let shape = last(maps[0].shape);
        let [_, height, width, _] = self.layer.shape_out(shape);
        let [value, offset, modulation] = [0, 1, 2].map(|i| channels_last(maps[i]));
        let x = Sampled { value: &value, shape, offset: &offset, modulation: &modulation };
        let out = maps[0].shape.with_size(height, width);
        (out, channels_first(&self.layer.forward(self.level, x), out), ())
    }

    fn backward(&self, pass: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        let [value, offset, modulation] = [0, 1, 2].map(|i| channels_last(pass.inputs[i]));
        let shape = last(pass.shapes[0]);
        let x = Sampled { value: &value, shape, offset: &offset, modulation: &modulation };
        let found = self.layer.backward(self.level, x, &channels_last(gradient));
        let found = [found.value, found.offset, found.modulation].into_iter().zip(pass.shapes);
        found.map(|(values, &shape)| Some(channels_first(&values, shape))).collect()
    }
}

/// 3 × 3, a kernel a channel, bias.
#[derive(Clone, Debug)]
pub(crate) struct DepthwiseOperation {
    pub level: Level,
    pub weight: Values,
    pub bias: Values,
}

impl DepthwiseOperation {
    fn kernel(&self) -> Depthwise<'_> {
        Depthwise { weight: &self.weight, bias: &self.bias }
    }
}

impl Operation for DepthwiseOperation {
    type Kept = ();

    const NEEDS: Needs = Needs::Nothing;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        (maps[0].shape, self.kernel().forward(self.level, maps[0]), ())
    }

    fn backward(&self, _: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        vec![Some(self.kernel().backward(self.level, gradient))]
    }
}
