//! LAMB over the flat tensors of a state dictionary (You et al. 2020, <https://arxiv.org/abs/1904.00962>), as SparK's program
//! has it.

use std::collections::{BTreeMap, BTreeSet};

use burn::tensor::{Device, Gradients, Tensor, TensorData};

use super::optimiser::{Moments, RateOf, factor_of};
use crate::Parameters;
use crate::models::HostTensors;
use crate::parameters::to_vec;

/// What SparK's program takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LambOptions {
    pub beta_1: f64,
    pub beta_2: f64,
    pub epsilon: f64,
    /// Gradients of all parameters together are no longer than this.
    pub longest: f64,
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
    options: LambOptions,
    rates: Vec<RateOf>,
    decaying: BTreeSet<String>,
    states: BTreeMap<String, State>,
}

/// Number of steps, first and second moment.
struct State {
    n_steps: usize,
    first: Tensor<1>,
    second: Tensor<1>,
}

impl NamedLamb {
    pub fn new(options: LambOptions, weights: &HostTensors, rates: Vec<RateOf>) -> Self {
        let decays = |name: &str, shape: &[usize]| {
            shape.len() > 1 && !name.ends_with(".bias") && !name.starts_with("mask_token")
        };
        let decaying = weights.iter().filter(|(name, shape, _)| decays(name, shape));
        let decaying = decaying.map(|(name, ..)| name.clone()).collect();
        Self { options, rates, decaying, states: BTreeMap::new() }
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
        let length = all.values().map(square).sum::<f64>().sqrt();
        let clip = (self.options.longest / length).min(1.0);
        leaves.map_learnable(|name, leaf| {
            let Some(gradient) = all.remove(name) else { return leaf.inner() };
            let state = self.after(name, gradient.mul_scalar(clip));
            let weights = leaf.inner();
            let rate = learning_rate * factor_of(&self.rates, name);
            let decay = if self.decaying.contains(name) { decay } else { 0.0 };
            let updated = weights.clone() - self.update(&state, weights, decay).mul_scalar(rate);
            self.states.insert(name.to_owned(), state);
            updated
        })
    }

    /// The moments after one more gradient; both begin at zero.
    fn after(&mut self, name: &str, gradient: Tensor<1>) -> State {
        let LambOptions { beta_1, beta_2, .. } = self.options;
        let first = gradient.clone().mul_scalar(1.0 - beta_1);
        let second = gradient.square().mul_scalar(1.0 - beta_2);
        match self.states.remove(name) {
            None => State { n_steps: 1, first, second },
            Some(s) => State {
                n_steps: s.n_steps + 1,
                first: s.first.mul_scalar(beta_1) + first,
                second: s.second.mul_scalar(beta_2) + second,
            },
        }
    }

    /// The step for a learning rate of one.
    fn update(&self, state: &State, weights: Tensor<1>, decay: f64) -> Tensor<1> {
        let LambOptions { beta_1, beta_2, epsilon, .. } = self.options;
        let n_steps = state.n_steps as i32;
        let first = state.first.clone().div_scalar(1.0 - beta_1.powi(n_steps));
        let root = state.second.clone().sqrt().div_scalar((1.0 - beta_2.powi(n_steps)).sqrt());
        let update = first / root.add_scalar(epsilon);
        if decay == 0.0 {
            return update;
        }
        let update = update + weights.clone().mul_scalar(decay);
        let lengths = [square(&weights).sqrt(), square(&update).sqrt()];
        match lengths {
            [weights, step] if weights > 0.0 && step > 0.0 => update.mul_scalar(weights / step),
            _ => update,
        }
    }

    pub fn to_host(&self) -> Vec<Moments> {
        let read = |(name, s): (&String, &State)| {
            (name.clone(), s.n_steps, to_vec(s.first.clone()), to_vec(s.second.clone()))
        };
        self.states.iter().map(read).collect()
    }

    /// Goes on with what [`Self::to_host`] read.
    pub fn restore(&mut self, moments: Vec<Moments>, device: &Device) {
        let put = |values: Vec<f32>| {
            let n = values.len();
            Tensor::<1>::from_data(TensorData::new(values, [n]), device)
        };
        let state = |(name, n_steps, first, second)| {
            (name, State { n_steps, first: put(first), second: put(second) })
        };
        self.states = moments.into_iter().map(state).collect();
    }
}

/// The sum of squares, added up in `f64`.
fn square(values: &Tensor<1>) -> f64 {
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
        let device = Device::flex();
        let initial = of(&reference["init"]);
        let mut lamb = NamedLamb::new(LambOptions::SPARK, &initial, Vec::new());
        let mut parameters = Parameters::from_host(initial, &device);
        for step in reference["steps"].as_array().expect("steps") {
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
