//! Layers that leave the gradients of their weights beside the tape.

use std::sync::{Arc, OnceLock};

use stormlens_kernels::attention::{KeptTraining, Training};
use stormlens_kernels::batch_norm::{BatchNorm, Statistics};
use stormlens_kernels::{Activation, Level, Maps, Shape, planes};

use super::{
    AttentionOperation, ConvolutionOperation, HalvingOperation, Needs, Operation, Pass,
    PointwiseOperation, SeparableOperation, Values,
};
use crate::fused::WeightGradients;

/// The name of a tensor of weights, and where its gradient goes; without a name nobody asks for it.
#[derive(Clone, Debug)]
pub(crate) struct Learner {
    pub weight: String,
    pub bias: Option<String>,
    pub gradients: WeightGradients,
}

impl Learner {
    pub(super) fn learn(&self, weight: Vec<f32>, bias: impl FnOnce() -> Vec<f32>) {
        self.gradients.add(&self.weight, weight);
        if let Some(name) = &self.bias {
            self.gradients.add(name, bias());
        }
    }
}

/// A 3 × 3 convolution that learns.
#[derive(Clone, Debug)]
pub(crate) struct ConvolutionTraining {
    pub layer: ConvolutionOperation,
    pub learner: Learner,
}

impl Operation for ConvolutionTraining {
    type Kept = ();

    const NEEDS: Needs = Needs::Inputs;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        self.layer.forward(maps)
    }

    fn backward(&self, pass: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        let ConvolutionOperation { level, .. } = self.layer;
        let kernel = self.layer.kernel();
        let weight = kernel.weight_gradient(level, &self.layer.inputs(&pass.inputs), gradient);
        self.learner.learn(weight, || planes::sums_over_examples(level, gradient));
        // Without a ReLU nobody reads the output.
        let inputs = self.layer.inputs(pass.shapes);
        let found = kernel.backward(level, &inputs, gradient.values, gradient);
        found.into_iter().map(Some).collect()
    }
}

/// A 1 × 1 convolution that learns.
#[derive(Clone, Debug)]
pub(crate) struct PointwiseTraining {
    pub layer: PointwiseOperation,
    pub learner: Learner,
}

impl Operation for PointwiseTraining {
    type Kept = ();

    const NEEDS: Needs = Needs::Inputs;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        self.layer.forward(maps)
    }

    fn backward(&self, pass: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        let PointwiseOperation { level, .. } = self.layer;
        let sources = &pass.inputs[..self.layer.n_sources(&pass.inputs)];
        let weight = self.layer.kernel().weight_gradient(level, sources, gradient);
        self.learner.learn(weight, || planes::sums_over_examples(level, gradient));
        self.layer.backward(pass, gradient)
    }
}

/// A convolution at every second pixel that learns.
#[derive(Clone, Debug)]
pub(crate) struct HalvingTraining {
    pub layer: HalvingOperation,
    pub learner: Learner,
    /// Whether nobody asks for the gradient of the map: it is a network's input.
    pub is_first: bool,
}

impl Operation for HalvingTraining {
    type Kept = ();

    const NEEDS: Needs = Needs::Inputs;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        self.layer.forward(maps)
    }

    fn backward(&self, pass: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        let level = self.layer.level;
        let weight = self.layer.kernel().weight_gradient(level, pass.inputs[0], gradient);
        self.learner.learn(weight, || planes::sums_over_examples(level, gradient));
        match self.is_first {
            true => vec![Some(vec![0.0; pass.shapes[0].len()])],
            false => self.layer.backward(pass, gradient),
        }
    }
}

/// A separable convolution that learns; a bias of its depthwise part comes to another bias behind the pointwise one.
#[derive(Clone, Debug)]
pub(crate) struct SeparableTraining {
    pub layer: SeparableOperation,
    pub pointwise: Values,
    pub depthwise_bias: Option<Values>,
    pub depthwise_learner: Learner,
    pub pointwise_learner: Learner,
}

impl SeparableTraining {
    /// Adds to a bias behind the pointwise part what one of the depthwise part comes to.
    pub fn bias_of_both(bias: &[f32], pointwise: &[f32], depthwise_bias: &[f32]) -> Vec<f32> {
        let rows = pointwise.chunks_exact(depthwise_bias.len()).zip(bias);
        rows.map(|(row, bias)| bias + product(row, depthwise_bias)).collect()
    }
}

fn product(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Operation for SeparableTraining {
    type Kept = ();

    const NEEDS: Needs = Needs::Inputs;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        self.layer.forward(maps)
    }

    fn backward(&self, pass: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        let mut found = self.layer.kernel().gradients(self.layer.level, &pass.inputs, gradient);
        let to_bias = &found.bias;
        if let Some(bias) = &self.depthwise_bias {
            let rows = found.pointwise.chunks_exact_mut(bias.len()).zip(to_bias);
            rows.for_each(|(row, g)| row.iter_mut().zip(&**bias).for_each(|(v, b)| *v += g * b));
        }
        self.depthwise_learner.learn(found.depthwise, || {
            let n = self.pointwise.len() / to_bias.len();
            let mut to_depthwise = vec![0.0; n];
            for (row, g) in self.pointwise.chunks_exact(n).zip(to_bias) {
                to_depthwise.iter_mut().zip(row).for_each(|(v, w)| *v += g * w);
            }
            to_depthwise
        });
        self.pointwise_learner.learn(found.pointwise, || found.bias);
        found.sources.into_iter().map(Some).collect()
    }
}

/// Batch normalisation with the statistics of the batch, and an activation.
#[derive(Clone, Debug)]
pub(crate) struct NormTraining {
    pub level: Level,
    pub weight: Values,
    pub bias: Values,
    pub epsilon: f64,
    pub activation: Activation,
    pub learner: Learner,
    /// Those of the batch, after the forward pass.
    pub statistics: Arc<OnceLock<Statistics>>,
}

impl NormTraining {
    fn kernel(&self) -> BatchNorm<'_> {
        let Self { weight, bias, epsilon, activation, .. } = self;
        BatchNorm { weight, bias, epsilon: *epsilon, activation: *activation }
    }

    fn statistics(&self, x: Maps) -> &Statistics {
        self.statistics.get_or_init(|| Statistics::of(self.level, x))
    }
}

impl Operation for NormTraining {
    type Kept = ();

    const NEEDS: Needs = Needs::Inputs;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, ()) {
        let x = maps[0];
        (x.shape, self.kernel().forward(self.level, x, self.statistics(x)), ())
    }

    fn backward(&self, pass: &Pass<()>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        let x = pass.inputs[0];
        let found = self.kernel().backward(self.level, x, self.statistics(x), gradient);
        self.learner.learn(found.weight, || found.bias);
        vec![Some(found.input)]
    }
}

/// An attention module that learns.
#[derive(Clone, Debug)]
pub(crate) struct AttentionTraining {
    pub layer: AttentionOperation,
    pub norm_weight: Values,
    pub norm_bias: Values,
    pub epsilon: f64,
    pub hidden: Learner,
    pub out: Learner,
    pub places: Learner,
    pub norm: Learner,
    /// Those of the batch behind the convolution, after the forward pass.
    pub statistics: Arc<OnceLock<Statistics>>,
}

impl AttentionTraining {
    fn kernel(&self) -> Training<'_> {
        let Self { norm_weight: weight, norm_bias: bias, epsilon, .. } = self;
        let norm = BatchNorm { weight, bias, epsilon: *epsilon, activation: Activation::None };
        Training { attention: self.layer.kernel(), norm }
    }
}

impl Operation for AttentionTraining {
    type Kept = Arc<KeptTraining>;

    const NEEDS: Needs = Needs::Inputs;

    fn forward(&self, maps: &[Maps]) -> (Shape, Vec<f32>, Arc<KeptTraining>) {
        let (values, kept) = self.kernel().forward(self.layer.level, maps[0]);
        self.statistics.get_or_init(|| kept.statistics.clone());
        (maps[0].shape, values, Arc::new(kept))
    }

    fn backward(&self, pass: &Pass<Arc<KeptTraining>>, gradient: Maps) -> Vec<Option<Vec<f32>>> {
        let level = self.layer.level;
        let found = self.kernel().backward(level, pass.inputs[0], pass.kept, gradient);
        self.hidden.learn(found.hidden_weight, || found.hidden_bias);
        self.out.learn(found.out_weight, || found.out_bias);
        self.places.learn(found.places_weight, || found.places_bias);
        self.norm.learn(found.norm_weight, || found.norm_bias);
        vec![Some(found.input)]
    }
}
