//! Fused layers: those that one kernel computes.

mod channel_norm;
mod convolution;
mod deformable;
mod layer_norm;
mod similarity;
mod tanh;
mod trained;
mod transposed;

use std::sync::Arc;

use stormlens_kernels::attention::{self, Attention, Kept};
use stormlens_kernels::pointwise::Pointwise;
use stormlens_kernels::pool::{self, Window};
use stormlens_kernels::product::Matrix;
use stormlens_kernels::separable::Separable;
use stormlens_kernels::stem::Stem;
use stormlens_kernels::{Activation, Level, Maps, Shape, upsample};

use super::operation::{Needs, Operation, Pass};
use super::untaped::Untaped;
pub(crate) use channel_norm::{ChannelNormOperation, GeluOperation};
pub(crate) use convolution::{ConvolutionOperation, HalvingOperation, ResizedParts};
pub(crate) use deformable::{DeformableOperation, DepthwiseOperation};
pub(crate) use layer_norm::{LayerNormOperation, LayerNormPair};
pub(crate) use similarity::SimilarityOperation;
pub(crate) use tanh::TanhOperation;
pub(crate) use trained::{
    AttentionTraining, ConvolutionTraining, HalvingTraining, Learner, NormTraining,
    PointwiseTraining, SeparableTraining,
};
pub(crate) use transposed::{OverlappingOperation, OverlappingTraining, TransposedOperation};

/// Weights that network, operation and tape share.
type Values = Arc<Vec<f32>>;

/// Depthwise, pointwise, bias, ReLU; of one map or of two side by side.
#[derive(Clone, Debug)]
pub(crate) struct SeparableOperation {
    pub level: Level,
    pub depthwise: Values,
    pub pointwise: Arc<Matrix>,
    pub bias: Values,
    pub relu: bool,
    pub doubled: bool,
}

impl SeparableOperation {
    fn kernel(&self) -> Separable<'_> {
        let Self { depthwise, pointwise, bias, relu, doubled, .. } = self;
        Separable { depthwise, pointwise, bias, relu: *relu, doubled: *doubled }
    }
}

impl Operation for SeparableOperation {
    type Kept = ();

    const NEEDS: Needs = Needs::Output;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        let Shape { height, width, .. } = maps[0].shape;
        let grown = if self.doubled { 2 } else { 1 };
        let shape = maps[0].shape.with_size(grown * height, grown * width);
        let values = self.kernel().forward(self.level, maps);
        (shape.with_channels(self.bias.len()), values, ())
    }

    fn backward(&self, pass: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        let output = pass.output.map_or(&[][..], |output| output.values);
        let found = self.kernel().backward(self.level, pass.shapes, output, gradient);
        found.into_iter().map(Some).collect()
    }
}

/// A 1 × 1 convolution of one map or of two side by side, perhaps added to a last one.
#[derive(Clone, Debug)]
pub(crate) struct PointwiseOperation {
    pub level: Level,
    pub weight: Arc<Matrix>,
    pub bias: Values,
    pub step: usize,
    /// Whether the last map is what the result is added to.
    pub is_added: bool,
}

impl PointwiseOperation {
    fn kernel(&self) -> Pointwise<'_> {
        let activation = Activation::None;
        Pointwise { weight: &self.weight, bias: &self.bias, step: self.step, activation }
    }

    fn n_sources<T>(&self, maps: &[T]) -> usize {
        maps.len() - usize::from(self.is_added)
    }

    fn shape_out(&self, source: Shape) -> Shape {
        let Shape { height, width, .. } = source;
        let shape = source.with_size(height.div_ceil(self.step), width.div_ceil(self.step));
        shape.with_channels(self.bias.len())
    }
}

impl Operation for PointwiseOperation {
    type Kept = ();

    const NEEDS: Needs = Needs::Nothing;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        let (sources, addend) = maps.split_at(self.n_sources(maps));
        let values = self.kernel().forward(self.level, sources, addend.first().copied());
        (self.shape_out(sources[0].shape), values, ())
    }

    fn backward(&self, pass: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        let sources = &pass.shapes[..self.n_sources(pass.shapes)];
        let found = self.kernel().backward(self.level, sources, gradient);
        found.into_iter().map(Some).chain([None]).take(pass.shapes.len()).collect()
    }
}

/// The same, then ReLU.
#[derive(Clone, Debug)]
pub(crate) struct PointwiseRelu(pub PointwiseOperation);

impl Untaped for PointwiseRelu {
    fn compute(&self, maps: &[Maps]) -> (Shape, Vec<f32>) {
        let layer = &self.0;
        let (sources, addend) = maps.split_at(layer.n_sources(maps));
        let kernel = Pointwise { activation: Activation::Relu, ..layer.kernel() };
        let values = kernel.forward(layer.level, sources, addend.first().copied());
        (layer.shape_out(sources[0].shape), values)
    }
}

/// The end of a residual block: a separable convolution of the first map, plus a 1 × 1 convolution
/// of the others.
#[derive(Clone, Debug)]
pub(crate) struct ResidualEnd {
    pub convolved: SeparableOperation,
    pub straight: PointwiseOperation,
}

impl Untaped for ResidualEnd {
    fn compute(&self, maps: &[Maps]) -> (Shape, Vec<f32>) {
        let (x, others) = (maps[0], &maps[1..]);
        let straight = self.straight.kernel();
        let values =
            self.convolved.kernel().forward_onto(self.convolved.level, x, &straight, others);
        (x.shape.with_channels(self.straight.bias.len()), values)
    }
}

/// A convolutional block attention module.
#[derive(Clone, Debug)]
pub(crate) struct AttentionOperation {
    pub level: Level,
    pub hidden_weight: Values,
    pub hidden_bias: Values,
    pub out_weight: Values,
    pub out_bias: Values,
    pub places_weight: Values,
    pub places_bias: f32,
}

impl AttentionOperation {
    fn kernel(&self) -> Attention<'_> {
        Attention {
            hidden_weight: &self.hidden_weight,
            hidden_bias: &self.hidden_bias,
            out_weight: &self.out_weight,
            out_bias: &self.out_bias,
            places_weight: &self.places_weight,
            places_bias: self.places_bias,
        }
    }
}

impl Operation for AttentionOperation {
    type Kept = Arc<Kept>;

    const NEEDS: Needs = Needs::Inputs;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, Arc<Kept>) {
        let (values, kept) = self.kernel().forward(self.level, maps[0]);
        (maps[0].shape, values, Arc::new(kept))
    }

    fn backward(&self, pass: &Pass<Arc<Kept>>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        let x = pass.inputs[0];
        vec![Some(attention::backward(&self.kernel(), self.level, x, pass.kept, gradient))]
    }
}

/// The maximum of windows at every second pixel.
#[derive(Clone, Debug)]
pub(crate) struct PoolOperation {
    pub level: Level,
    pub window: Window,
}

impl Operation for PoolOperation {
    type Kept = ();

    const NEEDS: Needs = Needs::Inputs;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        let shape = self.window.shape_out(maps[0].shape);
        (shape, pool::forward(self.level, self.window, maps[0]), ())
    }

    fn backward(&self, pass: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        vec![Some(pool::backward(self.level, self.window, pass.inputs[0], gradient))]
    }
}

/// Bilinear interpolation to twice the size.
#[derive(Clone, Debug)]
pub(crate) struct UpsampleOperation {
    pub level: Level,
}

impl Operation for UpsampleOperation {
    type Kept = ();

    const NEEDS: Needs = Needs::Nothing;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        let Shape { height, width, .. } = maps[0].shape;
        let shape = maps[0].shape.with_size(2 * height, 2 * width);
        (shape, upsample::forward(self.level, maps[0]), ())
    }

    fn backward(&self, pass: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        vec![Some(upsample::backward(self.level, pass.shapes[0], gradient))]
    }
}

/// A 3 × 3 convolution of few channels at every second pixel, with bias and ReLU.
#[derive(Clone, Debug)]
pub(crate) struct StemOperation {
    pub level: Level,
    pub weight: Values,
    pub bias: Values,
}

impl StemOperation {
    fn kernel(&self) -> Stem<'_> {
        Stem { weight: &self.weight, bias: &self.bias, relu: true }
    }
}

impl Operation for StemOperation {
    type Kept = ();

    const NEEDS: Needs = Needs::Output;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        let Shape { height, width, .. } = maps[0].shape;
        let shape = maps[0].shape.with_size(height.div_ceil(2), width.div_ceil(2));
        let values = self.kernel().forward(self.level, maps[0]);
        (shape.with_channels(self.bias.len()), values, ())
    }

    fn backward(&self, pass: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        let output = pass.output.map_or(&[][..], |output| output.values);
        vec![Some(self.kernel().backward(self.level, pass.shapes[0], output, gradient))]
    }
}
