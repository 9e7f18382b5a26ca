//! One forward and one backward pass, and all that they show.

use burn::tensor::Tensor;

use super::target::Target;
use crate::network::{Network, Prediction};
use crate::parameters::{Mode, to_vec};
use crate::tap::Activation;
use crate::{Parameters, Tap};

/// What a backward pass is to leave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watch {
    /// Layers, by name. Names that the network does not show are left out of the answer.
    pub layers: Vec<String>,
    /// The gradient of the input. Without it the pass ends at the first watched layer.
    pub input: bool,
}

/// What passes showed of one input; row-major `f32` on the host.
#[derive(Clone, Debug)]
pub struct Pass {
    pub prediction: Vec<f32>,
    /// `[output channels, height, width]` of a field, `[classes]` of logits.
    pub shape: Vec<usize>,
    /// What a classifier's early layers see; else empty.
    pub features: Vec<f32>,
    /// In the order in which the network shows them.
    pub layers: Vec<Activation>,
    /// `∂S/∂x`, `[channels × height × width]`, where it was watched.
    pub input_gradient: Option<Vec<f32>>,
}

impl Pass {
    /// Whether the network answers with a field; else with logits.
    pub fn is_field(&self) -> bool {
        self.shape.len() == 3
    }

    /// The layer of that name, where it was watched.
    pub fn layer(&self, name: &str) -> Option<&Activation> {
        self.layers.iter().find(|layer| layer.name == name)
    }
}

/// The prediction alone of each example of a batch `[batch, channels, height, width]`.
pub fn predict(network: &dyn Network, parameters: &Parameters, input: Tensor<4>) -> Vec<Pass> {
    let output = network.forward(parameters, input, &mut Tap::off(), &Mode::inference());
    passes(&output)
}

/// The predictions of a batch `[batch, channels, height, width]`, and gradients of each example's
/// target.
///
/// `choose` makes an example's target from its number, its prediction and the prediction's shape.
pub fn differentiate<T: Target>(
    network: &dyn Network,
    parameters: &Parameters,
    input: Tensor<4>,
    watch: &Watch,
    mut choose: impl FnMut(usize, &[f32], &[usize]) -> T,
) -> Vec<(Pass, T)> {
    let mut tap = Tap::watch(watch.layers.iter().cloned());
    let leaf = watch.input.then(|| input.clone().autodiff().require_grad());
    let input = leaf.clone().unwrap_or(input);
    let output = network.forward(parameters, input, &mut tap, &Mode::inference());
    let mut examples = passes(&output);
    let choose = |(i, pass): (usize, &Pass)| choose(i, &pass.prediction, &pass.shape);
    let targets: Vec<T> = examples.iter().enumerate().map(choose).collect();
    // No example's target depends on another example, so the gradients of the sum are theirs.
    let scores = targets.iter().enumerate().map(|(i, target)| target.of(output.example(i)).sum());
    let score = scores.reduce(|sum, score| sum + score).expect("at least one example");
    let mut gradients = score.backward();
    for (pass, layers) in examples.iter_mut().zip(tap.into_weighted(&mut gradients)) {
        pass.layers = layers;
    }
    if let Some(leaf) = leaf {
        let gradient = leaf.grad_remove(&mut gradients);
        let gradient = to_vec(gradient.unwrap_or_else(|| leaf.inner().zeros_like()));
        let n = examples.len();
        for (pass, gradient) in examples.iter_mut().zip(each(gradient, n)) {
            pass.input_gradient = Some(gradient);
        }
    }
    examples.into_iter().zip(targets).collect()
}

/// The predictions alone of each example of a batch that was predicted.
pub(super) fn passes(output: &Prediction) -> Vec<Pass> {
    let [n_batch, shape @ ..] = &output.shape()[..] else { return Vec::new() };
    let of_example = |(prediction, features)| Pass {
        prediction,
        shape: shape.to_vec(),
        features,
        layers: Vec::new(),
        input_gradient: None,
    };
    let features = each(output.features(), *n_batch);
    each(output.to_host(), *n_batch).into_iter().zip(features).map(of_example).collect()
}

/// The parts of a batch; one example's are not copied.
fn each(values: Vec<f32>, n_batch: usize) -> Vec<Vec<f32>> {
    match n_batch {
        1 => vec![values],
        n if values.is_empty() => vec![Vec::new(); n],
        n => values.chunks_exact(values.len() / n).map(<[f32]>::to_vec).collect(),
    }
}
