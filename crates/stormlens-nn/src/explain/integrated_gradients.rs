//! Integrated gradients (Sundararajan, Taly and Yan 2017) on the input frames.

use std::ops::ControlFlow;

use burn::tensor::Tensor;
use stormlens_data::request::{Cancelled, Progress};

use super::target::{MaskedSum, masked_sum};
use crate::network::Network;
use crate::parameters::{Mode, to_vec};
use crate::{Parameters, Tap};

/// Attribution of the target's change along a straight path from a dry sky to the input.
#[derive(Clone, Debug)]
pub struct PathAttribution {
    /// `(x − x₀) · mean of ∂S/∂x`, normalised, `[frames × height × width]`.
    pub attribution: Vec<f32>,
    /// `S(x) − S(x₀)`, normalised.
    pub output_difference: f64,
    /// Sum of the attribution minus `output_difference`: what the finite number of steps costs.
    pub convergence_delta: f64,
}

/// Integrates by the midpoint rule over `n_steps` points; the baseline is zero: no rain.
///
/// The target's mask is that of the prediction at the input, all along the path.
///
/// # Errors
/// [`Cancelled`] when `progress` says that nobody waits any more.
pub fn integrated_gradients(
    network: &dyn Network,
    parameters: &Parameters,
    input: &Tensor<4>,
    target: &MaskedSum,
    n_steps: usize,
    progress: &dyn Progress,
) -> Result<PathAttribution, Cancelled> {
    let mut sum: Option<Tensor<4>> = None;
    for step in 0..n_steps {
        report(progress, step, n_steps)?;
        let share = (step as f64 + 0.5) / n_steps as f64;
        let gradient = gradient(network, parameters, input.clone().mul_scalar(share), target);
        sum = Some(match sum {
            Some(sum) => sum + gradient,
            None => gradient,
        });
    }
    report(progress, n_steps, n_steps)?;
    let mean = sum.ok_or(Cancelled)?.div_scalar(n_steps as f64);
    let attribution = to_vec(input.clone() * mean);
    let score = |x: Tensor<4>| {
        let output = network.forward(parameters, x, &mut Tap::off(), &Mode::Inference);
        masked_sum(&to_vec(output), &target.mask)
    };
    let output_difference = target.score - score(input.zeros_like());
    let total: f64 = attribution.iter().map(|&a| f64::from(a)).sum();
    Ok(PathAttribution {
        attribution,
        output_difference,
        convergence_delta: total - output_difference,
    })
}

/// Only the input is a differentiable leaf: the network is a constant.
fn gradient(
    network: &dyn Network,
    parameters: &Parameters,
    input: Tensor<4>,
    target: &MaskedSum,
) -> Tensor<4> {
    let leaf = input.autodiff().require_grad();
    let output = network.forward(parameters, leaf.clone(), &mut Tap::off(), &Mode::Inference);
    let mut gradients = target.of(output).backward();
    leaf.grad_remove(&mut gradients).unwrap_or_else(|| leaf.inner().zeros_like())
}

fn report(progress: &dyn Progress, done: usize, total: usize) -> Result<(), Cancelled> {
    match progress.report("integrated gradients", done, total) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(cancelled) => Err(cancelled),
    }
}
