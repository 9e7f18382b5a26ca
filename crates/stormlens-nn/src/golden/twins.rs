//! Small U-Nets against PyTorch, see `tests/golden/u_nets_tiny.py`.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};

use super::nowcast::layer_names;
use super::{Golden, input, max_abs, max_error, parameters, procedural, ramp, weight_gradients};
use crate::explain::{MaskedSum, Target};
use crate::fused::Kernels;
use crate::layers::{NormOptions, fold};
use crate::models::{HostTensors, Schema, UShape};
use crate::parameters::{Mode, Recorder, to_vec};
use crate::random::Random;
use crate::registry::ModelEntry;
use crate::{Parameters, Tap};

/// Sizes of all twins.
pub(crate) fn tiny(kernels_per_layer: usize) -> UShape {
    sizes(kernels_per_layer, SMALL)
}

/// The same with other numbers of frames.
pub(crate) fn sizes(kernels_per_layer: usize, [in_channels, out_channels]: [usize; 2]) -> UShape {
    UShape { in_channels, out_channels, base_channels: 4, kernels_per_layer, reduction_ratio: 2 }
}

const SMALL: [usize; 2] = [3, 2];

/// What cases are called, the frames that go in and come out, and whether there is a training pass of them.
pub(crate) const KINDS: [(&str, [usize; 2], bool); 3] =
    [("", SMALL, true), ("/rain", [12, 1], false), ("/clouds", [4, 6], false)];

/// A twin and the name of its reference numbers.
pub(crate) struct Twin<'a> {
    pub case: &'a str,
    pub entry: &'a ModelEntry,
    pub schema: Schema,
    pub n_input_frames: usize,
    /// Height and width of the input.
    pub size: [usize; 2],
    /// Of the training inputs; `None` where there is no training pass.
    pub training_seed: Option<u64>,
}

/// Largest error of outputs, as a share of the largest value: PyTorch's own `f32` is off by 1.4e-6, and
/// fused layers sum in another order.
const OUTPUT: f64 = 5e-5;
/// The same of activations, maps and gradients: PyTorch's are off by 3.4e-6.
const LAYER: f64 = 2e-4;

const N_POINTS: usize = 16;

fn points(values: &[f32]) -> Vec<f32> {
    (0..N_POINTS).map(|j| values[(2 * j + 1) * values.len() / (2 * N_POINTS)]).collect()
}

fn every_nth(values: &[f32], [height, width]: [usize; 2], n: usize) -> Vec<f32> {
    super::every_nth(values, height, width, n)
}

/// To a share of the largest value.
fn check(what: &str, ours: &[f32], theirs: &[f32], limit: f64) {
    let error = max_error(ours, theirs) / max_abs(theirs).max(1e-12);
    assert!(error <= limit, "{what}: off by {error} of the largest value");
}

impl Twin<'_> {
    /// Everything, on every way that this processor can go, with batch norms stored and folded.
    pub fn check(&self) {
        let golden = Golden::small("u_nets_tiny.safetensors");
        let weights = procedural(&self.schema);
        for kernels in Kernels::all() {
            for weights in [weights.clone(), fold(weights.clone(), NormOptions::PYTORCH)] {
                self.check_inference(&golden, weights, kernels);
            }
        }
        if let Some(seed) = self.training_seed {
            let plain = train(self.entry, &weights, seed, Kernels::Plain);
            for kernels in Kernels::all() {
                let pass = train(self.entry, &weights, seed, kernels);
                self.check_training(&golden, &pass);
                self.check_alike(&pass, &plain, kernels);
            }
        }
    }

    fn key(&self, part: &str) -> String {
        format!("{}/{part}", self.case)
    }

    fn check_inference(&self, golden: &Golden, weights: HostTensors, kernels: Kernels) {
        let network = self.entry.network;
        let [height, width] = self.size;
        let device = Device::flex();
        let parameters = parameters(&weights, &device);
        let n = self.n_input_frames;
        let x = input(ramp(n * height * width), [1, n, height, width], &device);
        let what = |part: &str| format!("{} of {} ({kernels})", part, self.case);
        let expected = |part: &str| golden.f32(&self.key(part));
        let mut names = layer_names(self.entry);
        names.sort();

        let leaf = x.clone().autodiff().require_grad();
        let mut tap = Tap::watch(names.clone());
        let mode = Mode::Inference(kernels);
        let y = network.forward(&parameters, leaf.clone(), &mut tap, &mode);
        let host = y.to_host();
        check(&what("output"), &every_nth(&host, self.size, 2), &expected("y"), OUTPUT);
        let mask = (0..height * width).map(|i| f32::from(u8::from(i % 3 == 0)));
        let target = MaskedSum::over(mask.collect(), &host);
        let score = expected("score")[0];
        // Terms of both signs add up: near is said beside their size.
        let error = (target.score - f64::from(score)).abs();
        let limit = OUTPUT * max_abs(&host) * target.n_pixels as f64;
        assert!(error < limit, "{}: {}, not {score}", what("score"), target.score);

        let mut gradients = target.of(y).sum().backward();
        let gradient = to_vec(leaf.grad_remove(&mut gradients).expect("a leaf"));
        let gradient = every_nth(&gradient, self.size, 3);
        check(&what("gradient"), &gradient, &expected("input_gradient"), LAYER);

        let mut layers = tap.into_weighted(&mut gradients).remove(0);
        layers.sort_by(|a, b| a.name.cmp(&b.name));
        assert!(layers.iter().map(|layer| &layer.name).eq(&names), "{}", what("layers"));
        let weights = expected("cam_weights");
        let sums = expected("cam_raw");
        let rows = weights.chunks_exact(N_POINTS).zip(sums.chunks_exact(N_POINTS));
        assert_eq!(rows.len(), layers.len());
        for (layer, (weights, sums)) in layers.iter().zip(rows) {
            let what = |part: &str| what(&format!("{part} of {}", layer.name));
            check(&what("weights"), &points(&layer.weights), weights, LAYER);
            check(&what("map"), &points(&layer.weighted_sum), sums, LAYER);
        }
        self.check_activations(golden, &parameters, x, &mode);
    }

    fn check_activations(
        &self,
        golden: &Golden,
        parameters: &Parameters,
        x: Tensor<4>,
        mode: &Mode,
    ) {
        let mut tap = Tap::observe();
        self.entry.network.forward(parameters, x, &mut tap, mode);
        let mut found = tap.into_activations();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let expected = golden.f32(&self.key("activations"));
        for ((name, _, values), expected) in found.iter().zip(expected.chunks_exact(N_POINTS)) {
            check(&format!("{name} of {}", self.case), &points(values), expected, LAYER);
        }
    }

    /// Loss, gradients of all weights and running statistics of a pass over two examples.
    fn check_training(&self, golden: &Golden, pass: &Pass) {
        let expected = |part: &str| golden.f32(&self.key(&format!("training/{part}")));
        let loss = expected("loss")[0];
        assert!((pass.loss / loss - 1.0).abs() < 1e-5, "{}: {}, not {loss}", self.case, pass.loss);
        let norms = expected("gradient_l2");
        assert_eq!(pass.gradients.len(), norms.len(), "{}", self.case);
        let largest = max_abs(&norms);
        for ((name, gradient), &expected) in pass.gradients.iter().zip(&norms) {
            let square = |v: &f32| f64::from(*v) * f64::from(*v);
            let (ours, theirs) =
                (gradient.iter().map(square).sum::<f64>().sqrt(), f64::from(expected));
            // Biases in front of a batch normalisation have no influence: what is left is rounding.
            let error = (ours - theirs).abs();
            let limit = 1e-3 * theirs + 1e-5 * largest;
            assert!(error < limit, "gradient of {name} of {}: {ours}, not {theirs}", self.case);
        }
        let statistics: Vec<f32> = pass.statistics.values().flatten().copied().collect();
        check(&self.key("statistics"), &statistics, &expected("statistics"), 1e-5);
    }

    /// Value by value, where the reference has norms only.
    fn check_alike(&self, pass: &Pass, plain: &Pass, kernels: Kernels) {
        let largest = plain.gradients.values().map(|g| max_abs(g)).fold(0.0, f64::max);
        assert!(pass.gradients.keys().eq(plain.gradients.keys()), "{}, {kernels}", self.case);
        for ((name, ours), plain) in pass.gradients.iter().zip(plain.gradients.values()) {
            let error = max_error(ours, plain);
            let limit = 5e-4 * max_abs(plain) + 2e-5 * largest;
            assert!(error < limit, "{name} of {}, {kernels}: off by {error}", self.case);
        }
    }
}

/// What one pass of training leaves, by name.
struct Pass {
    loss: f32,
    gradients: BTreeMap<String, Vec<f32>>,
    statistics: BTreeMap<String, Vec<f32>>,
}

fn train(entry: &ModelEntry, weights: &HostTensors, seed: u64, kernels: Kernels) -> Pass {
    let device = Device::flex();
    let leaves = parameters(weights, &device).require_grad();
    let [height, width] = [32, 48];
    let draw = |seed: u64, n_channels: usize| {
        let mut random = Random::new(seed);
        let values = (0..2 * n_channels * height * width).map(|_| random.unit() as f32).collect();
        input(values, [2, n_channels, height, width], &device)
    };
    let (x, target) = (draw(seed, 3), draw(8, 2));
    let mode = Mode::Training(Recorder::new(kernels, None));
    let y = entry.network.forward(&leaves, x, &mut Tap::off(), &mode).field();
    let loss = (y - target).square().sum().div_scalar(2.0);
    let mut tape = loss.clone().backward();
    let Mode::Training(recorder) = mode else { unreachable!("made a few lines above") };
    let gradients = weight_gradients(&leaves, &recorder, &mut tape);
    let statistics = recorder.statistics.into_inner().into_iter();
    let statistics = statistics.map(|(name, values)| (name, to_vec(values))).collect();
    Pass { loss: to_vec(loss.inner())[0], gradients, statistics }
}
