//! The moments of gradients that optimisers keep.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};

use crate::parameters::to_vec;

/// The moments of one parameter on the host: number of steps, first and second moment.
pub(super) type Moments = (String, usize, Vec<f32>, Vec<f32>);

/// Number of steps, first and second moment.
pub(super) struct State {
    pub n_steps: usize,
    pub first: Tensor<1>,
    pub second: Tensor<1>,
}

/// Those of every parameter by its name.
#[derive(Default)]
pub(super) struct States(pub BTreeMap<String, State>);

impl State {
    /// The moments after one more gradient; both begin at zero.
    pub fn after(before: Option<Self>, gradient: Tensor<1>, [beta_1, beta_2]: [f32; 2]) -> Self {
        let first = gradient.clone().mul_scalar(1.0 - beta_1);
        let second = gradient.square().mul_scalar(1.0 - beta_2);
        match before {
            None => Self { n_steps: 1, first, second },
            Some(s) => Self {
                n_steps: s.n_steps + 1,
                first: s.first.mul_scalar(beta_1) + first,
                second: s.second.mul_scalar(beta_2) + second,
            },
        }
    }

    /// Number of steps after one more gradient and both moments of `n` values before it, for a kernel to change.
    pub fn begin(before: Option<Self>, n: usize) -> (usize, Vec<f32>, Vec<f32>) {
        match before {
            Some(s) => (s.n_steps + 1, to_vec(s.first), to_vec(s.second)),
            None => (1, vec![0.0; n], vec![0.0; n]),
        }
    }

    pub fn from_host(n_steps: usize, [first, second]: [Vec<f32>; 2], device: &Device) -> Self {
        let put = |values: Vec<f32>| {
            let n = values.len();
            Tensor::<1>::from_data(TensorData::new(values, [n]), device)
        };
        Self { n_steps, first: put(first), second: put(second) }
    }
}

impl States {
    pub fn to_host(&self) -> Vec<Moments> {
        let read = |(name, s): (&String, &State)| {
            (name.clone(), s.n_steps, to_vec(s.first.clone()), to_vec(s.second.clone()))
        };
        self.0.iter().map(read).collect()
    }

    /// What [`Self::to_host`] read.
    pub fn from_host(moments: Vec<Moments>, device: &Device) -> Self {
        let state = |(name, n_steps, first, second)| {
            (name, State::from_host(n_steps, [first, second], device))
        };
        Self(moments.into_iter().map(state).collect())
    }
}
