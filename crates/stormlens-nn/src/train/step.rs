//! A network between two steps of training.

use burn::tensor::Device;

use super::moments::Moments;
use super::optimiser::{Optimiser, RateOf, Rule};
use super::run::Trainee;
use super::schedule::Rates;
use super::supervision::{Batch, Supervision};
use crate::fused::Kernels;
use crate::models::HostTensors;
use crate::network::Network;
use crate::parameters::{Mode, Recorder, to_vec};
use crate::random::Random;
use crate::{Parameters, Tap};

/// A network's weights, and the optimiser that changes them.
pub struct Stepper<'a> {
    network: &'a dyn Network,
    device: &'a Device,
    parameters: Parameters,
    optimiser: Optimiser,
}

impl<'a> Stepper<'a> {
    /// Before the first step.
    pub fn new(trainee: &Trainee<'a>, rule: Rule, rates: Vec<RateOf>, device: &'a Device) -> Self {
        Self {
            network: trainee.network,
            device,
            parameters: to_device(&trainee.initial, device),
            optimiser: Optimiser::new(rule, &trainee.initial, rates),
        }
    }

    /// One batch forward, backward and into the weights; its loss in the unit of training. `random` is for what is drawn
    /// within the network.
    pub fn step<S: Supervision>(
        &mut self,
        supervision: &S,
        batch: Batch<S::Answers>,
        rates: Rates,
        random: Option<Random>,
    ) -> f64 {
        let (input, answers) = batch.into_tensor(self.device);
        let leaves = self.parameters.require_grad();
        let mode = Mode::Training(Recorder::new(Kernels::chosen(), random));
        let prediction = self.network.forward(&leaves, input, &mut Tap::off(), &mode);
        let loss = supervision.loss(prediction, &answers, self.device);
        let value = f64::from(to_vec(loss.clone().inner())[0]);
        let mut gradients = loss.backward();
        let Mode::Training(recorder) = mode else { unreachable!("set a few lines above") };
        let others = recorder.beside_the_tape(&mut gradients, self.device);
        self.parameters = self.optimiser.step(&leaves, gradients, others, rates);
        self.parameters.update(recorder.statistics.into_inner());
        value
    }

    pub(super) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Weights and moments, for a run to go on with.
    pub(super) fn to_host(&self) -> (HostTensors, Vec<Moments>) {
        (self.parameters.to_host(), self.optimiser.to_host())
    }

    /// Goes on with what [`Self::to_host`] read.
    pub(super) fn restore(&mut self, weights: &HostTensors, moments: Vec<Moments>) {
        self.parameters = to_device(weights, self.device);
        self.optimiser.restore(moments, self.device);
    }
}

pub(super) fn to_device(tensors: &HostTensors, device: &Device) -> Parameters {
    Parameters::from_host(tensors.iter().cloned(), device)
}
