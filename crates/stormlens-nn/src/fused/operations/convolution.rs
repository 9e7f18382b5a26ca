//! Dense convolutions: 3 × 3, and at every second pixel.

use std::sync::Arc;

use stormlens_kernels::convolution::{Convolution, Filter, Input, SplitFilter, add_resized};
use stormlens_kernels::halving::Halving;
use stormlens_kernels::product::Matrix;
use stormlens_kernels::{Activation, Level, Maps, Shape};

use super::{Needs, Operation, Pass, Untaped, Values};

/// 3 × 3, bias, activation; of one map or of two side by side.
#[derive(Clone, Debug)]
pub(crate) struct ConvolutionOperation {
    pub level: Level,
    pub filter: Arc<Filter>,
    pub bias: Values,
    pub activation: Activation,
    /// Which of the maps are interpolated to twice their size first.
    pub doubled: [bool; 2],
}

impl ConvolutionOperation {
    pub(super) fn kernel(&self) -> Convolution<'_> {
        Convolution { filter: &self.filter, bias: &self.bias, activation: self.activation }
    }

    pub(super) fn inputs<T: Copy>(&self, maps: &[T]) -> Vec<Input<T>> {
        let inputs = maps.iter().zip(self.doubled);
        inputs.map(|(&of, is_doubled)| Input { of, is_doubled }).collect()
    }
}

impl Operation for ConvolutionOperation {
    type Kept = ();

    const NEEDS: Needs = Needs::Output;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        let Shape { height, width, .. } = maps[0].shape;
        let grown = if self.doubled[0] { 2 } else { 1 };
        let shape = maps[0].shape.with_size(grown * height, grown * width);
        let values = self.kernel().forward(self.level, &self.inputs(maps));
        (shape.with_channels(self.bias.len()), values, ())
    }

    fn backward(&self, pass: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        let output = pass.output.map_or(&[][..], |output| output.values);
        let inputs = self.inputs(pass.shapes);
        let found = self.kernel().backward(self.level, &inputs, output, gradient);
        found.into_iter().map(Some).collect()
    }
}

/// What smaller maps add to a 3 × 3 convolution of maps at the size of the first one: onto what that gave.
#[derive(Clone, Debug)]
pub(crate) struct ResizedParts {
    pub level: Level,
    pub filter: Arc<SplitFilter>,
}

impl Untaped for ResizedParts {
    fn compute(&self, maps: &[Maps]) -> (Shape, Vec<f32>) {
        let parts: Vec<_> = self.filter.others.iter().zip(maps[1..].iter().copied()).collect();
        (maps[0].shape, add_resized(self.level, &parts, maps[0]))
    }
}

/// At every second pixel with a kernel of an odd size, bias, perhaps ReLU.
#[derive(Clone, Debug)]
pub(crate) struct HalvingOperation {
    pub level: Level,
    pub weight: Arc<Matrix>,
    pub bias: Values,
    pub side: usize,
    pub relu: bool,
}

impl HalvingOperation {
    pub(super) fn kernel(&self) -> Halving<'_> {
        let Self { weight, bias, side, relu, .. } = self;
        Halving { weight, bias, side: *side, relu: *relu }
    }
}

impl Operation for HalvingOperation {
    type Kept = ();

    const NEEDS: Needs = Needs::Output;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        let Shape { height, width, .. } = maps[0].shape;
        let shape = maps[0].shape.with_size(height.div_ceil(2), width.div_ceil(2));
        (shape.with_channels(self.bias.len()), self.kernel().forward(self.level, maps[0]), ())
    }

    fn backward(&self, pass: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        let Some(output) = pass.output.filter(|_| self.relu) else {
            return vec![Some(self.kernel().backward(self.level, pass.shapes[0], gradient))];
        };
        let pairs = gradient.values.iter().zip(output.values);
        let open: Vec<f32> = pairs.map(|(&g, &y)| if y > 0.0 { g } else { 0.0 }).collect();
        let gradient = Maps { values: &open, shape: gradient.shape };
        vec![Some(self.kernel().backward(self.level, pass.shapes[0], gradient))]
    }
}
