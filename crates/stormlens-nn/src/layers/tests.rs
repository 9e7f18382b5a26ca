//! Layers of networks made with Keras against single operations of TensorFlow.

use burn::tensor::{Device, Tensor};

use super::*;
use crate::Parameters;
use crate::fused::Kernels;
use crate::golden::{Golden, from_hwc, input, max_error, parameters};
use crate::models::HostTensors;
use crate::parameters::{Mode, Recorder, Scope, to_vec};

const FILE: &str = "tensorflow_ops.safetensors";

/// `[height, width, channels]` of the file as `[1, channels, height, width]`.
fn picture(golden: &Golden, name: &str, [height, width, channels]: [usize; 3]) -> Tensor<4> {
    let values = from_hwc(&golden.f32(name), channels);
    input(values, [1, channels, height, width], &Device::flex())
}

/// A kernel `[height, width, in, out]` of the file as `[out, in, height, width]`.
fn kernel(golden: &Golden, name: &str, n_in: usize, n_out: usize) -> (Vec<usize>, Vec<f32>) {
    let values = golden.f32(name);
    let side = if values.len() == n_in * n_out { 1 } else { 3 };
    let at = |i: usize| {
        let (o, c, place) = (i / (n_in * side * side), i / (side * side) % n_in, i % (side * side));
        values[(place * n_in + c) * n_out + o]
    };
    (vec![n_out, n_in, side, side], (0..values.len()).map(at).collect())
}

#[test]
fn pooling_and_its_gradient_are_tensorflows() {
    let golden = Golden::small(FILE);
    let check = |side: usize, what: &str, mode: &Mode| {
        let name = |part: &str| format!("maxpool.{side}.{what}.{part}");
        let out = side.div_ceil(2);
        let x = picture(&golden, &name("x"), [side, side, 3]).autodiff().require_grad();
        let y = max_pool_halving(x.clone(), mode);
        assert_eq!(y.dims(), [1, 3, out, out]);
        let expected = from_hwc(&golden.f32(&name("y")), 3);
        assert_eq!(to_vec(y.clone().inner()), expected, "{side}, {what}");
        let outer: Vec<f32> = (1..=3 * out * out).map(|i| i as f32).collect();
        let outer = input(from_hwc(&outer, 3), [1, 3, out, out], &Device::flex());
        let mut gradients = (y * outer).sum().backward();
        let gradient = to_vec(x.grad_remove(&mut gradients).expect("a leaf"));
        assert_eq!(gradient, from_hwc(&golden.f32(&name("dx")), 3), "{side}, {what}");
    };
    for mode in modes() {
        for side in [1, 4, 5] {
            check(side, "rand", &mode);
            check(side, "const", &mode);
        }
    }
}

/// Every way a layer can be computed on this machine.
fn modes() -> Vec<Mode> {
    Kernels::all().into_iter().map(Mode::Inference).collect()
}

/// Zeros are what a ReLU leaves in a dark window: the padding, which is no more, must not win.
#[test]
fn the_gradient_of_a_window_of_equal_values_stays_in_the_picture() {
    for mode in modes() {
        let x = Tensor::<4>::zeros([1, 1, 5, 5], &Device::flex()).autodiff().require_grad();
        let mut gradients = max_pool_halving(x.clone(), &mode).sum().backward();
        let gradient = to_vec(x.grad_remove(&mut gradients).expect("a leaf"));
        assert_eq!(gradient.iter().sum::<f32>(), 9.0);
    }
}

fn check_convolution(
    what: &str,
    (n_in, n_out): (usize, usize),
    kernels: &[(&str, &str)],
    run: impl Fn(&Scope, Tensor<4>, &Mode) -> Tensor<4>,
) {
    let golden = Golden::small(FILE);
    for side in [4, 5] {
        let name = |part: &str| format!("conv.{side}.{part}");
        let mut weights = HostTensors::new();
        for &(theirs, ours) in kernels {
            let n_out = if theirs.starts_with("dw") { 1 } else { n_out };
            let (mut shape, values) = kernel(&golden, &name(theirs), n_in, n_out);
            if theirs.starts_with("dw") {
                shape = vec![n_in, 1, 3, 3];
            }
            weights.push((ours.to_owned(), shape, values));
        }
        let parameters: Parameters = parameters(&weights, &Device::flex());
        let expected = from_hwc(&golden.f32(&name(what)), n_out);
        for mode in modes() {
            let x = picture(&golden, &name("x"), [side, side, n_in]);
            let error = max_error(&to_vec(run(&parameters.root(), x, &mode)), &expected);
            assert!(error < 1e-5, "{what} of {side}: {error}");
        }
    }
}

#[test]
fn convolutions_are_padded_as_tensorflows() {
    check_convolution("y_k3_s2", (2, 4), &[("k3_hwio", "weight")], |p, x, _| {
        convolution::conv3x3_halving(p, x)
    });
    check_convolution("y_k1_s2", (2, 3), &[("k1_hwio", "weight")], |p, x, mode| {
        conv1x1(p, Source::EverySecond(x), mode)
    });
    let kernels = [("dw_hwcm", "depthwise.weight"), ("pw_hwio", "pointwise.weight")];
    check_convolution("y_sep_s1", (2, 3), &kernels, |p, x, mode| {
        convolution::depthwise_separable(p, x, mode)
    });
}

#[test]
fn batch_normalisation_is_keras_in_both_modes() {
    let golden = Golden::small(FILE);
    let names = [
        ("gamma", "weight"),
        ("beta", "bias"),
        ("moving_mean", "running_mean"),
        ("moving_variance", "running_var"),
    ];
    let weights: HostTensors = names
        .iter()
        .map(|(theirs, ours)| ((*ours).to_owned(), vec![2], golden.f32(&format!("bn.{theirs}"))))
        .collect();
    let parameters = parameters(&weights, &Device::flex());
    let batch = |name: &str| {
        let values = golden.f32(name);
        let [first, second] = [&values[..18], &values[18..]].map(|half| from_hwc(half, 2));
        [first, second].concat()
    };
    let x = || input(batch("bn.x"), [2, 2, 3, 3], &Device::flex());
    let check = |mode: &Mode, expected: &str| {
        let y = convolution::norm_with(&parameters.root(), x(), NormOptions::KERAS, mode);
        let error = max_error(&to_vec(y), &batch(expected));
        assert!(error < 1e-5, "{expected}: {error}");
    };
    check(&Mode::inference(), "bn.y_eval");
    let training = Mode::Training(Recorder::default());
    check(&training, "bn.y_train");
    let Mode::Training(recorder) = training else { unreachable!("made two lines above") };
    for (name, values) in recorder.statistics.into_inner() {
        let theirs = names.iter().find(|(_, ours)| *ours == name).expect("a statistic").0;
        let expected = golden.f32(&format!("bn.{theirs}_after"));
        let error = max_error(&to_vec(values), &expected);
        assert!(error < 1e-6, "{name}: {error}");
    }
}
