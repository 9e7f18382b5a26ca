//! Which stage and which sizes weights are of.

use stormlens_checkpoint::{StateDict, Tensor};

use super::*;
use crate::engine::state_dict;
use crate::models::Sizes;
use crate::registry;

fn published(n_classes: Option<usize>) -> Form {
    Form { has_layer_scale: true, n_classes, ..Form::published() }
}

/// Parameters as the authors' modules count them; tensors without counters of batches.
#[test]
fn the_schema_is_the_published_one() {
    let check = |form: Form, n_parameters: usize, n_tensors: usize| {
        let found = architecture(&form);
        assert_eq!((found.n_parameters, found.schema.len()), (n_parameters, n_tensors), "{form:?}");
    };
    check(published(None), 47_304_976, 779 - 13);
    check(published(Some(3)), 58_504_211, 779 - 13 + 74 - 12);
    let without = Form { depths: vec![0; 4], ..published(None) };
    // γ, normalisation, deformable convolution and perceptron of all layers.
    check(without, 47_304_976 - 27_197_936, 779 - 13 - 30 * 22);
}

#[test]
fn stage_and_sizes_are_told_by_names_and_shapes() {
    let twins = [
        tiny(),
        Form { has_layer_scale: true, has_loss_weights: true, ..tiny() },
        Form { naming: Naming::Bare, ..tiny() },
        Form { naming: Naming::Bare, n_classes: None, has_unused: true, ..tiny() },
        Form { naming: Naming::PreTraining, n_classes: None, depths: vec![2, 1], ..tiny() },
        Form { n_variables: 12, patch: [1, 4, 4], mlp_ratio: 4, group_channels: 8, ..tiny() },
    ];
    for form in twins {
        let state = state_dict(&weights(&form), 0);
        let found = registry::recognise(&state).expect("SSLPDL");
        assert_eq!((found.entry.card)().id, "sslpdl");
        assert_eq!(found.architecture, architecture(&form), "{form:?}");
        let shape = |name: &str| state.tensors.get(name).map(|tensor| tensor.shape.clone());
        assert_eq!(Form::of(&shape), Some(Ok(form.clone())));
        assert_eq!(Sslpdl.fields(&shape), Some(form.sizes()));
    }
}

/// What the variant does not need is not there, and it is of the same sizes.
#[test]
fn the_identity_has_no_layers() {
    let whole = weights(&tiny());
    let identity = identity(&whole);
    let form = Form { depths: vec![0; 3], group_channels: 8, mlp_ratio: 4, ..tiny() };
    let shape = |name: &str| {
        let found = identity.iter().find(|(own, ..)| own == name);
        found.map(|(_, shape, _)| shape.clone())
    };
    assert_eq!(Form::of(&shape), Some(Ok(form.clone())));
    let expected = architecture(&form).schema;
    assert!(identity.iter().map(|(name, ..)| name).eq(expected.iter().map(|(name, _)| name)));
    assert!(Sslpdl.variant("active").is_none());
}

/// Tensors that no pass uses are loaded, and change nothing.
#[test]
fn unused_tensors_have_no_influence() {
    let form = Form { has_unused: true, has_loss_weights: true, ..tiny() };
    let run = |weights: &HostTensors| {
        let p = parameters(weights, &Device::flex());
        let x = input(examples(0.0), [2, 4, SIZE[0], SIZE[1]], &Device::flex());
        Sslpdl.forward(&p, x, &mut Tap::off(), &Mode::inference()).to_host()
    };
    let all = weights(&form);
    let mut other = all.clone();
    let unused = ["conv_head", "levels.2.downsample", "_loss"];
    let mut n_changed = 0;
    for (name, _, values) in &mut other {
        if unused.iter().any(|part| name.contains(part)) {
            values.fill(7.0);
            n_changed += 1;
        }
    }
    assert_eq!(n_changed, 5 + 3 + 2);
    let used = run(&weights(&tiny()));
    assert!(run(&all) == used && run(&other) == used);
}

#[test]
fn what_cannot_be_is_refused_in_words() {
    let refused = |change: &dyn Fn(&mut StateDict), word: &str| {
        let mut state = state_dict(&weights(&tiny()), 0);
        change(&mut state);
        let error = registry::recognise(&state).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    };
    let prefix = "pretrained_model.model.";
    let put = |state: &mut StateDict, name: &str, shape: &[usize]| {
        let n = shape.iter().product();
        state.tensors.insert(name.to_owned(), Tensor::f32(shape.to_vec(), vec![0.5; n]));
    };
    let named = |name: &str| format!("{prefix}{name}");
    refused(
        &|s| put(s, &named("stem.conv1.weight"), &[8, 5, 3, 3]),
        "5 fields do not fall into groups of 2",
    );
    refused(
        &|s| put(s, &named("embed.weight"), &[32, 16]),
        "`pretrained_model.model.embed.weight`",
    );
    refused(
        &|s| drop(s.tensors.shift_remove("generator.conv_last.1.bias")),
        "1 missing: `generator.conv_last.1.bias`",
    );
    refused(&|s| put(s, "generator.more.weight", &[2]), "1 unexpected: `generator.more.weight`");
    refused(&|s| put(s, "generator.conv_last.1.weight", &[1, 6, 1, 1]), "takes two at least");
}

#[test]
fn a_new_network_is_fine_tuned_and_has_published_sizes() {
    let design = |sizes: Sizes| (ENTRY.design)(&sizes);
    assert_eq!(design(Sizes::default()).expect("published"), architecture(&Form::published()));
    let sizes = Sizes { channels: Some((8, 2)), base_channels: Some(32), ..Sizes::default() };
    let form = Form { n_variables: 8, n_classes: Some(2), base_channels: 32, ..Form::published() };
    assert_eq!(design(sizes).expect("narrow"), architecture(&form));
    let odd = Sizes { channels: Some((15, 3)), ..Sizes::default() };
    assert!(design(odd).unwrap_err().contains("groups of 4"));
    assert!(design(Sizes { kernels_per_layer: Some(1), ..Sizes::default() }).is_err());
}

/// Means and spreads of first weights, by kind.
#[test]
fn first_weights_are_drawn_as_the_authors_do() {
    let form = Form { base_channels: 32, ..tiny() };
    let fresh = (ENTRY.initialise)(&architecture(&form).schema, 1);
    let values = |name: &str| {
        let found = fresh.iter().find(|(own, ..)| own.ends_with(name));
        found.unwrap_or_else(|| panic!("{name}")).2.clone()
    };
    let spread = |name: &str| {
        let values = values(name);
        (values.iter().map(|v| v * v).sum::<f32>() / values.len() as f32).sqrt()
    };
    for name in ["mlp.fc1.weight", ".embed.weight", "pos_embed_spatial"] {
        assert!((spread(name) / 0.02 - 1.0).abs() < 0.1, "{name}: {}", spread(name));
    }
    for name in ["dcn.offset.weight", "dcn.mask.bias", "mlp.fc2.bias", "input_proj.bias"] {
        assert!(values(name).iter().all(|&v| v == 0.0), "{name}");
    }
    let bound = (6.0f32 / 64.0).sqrt();
    let projection = values("output_proj.weight");
    assert!(projection.iter().all(|v| v.abs() <= bound));
    assert!((spread("output_proj.weight") / (bound / 3f32.sqrt()) - 1.0).abs() < 0.1);
    assert!(values("norm1.0.weight").iter().all(|&v| v == 1.0));
    assert!(values("norm1.0.bias").iter().all(|&v| v == 0.0));
    let bound = 1.0 / (4.0f32 * 9.0).sqrt();
    let stem = [values("stem.conv1.weight"), values("stem.conv1.bias")].concat();
    assert!(stem.iter().all(|v| v.abs() <= bound) && stem.iter().any(|v| v.abs() > 0.9 * bound));
}

/// Fine-tuning begins with the encoder of the pre-training and a new head.
#[test]
fn fine_tuning_begins_with_pre_trained_weights() {
    let pre = Form { naming: Naming::PreTraining, n_classes: None, ..tiny() };
    let pre_trained = weights(&pre);
    let all = fine_tuning_of(&pre_trained, 3, 5).expect("weights of the pre-training");
    let names = architecture(&tiny()).schema;
    assert!(all.iter().map(|(name, ..)| name).eq(names.iter().map(|(name, _)| name)));
    for (name, shape, values) in &pre_trained {
        let own = name.replacen("model.", "pretrained_model.model.", 1);
        assert!(all.contains(&(own, shape.clone(), values.clone())), "{name}");
    }
    assert!(fine_tuning_of(&all, 3, 5).unwrap_err().contains("fine-tuned already"));
    assert!(fine_tuning_of(&Vec::new(), 3, 5).unwrap_err().contains("no weights of SSLPDL"));
}

/// Files as PyTorch Lightning writes them in both stages: under the names of its modules, with counters of batches and the
/// weights of the losses.
#[test]
fn checkpoints_of_both_stages_are_read() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/checkpoints");
    let small = Form {
        base_channels: 4,
        depths: vec![1, 1],
        group_channels: 2,
        head_channels: 2,
        ..tiny()
    };
    let bare = |(name, shape, values): (String, Vec<usize>, Vec<f32>)| {
        (name.replacen("model.", "", 1), shape, values)
    };
    // The reader takes the one prefix of all tensors off.
    let pre = Form { naming: Naming::Bare, n_classes: None, ..small.clone() };
    let fine = Form { has_loss_weights: true, ..small };
    for (name, form) in
        [("c01_sslpdl_pre_training.ckpt", pre), ("c02_sslpdl_fine_tuning.ckpt", fine)]
    {
        let (file, found) = registry::read(&folder.join(name)).expect(name);
        assert_eq!((found.entry.card)().id, "sslpdl");
        assert_eq!(found.architecture, architecture(&form), "{name}");
        assert_eq!((file.epoch, &file.left_over[..]), (Some(2), &[][..]));
        let written = Form { naming: Naming::PreTraining, ..form.clone() };
        let expected = match form.naming {
            Naming::Bare => weights(&written).into_iter().map(bare).collect(),
            _ => weights(&form),
        };
        for (name, shape, values) in crate::engine::host_tensors(file.state) {
            let known = expected.iter().find(|(own, ..)| *own == name);
            let (_, known_shape, known) = known.unwrap_or_else(|| panic!("{name}"));
            assert_eq!(shape, *known_shape, "{name}");
            let is_loss = name.ends_with("_loss.weight");
            assert!(if is_loss { values == [1.0, 5.0, 10.0] } else { values == *known }, "{name}");
        }
    }
}
