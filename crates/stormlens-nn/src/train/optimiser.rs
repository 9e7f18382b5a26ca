//! Adam over the flat tensors of a state dictionary.

use std::collections::BTreeMap;

use burn::optim::{Adam, AdamConfig, AdamState, AdaptiveMomentumState, Optimizer};
use burn::tensor::{Device, Gradients, Tensor, TensorData};

use crate::Parameters;
use crate::parameters::to_vec;

/// burn's Adam with PyTorch's epsilon, and the moments of every parameter by its name.
pub(super) struct NamedAdam {
    adam: Adam,
    states: BTreeMap<String, AdamState<1>>,
}

/// The moments of one parameter on the host: number of steps, first and second moment.
pub(super) type Moments = (String, usize, Vec<f32>, Vec<f32>);

impl NamedAdam {
    pub fn new() -> Self {
        Self { adam: AdamConfig::new().with_epsilon(1e-8).build(), states: BTreeMap::new() }
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
            let state = self.states.remove(name);
            let (updated, state) = self.adam.step(learning_rate, leaf.inner(), gradient, state);
            self.states.extend(state.map(|state| (name.to_owned(), state)));
            updated
        })
    }

    pub fn to_host(&self) -> Vec<Moments> {
        let read = |(name, state): (&String, &AdamState<1>)| {
            let m = &state.momentum;
            (name.clone(), m.time, to_vec(m.moment_1.clone()), to_vec(m.moment_2.clone()))
        };
        self.states.iter().map(read).collect()
    }

    pub fn from_host(moments: Vec<Moments>, device: &Device) -> Self {
        let put = |values: Vec<f32>| {
            let n = values.len();
            Tensor::<1>::from_data(TensorData::new(values, [n]), device)
        };
        let mut optimiser = Self::new();
        for (name, time, first, second) in moments {
            let momentum = AdaptiveMomentumState::new(time, put(first), put(second));
            optimiser.states.insert(name, AdamState::new(momentum));
        }
        optimiser
    }
}
