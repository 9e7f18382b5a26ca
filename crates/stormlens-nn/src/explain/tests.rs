use std::cell::Cell;
use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor};
use stormlens_data::request::{Cancelled, ClassOutput, Progress, Silent};

use super::*;
use crate::golden::{input, parameters, procedural, ramp, relative_l2};
use crate::models::HostTensors;
use crate::models::sar_unet::SarUnet;
use crate::models::sar_unet::tests::tiny;
use crate::network::{Network, Prediction};
use crate::parameters::{Mode, to_vec};
use crate::{Parameters, Tap};

const SHAPE: [usize; 4] = [1, 3, 32, 32];

fn frames(device: &Device) -> Tensor<4> {
    input(ramp(3 * 32 * 32), SHAPE, device)
}

/// The upper half of the picture: a mask that does not move when weights do.
fn upper_half(prediction: &[f32]) -> MaskedSum {
    let n = prediction.len();
    MaskedSum::over((0..n).map(|i| f32::from(u8::from(i < n / 2))).collect(), prediction)
}

fn score(weights: &HostTensors, x: Tensor<4>) -> f64 {
    let parameters = parameters(weights, &x.device());
    let y = SarUnet.forward(&parameters, x, &mut Tap::off(), &Mode::inference());
    upper_half(&y.to_host()).score
}

/// A change of a convolution's bias moves one channel of its output everywhere, so it tests the
/// channel weight of Grad-CAM: the mean gradient over the plane.
#[test]
fn channel_weights_are_what_finite_differences_say() {
    let device = Device::flex();
    let weights = procedural(&tiny());
    let check = |layer: &str, channel: usize| {
        let cam = grad_cam(
            &SarUnet,
            &parameters(&weights, &device),
            frames(&device),
            &[layer.to_owned()],
            upper_half,
        );
        let found = &cam.layers[0];
        let ours = f64::from(found.weights[channel]) * (found.height * found.width) as f64;
        let moved = |by: f32| {
            let mut weights = weights.clone();
            let bias = format!("{layer}.bias");
            let values = weights.iter_mut().find(|(n, ..)| *n == bias).expect("a bias");
            values.2[channel] += by;
            score(&weights, frames(&device))
        };
        // A larger step meets more kinks of ReLU and maximum, a smaller one the rounding of f32.
        let h = 5e-4;
        let expected = (moved(h) - moved(-h)) / (2.0 * f64::from(h));
        let error = (ours - expected).abs() / expected.abs();
        assert!(error < 5e-2, "{layer}, channel {channel}: {ours}, not {expected}");
    };
    check("RRCNN2.Conv_1x1", 1);
    check("RRCNN5.Conv_1x1", 3);
    check("Up_RRCNN4.Conv_1x1", 0);
    check("Up_RRCNN2.Conv_1x1", 2);
}

#[test]
fn the_gradient_of_the_input_is_what_finite_differences_say() {
    let device = Device::flex();
    let weights = procedural(&tiny());
    let network = parameters(&weights, &device);
    let leaf = frames(&device).autodiff().require_grad();
    let y = SarUnet.forward(&network, leaf.clone(), &mut Tap::off(), &Mode::inference());
    let target = upper_half(&y.to_host());
    let mut gradients = target.of(y).sum().backward();
    let gradient = to_vec(leaf.grad_remove(&mut gradients).expect("a leaf"));
    let direction: Vec<f32> = ramp(2 * gradient.len()).split_off(gradient.len());
    let ours: f64 =
        gradient.iter().zip(&direction).map(|(&g, &d)| f64::from(g) * f64::from(d)).sum();
    let h = 2e-4;
    let moved = |by: f32| {
        let step = input(direction.clone(), SHAPE, &device).mul_scalar(by);
        score(&weights, frames(&device) + step)
    };
    let expected = (moved(h) - moved(-h)) / (2.0 * f64::from(h));
    assert!((ours - expected).abs() < 2e-2 * expected.abs(), "{ours}, not {expected}");
}

#[test]
fn all_layers_at_once_are_each_layer_alone() {
    let device = Device::flex();
    let network = parameters(&procedural(&tiny()), &device);
    let names: Vec<String> =
        ["cbam1", "RRCNN4.doubleconv", "Up_RRCNN5", "Up_RRCNN2"].map(str::to_owned).into();
    let together = grad_cam(&SarUnet, &network, frames(&device), &names, upper_half);
    for (name, found) in names.iter().zip(&together.layers) {
        assert_eq!(name, &found.name);
        let alone =
            grad_cam(&SarUnet, &network, frames(&device), std::slice::from_ref(name), upper_half);
        let error = relative_l2(&alone.layers[0].weighted_sum, &found.weighted_sum);
        assert!(error < 1e-5, "{name}: {error}");
    }
}

#[test]
fn integrated_gradients_add_up_to_the_change_of_the_target() {
    let device = Device::flex();
    let network = parameters(&procedural(&tiny()), &device);
    let x = frames(&device);
    let y = SarUnet.forward(&network, x.clone(), &mut Tap::off(), &Mode::inference());
    let target = upper_half(&y.to_host());
    let gap = |n_steps| {
        let path = path(&x, n_steps, Rule::Midpoint);
        let path = integrated_gradients(&SarUnet, &network, &path, &target, &Silent);
        let path = path.expect("nobody cancels");
        let sum: f64 = path.attribution.iter().map(|&a| f64::from(a)).sum();
        assert!((sum - path.output_difference - path.convergence_delta).abs() < 1e-9);
        path.convergence_delta.abs() / path.output_difference.abs()
    };
    let (coarse, fine) = (gap(2), gap(128));
    assert!(fine < 1e-2, "with 128 steps {fine} of the difference is missing");
    assert!(fine < coarse, "more steps did not help: {coarse}, {fine}");
}

fn path(x: &Tensor<4>, n_steps: usize, rule: Rule) -> Path {
    Path { input: x.clone(), baseline: x.zeros_like(), n_steps, rule, n_batch: 1 }
}

/// A classifier whose first logit is the square of the mean: the path integral has a closed form.
struct Square;

impl Network for Square {
    fn forward(&self, _: &Parameters, x: Tensor<4>, _: &mut Tap, _: &Mode) -> Prediction {
        let [n, c, h, w] = x.dims();
        let mean = x.reshape([n, c * h * w]).mean_dim(1);
        Prediction::Logits(Tensor::cat(vec![mean.clone() * mean.clone(), mean.mul_scalar(-1.0)], 1))
    }
}

/// For a quadratic function the trapezoid rule is exact, whatever the batch and the steps.
#[test]
fn batches_and_baselines_give_the_closed_form() {
    let device = Device::flex();
    let x = input(vec![1.0, 2.0, 3.0, 6.0], [1, 1, 2, 2], &device);
    let target = ClassTarget { class: 0, output: ClassOutput::Logit };
    let rule = Rule::Trapezoid { tolerance: None, max_steps: 8 };
    for n_batch in [1, 2, 3, 16] {
        let path = Path { baseline: x.ones_like(), n_batch, ..path(&x, 5, rule) };
        let found = integrated_gradients(&Square, &Parameters::default(), &path, &target, &Silent);
        let found = found.expect("nobody cancels");
        // Mean 3 and 1; (x - 1) times the mean gradient, which is the average mean over the path
        // times 2 / 4.
        for (a, b) in found.attribution.iter().zip([0.0, 1.0, 2.0, 5.0]) {
            assert!((a - b).abs() < 1e-5, "{:?}", found.attribution);
        }
        assert_eq!(found.path.len(), 6);
        assert!((found.path[0] - 1.0).abs() < 1e-6 && (found.path[5] - 9.0).abs() < 1e-5);
        assert!(found.convergence_delta.abs() < 1e-4);
    }
}

/// Doubling ends when the gap is small enough, takes no point twice, and equals a fresh start.
#[test]
fn steps_are_doubled_until_the_gap_is_small() {
    struct Count(Cell<usize>);
    impl Progress for Count {
        fn report(&self, _: &str, done: usize, total: usize) -> ControlFlow<Cancelled> {
            assert!(done <= total, "{done} of {total}");
            self.0.set(done);
            ControlFlow::Continue(())
        }
    }
    let device = Device::flex();
    let x = input(vec![2.0, 4.0, 1.0, 5.0], [1, 1, 2, 2], &device);
    let target = ClassTarget { class: 0, output: ClassOutput::Probability };
    let run = |n_steps, tolerance, progress: &dyn Progress| {
        let rule = Rule::Trapezoid { tolerance, max_steps: 64 };
        let path = Path { n_batch: 3, ..path(&x, n_steps, rule) };
        integrated_gradients(&Square, &Parameters::default(), &path, &target, progress)
            .expect("nobody cancels")
    };
    let count = Count(Cell::new(0));
    let doubled = run(2, Some(1e-3), &count);
    assert!(doubled.n_steps > 2 && doubled.n_steps < 64, "{}", doubled.n_steps);
    assert!(doubled.is_within(1e-3));
    assert_eq!(count.0.get(), doubled.n_steps + 1);
    let fresh = run(doubled.n_steps, None, &Silent);
    assert!(relative_l2(&doubled.attribution, &fresh.attribution) < 1e-6);
    for (a, b) in doubled.path.iter().zip(&fresh.path) {
        assert!((a - b).abs() < 1e-7);
    }
    let coarser = run(doubled.n_steps / 2, None, &Silent);
    assert!(!coarser.is_within(1e-3), "the last doubling was not needed");
    assert_eq!(run(2, Some(0.0), &Silent).n_steps, 64);
}

#[test]
fn nobody_waiting_ends_the_integration() {
    struct Impatient(Cell<usize>);
    impl Progress for Impatient {
        fn report(&self, _: &str, done: usize, _: usize) -> ControlFlow<Cancelled> {
            self.0.set(done);
            if done == 2 { ControlFlow::Break(Cancelled) } else { ControlFlow::Continue(()) }
        }
    }
    let device = Device::flex();
    let network = parameters(&procedural(&tiny()), &device);
    let target = upper_half(&[0.0; 32 * 32]);
    let progress = Impatient(Cell::new(0));
    let path = path(&frames(&device), 50, Rule::Midpoint);
    let ended = integrated_gradients(&SarUnet, &network, &path, &target, &progress);
    assert_eq!(ended.unwrap_err(), Cancelled);
    assert_eq!(progress.0.get(), 2);
}

/// For `y = Σ_c a_c x_c` the gradient is `a_c` under the mask, so the CAM has a closed form.
#[test]
fn a_linear_network_has_the_cam_of_its_formula() {
    struct Linear;
    impl Network for Linear {
        fn forward(&self, _: &Parameters, x: Tensor<4>, tap: &mut Tap, _: &Mode) -> Prediction {
            let x = tap.at("input", x);
            let y = x.clone().narrow(1, 0, 1).mul_scalar(2.0) - x.narrow(1, 1, 1).mul_scalar(0.5);
            Prediction::Field(y)
        }
    }
    let device = Device::flex();
    let x = vec![1.0, 2.0, 3.0, 4.0, 8.0, 6.0, 4.0, 2.0];
    let x = input(x, [1, 2, 2, 2], &device);
    let mask = |y: &[f32]| MaskedSum::over(vec![1.0, 0.0, 0.0, 1.0], y);
    let found = grad_cam(&Linear, &Parameters::default(), x, &["input".into()], mask);
    assert_eq!(found.prediction, [-2.0, 1.0, 4.0, 7.0]);
    assert_eq!(found.target.score, 5.0);
    // Half of the pixels count: mean gradients are 1 and -0.25.
    assert_eq!(found.layers[0].weights, [1.0, -0.25]);
    assert_eq!(found.layers[0].weighted_sum, [-1.0, 0.5, 2.0, 3.5]);
}

#[test]
fn the_rate_is_compared_as_the_reference_compares_it() {
    let of_pixel_value = |pv: u16| (f64::from(pv) / 4783.0) as f32;
    let check = |threshold: f64, last_dry: u16| {
        let target = MaskedSum::above(
            threshold,
            &[of_pixel_value(last_dry), of_pixel_value(last_dry + 1), -1.0],
        );
        assert_eq!(target.mask, [0.0, 1.0, 0.0], "{threshold} mm/h");
        assert_eq!(target.n_pixels, 1);
    };
    check(0.5, 4);
    check(1.5, 12);
    check(1.0, 8);
    check(5.0, 41);
}

#[test]
fn cams_are_scaled_as_published() {
    let check = |raw: &[f32], expected: &[f32]| {
        let cam = finish_cam(raw, (1, raw.len()), (1, raw.len()));
        for (a, b) in cam.iter().zip(expected) {
            assert!((a - b).abs() < 1e-6, "{cam:?}");
        }
    };
    check(&[-1.0, 0.0, 2.0, 1.0], &[0.0, 0.0, 1.0, 0.5]);
    check(&[-3.0, -1.0], &[0.0, 0.0]);
    check(&[0.0, 0.0], &[0.0, 0.0]);
    // A constant map is not evidence for any place.
    check(&[2.0, 2.0], &[0.0, 0.0]);
    // The two 1e-7 keep a tiny map away from one.
    check(&[0.0, 1e-7], &[0.0, 0.5 / (0.5 + 1e-7)]);
    assert!(finish_cam(&[0.0, 5.0], (1, 2), (1, 2))[1] < 1.0);
}

#[test]
fn maps_are_interpolated_between_the_centres_of_pixels() {
    let check = |values: &[f32], from, to, expected: &[f32]| {
        let resized = resize_bilinear(values, from, to);
        for (a, b) in resized.iter().zip(expected) {
            assert!((a - b).abs() < 1e-6, "{resized:?}");
        }
        assert_eq!(resized.len(), expected.len());
    };
    check(&[0.0, 1.0], (1, 2), (1, 4), &[0.0, 0.25, 0.75, 1.0]);
    check(&[0.0, 4.0], (2, 1), (4, 1), &[0.0, 1.0, 3.0, 4.0]);
    check(&[0.0, 1.0, 2.0, 3.0], (1, 4), (1, 2), &[0.5, 2.5]);
    check(&[1.0, 2.0, 3.0, 4.0], (2, 2), (2, 2), &[1.0, 2.0, 3.0, 4.0]);
    check(&[7.0], (1, 1), (2, 3), &[7.0; 6]);
}
