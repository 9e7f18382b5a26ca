//! The polar-low CNN against TensorFlow, against NumPy, and against itself.

mod files;
mod full;
mod training;

use burn::tensor::{Device, Tensor};
use stormlens_data::request::{ClassOutput, Silent};

use super::*;
use crate::explain::{ClassTarget, Path, PathAttribution, integrated_gradients};
use crate::golden::{Golden, input, max_abs, max_error, parameters, relative_l2};
use crate::layers::fold;
use crate::models::HostTensors;
use crate::network::Network;
use crate::parameters::{Mode, is_learnable, to_vec};
use crate::{Parameters, Tap};

pub(crate) const TINY: &str = "polar_low_tiny.safetensors";

/// The network on a small scale: everything is there, nothing takes long.
pub(crate) fn tiny(golden: &Golden) -> HostTensors {
    let names = golden.names().into_iter().filter(|name| name.starts_with("weights/"));
    names
        .map(|name| (name["weights/".len()..].into(), golden.shape(&name), golden.f32(&name)))
        .collect()
}

fn logits(parameters: &Parameters, x: Tensor<4>, tap: &mut Tap) -> Tensor<2> {
    PolarLow.forward(parameters, x, tap, &Mode::inference()).logits()
}

pub(crate) fn layer_names() -> Vec<String> {
    card::card().layers.into_iter().map(|layer| layer.name).collect()
}

#[test]
fn the_schema_is_the_published_one() {
    let schema = PolarLowConfig::default().schema();
    let count = |keep: &dyn Fn(&str) -> bool| -> usize {
        let kept = schema.iter().filter(|(name, _)| keep(name));
        kept.map(|(_, shape)| shape.iter().product::<usize>()).sum()
    };
    assert_eq!(schema.len(), 127);
    assert_eq!(count(&|_| true), 1_260_322);
    assert_eq!(count(&is_learnable), 1_254_194);
}

#[test]
fn fresh_weights_are_glorots() {
    let weights = ENTRY.fresh(1);
    let check = |name: &str, bound: f32| {
        let (_, _, values) = weights.iter().find(|(n, ..)| n == name).expect(name);
        let widest = values.iter().fold(0.0f32, |widest, v| widest.max(v.abs()));
        assert!(widest <= bound && widest > 0.8 * bound, "{name}: {widest}, {bound}");
    };
    check("stem.0.weight", (6.0f32 / (9.0 * 11.0)).sqrt());
    check("block3.0.depthwise.weight", (6.0f32 / (9.0 * 16.0 + 9.0)).sqrt());
    check("tail.0.pointwise.weight", (6.0f32 / (512.0 + 1024.0)).sqrt());
    check("head.weight", (6.0f32 / 1026.0).sqrt());
    let sum = |name: &str| weights.iter().find(|(n, ..)| n == name).map(|w| w.2.iter().sum());
    assert_eq!(sum("block1.1.weight"), Some(8.0f32));
    assert_eq!(sum("block1.1.running_var"), Some(8.0f32));
    assert_eq!(sum("block1.0.pointwise.bias"), Some(0.0f32));
}

#[test]
fn the_card_lists_what_the_network_shows() {
    let golden = Golden::small(TINY);
    let device = Device::flex();
    let mut tap = Tap::observe();
    let x = Tensor::zeros([1, 3, 16, 16], &device);
    logits(&parameters(&tiny(&golden), &device), x, &mut tap);
    let shown: Vec<String> = tap.into_activations().into_iter().map(|(name, ..)| name).collect();
    assert_eq!(shown, layer_names());
    assert_eq!(shown.len(), 23);
    let card = card::card();
    assert_eq!(card.layer("block 7, second convolution").expect("a label").name, "activation_14");
    assert!(card.default_layers.iter().all(|name| card.layer(name).is_some()));
    let small = card.scene_classification().expect("it classifies").default_layers;
    let small = small.iter().flat_map(|(_, layers)| layers.iter());
    assert!(small.clone().count() > 0 && small.clone().all(|name| card.layer(name).is_some()));
}

/// Logits, activations and maps of all layers, for both classes, with even and odd sides.
#[test]
fn everything_equals_the_small_reference() {
    let golden = Golden::small(TINY);
    let device = Device::flex();
    let stored = parameters(&tiny(&golden), &device);
    let folded = parameters(&fold(tiny(&golden), NormOptions::KERAS), &device);
    assert!(folded.names().all(|name| !name.contains("running_")), "some norm is left");
    for (case, side) in [("even", 32), ("odd", 21)] {
        let x = || input(golden.f32(&format!("{case}/x")), [1, 3, side, side], &device);
        for parameters in [&stored, &folded] {
            check_forward(&golden, case, parameters, x());
            check_maps(&golden, case, parameters, x());
            check_input_gradient(&golden, case, parameters, x());
        }
        check_integrated_gradients(&golden, case, &folded, x());
    }
}

fn check(what: &str, ours: &[f32], theirs: &[f32], limit: f64) {
    let error = max_error(ours, theirs) / max_abs(theirs).max(1e-12);
    assert!(error <= limit, "{what}: off by {error} of the largest value");
}

fn check_forward(golden: &Golden, case: &str, parameters: &Parameters, x: Tensor<4>) {
    let mut tap = Tap::observe();
    let found = to_vec(logits(parameters, x, &mut tap));
    let error = max_error(&found, &golden.f32(&format!("{case}/logits")));
    assert!(error < 2e-5, "{case}: logits are off by {error}");
    for (name, shape, values) in tap.into_activations() {
        let key = format!("{case}/activation/{name}");
        assert_eq!(golden.shape(&key), shape, "{key}");
        // The twin's layers enlarge the rounding of those before them: from 3e-6 at the tenth ReLU to
        // 4e-5 (burn's operations) or 1.6e-4 (fused layers, which sum in another order) at the last.
        check(&key, &values, &golden.f32(&key), 2e-4);
    }
}

fn check_maps(golden: &Golden, case: &str, parameters: &Parameters, x: Tensor<4>) {
    for class in 0..2 {
        let mut tap = Tap::watch(layer_names());
        let score = logits(parameters, x.clone(), &mut tap).narrow(1, class, 1).sum();
        let layers = tap.into_weighted(&mut score.backward()).remove(0);
        assert_eq!(layers.len(), 23);
        for layer in layers {
            let key = |what: &str| format!("{case}/{what}/{class}/{}", layer.name);
            check(&key("weights"), &layer.weights, &golden.f32(&key("cam_weights")), 1e-4);
            // A sum of terms of both signs: near or far is said beside the terms.
            let activation = golden.f32(&format!("{case}/activation/{}", layer.name));
            let term = max_abs(&layer.weights) * max_abs(&activation);
            let error = max_error(&layer.weighted_sum, &golden.f32(&key("cam_raw")));
            assert!(error < 1e-4 * term, "{}: off by {error}, terms are {term}", key("raw"));
        }
    }
}

fn check_input_gradient(golden: &Golden, case: &str, parameters: &Parameters, x: Tensor<4>) {
    for class in 0..2 {
        let gradient = gradient(parameters, x.clone(), |y| y.narrow(1, class, 1));
        let name = format!("{case}/input_gradient/{class}");
        check(&name, &to_vec(gradient), &golden.f32(&name), 1e-4);
    }
}

/// The trapezoidal rule in eight steps from black, of the probability of class 1.
fn check_integrated_gradients(golden: &Golden, case: &str, parameters: &Parameters, x: Tensor<4>) {
    let name = format!("{case}/integrated_gradients");
    let ours = integrate(parameters, x, 8).attribution;
    let error = relative_l2(&ours, &golden.f32(&name));
    assert!(error < 1e-4, "{name}: {error}");
}

/// Of the input, for a number made from the logits.
fn gradient(
    parameters: &Parameters,
    x: Tensor<4>,
    score: impl Fn(Tensor<2>) -> Tensor<2>,
) -> Tensor<4> {
    let leaf = x.autodiff().require_grad();
    let mut gradients = score(logits(parameters, leaf.clone(), &mut Tap::off())).sum().backward();
    leaf.grad_remove(&mut gradients).expect("a leaf")
}

/// From black to the picture, of the probability of class 1, four points at a time.
fn integrate(parameters: &Parameters, x: Tensor<4>, n_steps: usize) -> PathAttribution {
    let path = Path {
        baseline: x.zeros_like(),
        input: x,
        n_steps,
        tolerance: None,
        max_steps: n_steps,
        n_batch: 4,
    };
    let target = ClassTarget { class: 1, output: ClassOutput::Probability };
    integrated_gradients(&PolarLow, parameters, &path, &target, &Silent).expect("nobody cancels")
}

/// What goes through together does not mix.
#[test]
fn a_batch_is_its_pictures() {
    let golden = Golden::small(TINY);
    let device = Device::flex();
    let parameters = parameters(&fold(tiny(&golden), NormOptions::KERAS), &device);
    let one = input(golden.f32("odd/x"), [1, 3, 21, 21], &device);
    let two = one.clone().mul_scalar(0.5);
    let both = Tensor::cat(vec![one.clone(), two.clone()], 0);
    let each = [one, two].map(|x| to_vec(logits(&parameters, x, &mut Tap::off())));
    let found = to_vec(logits(&parameters, both, &mut Tap::off()));
    check("logits of a batch", &found, &each.concat(), 1e-6);
}
