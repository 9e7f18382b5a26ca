use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor};
use stormlens_data::card::{ModelCard, NowcastField};
use stormlens_data::network;
use stormlens_data::request::{Cancelled, ClassOutput, Progress, Silent};

use super::*;
use crate::golden::{input, parameters, procedural, ramp, relative_l2};
use crate::models::HostTensors;
use crate::models::sar_unet::SarUnet;
use crate::models::sar_unet::tests::tiny;
use crate::models::{polar_low, sar_unet};
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

/// The gradient of the input and the maps of layers come out of one pass, in a batch too.
#[test]
fn what_is_watched_together_is_what_is_watched_alone() {
    let device = Device::flex();
    let network = parameters(&procedural(&tiny()), &device);
    let both = Tensor::cat(vec![frames(&device), frames(&device).mul_scalar(0.5)], 0);
    let see = |layers: &[&str], input| {
        let watch = Watch { layers: layers.iter().map(|&l| l.to_owned()).collect(), input };
        differentiate(&SarUnet, &network, both.clone(), &watch, |_, y, _| upper_half(y))
    };
    let together = see(&["cbam1", "Up_RRCNN2"], true);
    let (layers, input) = (see(&["cbam1", "Up_RRCNN2"], false), see(&[], true));
    let gradients = together.iter().map(|(pass, _)| pass.input_gradient.as_ref().expect("watched"));
    let gradients: Vec<&Vec<f32>> = gradients.collect();
    assert!(relative_l2(gradients[0], gradients[1]) > 1e-3, "the examples have one gradient");
    for (i, (pass, _)) in together.iter().enumerate() {
        assert_eq!(pass.shape, [1, 32, 32]);
        let alone = input[i].0.input_gradient.as_ref().expect("watched");
        assert!(relative_l2(gradients[i], alone) < 1e-6);
        for name in ["cbam1", "Up_RRCNN2"] {
            let [a, b] = [pass, &layers[i].0].map(|pass| pass.layer(name).expect("watched"));
            assert!(relative_l2(&a.weighted_sum, &b.weighted_sum) < 1e-6, "{name}");
        }
        assert!(layers[i].0.input_gradient.is_none() && input[i].0.layers.is_empty());
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
        let path = path(&x, n_steps, None);
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

fn path(x: &Tensor<4>, n_steps: usize, tolerance: Option<f64>) -> Path {
    let (input, baseline) = (x.clone(), x.zeros_like());
    Path { input, baseline, n_steps, tolerance, max_steps: 64, n_batch: 1 }
}

/// A classifier whose first logit is the square of the mean: the path integral has a closed form.
struct Square;

impl Network for Square {
    fn forward(&self, _: &Parameters, x: Tensor<4>, _: &mut Tap, _: &Mode) -> Prediction {
        let [n, c, h, w] = x.dims();
        let mean = x.reshape([n, c * h * w]).mean_dim(1);
        let square = mean.clone() * mean.clone();
        let logits = Tensor::cat(vec![square, mean.clone().mul_scalar(-1.0)], 1);
        Prediction::Logits { logits, features: mean }
    }
}

/// For a quadratic function the trapezoid rule is exact, whatever the batch and the steps.
#[test]
fn batches_and_baselines_give_the_closed_form() {
    let device = Device::flex();
    let x = input(vec![1.0, 2.0, 3.0, 6.0], [1, 1, 2, 2], &device);
    let target = ClassTarget { class: 0, output: ClassOutput::Logit };
    for n_batch in [1, 2, 3, 16] {
        let path = Path { baseline: x.ones_like(), n_batch, ..path(&x, 5, None) };
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
        let path = Path { n_batch: 3, ..path(&x, n_steps, tolerance) };
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
    let path = path(&frames(&device), 50, None);
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
            NowcastField::Precipitation,
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
    // A map that is positive and constant is evidence everywhere.
    check(&[2.0, 2.0], &[1.0, 1.0]);
    assert_eq!(finish_cam(&[0.002], (1, 1), (4, 4)), [1.0; 16], "one cell");
    assert_eq!(finish_cam(&[-0.002], (1, 1), (4, 4)), [0.0; 16]);
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

/// The sum over the second channel alone: the first one's values make neither mask nor gradient.
#[test]
fn a_target_takes_its_own_channel() {
    let device = Device::flex();
    let y = [9.0, 9.0, 9.0, 9.0, 0.2, 0.6, 0.7, 0.5];
    let wanted = network::Target::SumAbove {
        channels: 1..2,
        field: NowcastField::CloudCover,
        threshold: 0.5,
        within: None,
    };
    let target = target(&wanted, &y, &[2, 2, 2]);
    assert_eq!(target.mask(), Some([0.0, 1.0, 1.0, 0.0].as_slice()));
    assert_eq!(target.score(&y), f64::from(0.6f32) + f64::from(0.7f32));
    let leaf = input(y.to_vec(), [1, 2, 2, 2], &device).autodiff().require_grad();
    let sum = target.of(Prediction::Field(leaf.clone()));
    assert!((to_vec(sum.clone().inner())[0] - 1.3).abs() < 1e-6);
    let gradient = leaf.grad_remove(&mut sum.backward()).expect("a leaf");
    assert_eq!(to_vec(gradient), [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
}

/// Each channel of a span has a mask of its own, and all of them make one sum.
#[test]
fn a_target_goes_over_several_channels() {
    let device = Device::flex();
    let y = [9.0, 9.0, 0.25, 0.75, 0.5, 1.0, 9.0, 9.0];
    let wanted = network::Target::SumAbove {
        channels: 1..3,
        field: NowcastField::CloudCover,
        threshold: 0.5,
        within: Some([1, 2]),
    };
    let target = target(&wanted, &y, &[4, 1, 2]);
    assert_eq!(target.mask(), Some([0.0, 1.0, 0.0, 1.0].as_slice()));
    assert_eq!(target.score(&y), 1.75);
    let leaf = input(y.to_vec(), [1, 4, 1, 2], &device).autodiff().require_grad();
    let sum = target.of(Prediction::Field(leaf.clone()));
    assert_eq!(to_vec(sum.clone().inner()), [1.75]);
    let gradient = leaf.grad_remove(&mut sum.backward()).expect("a leaf");
    assert_eq!(to_vec(gradient), [0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
    let narrow = network::Target::SumAbove {
        channels: 1..3,
        field: NowcastField::CloudCover,
        threshold: 0.5,
        within: Some([1, 1]),
    };
    let narrow = super::target(&narrow, &y, &[4, 1, 2]);
    assert_eq!(narrow.mask(), Some([0.0; 4].as_slice()), "of each channel the first pixel alone");
}

#[test]
fn every_method_says_what_it_is() {
    let models = [(sar_unet::ENTRY.card)(), (polar_low::ENTRY.card)()];
    for (i, method) in METHODS.iter().enumerate() {
        let card = method.card();
        assert!(METHODS[..i].iter().all(|other| other.card().id != card.id), "{}", card.id);
        assert_eq!(find(card.id).map(|found| found.card()), Ok(card));
        assert_eq!(card.has_layers, method.wants() == Wants::Layers, "{}", card.id);
        for text in [card.title, card.summary, card.formula, card.cost, card.weakness] {
            assert!(!text.is_empty(), "{}", card.id);
        }
        assert!(!card.citations.is_empty(), "{}", card.id);
        for model in &models {
            Options::read(card, model, &BTreeMap::new()).expect("defaults may be chosen");
        }
    }
    for published in models.iter().flat_map(|model| model.published_options) {
        let card = find(published.method).map(Method::card).expect("a method that there is");
        let option = card.option(published.option).expect("an option that there is");
        assert_eq!(option.read(published.value).as_deref(), Ok(published.value));
    }
    assert!(find("lime").is_err_and(|known| known.contains(&"grad-cam")));
}

#[test]
fn options_are_those_given_or_published_or_the_methods_own() {
    let check = |model: fn() -> ModelCard, given: &[(&str, &str)], steps, tolerance, baseline| {
        let given = given.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
        let options = Options::read(IntegratedGradients.card(), &model(), &given).expect("read");
        assert_eq!(options.whole("steps"), steps, "{given:?}");
        assert_eq!(options.share("tolerance"), tolerance, "{given:?}");
        assert_eq!(options.choice("baseline"), baseline, "{given:?}");
    };
    check(sar_unet::ENTRY.card, &[], 50, None, "zero");
    check(polar_low::ENTRY.card, &[], 200, None, "zero");
    let given = [("steps", "20"), ("tolerance", "0.05"), ("baseline", "mean")];
    check(polar_low::ENTRY.card, &given, 20, Some(0.05), "mean");

    let refused = |name: &str, value: &str, word: &str| {
        let given = [(name.to_owned(), value.to_owned())].into();
        let card = (polar_low::ENTRY.card)();
        let error = Options::read(IntegratedGradients.card(), &card, &given).unwrap_err();
        assert!(error.contains(word), "{error}");
    };
    refused("steps", "1", "steps of integrated-gradients is “1”, but must be");
    refused("tolerance", "2", "tolerance of integrated-gradients");
    refused("baseline", "black", "zero, blurred, mean");
    refused("rule", "midpoint", "it has steps, baseline, tolerance");
}
