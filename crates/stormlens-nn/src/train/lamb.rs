//! LAMB over the flat tensors of a state dictionary (You et al. 2020, <https://arxiv.org/abs/1904.00962>), as SparK's program
//! has it.

use std::collections::{BTreeMap, BTreeSet};

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use stormlens_kernels::Level;
use stormlens_kernels::lamb::{self, Lamb};

use super::moments::{Moments, State, States};
use super::optimiser::{RateOf, factor_of};
use crate::Parameters;
use crate::fused::Kernels;
use crate::models::HostTensors;
use crate::parameters::to_vec;

/// What SparK's program takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LambOptions {
    pub beta_1: f32,
    pub beta_2: f32,
    pub epsilon: f32,
    /// Gradients of all parameters together are no longer than this.
    pub longest: f32,
}

impl LambOptions {
    pub const SPARK: Self = Self { beta_1: 0.9, beta_2: 0.95, epsilon: 1e-6, longest: 5.0 };
}

/// An optimiser and the moments of every parameter by its name.
///
/// A step goes along `u = m̂ / (√v̂ + ε)` with both moments corrected for their beginning. Of parameters that decay it is
/// `u + λ w`, as long as the parameter itself times the learning rate; parameters that do not decay go by `u` times the
/// learning rate. What has one dimension does not decay, nor do the mask's tokens.
pub(super) struct NamedLamb {
    kernels: Kernels,
    options: LambOptions,
    rates: Vec<RateOf>,
    decaying: BTreeSet<String>,
    states: States,
}

impl NamedLamb {
    pub fn new(options: LambOptions, weights: &HostTensors, rates: Vec<RateOf>) -> Self {
        Self::with_kernels(options, weights, rates, Kernels::chosen())
    }

    fn with_kernels(
        options: LambOptions,
        weights: &HostTensors,
        rates: Vec<RateOf>,
        kernels: Kernels,
    ) -> Self {
        let decays = |name: &str, shape: &[usize]| {
            shape.len() > 1 && !name.ends_with(".bias") && !name.starts_with("mask_token")
        };
        let decaying = weights.iter().filter(|(name, shape, _)| decays(name, shape));
        let decaying = decaying.map(|(name, ..)| name.clone()).collect();
        Self { kernels, options, rates, decaying, states: States::default() }
    }

    /// One step; `leaves` are the differentiable parameters that `gradients` belongs to, `others` the gradients that were
    /// computed beside the tape, by name. What learns at no rate has no part in the length of the gradient.
    pub fn step(
        &mut self,
        leaves: &Parameters,
        mut gradients: Gradients,
        mut others: BTreeMap<String, Tensor<1>>,
        learning_rate: f64,
        decay: f64,
    ) -> Parameters {
        let mut all = BTreeMap::new();
        leaves.map_learnable(|name, leaf| {
            let gradient = others.remove(name).or_else(|| leaf.grad_remove(&mut gradients));
            if factor_of(&self.rates, name) != 0.0 {
                all.extend(gradient.map(|gradient| (name.to_owned(), gradient)));
            }
            leaf
        });
        let length = all.values().map(|gradient| self.squares(gradient)).sum::<f64>().sqrt();
        let clip = (f64::from(self.options.longest) / length).min(1.0) as f32;
        leaves.map_learnable(|name, leaf| {
            let Some(gradient) = all.remove(name) else { return leaf.inner() };
            let decay = if self.decaying.contains(name) { decay } else { 0.0 };
            let step = Step {
                clip,
                decay: decay as f32,
                rate: learning_rate * factor_of(&self.rates, name),
                options: &self.options,
            };
            let (before, weights) = (self.states.0.remove(name), leaf.inner());
            let (state, updated) = match self.kernels.level_on(&weights.device()) {
                Some(level) => step.go_at(level, before, weights, gradient),
                None => step.go(before, weights, gradient),
            };
            self.states.0.insert(name.to_owned(), state);
            updated
        })
    }

    /// The sum of squares.
    fn squares(&self, values: &Tensor<1>) -> f64 {
        match self.kernels.level_on(&values.device()) {
            Some(level) => lamb::squares(level, &to_vec(values.clone())),
            None => squares(values),
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

/// A step of one parameter.
struct Step<'a> {
    options: &'a LambOptions,
    clip: f32,
    decay: f32,
    rate: f64,
}

impl Step<'_> {
    fn corrections(&self, n_steps: usize) -> [f32; 2] {
        let LambOptions { beta_1, beta_2, .. } = *self.options;
        [beta_1, beta_2].map(|beta| 1.0 - beta.powi(n_steps as i32))
    }

    /// From burn's operations.
    fn go(
        &self,
        before: Option<State>,
        weights: Tensor<1>,
        gradient: Tensor<1>,
    ) -> (State, Tensor<1>) {
        let LambOptions { beta_1, beta_2, epsilon, .. } = *self.options;
        let state = State::after(before, gradient.mul_scalar(self.clip), [beta_1, beta_2]);
        let [first, second] = self.corrections(state.n_steps);
        let root = state.second.clone().sqrt().div_scalar(second.sqrt());
        let direction = state.first.clone().div_scalar(first) / root.add_scalar(epsilon);
        if self.decay == 0.0 {
            // The lengths, which a device would have to be asked for, do not count.
            return (state, weights - direction.mul_scalar(self.rate));
        }
        let direction = direction + weights.clone().mul_scalar(self.decay);
        let rate = self.rate * self.share([squares(&weights), squares(&direction)]);
        (state, weights - direction.mul_scalar(rate))
    }

    /// In two passes on the CPU.
    fn go_at(
        &self,
        level: Level,
        before: Option<State>,
        weights: Tensor<1>,
        gradient: Tensor<1>,
    ) -> (State, Tensor<1>) {
        let (device, n) = (weights.device(), weights.dims()[0]);
        let (n_steps, mut first, mut second) = State::begin(before, n);
        let (mut weights, mut direction) = (to_vec(weights), to_vec(gradient));
        let Self { clip, decay, .. } = *self;
        let LambOptions { beta_1, beta_2, epsilon, .. } = *self.options;
        let corrections = self.corrections(n_steps);
        let lamb = Lamb { clip, beta_1, beta_2, corrections, epsilon, decay };
        let squares = lamb.turn(level, &weights, &mut direction, [&mut first, &mut second]);
        lamb::go(level, &mut weights, &direction, (self.rate * self.share(squares)) as f32);
        let weights = Tensor::from_data(TensorData::new(weights, [n]), &device);
        (State::from_host(n_steps, [first, second], &device), weights)
    }

    /// How far a step goes for a learning rate of one, from the squared lengths of parameter and direction.
    fn share(&self, [weights, direction]: [f64; 2]) -> f64 {
        match self.decay > 0.0 && weights > 0.0 && direction > 0.0 {
            true => (weights / direction).sqrt(),
            false => 1.0,
        }
    }
}

/// The sum of squares, added up in `f64`.
fn squares(values: &Tensor<1>) -> f64 {
    to_vec(values.clone()).iter().map(|&v| f64::from(v) * f64::from(v)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::full_path;

    /// Four steps of the authors' program, two of three parameters decaying.
    #[test]
    fn steps_equal_the_reference() {
        let Some(path) = full_path("spat_spark/lamb_steps.json") else { return };
        let bytes = std::fs::read(path).expect("reference numbers");
        let reference: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        let floats = |value: &serde_json::Value| -> Vec<f32> {
            let all = value.as_array().expect("numbers").iter();
            all.map(|v| v.as_f64().expect("a number") as f32).collect()
        };
        let shapes = [vec![4, 3], vec![3], vec![2, 2]];
        let of = |value: &serde_json::Value| -> HostTensors {
            let named = ["a", "b", "c"].iter().zip(&shapes).enumerate();
            named
                .map(|(i, (name, shape))| ((*name).to_owned(), shape.clone(), floats(&value[i])))
                .collect()
        };
        for kernels in Kernels::all() {
            check(kernels, of(&reference["init"]), &reference["steps"], &of);
        }
    }

    fn check(
        kernels: Kernels,
        initial: HostTensors,
        steps: &serde_json::Value,
        of: &dyn Fn(&serde_json::Value) -> HostTensors,
    ) {
        let device = Device::flex();
        let mut lamb = NamedLamb::with_kernels(LambOptions::SPARK, &initial, Vec::new(), kernels);
        let mut parameters = Parameters::from_host(initial, &device);
        for step in steps.as_array().expect("steps") {
            let leaves = parameters.require_grad();
            let gradients = of(&step["grads"]).into_iter().map(|(name, _, values)| {
                let n = values.len();
                (name, Tensor::<1>::from_data(TensorData::new(values, [n]), &device))
            });
            let nothing = leaves.root().tensor::<1>("b").sum().mul_scalar(0.0).backward();
            let rate = step["lr"].as_f64().expect("a rate");
            let decay = step["wd"][0].as_f64().expect("a decay");
            parameters = lamb.step(&leaves, nothing, gradients.collect(), rate, decay);
            for ((name, _, ours), (_, _, theirs)) in
                parameters.to_host().iter().zip(of(&step["params"]))
            {
                for (a, b) in ours.iter().zip(theirs) {
                    assert!((a - b).abs() <= 1e-6, "{name}: {a}, not {b}");
                }
            }
        }
    }
}
