//! SAR-UNet against what the authors' program computed, and against itself.

use burn::tensor::Device;
use stormlens_data::card::NowcastField;

use super::*;
use crate::engine::state_dict;
use crate::explain::{MaskedSum, finish_cam, grad_cam};
use crate::golden::nowcast::{
    Comparison, Limits, authors_weights, check_activations, check_final, check_raw, check_score,
};
use crate::golden::twins::{self, Twin};
use crate::golden::{
    Golden, every_nth, input, max_abs, max_error, parameters, procedural, ramp, relative_l2,
};
use crate::layers::fold;
use crate::models::{Architecture, HostTensors, Schema, UShape};
use crate::network::Network;
use crate::parameters::{Mode, to_vec};
use crate::{Tap, registry};

/// The network on a small scale: everything is there, nothing takes long.
pub(crate) fn tiny() -> Schema {
    tiny_of(1)
}

/// The same with several lead times.
pub(crate) fn tiny_of(out_channels: usize) -> Schema {
    schema::of_sizes(&UShape { out_channels, ..twins::tiny(1) }).schema
}

pub(crate) fn layer_names() -> Vec<String> {
    crate::golden::nowcast::layer_names(&ENTRY)
}

/// The raw maps of the last blocks are compared more closely.
const LIMITS: Limits = Limits { input_gradient: 1e-2, near: &["Up_RRCNN3", "Up_RRCNN2"] };

fn published(in_channels: usize, out_channels: usize, kernels_per_layer: usize) -> Architecture {
    let sizes = UShape { in_channels, out_channels, kernels_per_layer, ..UShape::default() };
    schema::of_sizes(&sizes)
}

#[test]
fn the_schema_is_the_published_one() {
    let check = |architecture: Architecture, n_parameters: usize| {
        assert_eq!(architecture.n_parameters, n_parameters);
        // 268 keys, of which 27 count batches.
        assert_eq!(architecture.schema.len(), 268 - 27);
    };
    check(published(12, 1, 1), 5_506_345);
    check(published(4, 6, 1), 5_505_566);
    check(published(12, 1, 2), 8_345_249);
    check(published(4, 6, 2), 8_343_878);
}

/// In the reference SAR-UNet's encoder takes the multiplier, and the decoder's residual blocks have 1
/// all the same.
#[test]
fn its_weights_are_recognised() {
    let check = |architecture: Architecture| {
        let state = state_dict(&procedural(&architecture.schema), 4321);
        let found = registry::recognise(&state).expect("SAR-UNet");
        assert_eq!((found.entry.card)().id, "sar-unet");
        assert_eq!(found.architecture, architecture);
    };
    for kernels in [1, 2, 3] {
        check(schema::of_sizes(&twins::tiny(kernels)));
    }
    let mut state = state_dict(&procedural(&schema::of_sizes(&twins::tiny(2)).schema), 0);
    state.tensors.shift_remove("Up3.conv.conv.0.pointwise.bias");
    let message = registry::recognise(&state).map(|_| ()).unwrap_err().to_string();
    let expected =
        "look like SAR-UNet but do not fit it: 1 missing: `Up3.conv.conv.0.pointwise.bias`";
    assert!(message.contains(expected), "{message}");
}

#[test]
fn small_twins_equal_pytorch() {
    for (case, kernels, size) in [("sar-unet-1", 1, [16, 32]), ("sar-unet-2", 2, [32, 16])] {
        for (kind, channels, is_trained) in twins::KINDS {
            let case = &format!("{case}{kind}");
            let schema = schema::of_sizes(&twins::sizes(kernels, channels)).schema;
            let training_seed = is_trained.then_some(31);
            let n_input_frames = channels[0];
            Twin { case, entry: &ENTRY, schema, n_input_frames, size, training_seed }.check();
        }
    }
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
    let device = Device::flex();
    let weights = procedural(&published(4, 6, 1).schema);
    let x = input(golden.bits("x_bits"), [1, 4, 256, 256], &device);
    let stored = parameters(&weights, &device);
    check_activations(&golden, &SarUnet, &stored, x.clone(), &layer_names());

    let folded = parameters(&fold(weights, NormOptions::PYTORCH), &device);
    let mask = golden.bits("mask_bits");
    let choose = |y: &[f32]| MaskedSum::over(mask, y);
    let found = grad_cam(&SarUnet, &folded, x, &layer_names(), choose);
    let y = every_nth(&found.prediction, 256, 256, 16);
    let expected = golden.f32("y");
    assert!(max_error(&y, &expected) <= 1e-4 * max_abs(&expected), "output");
    check_score(&golden, &found);
    let names = golden.names();
    let mut n_compared = 0;
    for layer in &found.layers {
        if !names.contains(&format!("cam_raw/{}", layer.name)) {
            continue;
        }
        n_compared += 1;
        let expected = golden.f32(&format!("cam_raw/{}", layer.name));
        let n = (layer.height / 32).max(1);
        let raw = every_nth(&layer.weighted_sum, layer.height, layer.width, n);
        check_raw(&layer.name, &raw, &expected, &LIMITS);
        let weights = golden.f32(&format!("cam_weights/{}", layer.name));
        assert!(relative_l2(&layer.weights, &weights) < 2e-2, "weights of {}", layer.name);
        if names.contains(&format!("cam/{}", layer.name)) {
            let from = (layer.height, layer.width);
            let cam = finish_cam(&layer.weighted_sum, from, (256, 256));
            let expected = golden.f32(&format!("cam/{}", layer.name));
            check_final(&layer.name, &every_nth(&cam, 256, 256, 8), &expected);
        }
    }
    assert_eq!(n_compared, 22);
}

/// The authors' checkpoint of 22 MB on real radar frames, all 32 layers, every pixel.
#[test]
fn the_full_size_network_equals_the_reference() {
    let Some(golden) = Golden::full("sar_unet/sar_unet_precip.safetensors") else { return };
    let weights = authors_weights(&ENTRY, "sar_unet/sar_unet_precip.ckpt").expect("set");
    let x = input(golden.f32("x"), [1, 12, 288, 288], &Device::flex());
    let comparison = Comparison { entry: &ENTRY, golden: &golden, weights, x, limits: LIMITS };
    comparison.check(|y| MaskedSum::above(NowcastField::Precipitation, 1.5, y).mask);
}

/// Cloud cover, with weights that follow from their names: every pixel of what the small reference
/// has some points of.
#[test]
fn the_full_size_network_for_clouds_equals_the_reference() {
    let golden = Golden::full("sar_unet/sar_unet_cloud_procedural.safetensors");
    let Some(golden) = golden else { return };
    let weights = procedural(&published(4, 6, 1).schema);
    let x = input(golden.f32("x"), [1, 4, 256, 256], &Device::flex());
    let limits = Limits { input_gradient: 5e-2, ..LIMITS };
    let comparison = Comparison { entry: &ENTRY, golden: &golden, weights, x, limits };
    comparison.check(|y| y.iter().map(|&y| f32::from(u8::from(y > -0.081_457_436))).collect());
}

#[test]
fn folding_changes_nothing_but_rounding() {
    let device = Device::flex();
    let weights = procedural(&tiny());
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
    let weights = procedural(&tiny());
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
