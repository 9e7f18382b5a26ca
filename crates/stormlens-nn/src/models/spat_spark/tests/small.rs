//! Small networks against the numbers of `tests/golden/spat_spark_tiny.py`.

use std::collections::BTreeMap;

use burn::tensor::TensorData;
use stormlens_data::patches::tokens;

use super::*;
use crate::explain::{MaskedSum, Target};
use crate::fused::Kernels;
use crate::golden::{Golden, every_nth, input, ramp, weight_gradients};
use crate::layers::{NormOptions, fold};
use crate::models::spat_spark::sparse::{Sparse, Visible};
use crate::parameters::{Recorder, is_learnable};
use crate::random::Random;

pub(super) const SIZE: [usize; 2] = [64, 96];
const N: usize = 3 * SIZE[0] * SIZE[1];

/// Name, weights and hidden patches of both examples.
pub(super) fn cases() -> [(&'static str, HostTensors, [&'static [usize]; 2]); 3] {
    let (pre, linear) = (weights(&tiny(false)), weights(&tiny(true)));
    [
        ("pre", pre.clone(), [&[0, 4], &[2, 3, 5]]),
        ("identity", pre, [&[], &[]]),
        ("linear", linear, [&[1, 3], &[0]]),
    ]
}

pub(crate) fn examples(hidden: [&[usize]; 2]) -> Vec<f32> {
    let patches = tokens(3, SIZE).expect("six patches");
    let mut values = ramp(2 * N);
    for (example, hidden) in values.chunks_exact_mut(N).zip(hidden) {
        let mask: Vec<bool> = (0..6).map(|patch| hidden.contains(&patch)).collect();
        patches.hide(example, &mask);
    }
    values
}

fn frames(hidden: [&[usize]; 2]) -> Tensor<4> {
    input(examples(hidden), [2, 3, SIZE[0], SIZE[1]], &Device::flex())
}

/// Output, layers, the input's gradient and what Grad-CAM needs, on every way that this processor can go, with batch
/// normalisation as it is and folded.
#[test]
fn small_twins_equal_the_reference() {
    let golden = Golden::small("spat_spark_tiny.safetensors");
    for (case, weights, hidden) in cases() {
        for kernels in Kernels::all() {
            for weights in [weights.clone(), fold(weights.clone(), NormOptions::PYTORCH)] {
                let p = parameters(&weights, &Device::flex());
                let mode = Mode::Inference(kernels);
                check_shown(&golden, case, &p, frames(hidden), &mode);
                let leaf = frames(hidden).autodiff().require_grad();
                let names: Vec<String> = golden.names();
                let prefix = format!("{case}/cam_weights/");
                let names = names.iter().filter_map(|name| name.strip_prefix(&prefix));
                let mut tap = Tap::watch(names);
                let y = SpatSpark.forward(&p, leaf.clone(), &mut tap, &mode);
                let host = y.to_host();
                let what = |part: &str| format!("{part} of {case} ({kernels})");
                let expected = |part: &str| golden.f32(&format!("{case}/{part}"));
                let [height, width] = SIZE;
                check(&what("output"), &every_nth(&host, height, width, 3), &expected("y"), 5e-5);
                let mask = (0..height * width).map(|i| f32::from(u8::from(i % 3 == 0)));
                let target = MaskedSum::over(mask.collect(), &host[..height * width]);
                let mut gradients = target.of(y).sum().backward();
                let gradient = to_vec(leaf.grad_remove(&mut gradients).expect("a leaf"));
                let third = every_nth(&gradient, height, width, 3);
                check(&what("gradient"), &third, &expected("input_gradient"), 2e-4);
                for (g, x) in gradient.iter().zip(examples(hidden)) {
                    assert!(g.is_finite() && (!x.is_nan() || *g == 0.0), "{g} at {x}");
                }
                for (i, layers) in tap.into_weighted(&mut gradients).into_iter().enumerate() {
                    for layer in layers {
                        let theirs = expected(&format!("cam_weights/{}", layer.name));
                        let n = theirs.len() / 2;
                        check(&what(&layer.name), &layer.weights, &theirs[i * n..][..n], 2e-4);
                    }
                }
            }
        }
    }
}

fn check_shown(golden: &Golden, case: &str, p: &Parameters, x: Tensor<4>, mode: &Mode) {
    let mut tap = Tap::observe();
    SpatSpark.forward(p, x, &mut tap, mode);
    let shown = tap.into_activations();
    assert_eq!(shown.len(), if case == "linear" { 19 } else { 15 }, "{case}");
    for (name, [_, _, height, width], values) in shown {
        let key = format!("{case}/{name}");
        check(&key, &every_nth(&values, height, width, 2), &golden.f32(&key), 5e-5);
    }
}

/// What one pass of training leaves, by name.
struct Trained {
    loss: f32,
    gradients: BTreeMap<String, Vec<f32>>,
    statistics: BTreeMap<String, Vec<f32>>,
}

fn train(weights: &HostTensors, hidden: [&[usize]; 2], kernels: Kernels) -> Trained {
    let leaves = parameters(weights, &Device::flex()).require_grad();
    let mode = Mode::Training(Recorder::new(kernels, None));
    let y = SpatSpark.forward(&leaves, frames(hidden), &mut Tap::off(), &mode).field();
    let loss = y.square().mean().mul_scalar(0.5);
    let mut tape = loss.clone().backward();
    let Mode::Training(recorder) = mode else { unreachable!("made a few lines above") };
    let gradients = weight_gradients(&leaves, &recorder, &mut tape);
    let statistics = recorder.statistics.into_inner().into_iter();
    let statistics = statistics.map(|(name, values)| (name, to_vec(values))).collect();
    Trained { loss: to_vec(loss.inner())[0], gradients, statistics }
}

fn l2(values: &[f32]) -> f64 {
    values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt()
}

/// Loss, the size of the gradient of each weight and running statistics over what is visible.
#[test]
fn a_pass_of_training_equals_the_reference() {
    let golden = Golden::small("spat_spark_tiny.safetensors");
    for (case, weights, hidden) in cases() {
        let expected = |part: &str| golden.f32(&format!("{case}/training/{part}"));
        for kernels in Kernels::all() {
            let found = train(&weights, hidden, kernels);
            let loss = expected("loss")[0];
            assert!((found.loss / loss - 1.0).abs() < 2e-5, "{case}: {}, not {loss}", found.loss);
            let largest = found.gradients.values().map(|g| l2(g)).fold(0.0, f64::max);
            for (name, ..) in weights.iter().filter(|(name, ..)| is_learnable(name)) {
                let unused = hidden[0].is_empty() && name.starts_with("mask_tokens.");
                let Some(gradient) = found.gradients.get(name) else {
                    assert!(unused, "{name} of {case} has no gradient");
                    continue;
                };
                let theirs = f64::from(expected(&format!("gradient/{name}"))[0]);
                // What a rectifier cuts off may differ where it meets zero but for rounding: 0.8 % of a norm.
                let error = (l2(gradient) - theirs).abs();
                let limit = 1e-2 * theirs + 1e-5 * largest;
                assert!(
                    error < limit,
                    "{name} of {case} ({kernels}): {}, not {theirs}",
                    l2(gradient)
                );
            }
            let n_norms = weights.iter().filter(|(name, ..)| !is_learnable(name)).count();
            assert_eq!(found.statistics.len(), n_norms);
            for (name, values) in &found.statistics {
                check(name, values, &expected(&format!("running/{name}")), 2e-5);
            }
        }
    }
}

/// Along a direction in the space of all weights in which the loss rises. What is left is the function's curve and the
/// rounding of the loss, each about 1 % at this step.
#[test]
fn gradients_of_weights_are_differences() {
    for (case, weights, hidden) in cases() {
        let found = train(&weights, hidden, Kernels::chosen());
        let mut random = Random::new(5);
        let mut direction = |gradient: &[f32]| -> Vec<f32> {
            gradient.iter().map(|g| random.unit() as f32 * g.signum()).collect()
        };
        let directions: BTreeMap<String, Vec<f32>> =
            found.gradients.iter().map(|(name, g)| (name.clone(), direction(g))).collect();
        let moved = |step: f32| {
            let mut weights = weights.clone();
            for (name, _, values) in &mut weights {
                for (v, d) in values.iter_mut().zip(directions.get(name).into_iter().flatten()) {
                    *v += step * d;
                }
            }
            f64::from(train(&weights, hidden, Kernels::chosen()).loss)
        };
        let step = 1e-5;
        let difference = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
        let product = |(name, g): (&String, &Vec<f32>)| -> f64 {
            g.iter().zip(&directions[name]).map(|(&g, &d)| f64::from(g) * f64::from(d)).sum()
        };
        let along: f64 = found.gradients.iter().map(product).sum();
        assert!((along / difference - 1.0).abs() < 0.03, "{case}: {along}, not {difference}");
    }
}

/// A hidden patch's values have no influence, and one missing value in one frame hides it in all.
#[test]
fn hidden_values_have_no_influence() {
    let p = parameters(&weights(&tiny(true)), &Device::flex());
    let run = |values: Vec<f32>| {
        let x = input(values, [1, 3, SIZE[0], SIZE[1]], &Device::flex());
        SpatSpark.forward(&p, x, &mut Tap::off(), &Mode::inference()).to_host()
    };
    let whole = examples([&[], &[]])[..N].to_vec();
    let mut one = whole.clone();
    // Frame 1, row 40, column 70: patch 5.
    one[SIZE[0] * SIZE[1] + 40 * SIZE[1] + 70] = f32::NAN;
    let hidden = run(examples([&[5], &[]])[..N].to_vec());
    assert!(run(one.clone()) == hidden && hidden.iter().all(|y| y.is_finite()));
    one[2 * SIZE[0] * SIZE[1] + 41 * SIZE[1] + 71] += 7.0;
    assert!(run(one) == hidden);
    assert!(run(whole) != hidden);
    // Nothing to see: still numbers.
    assert!(run(vec![f32::NAN; N]).iter().all(|y| y.is_finite()));
}

/// A unit may be changed, and the forecast with it.
#[test]
fn rescaling_changes_the_unit_and_nothing_else() {
    let run = |weights: &HostTensors, factor: f32| {
        let p = parameters(weights, &Device::flex());
        let x = frames([&[1], &[]]).mul_scalar(factor);
        SpatSpark.forward(&p, x, &mut Tap::off(), &Mode::inference()).to_host()
    };
    let own = weights(&tiny(true));
    let mut rescaled = own.clone();
    (ENTRY.rescale)(&mut rescaled, 8.0);
    let expected: Vec<f32> = run(&own, 8.0).iter().map(|y| y / 8.0).collect();
    check("rescaled", &run(&rescaled, 1.0), &expected, 1e-5);
    (ENTRY.rescale)(&mut rescaled, 1.0 / 8.0);
    check("and back", &run(&rescaled, 1.0), &run(&own, 1.0), 1e-5);
}

/// The authors' batch normalisation over visible cells in training, with its running statistics.
#[test]
fn sparse_normalisation_equals_the_reference() {
    use stormlens_data::files::npy::{read_npy_f32, read_npy_u8};
    let Some(folder) = crate::golden::full_path("spat_spark") else { return };
    let npy = |name: &str| read_npy_f32(&folder.join(format!("sbn_{name}.npy"))).expect(name).1;
    let (_, active) = read_npy_u8(&folder.join("sbn_active.npy")).expect("a mask");
    let visible = Visible::from_seen(active.iter().map(|&seen| seen == 1).collect(), [3, 3]);
    let vector = |name: &str, values: Vec<f32>| (name.to_owned(), vec![5], values);
    let p = Parameters::from_host(
        [
            vector("weight", npy("weight")),
            vector("bias", npy("bias")),
            vector("running_mean", vec![0.0; 5]),
            vector("running_var", vec![1.0; 5]),
        ],
        &Device::flex(),
    );
    let mode = Mode::Training(Recorder::default());
    let x = Tensor::from_data(TensorData::new(npy("x"), [2, 5, 6, 6]), &Device::flex());
    let sparse = Sparse { visible: Some(&visible), mode: &mode };
    let y = to_vec(sparse.norm(&p.root(), x));
    let near = |ours: &[f32], theirs: &[f32], limit: f64| {
        let error = max_error(ours, theirs);
        assert!(error <= limit, "off by {error:.1e}");
    };
    near(&y, &npy("train_y"), 2e-6);
    let Mode::Training(recorder) = mode else { unreachable!("made a few lines above") };
    for (name, values) in recorder.statistics.into_inner() {
        near(&to_vec(values), &npy(&name), 1e-6);
    }
}
