//! Whose weights tensors are, and what is said of those that are nobody's.

use super::*;
use crate::engine::state_dict;
use crate::models::RecognitionError;
use crate::registry::{Recognised, recognise};
use stormlens_checkpoint::{StateDict, Tensor, Values};

/// A small network from 3 frames to 2, with its counters.
fn state(network: &UNet, k: usize) -> StateDict {
    state_dict(&procedural(&tiny(network, k)), 4321)
}

#[test]
fn networks_are_told_apart_by_their_tensors() {
    for network in networks::ALL {
        for k in [1, 2, 3] {
            let state = state(&network, k);
            let Recognised { entry, architecture } = recognise(&state).unwrap();
            assert_eq!((entry.card)().id, network.id);
            assert_eq!((architecture.in_channels, architecture.out_channels), (3, 2));
            let is_plain = network.convolution == Convolution::Plain;
            assert_eq!(architecture.kernels_per_layer, (!is_plain).then_some(k));
            assert_eq!(architecture.schema, tiny(&network, k));
        }
    }
}

#[test]
fn neither_order_nor_counters_mean_anything() {
    let mut state = state(&networks::SMAAT_UNET, 2);
    state.tensors.sort_keys();
    assert_eq!(recognise(&state).unwrap().architecture.kernels_per_layer, Some(2));
    state.tensors.retain(|name, _| !name.ends_with("num_batches_tracked"));
    assert_eq!(recognise(&state).unwrap().architecture.kernels_per_layer, Some(2));
}

#[test]
fn every_module_has_its_own_multiplier() {
    let mut state = state(&networks::SMAAT_UNET, 2);
    let thin = super::recognition::state(&networks::SMAAT_UNET, 4);
    for (name, tensor) in &mut state.tensors {
        if name.starts_with("up3.") {
            tensor.clone_from(&thin.tensors[name]);
        }
    }
    let found = recognise(&state).unwrap().architecture;
    assert_eq!(found.kernels_per_layer, Some(2));
    let shape = |wanted: &str| found.schema.iter().find(|(name, _)| name == wanted).unwrap().1[0];
    assert_eq!(shape("up3.conv.double_conv.0.depthwise.weight"), 4 * 16);
    assert_eq!(shape("up4.conv.double_conv.0.depthwise.weight"), 2 * 8);
}

/// The authors' files, in all their containers.
#[test]
fn the_authors_networks_are_recognised() {
    use crate::golden::full_path;
    use crate::registry::read;

    for (name, id, kernels, n_parameters, n_keys) in [
        ("sar_unet_precip.ckpt", "sar-unet", 1, 5_506_345, 268),
        ("smaat_unet_precip_lightning2.ckpt", "smaat-unet", 1, 2_062_601, 214),
        ("smaat_unet_kpl2_legacy_torch14.ckpt", "smaat-unet", 2, 4_033_537, 214),
    ] {
        let Some(path) = full_path(&format!("sar_unet/{name}")) else { return };
        let (file, found) = read(&path).unwrap();
        assert_eq!((found.entry.card)().id, id, "{name}");
        let architecture = found.architecture;
        assert_eq!((architecture.in_channels, architecture.out_channels), (12, 1));
        assert_eq!(architecture.kernels_per_layer, Some(kernels), "{name}");
        assert_eq!((architecture.n_parameters, file.state.tensors.len()), (n_parameters, n_keys));
        // The reference registers its modules in the order of our schema.
        let theirs = file.state.tensors.keys().filter(|n| !n.ends_with("num_batches_tracked"));
        assert!(architecture.schema.iter().map(|(name, _)| name).eq(theirs), "{name}");
    }
    let Some(part) = full_path("sar_unet/adam_moments_sample.ckpt") else { return };
    let message = read(&part).map(|_| ()).unwrap_err().to_string();
    assert!(message.contains("adam_moments_sample.ckpt cannot be used"), "{message}");
    assert!(message.contains("no known network"), "{message}");
}

/// Checks the message after a change to a small SmaAt-UNet.
#[track_caller]
fn check_error(change: impl Fn(&mut StateDict), expected: &str) {
    let mut state = state(&networks::SMAAT_UNET, 1);
    change(&mut state);
    let message = recognise(&state).map(|_| ()).unwrap_err().to_string();
    assert!(message.contains(expected), "`{expected}` is not in `{message}`");
}

fn set(state: &mut StateDict, name: &str, at: usize, value: f32) {
    let Values::F32(values) = &mut state.tensors[name].values else { panic!("{name} has floats") };
    values[at] = value;
}

#[test]
fn differences_are_named() {
    check_error(
        |s| s.tensors.clear(),
        "their first names are none; the networks here are SAR-UNet, SmaAt-UNet",
    );
    check_error(
        |s| s.tensors = [("fc".into(), Tensor::f32(vec![], vec![1.0]))].into(),
        "are `fc`;",
    );
    check_error(
        |s| drop(s.tensors.shift_remove("up2.conv.double_conv.0.pointwise.bias")),
        "look like SmaAt-UNet but do not fit it: 1 missing: `up2.conv.double_conv.0.pointwise.bias`",
    );
    check_error(
        |s| drop(s.tensors.shift_remove("outc.conv.weight")),
        "fit it: 1 missing: `outc.conv.weight`",
    );
    check_error(
        |s| s.tensors.retain(|name, _| !name.starts_with("cbam2") && !name.starts_with("cbam3")),
        "18 missing: `cbam2.channel_att.MLP.1.weight`, `cbam2.channel_att.MLP.1.bias`, \
         `cbam2.channel_att.MLP.3.weight` and 15 more",
    );
    check_error(
        |s| drop(s.tensors.insert("up1.attention.weight".into(), Tensor::f32(vec![], vec![1.0]))),
        "1 unexpected: `up1.attention.weight`",
    );
    check_error(
        |s| drop(s.tensors.insert("up1.num_batches_tracked".into(), Tensor::i64(vec![], vec![9]))),
        "1 unexpected: `up1.num_batches_tracked`",
    );
    check_error(
        |s| s.tensors["inc.double_conv.1.bias"].shape = vec![2, 2],
        "1 of wrong shape or type: `inc.double_conv.1.bias` ([2, 2], not [4])",
    );
    check_error(
        |s| s.tensors["inc.double_conv.1.bias"] = Tensor::i64(vec![4], vec![1; 4]),
        "`inc.double_conv.1.bias` (type int64)",
    );
}

#[test]
fn transposed_convolutions_are_refused_in_words() {
    let change = |s: &mut StateDict| {
        s.tensors.insert("up1.up.weight".into(), Tensor::f32(vec![1], vec![1.0]));
    };
    check_error(change, "`bilinear=False`; it has `up1.up.weight`");
    check_error(change, "train it with `bilinear=True`");
}

#[test]
fn weights_that_are_no_numbers_are_refused() {
    check_error(
        |s| set(s, "down1.maxpool_conv.1.double_conv.0.depthwise.weight", 7, f32::NAN),
        "`down1.maxpool_conv.1.double_conv.0.depthwise.weight` holds NaN at position 7",
    );
    check_error(|s| set(s, "outc.conv.bias", 0, f32::INFINITY), "`outc.conv.bias` holds inf");
    check_error(
        |s| set(s, "inc.double_conv.1.running_var", 3, -0.5),
        "`inc.double_conv.1.running_var` holds -0.5 at position 3",
    );
}

#[test]
fn absurd_sizes_are_refused() {
    let empty = |shape: Vec<usize>| Tensor { shape, ..Tensor::f32(vec![0], vec![]) };
    check_error(
        |s| s.tensors["outc.conv.weight"] = empty(vec![0, usize::MAX, 1, 1]),
        "it has 0 output channels",
    );
    check_error(
        |s| s.tensors["outc.conv.weight"] = empty(vec![1, usize::MAX]),
        "it has 18446744073709551615 base channels",
    );
    check_error(
        |s| s.tensors["outc.conv.weight"] = empty(vec![]),
        "2 of wrong shape or type: `outc.conv.weight` ([], not [1, 4, 1, 1]), `outc.conv.bias`",
    );
    check_error(
        |s| s.tensors["inc.double_conv.3.depthwise.weight"] = empty(vec![usize::MAX]),
        "of wrong shape",
    );
    check_error(
        |s| s.tensors["cbam1.channel_att.MLP.1.weight"] = empty(vec![usize::MAX, 0]),
        "of wrong shape",
    );
}

/// A narrow network, too, is known by its weights alone.
#[test]
fn narrow_networks_are_recognised() {
    use crate::models::Sizes;
    use crate::models::sar_unet;

    for entry in ALL.into_iter().chain([&sar_unet::ENTRY]) {
        for base_channels in [16, 32] {
            let wanted = Sizes {
                channels: Some((4, 6)),
                base_channels: Some(base_channels),
                ..Sizes::default()
            };
            let designed = (entry.design)(&wanted).unwrap();
            let found = recognise(&state_dict(&procedural(&designed.schema), 1)).unwrap();
            assert_eq!(found.entry.name, entry.name);
            assert_eq!(found.architecture, designed);
        }
    }
}

#[test]
fn a_network_is_designed_as_it_is_wanted() {
    use crate::models::Sizes;

    let wanted = Sizes { channels: Some((4, 6)), kernels_per_layer: Some(4), ..Sizes::default() };
    let found = (SMAAT_UNET.design)(&wanted).unwrap();
    assert_eq!((found.in_channels, found.out_channels), (4, 6));
    assert_eq!(found.schema, published(&networks::SMAAT_UNET, 4, 6, 4));
    // The published one has two kernels a channel.
    assert_eq!((SMAAT_UNET.design)(&Sizes::default()).unwrap().n_parameters, 4_033_537);
    let refused = |entry: &ModelEntry, wanted: Sizes, word: &str| {
        let message = (entry.design)(&wanted).unwrap_err();
        assert!(message.contains(word), "{message}");
    };
    refused(&UNET, wanted, "leave kernels_per_layer out");
    refused(&SMAAT_UNET, Sizes { kernels_per_layer: Some(0), ..wanted }, "0 kernels per layer");
    refused(&SMAAT_UNET, Sizes { channels: Some((0, 1)), ..wanted }, "0 input channels");
    refused(&SMAAT_UNET, Sizes { base_channels: Some(24), ..wanted }, "no multiple of 16");
    refused(&SMAAT_UNET, Sizes { base_channels: Some(0), ..wanted }, "0 base channels");
    assert!(matches!(
        recognise(&StateDict::default()).map(|_| ()),
        Err(RecognitionError::Unknown { .. })
    ));
}
