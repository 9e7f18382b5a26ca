//! The integral of the gradient along a straight path.

use std::ops::ControlFlow;

use burn::tensor::{Bool, Tensor, TensorData};
use stormlens_data::request::{Cancelled, Progress};

use crate::explain::Target;
use crate::network::Network;
use crate::parameters::{Mode, to_vec};
use crate::{Parameters, Tap};

/// Attribution of the target's change along a straight path from a baseline to the input.
#[derive(Clone, Debug)]
pub struct PathAttribution {
    /// `(x − x₀) · mean of ∂S/∂x`, `[channels × height × width]`.
    pub attribution: Vec<f32>,
    /// `S(x) − S(x₀)`.
    pub output_difference: f64,
    /// Sum of the attribution minus `output_difference`: what the finite number of steps costs.
    pub convergence_delta: f64,
    /// Steps taken; more than asked for where they were doubled.
    pub n_steps: usize,
    /// The target at the points of the path, from the baseline to the input.
    pub path: Vec<f64>,
}

/// A path to integrate along.
#[derive(Clone, Debug)]
pub struct Path {
    /// `[1, channels, height, width]`
    pub input: Tensor<4>,
    /// Of the same shape.
    pub baseline: Tensor<4>,
    /// Intervals of equal length.
    pub n_steps: usize,
    /// The gap, as a share of the output's difference, above which the steps are doubled; `None`:
    /// they never are.
    pub tolerance: Option<f64>,
    /// Steps that doubling does not go beyond.
    pub max_steps: usize,
    /// Points that go through the network together.
    pub n_batch: usize,
}

/// Integrates the target's gradient along a path by the trapezoidal rule: gradients are taken at the
/// ends of the intervals, those of the path with half the weight. So the points of `n` steps are
/// among those of `2 n`, and doubling takes none twice.
///
/// Gradients are summed as they come, so memory does not grow with the number of steps.
///
/// # Errors
/// [`Cancelled`] when `progress` says that nobody waits any more.
pub fn integrated_gradients(
    network: &dyn Network,
    parameters: &Parameters,
    path: &Path,
    target: &dyn Target,
    progress: &dyn Progress,
) -> Result<PathAttribution, Cancelled> {
    let missing = missing(&path.input);
    let way = path.input.clone() - path.baseline.clone();
    // A missing value is missing all along the path, and contributes nothing.
    let way = match &missing {
        Some(missing) => way.mask_fill(missing.clone(), 0.0),
        None => way,
    };
    Walk { network, parameters, path, way, missing, target, progress }.trapezoid()
}

/// Where an input has no value; `None` where it has all. Found on the host: programs for GPUs may be compiled as if no
/// value were ever missing.
fn missing(input: &Tensor<4>) -> Option<Tensor<4, Bool>> {
    let values = to_vec(input.clone().inner());
    let is_missing: Vec<bool> = values.into_iter().map(f32::is_nan).collect();
    let any = is_missing.contains(&true);
    any.then(|| Tensor::from_data(TensorData::new(is_missing, input.dims()), &input.device()))
}

/// A point of the path: how far along, and its weight in the sum.
type Point = (f64, f64);

/// What some points add up to: the weighted gradients and the target at each point.
type Summed = (Tensor<4>, Vec<f64>);

struct Walk<'a> {
    network: &'a dyn Network,
    parameters: &'a Parameters,
    path: &'a Path,
    /// From the baseline to the input.
    way: Tensor<4>,
    /// Where the input has no value, if it lacks any.
    missing: Option<Tensor<4, Bool>>,
    target: &'a dyn Target,
    progress: &'a dyn Progress,
}

impl Walk<'_> {
    fn trapezoid(&self) -> Result<PathAttribution, Cancelled> {
        let Path { n_steps: mut n, tolerance, max_steps, .. } = *self.path;
        let weight = |i: usize| if i == 0 || i == n { 0.5 } else { 1.0 };
        let points: Vec<Point> = (0..=n).map(|i| (i as f64 / n as f64, weight(i))).collect();
        let (mut sum, mut path) = self.sum(&points, 0, points.len())?;
        loop {
            let found = self.finish(&sum, n, path);
            let is_close = tolerance.is_none_or(|tolerance| found.is_within(tolerance));
            if is_close || 2 * n > max_steps {
                return Ok(found);
            }
            n *= 2;
            let between: Vec<Point> =
                (1..n).step_by(2).map(|i| (i as f64 / n as f64, 1.0)).collect();
            let (more, outputs) = self.sum(&between, n / 2 + 1, n + 1)?;
            sum = sum + more;
            path = interleave(&found.path, &outputs);
        }
    }

    /// Gradients at some points; `n_before` of `n_all` have been taken before.
    fn sum(&self, points: &[Point], n_before: usize, n_all: usize) -> Result<Summed, Cancelled> {
        let mut sum = self.path.input.zeros_like();
        let mut outputs = Vec::with_capacity(points.len());
        for batch in points.chunks(self.path.n_batch.max(1)) {
            report(self.progress, n_before + outputs.len(), n_all)?;
            let (gradient, scores) = self.gradient(batch);
            sum = sum + gradient;
            outputs.extend(scores);
        }
        report(self.progress, n_before + points.len(), n_all)?;
        Ok((sum, outputs))
    }

    /// Weighted sum of the gradients at a few points. Only the input is a differentiable leaf: the
    /// network is a constant.
    fn gradient(&self, points: &[Point]) -> Summed {
        let n = points.len();
        let baseline = &self.path.baseline;
        // Point by point, because products with a column of numbers take longer than all of these.
        let at = |&(share, _): &Point| {
            let there = self.way.clone().mul_scalar(share) + baseline.clone();
            match &self.missing {
                Some(missing) => there.mask_where(missing.clone(), self.path.input.clone()),
                None => there,
            }
        };
        let there: Vec<Tensor<4>> = points.iter().map(at).collect();
        let leaf = match there.as_slice() {
            [one] => one.clone(),
            _ => Tensor::cat(there, 0),
        };
        let leaf = leaf.autodiff().require_grad();
        let mode = Mode::inference();
        let output = self.network.forward(self.parameters, leaf.clone(), &mut Tap::off(), &mode);
        let host = output.to_host();
        let scores = host.chunks_exact(host.len() / n).map(|one| self.target.score(one)).collect();
        // The weights of the points go into the number that is differentiated.
        let weights: Vec<f32> = points.iter().map(|point| point.1 as f32).collect();
        let device = baseline.device();
        let weights = Tensor::<1>::from_data(TensorData::new(weights, [n]), &device);
        let mut gradients = (self.target.of(output) * weights).sum().backward();
        let gradient =
            leaf.grad_remove(&mut gradients).unwrap_or_else(|| leaf.inner().zeros_like());
        let each = (0..n).map(|i| gradient.clone().narrow(0, i, 1));
        (each.reduce(|sum, one| sum + one).expect("at least one point"), scores)
    }

    fn finish(&self, sum: &Tensor<4>, n_steps: usize, path: Vec<f64>) -> PathAttribution {
        let mean = sum.clone().div_scalar(n_steps as f64);
        let attribution = to_vec(self.way.clone() * mean);
        let total: f64 = attribution.iter().map(|&a| f64::from(a)).sum();
        let output_difference = path[path.len() - 1] - path[0];
        let convergence_delta = total - output_difference;
        PathAttribution { attribution, output_difference, convergence_delta, n_steps, path }
    }
}

impl PathAttribution {
    /// Whether the gap is at most that share of the output's difference.
    pub(in crate::explain) fn is_within(&self, tolerance: f64) -> bool {
        self.convergence_delta.abs() <= tolerance * self.output_difference.abs()
    }
}

/// Every second from either, beginning and ending with the first.
fn interleave(old: &[f64], new: &[f64]) -> Vec<f64> {
    let pairs = old.iter().zip(new).flat_map(|(&a, &b)| [a, b]);
    pairs.chain(old.last().copied()).collect()
}

fn report(progress: &dyn Progress, done: usize, total: usize) -> Result<(), Cancelled> {
    match progress.report("integrated gradients", done, total) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(cancelled) => Err(cancelled),
    }
}
