//! HARPNET against an independent program, against what the authors' program computed, and against itself.

mod asked;
mod described;
mod domain;
mod full;
mod rain;
mod recognition;
mod training;

use burn::tensor::{Device, Tensor};

use super::*;
use crate::explain::{MaskedSum, Target};
use crate::fused::Kernels;
use crate::golden::nowcast::layer_names;
use crate::golden::{Golden, input, max_abs, max_error, parameters, procedural, ramp};
use crate::models::HostTensors;
use crate::network::{Network, Prediction};
use crate::parameters::{Mode, to_vec};
use crate::{Parameters, Tap};

/// The smallest network that has everything.
pub(crate) const TINY: Form =
    Form { version: Version::V4, depth: 2, base_channels: 4, tile: 16, n_unused: 0 };

/// Those of `tests/golden/harpnet_tiny.py`: name, network, examples, side of the input.
const CASES: [(&str, Form, usize, usize); 5] = [
    ("v4", TINY, 1, 16),
    ("v4-batch", TINY, 2, 16),
    ("v4-deep", Form { depth: 3, base_channels: 3, ..TINY }, 1, 16),
    ("v2", Form { version: Version::V2, ..TINY }, 1, 6),
    ("v1", Form { version: Version::V1, depth: 3, base_channels: 2, ..TINY }, 1, 6),
];

pub(crate) fn weights(form: &Form) -> HostTensors {
    procedural(&architecture(form).schema)
}

fn on_cpu(form: &Form) -> Parameters {
    parameters(&weights(form), &Device::flex())
}

/// The sum over every third pixel of the first example.
fn every_third(prediction: &[f32], n_pixels: usize) -> MaskedSum {
    let mask = (0..n_pixels).map(|i| f32::from(u8::from(i % 3 == 0)));
    MaskedSum::over(mask.collect(), &prediction[..n_pixels])
}

fn examples(form: &Form, n_batch: usize, side: usize) -> Tensor<4> {
    let dims = [n_batch, form.in_channels(), side, side];
    input(ramp(dims.iter().product()), dims, &Device::flex())
}

/// Shares of the largest value: of outputs and gates, of gradients and maps. Whole layers are off by
/// 1.1e-6 and 3.4e-6 at most.
const LIMITS: [f64; 2] = [1e-5, 2e-5];

fn check(what: &str, ours: &[f32], theirs: &[f32], limit: f64) {
    let error = max_error(ours, theirs) / max_abs(theirs);
    assert!(error <= limit, "{what}: off by {error:.1e} of the largest value");
}

/// Output, gates, bridge, gradient of the input and what Grad-CAM needs of every layer, on every way that
/// this processor can go.
#[test]
fn small_twins_of_all_versions_equal_the_reference() {
    let golden = Golden::small("harpnet_tiny.safetensors");
    for (case, form, n_batch, side) in CASES {
        let p = on_cpu(&form);
        let x = examples(&form, n_batch, side);
        for kernels in Kernels::all() {
            let mode = Mode::Inference(kernels);
            let what = |part: &str| format!("{part} of {case} ({kernels})");
            let expected = |part: &str| golden.f32(&format!("{case}/{part}"));
            check_shown(&golden, case, &p, x.clone(), &mode);

            let leaf = x.clone().autodiff().require_grad();
            let mut tap = Tap::watch(layer_names(&ENTRY));
            let y = Harpnet.forward(&p, leaf.clone(), &mut tap, &mode);
            let host = y.to_host();
            check(&what("output"), &host, &expected("y"), LIMITS[0]);
            let target = every_third(&host, form.tile * form.tile);
            let mut gradients = target.of(y).sum().backward();
            let gradient = to_vec(leaf.grad_remove(&mut gradients).expect("a leaf"));
            check(&what("gradient"), &gradient, &expected("input_gradient"), LIMITS[1]);
            for (i, layers) in tap.into_weighted(&mut gradients).into_iter().enumerate() {
                assert_eq!(layers.len(), 3 * (2 * form.depth + 1) + form.depth);
                for layer in layers {
                    let check_part = |part: &str, ours: &[f32]| {
                        let part = format!("{part}/{}", layer.name);
                        let theirs = expected(&part);
                        let theirs = &theirs[i * ours.len()..][..ours.len()];
                        check(&what(&part), ours, theirs, LIMITS[1]);
                    };
                    check_part("cam_weights", &layer.weights);
                    check_part("cam_raw", &layer.weighted_sum);
                }
            }
        }
    }
}

/// Gates and bridge, which pages show.
fn check_shown(golden: &Golden, case: &str, p: &Parameters, x: Tensor<4>, mode: &Mode) {
    let mut tap = Tap::observe();
    Harpnet.forward(p, x, &mut tap, mode);
    let mut n_compared = 0;
    for (name, shape, values) in tap.into_activations() {
        if name == "bridge" || name.ends_with(".psi") || name.ends_with(".gate") {
            n_compared += 1;
            let key = format!("{case}/{name}");
            assert_eq!(golden.shape(&key), shape, "{key}");
            check(&key, &values, &golden.f32(&key), LIMITS[0]);
        }
    }
    assert!(n_compared >= 5, "{n_compared}");
}

fn score(p: &Parameters, x: Vec<f32>, form: &Form, side: usize) -> f64 {
    let x = input(x, [1, form.in_channels(), side, side], &Device::flex());
    let y = Harpnet.forward(p, x, &mut Tap::off(), &Mode::inference()).to_host();
    every_third(&y, form.tile * form.tile).score
}

/// The gradient against differences of predictions, along some directions. A step is as short as `f32`
/// allows, and long enough to cross a few ReLUs: hence the limit.
#[test]
fn gradients_are_differences() {
    for (case, form, _, side) in CASES {
        let p = on_cpu(&form);
        let x = to_vec(examples(&form, 1, side));
        let dims = [1, form.in_channels(), side, side];
        let leaf = input(x.clone(), dims, &Device::flex()).autodiff().require_grad();
        let y = Harpnet.forward(&p, leaf.clone(), &mut Tap::off(), &Mode::inference());
        let target = every_third(&y.to_host(), form.tile * form.tile);
        let mut gradients = target.of(y).sum().backward();
        let gradient = to_vec(leaf.grad_remove(&mut gradients).expect("a leaf"));
        for seed in 1..4 {
            let mut random = crate::random::Random::new(seed);
            let direction: Vec<f32> = x.iter().map(|_| random.between(-1.0, 1.0) as f32).collect();
            let step = 3e-4;
            let moved = |sign: f32| {
                x.iter().zip(&direction).map(|(x, d)| x + sign * step * d).collect::<Vec<_>>()
            };
            let difference =
                score(&p, moved(1.0), &form, side) - score(&p, moved(-1.0), &form, side);
            let difference = difference / (2.0 * f64::from(step));
            let terms = gradient.iter().zip(&direction).map(|(&g, &d)| f64::from(g) * f64::from(d));
            let (sum, size) = (terms.clone().sum::<f64>(), terms.map(f64::abs).sum::<f64>());
            assert!((sum - difference).abs() < 5e-3 * size, "{case}: {sum}, not {difference}");
        }
    }
}

/// Gates are shown beside the layers of the card: they have one channel, and are looked at themselves.
#[test]
fn the_card_lists_what_the_network_shows() {
    let p = on_cpu(&TINY);
    let mut tap = Tap::observe();
    Harpnet.forward(&p, examples(&TINY, 1, 16), &mut tap, &Mode::inference());
    let is_gate = |name: &String| name.ends_with(".psi") || name.ends_with(".gate");
    let shown = tap.into_activations().into_iter().map(|(name, ..)| name);
    let (gates, shown): (Vec<_>, Vec<_>) = shown.partition(is_gate);
    assert_eq!(gates.len(), 4);
    let mut listed = layer_names(&ENTRY);
    listed.retain(|name| Harpnet.has_layer(&|tensor| p.shape(tensor).map(<[usize]>::to_vec), name));
    assert_eq!(shown, listed);
    let card = card::card();
    assert_eq!(card.layer("gated skip connection 2").expect("a label").name, "attn_blocks.1");
    assert!(card.default_layers.iter().all(|name| shown.iter().any(|shown| shown == name)));
}

/// A gate lies between 0 and 1, and version 1 gives no negative rain.
#[test]
fn gates_are_shares_and_rain_is_not_negative() {
    let form = CASES[4].1;
    let mut tap = Tap::observe();
    let y = Harpnet.forward(&on_cpu(&form), examples(&form, 1, 6), &mut tap, &Mode::inference());
    assert!(y.to_host().iter().all(|&y| y >= 0.0) && y.to_host().contains(&0.0));
    let gates = tap.into_activations().into_iter().filter(|(name, ..)| name.ends_with(".gate"));
    assert!(gates.flat_map(|gate| gate.2).all(|g| g > 0.0 && g < 1.0));
}

#[test]
fn static_corrections_are_mean_distances_from_the_identity() {
    let mut weights = ENTRY.fresh(1);
    let maps = affine_maps(&weights);
    assert_eq!(maps.len(), 3 * 5);
    assert!(maps.iter().all(|map| map.weight.iter().chain(&map.bias).all(|&v| v == 0.0)));
    let place = |name: &str| weights.iter().position(|(n, ..)| n == name).expect(name);
    let (scale, shift) =
        (place("decoders.1.shortcut.1.weight"), place("decoders.1.shortcut.1.bias"));
    // Pixel (1, 2) of channels 0 and 3, of 64.
    weights[scale].2[66] = 3.0;
    weights[scale].2[3 * 4096 + 66] = 0.0;
    weights[shift].2[66] = -0.5;
    let maps = affine_maps(&weights);
    let map = maps.last().expect("15 maps");
    assert_eq!((map.block.as_str(), map.norm, map.side), ("decoders.1", "shortcut.1", 64));
    assert_eq!((map.weight[66], map.bias[66]), (3.0 / 64.0, 0.5 / 64.0));
    assert_eq!(map.weight.iter().filter(|&&v| v != 0.0).count(), 1);
    assert!(affine_maps(&Vec::new()).is_empty());
}

fn run(p: &Parameters, x: Tensor<4>, mode: &Mode) -> Vec<f32> {
    match Harpnet.forward(p, x, &mut Tap::off(), mode) {
        Prediction::Field(field) => to_vec(field),
        Prediction::Logits { .. } => panic!("a field"),
    }
}
