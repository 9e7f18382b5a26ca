//! SAR-UNet against what the authors' program computed, and against itself.

use burn::tensor::{Device, Tensor, TensorData};
use stormlens_data::card::NowcastField;

use super::{SarUnet, SarUnetConfig};
use crate::explain::{MaskedSum, RawCam, Target, finish_cam, grad_cam};
use crate::golden::{
    Golden, every_nth, full_path, max_abs, max_error, probe, procedural, relative_l2, statistics,
};
use crate::layers::{NormOptions, fold};
use crate::models::HostTensors;
use crate::network::Network;
use crate::parameters::{Mode, to_vec};
use crate::{Parameters, Tap, checkpoint, engine};

/// The network on a small scale: everything is there, nothing takes long.
pub(crate) fn tiny() -> SarUnetConfig {
    SarUnetConfig { in_channels: 3, base_channels: 4, reduction_ratio: 2, ..Default::default() }
}

pub(crate) fn parameters(tensors: &HostTensors, device: &Device) -> Parameters {
    Parameters::from_host(tensors.clone(), device)
}

pub(crate) fn input(values: Vec<f32>, shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

pub(crate) fn layer_names() -> Vec<String> {
    (super::ENTRY.card)().layers.into_iter().map(|l| l.name).collect()
}

#[test]
fn the_schema_is_the_published_one() {
    let check = |config: SarUnetConfig, n_parameters: usize| {
        let schema = config.schema();
        let learnable = schema.iter().filter(|(n, _)| crate::parameters::is_learnable(n));
        let n: usize = learnable.map(|(_, s)| s.iter().product::<usize>()).sum();
        assert_eq!(n, n_parameters, "{config:?}");
        // 268 keys, of which 27 count batches.
        assert_eq!(schema.len(), 268 - 27);
    };
    check(SarUnetConfig::default(), 5_506_345);
    check(SarUnetConfig { in_channels: 4, out_channels: 6, ..Default::default() }, 5_505_566);
}

#[test]
fn the_card_lists_the_32_layers_of_the_paper() {
    let card = (super::ENTRY.card)();
    assert_eq!(card.layers.len(), 32);
    assert_eq!(card.layers[20].name, "Up_RRCNN5");
    assert_eq!(card.layer("dsc path 9").expect("a label").name, "Up_RRCNN2.doubleconv");
    assert!(card.default_layers.iter().all(|name| card.layer(name).is_some()));
}

/// Weights that follow from their names, 4 → 6 channels, 256 × 256, batch norms as they are stored
/// and folded.
///
/// Limits are those stated with the reference numbers; every n-th point stands for the whole.
#[test]
fn layers_output_and_cams_equal_the_reference() {
    let golden = Golden::small("sar_unet_cloud.safetensors");
    let config = SarUnetConfig { in_channels: 4, out_channels: 6, ..Default::default() };
    let device = Device::flex();
    let weights = procedural(&config.schema());
    let x = input(golden.bits("x_bits"), [1, 4, 256, 256], &device);
    check_activations(&golden, &parameters(&weights, &device), x.clone());

    let folded = parameters(&fold(weights, NormOptions::PYTORCH), &device);
    let mask = golden.bits("mask_bits");
    let choose = |y: &[f32]| MaskedSum::over(mask, y);
    let found = grad_cam(&SarUnet, &folded, x, &layer_names(), choose);
    let y = every_nth(&found.prediction, 256, 256, 16);
    let expected = golden.f32("y");
    assert!(max_error(&y, &expected) <= 1e-4 * max_abs(&expected), "output");
    check_score(&golden, &found);
    for layer in &found.layers {
        let Some(expected) = expected_cam(&golden, &layer.name) else { continue };
        let n = (layer.height / 32).max(1);
        let raw = every_nth(&layer.weighted_sum, layer.height, layer.width, n);
        check_raw(&layer.name, &raw, &expected);
        let weights = golden.f32(&format!("cam_weights/{}", layer.name));
        assert!(relative_l2(&layer.weights, &weights) < 2e-2, "weights of {}", layer.name);
        if golden.names().contains(&format!("cam/{}", layer.name)) {
            let from = (layer.height, layer.width);
            let cam = finish_cam(&layer.weighted_sum, from, (256, 256));
            let expected = golden.f32(&format!("cam/{}", layer.name));
            check_final(&layer.name, &every_nth(&cam, 256, 256, 8), &expected);
        }
    }
    let compared = found.layers.iter().filter(|l| expected_cam(&golden, &l.name).is_some());
    assert_eq!(compared.count(), 22);
}

/// The authors' checkpoint of 22 MB on real radar frames, all 32 layers, every pixel.
#[test]
fn the_full_size_network_equals_the_reference() {
    let Some(golden) = Golden::full("sar_unet/sar_unet_precip.safetensors") else { return };
    let path = full_path("sar_unet/sar_unet_precip.ckpt").expect("beside the other");
    let device = Device::flex();
    let file = checkpoint::read(&path).expect("the authors' checkpoint");
    let weights = engine::host_tensors(file.state);
    let x = || input(golden.f32("x"), [1, 12, 288, 288], &device);
    check_activations(&golden, &parameters(&weights, &device), x());

    let folded = parameters(&fold(weights, NormOptions::PYTORCH), &device);
    let mut flipped = 0;
    let choose = |y: &[f32]| {
        let ours = MaskedSum::above(NowcastField::Precipitation, 1.5, y);
        flipped = ours.mask.iter().zip(&golden.f32("mask")).filter(|(a, b)| a != b).count();
        MaskedSum::over(golden.f32("mask"), y)
    };
    let found = grad_cam(&SarUnet, &folded, x(), &layer_names(), choose);
    assert!(flipped <= 5, "{flipped} pixels of the mask differ");
    let expected = golden.f32("y");
    assert!(max_error(&found.prediction, &expected) <= 1e-4 * max_abs(&expected), "output");
    check_score(&golden, &found);
    assert_eq!(found.layers.len(), 32);
    for layer in &found.layers {
        let name = &layer.name;
        check_raw(name, &layer.weighted_sum, &golden.f32(&format!("cam_raw/{name}")));
        if golden.names().contains(&format!("cam/{name}")) {
            let from = (layer.height, layer.width);
            let cam = finish_cam(&layer.weighted_sum, from, (288, 288));
            check_final(name, &cam, &golden.f32(&format!("cam/{name}")));
        }
    }
    let leaf = x().autodiff().require_grad();
    let y = SarUnet.forward(&folded, leaf.clone(), &mut Tap::off(), &Mode::inference());
    let mut gradients = found.target.of(y).sum().backward();
    let ours = to_vec(leaf.grad_remove(&mut gradients).expect("the input's gradient"));
    let error = relative_l2(&ours, &golden.f32("grad_input"));
    assert!(error < 1e-2, "gradient of the input: {error}");
}

/// Every tapped layer's statistics and 32 of its values, to 10⁻³ of its root mean square.
fn check_activations(golden: &Golden, parameters: &Parameters, x: Tensor<4>) {
    let mut tap = Tap::observe();
    SarUnet.forward(parameters, x, &mut tap, &Mode::inference());
    let activations = tap.into_activations();
    assert_eq!(activations.len(), 32);
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

fn check_score(golden: &Golden, found: &RawCam<MaskedSum>) {
    let expected = golden.f64("target_sum")[0];
    let error = (found.target.score / expected - 1.0).abs();
    assert!(error < 1e-5, "score {}, not {expected}", found.target.score);
}

fn expected_cam(golden: &Golden, name: &str) -> Option<Vec<f32>> {
    let name = format!("cam_raw/{name}");
    golden.names().contains(&name).then(|| golden.f32(&name))
}

fn check_raw(name: &str, ours: &[f32], theirs: &[f32]) {
    let is_last = name.starts_with("Up_RRCNN3") || name.starts_with("Up_RRCNN2");
    let limit = if is_last { 1e-3 } else { 2e-2 };
    let error = relative_l2(ours, theirs);
    assert!(error < limit, "raw CAM of {name}: {error}");
}

fn check_final(name: &str, ours: &[f32], theirs: &[f32]) {
    let (worst, n) = (max_error(ours, theirs), theirs.len() as f64);
    let sum: f64 = ours.iter().zip(theirs).map(|(a, b)| f64::from((a - b).abs())).sum();
    assert!(
        worst < 2e-2 && sum / n < 1e-3,
        "CAM of {name}: {worst} at worst, {} in the mean",
        sum / n
    );
}

#[test]
fn folding_changes_nothing_but_rounding() {
    let device = Device::flex();
    let weights = procedural(&tiny().schema());
    let x = || input(ramp(3 * 32 * 48), [1, 3, 32, 48], &device);
    let run = |weights: &HostTensors| {
        let parameters = parameters(weights, &device);
        SarUnet.forward(&parameters, x(), &mut Tap::off(), &Mode::inference()).to_host()
    };
    let folded = fold(weights.clone(), NormOptions::PYTORCH);
    assert!(folded.iter().all(|(name, ..)| !name.contains("running_")), "some norm is left");
    assert!(relative_l2(&run(&folded), &run(&weights)) < 1e-5);
}

#[test]
fn rescaling_changes_the_unit_and_nothing_else() {
    let device = Device::flex();
    let weights = procedural(&tiny().schema());
    let mut rescaled = weights.clone();
    (super::ENTRY.rescale)(&mut rescaled, 40.0);
    let run = |weights: &HostTensors, factor: f32| {
        let x = input(ramp(3 * 32 * 32), [1, 3, 32, 32], &device).mul_scalar(factor);
        let parameters = parameters(weights, &device);
        to_vec(
            SarUnet
                .forward(&parameters, x, &mut Tap::off(), &Mode::inference())
                .field()
                .div_scalar(factor),
        )
    };
    // Forty times larger inputs shift where `f32` rounds beside biases of order one.
    let error = relative_l2(&run(&rescaled, 1.0), &run(&weights, 40.0));
    assert!(error < 1e-4, "{error}");
}

pub(crate) fn ramp(n: usize) -> Vec<f32> {
    let mut random = crate::random::Random::new(7);
    (0..n).map(|_| random.unit() as f32).collect()
}
