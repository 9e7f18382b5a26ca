//! SSLPDL against an independent program, against what the authors' modules computed, and against itself.

mod asked;
mod full;
mod recognition;
mod training;

use burn::tensor::{Device, Tensor};
use stormlens_data::probability::hidden_by_noise;

use super::*;
use crate::explain::{MaskedSum, Target};
use crate::fused::Kernels;
use crate::golden::nowcast::layer_names;
use crate::golden::{
    Golden, every_nth, input, max_abs, max_error, parameters, procedural, ramp, weight_gradients,
};
use crate::layers::{NormOptions, fold};
use crate::models::HostTensors;
use crate::network::Network;
use crate::parameters::{Mode, to_vec};
use crate::random::Random;
use crate::{Parameters, Tap};

/// The small network of `tests/golden/sslpdl_tiny.py`.
pub(crate) fn tiny() -> Form {
    Form {
        naming: Naming::FineTuning,
        n_variables: 4,
        patch: [2, 4, 4],
        n_places: 4 * 6,
        base_channels: 8,
        depths: vec![1, 2, 1],
        group_channels: 4,
        mlp_ratio: 2,
        has_layer_scale: false,
        head_channels: 6,
        n_classes: Some(3),
        has_unused: false,
        has_loss_weights: false,
    }
}

pub(crate) fn weights(form: &Form) -> HostTensors {
    procedural(&architecture(form).schema)
}

/// Those of the variant.
pub(super) fn identity(weights: &HostTensors) -> HostTensors {
    let is_kept = Sslpdl.variant(IDENTITY).expect("the one that there is");
    weights.iter().filter(|(name, ..)| is_kept(name)).cloned().collect()
}

const SIZE: [usize; 2] = [16, 24];

/// Name, weights, and share of hidden tokens.
fn cases() -> [(&'static str, HostTensors, f64); 3] {
    let fine = weights(&tiny());
    let identity = identity(&fine);
    let pre = Form { naming: Naming::Bare, n_classes: None, has_layer_scale: true, ..tiny() };
    [("fine", fine, 0.25), ("identity", identity, 0.0), ("pre", weights(&pre), 0.75)]
}

/// Two examples, of which tokens are hidden.
pub(crate) fn examples(ratio: f64) -> Vec<f32> {
    let [height, width] = SIZE;
    let tokens = tiny().sizes().tokens(height, width).expect("its size");
    let mut values: Vec<f32> = ramp(2 * 4 * height * width).iter().map(|v| 4.0 * v - 2.0).collect();
    let mut random = Random::new(9);
    for example in values.chunks_exact_mut(4 * height * width) {
        let noise: Vec<f32> = (0..tokens.n()).map(|_| random.unit() as f32).collect();
        tokens.hide(example, &hidden_by_noise(&noise, ratio));
    }
    values
}

/// Shares of the largest value: of what layers hold, and of gradients.
const LIMITS: [f64; 2] = [2e-5, 1e-4];

fn check(what: &str, ours: &[f32], theirs: &[f32], limit: f64) {
    let error = max_error(ours, theirs) / max_abs(theirs).max(1e-6);
    assert!(error <= limit, "{what}: off by {error:.1e} of the largest value");
}

fn of_example(values: &[f32], i: usize) -> &[f32] {
    let n = values.len() / 2;
    &values[i * n..][..n]
}

/// Output, layers, gradient of the input and what Grad-CAM needs of every layer, on every way that this processor can go,
/// with batch normalisation as it is and folded.
#[test]
fn small_twins_equal_the_reference() {
    let golden = Golden::small("sslpdl_tiny.safetensors");
    for (case, weights, ratio) in cases() {
        let x = || input(examples(ratio), [2, 4, SIZE[0], SIZE[1]], &Device::flex());
        for kernels in Kernels::all() {
            for weights in [weights.clone(), fold(weights.clone(), NormOptions::PYTORCH)] {
                let p = parameters(&weights, &Device::flex());
                let mode = Mode::Inference(kernels);
                let what = |part: &str| format!("{part} of {case} ({kernels})");
                let expected = |part: &str| golden.f32(&format!("{case}/{part}"));
                check_shown(&golden, case, &p, x(), &mode);

                let leaf = x().autodiff().require_grad();
                let mut tap = Tap::watch(layer_names(&ENTRY));
                let y = Sslpdl.forward(&p, leaf.clone(), &mut tap, &mode);
                let host = y.to_host();
                check(
                    &what("output"),
                    &every_nth(&host, SIZE[0], SIZE[1], 2),
                    &expected("y"),
                    LIMITS[0],
                );
                let mask = (0..SIZE[0] * SIZE[1]).map(|i| f32::from(u8::from(i % 3 == 0)));
                let target = MaskedSum::over(mask.collect(), &host[..SIZE[0] * SIZE[1]]);
                let mut gradients = target.of(y).sum().backward();
                let gradient = to_vec(leaf.grad_remove(&mut gradients).expect("a leaf"));
                let third = every_nth(&gradient, SIZE[0], SIZE[1], 3);
                check(&what("gradient"), &third, &expected("input_gradient"), LIMITS[1]);
                for (g, x) in gradient.iter().zip(examples(ratio)) {
                    assert!(g.is_finite() && (!x.is_nan() || *g == 0.0), "{g} at {x}");
                }
                for (i, layers) in tap.into_weighted(&mut gradients).into_iter().enumerate() {
                    assert_eq!(layers.len(), 8);
                    for layer in layers {
                        let check_part = |part: &str, ours: &[f32]| {
                            let part = format!("{part}/{}", layer.name);
                            check(&what(&part), ours, of_example(&expected(&part), i), LIMITS[1]);
                        };
                        check_part("cam_weights", &layer.weights);
                        check_part("cam_raw", &layer.weighted_sum);
                    }
                }
            }
        }
    }
}

/// Layers, the fields that are rebuilt, and where points are.
fn check_shown(golden: &Golden, case: &str, p: &Parameters, x: Tensor<4>, mode: &Mode) {
    let mut tap = Tap::observe();
    Sslpdl.forward(p, x, &mut tap, mode);
    let mut n_compared = 0;
    for (name, [_, _, height, width], values) in tap.into_activations() {
        let key = format!("{case}/{name}");
        let is_output = case == "pre" && name == RECONSTRUCTION;
        // What follows from offsets and modulation is compared with them where it is asked for.
        let follows = name.ends_with(".offset_length") || name.ends_with(".points");
        if follows || is_output {
            continue;
        }
        n_compared += 1;
        check(&key, &every_nth(&values, height, width, 2), &golden.f32(&key), LIMITS[0]);
    }
    let n_expected = match case {
        "fine" => 9 + 2 * 4,
        "identity" => 9,
        _ => 8 + 2 * 4,
    };
    assert_eq!(n_compared, n_expected, "{case}");
}

/// A hidden token's values have no influence, and one missing value hides the whole token.
#[test]
fn hidden_values_have_no_influence() {
    let p = parameters(&weights(&tiny()), &Device::flex());
    let run = |x: Vec<f32>| {
        let x = input(x, [1, 4, SIZE[0], SIZE[1]], &Device::flex());
        Sslpdl.forward(&p, x, &mut Tap::off(), &Mode::inference()).to_host()
    };
    let whole = of_example(&examples(0.0), 0).to_vec();
    // Group 1, second row and third column of tokens: fields 2 and 3, rows 4 to 7, columns 8 to 11.
    let mut one = whole.clone();
    one[2 * 384 + 5 * 24 + 9] = f32::NAN;
    let mut all = whole.clone();
    let mut hidden = vec![false; 48];
    hidden[24 + 6 + 2] = true;
    let tokens = tiny().sizes().tokens(SIZE[0], SIZE[1]).expect("its size");
    tokens.hide(&mut all, &hidden);
    assert_eq!(all.iter().filter(|v| v.is_nan()).count(), 32);
    assert!(all[3 * 384 + 4 * 24 + 8].is_nan() && !all[384 + 5 * 24 + 9].is_nan());
    let hidden = run(all);
    assert!(run(one.clone()) == hidden && hidden.iter().all(|y| y.is_finite()));
    one[3 * 384 + 4 * 24 + 8] += 7.0;
    assert!(run(one) == hidden);
    assert!(run(whole) != hidden);
}

#[test]
fn noise_hides_as_the_reference_does() {
    let noise = [0.5, 0.1, 0.9, 0.1, 0.7];
    assert_eq!(hidden_by_noise(&noise, 0.5), [true, false, true, false, true]);
    assert_eq!(hidden_by_noise(&noise, 0.0), [false; 5]);
    assert_eq!(hidden_by_noise(&noise, 1.0), [true; 5]);
    for (size, word) in [([18, 24], "24 parts of 4 × 4"), ([16, 16], "16 × 16 pixels")] {
        let refused = tiny().sizes().tokens(size[0], size[1]).expect_err("another size");
        assert!(refused.contains(word), "{refused}");
    }
}
