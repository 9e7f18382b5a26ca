//! Adam and AdamW over the flat tensors of a state dictionary.

use std::collections::{BTreeMap, BTreeSet};

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use stormlens_kernels::Level;
use stormlens_kernels::adam::Adam;

use super::lamb::{LambOptions, NamedLamb};
use super::moments::{Moments, State, States};
use super::schedule::Rates;
use crate::Parameters;
use crate::fused::Kernels;
use crate::models::HostTensors;
use crate::parameters::to_vec;

#[cfg(test)]
mod tests;

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;

/// Adam (Kingma and Ba 2015) with a first beta of 0.9, with or without decay of the weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OptimiserOptions {
    /// How much of the second moment stays from one step to the next; the paper's and PyTorch's is 0.999.
    pub beta_2: f32,
    pub epsilon: f32,
    pub epsilon_rule: EpsilonRule,
    pub decay: Decay,
}

/// Where ε is added. With m and v the moments before their bias is corrected by c₁ = 1 − β₁ᵗ and
/// c₂ = 1 − β₂ᵗ, a step is η · √c₂/c₁ · m / (√v + ε′).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EpsilonRule {
    /// ε′ = ε √c₂: added to the corrected moment, as in the paper's algorithm and in PyTorch.
    Corrected,
    /// ε′ = ε: the paper's "ε hat", as in Keras.
    Plain,
}

/// Decay of weights beside the gradient (Loshchilov and Hutter 2019), before each step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decay {
    None,
    /// w ← w − η λ w, of weights with two or more dimensions: neither biases nor normalisation.
    Scaled(f64),
    /// w ← w − λ w whatever the learning rate η, of every learnable tensor: TensorFlow Addons' AdamW.
    Unscaled(f64),
}

impl OptimiserOptions {
    /// PyTorch's Adam.
    pub fn adam() -> Self {
        Self {
            beta_2: BETA_2,
            epsilon: 1e-8,
            epsilon_rule: EpsilonRule::Corrected,
            decay: Decay::None,
        }
    }
}

/// Parameters whose names begin so learn at the learning rate times a factor.
#[derive(Clone, Debug, PartialEq)]
pub struct RateOf {
    pub prefix: String,
    pub factor: f64,
}

/// What the learning rate of a parameter is multiplied by.
pub(super) fn factor_of(rates: &[RateOf], name: &str) -> f64 {
    let own = rates.iter().find(|rate| name.starts_with(&rate.prefix));
    own.map_or(1.0, |rate| rate.factor)
}

/// Which optimiser a run takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    Adam(OptimiserOptions),
    Lamb(LambOptions),
}

#[cfg(test)]
impl Rule {
    /// # Panics
    /// For another optimiser.
    pub fn adam(self) -> OptimiserOptions {
        match self {
            Self::Adam(options) => options,
            Self::Lamb(_) => panic!("this run takes LAMB"),
        }
    }
}

impl From<OptimiserOptions> for Rule {
    fn from(options: OptimiserOptions) -> Self {
        Self::Adam(options)
    }
}

/// An optimiser with its moments.
pub(super) enum Optimiser {
    Adam(NamedAdam),
    Lamb(NamedLamb),
}

impl Optimiser {
    pub fn new(rule: Rule, weights: &HostTensors, rates: Vec<RateOf>) -> Self {
        match rule {
            Rule::Adam(options) => Self::Adam(NamedAdam::new(options, weights).with_rates(rates)),
            Rule::Lamb(options) => Self::Lamb(NamedLamb::new(options, weights, rates)),
        }
    }

    /// One step; see [`NamedAdam::step`]. The decay is of an optimiser whose schedule says it.
    pub fn step(
        &mut self,
        leaves: &Parameters,
        gradients: Gradients,
        others: BTreeMap<String, Tensor<1>>,
        Rates { learning_rate, decay }: Rates,
    ) -> Parameters {
        match self {
            Self::Adam(adam) => adam.step(leaves, gradients, others, learning_rate),
            Self::Lamb(lamb) => lamb.step(leaves, gradients, others, learning_rate, decay),
        }
    }

    pub fn to_host(&self) -> Vec<Moments> {
        match self {
            Self::Adam(adam) => adam.to_host(),
            Self::Lamb(lamb) => lamb.to_host(),
        }
    }

    /// Goes on with what [`Self::to_host`] read.
    pub fn restore(&mut self, moments: Vec<Moments>, device: &Device) {
        match self {
            Self::Adam(adam) => adam.restore(moments, device),
            Self::Lamb(lamb) => lamb.restore(moments, device),
        }
    }
}

/// An optimiser and the moments of every parameter by its name.
pub(super) struct NamedAdam {
    kernels: Kernels,
    options: OptimiserOptions,
    rates: Vec<RateOf>,
    /// Parameters that are not biases and belong to no normalisation.
    matrices: BTreeSet<String>,
    states: States,
}

/// After so many steps: the number that the first moment is multiplied by, which corrects both moments, and what is added to
/// the root of the second one.
fn corrections(options: &OptimiserOptions, n_steps: usize) -> (f32, f32) {
    let n_steps = n_steps as i32;
    let root = (1.0 - options.beta_2.powi(n_steps)).sqrt();
    let epsilon = match options.epsilon_rule {
        EpsilonRule::Corrected => options.epsilon * root,
        EpsilonRule::Plain => options.epsilon,
    };
    (root / (1.0 - BETA_1.powi(n_steps)), epsilon)
}

impl NamedAdam {
    pub fn new(options: OptimiserOptions, weights: &HostTensors) -> Self {
        Self::with_kernels(options, weights, Kernels::chosen())
    }

    fn with_kernels(options: OptimiserOptions, weights: &HostTensors, kernels: Kernels) -> Self {
        let matrices = weights.iter().filter(|(_, shape, _)| shape.len() > 1);
        let matrices = matrices.map(|(name, ..)| name.clone()).collect();
        Self { kernels, options, rates: Vec::new(), matrices, states: States::default() }
    }

    /// The same with rates of their own for some parameters; the first prefix that fits counts.
    pub fn with_rates(self, rates: Vec<RateOf>) -> Self {
        Self { rates, ..self }
    }

    /// One step; `leaves` are the differentiable parameters that `gradients` belongs to, `others`
    /// the gradients that were computed beside the tape, by name.
    pub fn step(
        &mut self,
        leaves: &Parameters,
        mut gradients: Gradients,
        mut others: BTreeMap<String, Tensor<1>>,
        learning_rate: f64,
    ) -> Parameters {
        leaves.map_learnable(|name, leaf| {
            let gradient = others.remove(name).or_else(|| leaf.grad_remove(&mut gradients));
            let Some(gradient) = gradient else { return leaf.inner() };
            let learning_rate = learning_rate * factor_of(&self.rates, name);
            let decay = self.decay(name, learning_rate);
            let before = self.states.0.remove(name);
            let (state, updated) = match self.kernels.level_on(&leaf.device()) {
                Some(level) => {
                    let rates = (learning_rate, decay);
                    step_at(level, before, &self.options, (leaf.inner(), gradient), rates)
                }
                None => {
                    let state = State::after(before, gradient, [BETA_1, self.options.beta_2]);
                    let weights = leaf.inner();
                    let weights = match decay {
                        0.0 => weights,
                        share => weights.clone() - weights.mul_scalar(share),
                    };
                    let step = direction(&state, &self.options).mul_scalar(learning_rate);
                    let updated = weights - step;
                    (state, updated)
                }
            };
            self.states.0.insert(name.to_owned(), state);
            updated
        })
    }

    /// The share of a weight that it loses before a step.
    fn decay(&self, name: &str, learning_rate: f64) -> f64 {
        match self.options.decay {
            Decay::Scaled(rate) if self.matrices.contains(name) => rate * learning_rate,
            Decay::Unscaled(rate) => rate,
            Decay::Scaled(_) | Decay::None => 0.0,
        }
    }

    pub fn to_host(&self) -> Vec<Moments> {
        self.states.to_host()
    }

    /// Goes on with what [`Self::to_host`] read.
    pub fn restore(&mut self, moments: Vec<Moments>, device: &Device) {
        self.states = States::from_host(moments, device);
    }
}

/// A whole step in one pass on the CPU: the moments, and the new weights.
fn step_at(
    level: Level,
    before: Option<State>,
    options: &OptimiserOptions,
    (weights, gradient): (Tensor<1>, Tensor<1>),
    (learning_rate, decay): (f64, f64),
) -> (State, Tensor<1>) {
    let (device, n) = (weights.device(), weights.dims()[0]);
    let (n_steps, mut first, mut second) = State::begin(before, n);
    let mut weights = to_vec(weights);
    let (factor, epsilon) = corrections(options, n_steps);
    let adam = Adam {
        beta_1: BETA_1,
        beta_2: options.beta_2,
        decay: decay as f32,
        factor,
        epsilon,
        rate: learning_rate as f32,
    };
    adam.step(level, &mut weights, &to_vec(gradient), [&mut first, &mut second]);
    let weights = Tensor::from_data(TensorData::new(weights, [n]), &device);
    (State::from_host(n_steps, [first, second], &device), weights)
}

/// The step for a learning rate of one.
fn direction(state: &State, options: &OptimiserOptions) -> Tensor<1> {
    let (factor, epsilon) = corrections(options, state.n_steps);
    state.first.clone().mul_scalar(factor) / state.second.clone().sqrt().add_scalar(epsilon)
}
