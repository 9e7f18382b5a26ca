//! Comparison of a nowcasting network with reference numbers of the authors' programs.

use burn::tensor::{Device, Tensor};

use super::{Golden, full_path, max_abs, max_error, probe, relative_l2, statistics};
use crate::explain::{MaskedSum, RawCam, finish_cam, grad_cam};
use crate::layers::{NormOptions, fold};
use crate::models::HostTensors;
use crate::network::Network;
use crate::parameters::{Mode, to_vec};
use crate::registry::{self, ModelEntry};
use crate::{Parameters, Tap, engine};

/// The layers of a network that its card lists.
pub(crate) fn layer_names(entry: &ModelEntry) -> Vec<String> {
    (entry.card)().layers.into_iter().map(|layer| layer.name).collect()
}

/// The weights of one of the authors' checkpoints, which must be of that network.
pub(crate) fn authors_weights(entry: &ModelEntry, name: &str) -> Option<HostTensors> {
    let (file, found) = registry::read(&full_path(name)?).expect("the authors' checkpoint");
    assert_eq!((found.entry.card)().id, (entry.card)().id);
    Some(engine::host_tensors(file.state))
}

/// How far apart is near, as stated with the reference numbers.
pub(crate) struct Limits<'a> {
    /// Relative L2 of the gradient of the input.
    pub input_gradient: f64,
    /// Layers, by the start of their name, whose raw maps are compared to 10⁻³ instead of 2 · 10⁻².
    pub near: &'a [&'a str],
}

/// A network, its weights, and what was computed with them.
pub(crate) struct Comparison<'a> {
    pub entry: &'a ModelEntry,
    pub golden: &'a Golden,
    pub weights: HostTensors,
    pub x: Tensor<4>,
    pub limits: Limits<'a>,
}

impl Comparison<'_> {
    /// Activations with batch norms as they are stored; output, maps of all layers and gradient of
    /// the input with batch norms folded. `mask` makes the mask from the prediction of the first
    /// lead time; at most five of its pixels may be others than the reference's, which is used.
    pub fn check(self, mask: impl Fn(&[f32]) -> Vec<f32>) {
        let Self { entry, golden, weights, x, limits } = self;
        let network = entry.network;
        let device = Device::flex();
        let [_, _, height, width] = x.dims();
        let names = layer_names(entry);
        let stored = Parameters::from_host(weights.clone(), &device);
        check_activations(golden, network, &stored, x.clone(), &names);

        let folded = Parameters::from_host(fold(weights, NormOptions::PYTORCH), &device);
        let mut n_flipped = 0;
        let choose = |y: &[f32]| {
            let (ours, theirs) = (mask(&y[..height * width]), golden.f32("mask"));
            n_flipped = ours.iter().zip(&theirs).filter(|(a, b)| a != b).count();
            MaskedSum::over(theirs, y)
        };
        let found = grad_cam(network, &folded, x.clone(), &names, choose);
        assert!(n_flipped <= 5, "{n_flipped} pixels of the mask differ");
        let expected = golden.f32("y");
        assert!(max_error(&found.prediction, &expected) <= 1e-4 * max_abs(&expected), "output");
        check_score(golden, &found);
        check_maps(golden, &found, &limits, (height, width));

        let leaf = x.autodiff().require_grad();
        let mode = Mode::inference();
        let y = network.forward(&folded, leaf.clone(), &mut Tap::off(), &mode);
        let mut gradients = crate::explain::Target::of(&found.target, y).sum().backward();
        let ours = to_vec(leaf.grad_remove(&mut gradients).expect("the input's gradient"));
        let error = relative_l2(&ours, &golden.f32("grad_input"));
        assert!(error < limits.input_gradient, "gradient of the input: {error}");
    }
}

fn check_maps(golden: &Golden, found: &RawCam<MaskedSum>, limits: &Limits, size: (usize, usize)) {
    let names = golden.names();
    let mut n_compared = 0;
    for layer in &found.layers {
        let name = &layer.name;
        if names.contains(&format!("cam_raw/{name}")) {
            let expected = golden.f32(&format!("cam_raw/{name}"));
            check_raw(name, &layer.weighted_sum, &expected, limits);
            n_compared += 1;
        }
        if names.contains(&format!("cam/{name}")) {
            let from = (layer.height, layer.width);
            let cam = finish_cam(&layer.weighted_sum, from, size);
            check_final(name, &cam, &golden.f32(&format!("cam/{name}")));
        }
    }
    let n_expected = names.iter().filter(|name| name.starts_with("cam_raw/")).count();
    assert_eq!(n_compared, n_expected, "layers with maps");
}

/// Every tapped layer's statistics and 32 of its values, to 10⁻³ of its root mean square.
pub(crate) fn check_activations(
    golden: &Golden,
    network: &dyn Network,
    parameters: &Parameters,
    x: Tensor<4>,
    expected: &[String],
) {
    let mut tap = Tap::observe();
    network.forward(parameters, x, &mut tap, &Mode::inference());
    let activations = tap.into_activations();
    let mut shown: Vec<&String> = activations.iter().map(|(name, ..)| name).collect();
    let mut expected: Vec<&String> = expected.iter().collect();
    shown.sort();
    expected.sort();
    assert_eq!(shown, expected, "what the network shows and what its card lists");
    let names = golden.names();
    for (name, _, values) in activations {
        if !names.contains(&format!("stat/{name}")) {
            continue;
        }
        let ours = statistics(&values);
        let theirs = golden.f64(&format!("stat/{name}"));
        let scale = theirs[4] / (values.len() as f64).sqrt();
        for (what, (a, b)) in
            ["mean", "deviation", "minimum", "maximum"].iter().zip(ours.iter().zip(&theirs))
        {
            assert!((a - b).abs() <= 1e-3 * scale, "{what} of {name}: {a}, not {b}");
        }
        assert!((ours[4] / theirs[4] - 1.0).abs() <= 1e-3, "norm of {name}");
        let error = max_error(&probe(&values), &golden.f32(&format!("probe/{name}")));
        assert!(error <= 1e-3 * scale, "values of {name}: off by {error}");
    }
}

pub(crate) fn check_score(golden: &Golden, found: &RawCam<MaskedSum>) {
    let expected = golden.f64("target_sum")[0];
    let error = (found.target.score / expected - 1.0).abs();
    assert!(error < 1e-5, "score {}, not {expected}", found.target.score);
}

pub(crate) fn check_raw(name: &str, ours: &[f32], theirs: &[f32], limits: &Limits) {
    let is_near = limits.near.iter().any(|start| name.starts_with(start));
    let limit = if is_near { 1e-3 } else { 2e-2 };
    let error = relative_l2(ours, theirs);
    assert!(error < limit, "raw CAM of {name}: {error}");
}

pub(crate) fn check_final(name: &str, ours: &[f32], theirs: &[f32]) {
    let (worst, n) = (max_error(ours, theirs), theirs.len() as f64);
    let sum: f64 = ours.iter().zip(theirs).map(|(a, b)| f64::from((a - b).abs())).sum();
    assert!(
        worst < 2e-2 && sum / n < 1e-3,
        "CAM of {name}: {worst} at worst, {} in the mean",
        sum / n
    );
}
