use super::{Family, identify};
use crate::checkpoint::tests::build::network;
use crate::checkpoint::{Architecture, StateDict, Tensor, Values};

/// Checks keys and parameters of a published network against the reference's own count.
#[track_caller]
fn check_count(
    family: Family,
    (in_channels, out_channels): (usize, usize),
    kernels_per_layer: usize,
    n_keys: usize,
    n_parameters: usize,
) {
    let architecture = Architecture {
        family,
        in_channels,
        out_channels,
        base_channels: 64,
        kernels_per_layer,
        kernels_by_module: Default::default(),
        reduction_ratio: Some(16),
        n_parameters: 0,
        n_keys: 0,
    };
    let tensors = architecture.tensors();
    let counted = tensors.iter().filter(|(name, _)| !super::is_buffer(name));
    assert_eq!(tensors.len(), n_keys);
    assert_eq!(counted.map(|(_, shape)| super::n_elements(shape)).sum::<usize>(), n_parameters);
}

#[test]
fn published_networks_have_their_size() {
    check_count(Family::Unet, (12, 1), 1, 128, 17_272_577);
    check_count(Family::SmaAtUnet, (12, 1), 1, 214, 2_062_601);
    check_count(Family::SmaAtUnet, (12, 1), 2, 214, 4_033_537);
    check_count(Family::SmaAtUnet, (12, 1), 4, 214, 7_975_409);
    check_count(Family::SmaAtUnet, (4, 6), 1, 214, 2_062_334);
    check_count(Family::SmaAtUnet, (4, 6), 2, 214, 4_032_678);
    check_count(Family::SarUnet, (12, 1), 1, 268, 5_506_345);
    check_count(Family::SarUnet, (4, 6), 1, 268, 5_505_566);
}

#[track_caller]
fn check_identified(family: Family, base_channels: usize, kernels_per_layer: usize) {
    let state = network(family, base_channels, kernels_per_layer);
    let found = identify(&state).unwrap();
    assert_eq!(found.family, family);
    assert_eq!((found.in_channels, found.out_channels), (12, 1));
    assert_eq!(found.base_channels, base_channels);
    assert_eq!(found.kernels_per_layer, kernels_per_layer);
    assert!(found.kernels_by_module.values().all(|&k| k == kernels_per_layer));
    assert_eq!(found.n_keys, state.tensors.len());
    assert!(found.tensors().iter().map(|(name, _)| name).eq(state.tensors.keys()));
}

#[test]
fn networks_are_told_apart_by_their_tensors() {
    for base_channels in [4, 16, 32] {
        check_identified(Family::Unet, base_channels, 1);
        for kernels_per_layer in [1, 2, 3] {
            check_identified(Family::SmaAtUnet, base_channels, kernels_per_layer);
            check_identified(Family::SarUnet, base_channels, kernels_per_layer);
        }
    }
}

#[test]
fn the_order_of_the_tensors_means_nothing() {
    let mut state = network(Family::SarUnet, 4, 2);
    state.tensors.sort_keys();
    assert_eq!(identify(&state).unwrap().kernels_per_layer, 2);
}

/// In the reference SAR-UNet's encoder takes the multiplier and its decoder has 1 all the same.
#[test]
fn the_decoder_has_a_multiplier_of_its_own() {
    let mut state = network(Family::SarUnet, 64, 2);
    let thin = network(Family::SarUnet, 64, 1);
    for (name, tensor) in &mut state.tensors {
        if name.starts_with("Up_RRCNN") {
            tensor.clone_from(&thin.tensors[name]);
        }
    }
    let found = identify(&state).unwrap();
    assert_eq!(found.kernels_per_layer, 2);
    assert_eq!(found.kernels_by_module["Up_RRCNN5.doubleconv.0.double_conv.0"], 1);
    assert_eq!(found.kernels_by_module["Up5.conv.conv.0"], 2);
    assert_eq!(found.n_parameters, 8_345_249);
}

fn polar_low(base_channels: usize) -> StateDict {
    let architecture = Architecture::new(Family::PolarLow, (3, 2), base_channels, 1);
    let zeros =
        |shape: Vec<usize>| Tensor::f32(shape.clone(), vec![0.0; super::n_elements(&shape)]);
    let tensors = architecture.tensors().into_iter().map(|(name, shape)| (name, zeros(shape)));
    StateDict { tensors: tensors.collect() }
}

#[test]
fn the_polar_low_cnn_is_known_with_and_without_counters() {
    let mut state = polar_low(8);
    let check = |state: &StateDict| {
        let found = identify(state).unwrap();
        assert_eq!(found.family, Family::PolarLow);
        assert_eq!((found.in_channels, found.out_channels), (3, 2));
        assert_eq!((found.base_channels, found.reduction_ratio), (8, None));
        assert_eq!((found.n_parameters, found.n_keys), (1_260_322, 127));
    };
    check(&state);
    let norms = ["stem.1", "block1.1", "block7.4", "tail.1"];
    for norm in norms {
        state.tensors.insert(format!("{norm}.num_batches_tracked"), Tensor::i64(vec![], vec![9]));
    }
    check(&state);
    state.tensors.insert("head.num_batches_tracked".into(), Tensor::i64(vec![], vec![9]));
    let message = identify(&state).unwrap_err().to_string();
    assert!(message.contains("1 unexpected: `head.num_batches_tracked`"), "{message}");
}

#[test]
fn differences_from_the_polar_low_cnn_are_named() {
    let mut state = polar_low(2);
    state.tensors["block3.shortcut.bias"].shape = vec![1];
    let message = identify(&state).unwrap_err().to_string();
    let expected = "look like the polar-low CNN but do not fit it: 1 of wrong shape or type: \
                    `block3.shortcut.bias` ([1], not [8])";
    assert!(message.contains(expected), "{message}");
}

/// Checks the message after a change to a small SmaAt-UNet.
#[track_caller]
fn check_error(change: impl Fn(&mut StateDict), expected: &str) {
    let mut state = network(Family::SmaAtUnet, 16, 1);
    change(&mut state);
    let message = identify(&state).unwrap_err().to_string();
    assert!(message.contains(expected), "`{expected}` is not in `{message}`");
}

fn set(state: &mut StateDict, name: &str, at: usize, value: f32) {
    let Values::F32(values) = &mut state.tensors[name].values else { panic!("{name} has floats") };
    values[at] = value;
}

#[test]
fn differences_are_named() {
    check_error(|s| s.tensors.clear(), "their first names are none");
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
        |s| s.tensors.retain(|name, _| !name.starts_with("cbam")),
        "50 missing: `cbam1.channel_att.MLP.1.weight`, `cbam1.channel_att.MLP.1.bias`, \
         `cbam1.channel_att.MLP.3.weight` and 47 more",
    );
    check_error(
        |s| drop(s.tensors.insert("up1.up.weight".into(), Tensor::f32(vec![], vec![1.0]))),
        "1 unexpected: `up1.up.weight`",
    );
    check_error(
        |s| s.tensors["inc.double_conv.1.bias"].shape = vec![4, 4],
        "1 of wrong shape or type: `inc.double_conv.1.bias` ([4, 4], not [16])",
    );
    check_error(
        |s| s.tensors["inc.double_conv.1.bias"] = Tensor::i64(vec![16], vec![1; 16]),
        "`inc.double_conv.1.bias` (type int64)",
    );
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
    let empty = |shape: Vec<usize>| Tensor::f32(shape, vec![]);
    check_error(
        |s| s.tensors["outc.conv.weight"] = empty(vec![0, usize::MAX, 1, 1]),
        "it has 0 output channels",
    );
    check_error(
        |s| s.tensors["outc.conv.weight"] = Tensor { shape: vec![1, usize::MAX], ..empty(vec![0]) },
        "base channels",
    );
    check_error(
        |s| s.tensors["outc.conv.weight"] = Tensor { shape: vec![], ..empty(vec![0]) },
        "1 of wrong shape or type: `outc.conv.weight` ([], not [1, 16, 1, 1])",
    );
    check_error(
        |s| {
            s.tensors["inc.double_conv.3.depthwise.weight"] =
                Tensor { shape: vec![usize::MAX], ..empty(vec![0]) }
        },
        "kernels per layer",
    );
    check_error(
        |s| {
            s.tensors["cbam1.channel_att.MLP.1.weight"] =
                Tensor { shape: vec![usize::MAX, 0], ..empty(vec![0]) }
        },
        "of wrong shape",
    );
}
