//! The U-Nets against what the authors' programs computed, against PyTorch, and against themselves.

mod recognition;

use burn::tensor::Device;
use stormlens_data::card::NowcastField;

use super::*;
use crate::Tap;
use crate::explain::MaskedSum;
use crate::fused::Kernels;
use crate::golden::nowcast::{Comparison, Limits, authors_weights, layer_names};
use crate::golden::twins::{self, Twin};
use crate::golden::{Golden, input, parameters, procedural, ramp, relative_l2};
use crate::layers::fold;
use crate::models::{Schema, UShape};
use crate::network::Network;
use crate::parameters::{Mode, to_vec};

pub(crate) fn tiny(network: &UNet, kernels_per_layer: usize) -> Schema {
    schema::of_sizes(network, &twins::tiny(kernels_per_layer)).schema
}

fn published(network: &UNet, in_channels: usize, out_channels: usize, k: usize) -> Schema {
    let sizes = UShape { in_channels, out_channels, kernels_per_layer: k, ..UShape::default() };
    schema::of_sizes(network, &sizes).schema
}

/// Parameters and keys as counted in the authors' networks.
#[test]
fn published_networks_have_their_size() {
    let check = |network, channels: (usize, usize), k, n_keys, n_parameters| {
        let schema = published(network, channels.0, channels.1, k);
        let n_counters = schema.iter().filter(|(name, _)| name.ends_with("running_var")).count();
        assert_eq!((schema.len() + n_counters, schema.n_learnable()), (n_keys, n_parameters));
    };
    check(&networks::UNET, (12, 1), 1, 128, 17_272_577);
    check(&networks::UNET_DS, (12, 1), 2, 164, 3_955_185);
    check(&networks::UNET_ATTENTION, (12, 1), 1, 178, 17_350_929);
    check(&networks::SMAAT_UNET_4CBAM, (12, 1), 2, 204, 4_000_125);
    check(&networks::SMAAT_UNET, (12, 1), 1, 214, 2_062_601);
    check(&networks::SMAAT_UNET, (12, 1), 2, 214, 4_033_537);
    check(&networks::SMAAT_UNET, (12, 1), 4, 214, 7_975_409);
    check(&networks::SMAAT_UNET, (4, 6), 1, 214, 2_062_334);
    check(&networks::SMAAT_UNET, (4, 6), 2, 214, 4_032_678);
}

/// Output, gradients, all layers and a training pass, as many frames as of rain and of cloud cover; odd sizes, which are padded on the way up, too.
#[test]
fn small_twins_equal_pytorch() {
    let check = |case, entry, network, kernels, size| {
        for (kind, channels, is_trained) in twins::KINDS {
            let case = &format!("{case}{kind}");
            let schema = schema::of_sizes(network, &twins::sizes(kernels, channels)).schema;
            let training_seed = is_trained.then_some(10);
            let n_input_frames = channels[0];
            Twin { case, entry, schema, n_input_frames, size, training_seed }.check();
        }
    };
    check("unet", &UNET, &networks::UNET, 1, [19, 21]);
    check("unet-ds", &UNET_DS, &networks::UNET_DS, 2, [19, 21]);
    check("unet-attention", &UNET_ATTENTION, &networks::UNET_ATTENTION, 1, [19, 21]);
    check("smaat-unet-4cbam", &SMAAT_UNET_4CBAM, &networks::SMAAT_UNET_4CBAM, 2, [19, 21]);
    check("smaat-unet-1", &SMAAT_UNET, &networks::SMAAT_UNET, 1, [19, 21]);
    check("smaat-unet-2", &SMAAT_UNET, &networks::SMAAT_UNET, 2, [19, 21]);
    check("smaat-unet-4", &SMAAT_UNET, &networks::SMAAT_UNET, 4, [32, 16]);
}

/// The raw maps of the last blocks are compared more closely.
const LIMITS: Limits = Limits { input_gradient: 5e-2, near: &["up3", "up4"] };

/// The authors' checkpoints on real radar frames: one kernel a channel, and two.
#[test]
fn full_size_smaat_unets_equal_the_reference() {
    let Some(radar) = Golden::full("sar_unet/sar_unet_precip.safetensors") else { return };
    for (numbers, weights) in [
        ("smaat_unet_precip.safetensors", "smaat_unet_precip_lightning2.ckpt"),
        ("smaat_unet_kpl2.safetensors", "smaat_unet_kpl2_legacy_torch14.ckpt"),
    ] {
        let golden = Golden::full(&format!("sar_unet/{numbers}")).expect("set");
        let weights = authors_weights(&SMAAT_UNET, &format!("sar_unet/{weights}")).expect("set");
        let x = input(radar.f32("x"), [1, 12, 288, 288], &Device::flex());
        let comparison =
            Comparison { entry: &SMAAT_UNET, golden: &golden, weights, x, limits: LIMITS };
        comparison.check(|y| MaskedSum::above(NowcastField::Precipitation, 1.5, y).mask);
    }
}

/// Weights that follow from their names.
#[track_caller]
fn check_procedural(
    (entry, network): (&ModelEntry, &UNet),
    name: &str,
    [n_in, n_out, side]: [usize; 3],
    threshold: f32,
) {
    let Some(golden) = Golden::full(&format!("sar_unet/{name}")) else { return };
    let weights = procedural(&published(network, n_in, n_out, 1));
    let x = input(golden.f32("x"), [1, n_in, side, side], &Device::flex());
    let comparison = Comparison { entry, golden: &golden, weights, x, limits: LIMITS };
    comparison.check(|y| y.iter().map(|&y| f32::from(u8::from(y > threshold))).collect());
}

#[test]
fn the_full_size_unet_equals_the_reference() {
    let unet = (&UNET, &networks::UNET);
    check_procedural(unet, "unet_precip_procedural.safetensors", [12, 1, 288], 0.275_516_72);
}

#[test]
fn the_full_size_smaat_unet_for_clouds_equals_the_reference() {
    let smaat_unet = (&SMAAT_UNET, &networks::SMAAT_UNET);
    check_procedural(
        smaat_unet,
        "smaat_unet_cloud_procedural.safetensors",
        [4, 6, 256],
        106.377_884,
    );
}

const ALL: [&ModelEntry; 5] = [&UNET, &UNET_DS, &UNET_ATTENTION, &SMAAT_UNET, &SMAAT_UNET_4CBAM];

#[test]
fn cards_list_what_the_networks_show() {
    for (entry, n_layers) in ALL.into_iter().zip([18, 18, 23, 23, 22]) {
        let card = (entry.card)();
        let device = Device::flex();
        let network = networks::ALL.into_iter().find(|network| network.id == card.id);
        let p = parameters(&procedural(&tiny(&network.expect("a description"), 1)), &device);
        let x = input(ramp(3 * 16 * 16), [1, 3, 16, 16], &device);
        let mut tap = Tap::observe();
        entry.network.forward(&p, x, &mut tap, &Mode::inference());
        let shown: Vec<String> = tap.into_activations().into_iter().map(|(n, ..)| n).collect();
        assert_eq!(shown, layer_names(entry), "{}", card.id);
        assert_eq!(shown.len(), n_layers, "{}", card.id);
        assert!(card.default_layers.iter().all(|name| card.layer(name).is_some()), "{}", card.id);
        assert_eq!(card.layer("decoder block 4").expect("a label").name, "up4");
    }
}

/// Any size from 16 on, even in height and odd in width; in a batch as alone.
#[test]
fn every_size_is_taken() {
    let device = Device::flex();
    let folded = fold(procedural(&tiny(&networks::SMAAT_UNET, 2)), NormOptions::PYTORCH);
    let p = parameters(&folded, &device);
    for kernels in Kernels::all() {
        let mode = Mode::Inference(kernels);
        for [height, width] in [[16, 16], [17, 31], [34, 47], [50, 18]] {
            let n = 3 * height * width;
            let values = ramp(2 * n);
            let run = |values: &[f32]| {
                let shape = [values.len() / n, 3, height, width];
                let x = input(values.to_vec(), shape, &device);
                let y = networks::SMAAT_UNET.forward(&p, x, &mut Tap::off(), &mode).field();
                assert_eq!(y.dims(), [shape[0], 2, height, width]);
                to_vec(y)
            };
            let both = [run(&values[..n]), run(&values[n..])].concat();
            assert!(relative_l2(&run(&values), &both) < 1e-5, "{height} × {width}");
        }
    }
}

#[test]
fn rescaling_changes_the_unit_and_nothing_else() {
    let device = Device::flex();
    for (entry, network) in [(&UNET, networks::UNET), (&SMAAT_UNET, networks::SMAAT_UNET)] {
        let weights = procedural(&tiny(&network, 1));
        let mut rescaled = weights.clone();
        (entry.rescale)(&mut rescaled, 40.0);
        let run = |weights, factor: f32| {
            let x = input(ramp(3 * 32 * 32), [1, 3, 32, 32], &device).mul_scalar(factor);
            let p = parameters(weights, &device);
            let y = network.forward(&p, x, &mut Tap::off(), &Mode::inference()).field();
            to_vec(y.div_scalar(factor))
        };
        // Forty times larger inputs shift where `f32` rounds beside biases of order one.
        let error = relative_l2(&run(&rescaled, 1.0), &run(&weights, 40.0));
        assert!(error < 1e-4, "{}: {error}", network.id);
    }
}
