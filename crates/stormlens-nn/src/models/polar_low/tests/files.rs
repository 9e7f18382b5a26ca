//! Weights in files: recognised with and without counters, and under Keras's names.

use super::super::keras::our_name;
use super::*;
use crate::registry::recognise;
use stormlens_checkpoint::{StateDict, Tensor};

fn state(base_channels: usize) -> StateDict {
    let config = PolarLowConfig {
        widths: std::array::from_fn(|n| base_channels << n.saturating_sub(1)),
        ..PolarLowConfig::default()
    };
    let zeros = |shape: &Vec<usize>| Tensor::f32(shape.clone(), vec![0.0; shape.iter().product()]);
    let schema = config.schema();
    let tensors = schema.iter().map(|(name, shape)| (name.clone(), zeros(shape)));
    StateDict { tensors: tensors.collect() }
}

#[test]
fn it_is_known_with_and_without_counters() {
    let mut state = state(8);
    let check = |state: &StateDict| {
        let found = recognise(state).unwrap();
        assert_eq!((found.entry.card)().id, "polar-low");
        let architecture = found.architecture;
        assert_eq!((architecture.in_channels, architecture.out_channels), (3, 2));
        assert_eq!((architecture.n_parameters, architecture.schema.len()), (1_260_322, 127));
        assert_eq!(architecture.schema, PolarLowConfig::default().schema());
    };
    check(&state);
    for norm in ["stem.1", "block1.1", "block7.4", "tail.1"] {
        state.tensors.insert(format!("{norm}.num_batches_tracked"), Tensor::i64(vec![], vec![9]));
    }
    check(&state);
    state.tensors.insert("head.num_batches_tracked".into(), Tensor::i64(vec![], vec![9]));
    let message = recognise(&state).map(|_| ()).unwrap_err().to_string();
    assert!(message.contains("1 unexpected: `head.num_batches_tracked`"), "{message}");
}

#[test]
fn differences_are_named() {
    let check = |change: fn(&mut StateDict), expected: &str| {
        let mut state = state(2);
        change(&mut state);
        let message = recognise(&state).map(|_| ()).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    };
    check(
        |s| s.tensors["block3.shortcut.bias"].shape = vec![1],
        "look like the polar-low CNN but do not fit it: 1 of wrong shape or type: \
         `block3.shortcut.bias` ([1], not [8])",
    );
    check(
        |s| s.tensors["stem.0.weight"].shape = vec![2, 1, 3, 3],
        "it takes 1 colours and tells 2 classes apart, not 3 and 2",
    );
}

/// Every tensor has one name in Keras; what the network does not have has none.
#[test]
fn names_of_keras_are_ours() {
    let layers =
        [("conv2d", 8), ("separable_conv2d", 15), ("batch_normalization", 16), ("dense", 1)];
    let mut ours = Vec::new();
    for (kind, n) in layers {
        let layer = |position: usize| match position {
            0 => kind.to_owned(),
            n => format!("{kind}_{n}"),
        };
        ours.extend((0..n).map(|n| our_name(&format!("{}.weight", layer(n))).expect("a layer")));
        assert_eq!(our_name(&format!("{}.weight", layer(n))), None);
    }
    let schema = PolarLowConfig::default().schema();
    let modules = schema.iter().filter_map(|(name, _)| {
        Some(format!("{}.weight", name.strip_suffix(".bias")?.trim_end_matches(".pointwise")))
    });
    let mut modules: Vec<String> = modules.collect();
    ours.sort();
    modules.sort();
    assert_eq!(ours, modules);
    assert_eq!(our_name("conv2d_3.bias").as_deref(), Some("block3.shortcut.bias"));
    assert_eq!(our_name("lstm.weight"), None);
    assert_eq!(our_name("stem"), None);
}
