use super::*;
use crate::engine::state_dict;
use stormlens_checkpoint::{StateDict, Tensor};

#[test]
fn every_network_has_a_name_of_its_own_and_knows_its_own_weights() {
    let mut ids: Vec<_> = MODELS.iter().map(|entry| (entry.card)().id).collect();
    for entry in MODELS {
        let found = recognise(&state_dict(&entry.fresh(1), 0)).unwrap();
        assert_eq!((found.entry.card)().id, (entry.card)().id);
        assert_eq!(found.architecture, (entry.design)(&Sizes::default()).unwrap());
        assert_eq!(find((entry.card)().id).map(|found| found.name), Ok(entry.name));
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), MODELS.len());
    let known = find("resnet").map(|_| ()).unwrap_err();
    assert_eq!(known[..2], ["sar-unet", "smaat-unet"]);
}

/// What no network has is not lost, so that messages can name it.
#[test]
fn tensors_of_keras_get_the_networks_names() {
    let tensor = || Tensor::f32(vec![], vec![1.0]);
    let names = ["conv2d.weight", "dense.bias", "lstm.weight"];
    let state = StateDict { tensors: names.map(|name| (name.into(), tensor())).into() };
    let renamed = renamed(state);
    assert!(renamed.tensors.keys().eq(["stem.0.weight", "head.bias", "lstm.weight"]));
}

/// Tensors alone, and with what a wrapper puts before every name.
#[test]
fn bare_and_prefixed_weights_are_read() {
    use safetensors::tensor::{Dtype, TensorView, serialize_to_file};

    let weights = unet::SMAAT_UNET.fresh(1);
    let bytes = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let stored: Vec<_> = weights.iter().map(|(name, s, v)| (name, s.clone(), bytes(v))).collect();
    let folder = tempfile::tempdir().expect("a folder");
    for prefix in ["", "model.", "module.net."] {
        let path = folder.path().join("weights.safetensors");
        let tensors = stored.iter().map(|(name, shape, bytes)| {
            let view = TensorView::new(Dtype::F32, shape.clone(), bytes).expect("a tensor");
            (format!("{prefix}{name}"), view)
        });
        serialize_to_file(tensors, None, &path).expect("a file");
        let (file, found) = read(&path).expect("SmaAt-UNet");
        assert_eq!((found.entry.card)().id, "smaat-unet", "{prefix:?}");
        assert_eq!(crate::engine::host_tensors(file.state).len(), weights.len());
    }
    let foreign = folder.path().join("other.safetensors");
    let one = TensorView::new(Dtype::F32, vec![1], &[0; 4]).expect("a tensor");
    serialize_to_file([("fc", one)], None, &foreign).expect("a file");
    let message = read(&foreign).map(|_| ()).unwrap_err().to_string();
    assert!(message.contains("other.safetensors cannot be used"), "{message}");
    assert!(
        message.contains("first names are `fc`; the networks here are SAR-UNet, SmaAt-UNet"),
        "{message}"
    );
}

/// Files that people have, made for this purpose: one network of 12 frames in six wrappings.
#[test]
fn weights_are_found_whatever_stands_around_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/checkpoints");
    let read = |name: &str| read(&folder.join(name)).unwrap_or_else(|error| panic!("{error}"));
    let weights = |file: Foreign| {
        let counts = |name: &String| name.ends_with("num_batches_tracked");
        let kept = file.state.tensors.into_iter().filter(|(name, _)| !counts(name));
        kept.map(|(name, tensor)| (name, tensor.values)).collect::<BTreeMap<_, _>>()
    };
    let expected = weights(read("b00_baseline.safetensors").0);
    let check = |name: &str, left_over: &[&str]| {
        let (file, found) = read(name);
        assert_eq!((found.entry.card)().id, "sar-unet", "{name}");
        assert_eq!(file.left_over, left_over, "{name}");
        assert!(weights(file) == expected, "{name}");
    };
    check("b02_compile.pt", &[]);
    check("b05_swa_averaged.pt", &["n_averaged"]);
    check("b06_lightning_loss_weight.ckpt", &["loss_fn.weight"]);
    check("b11_recipe_model_state_dict.pt", &[]);
    check("b20_no_counters.pt", &[]);
    // Losses by which averages of weights are chosen.
    let numbers = read("b11_recipe_model_state_dict.pt").0.numbers;
    assert_eq!(numbers, BTreeMap::from([("epoch".to_owned(), 3.0), ("loss".to_owned(), 0.12)]));
}

/// Its archive has the records of ZIP64 just where some readers look for an entry.
#[test]
fn a_sound_archive_of_another_network_is_no_damage() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/checkpoints/tiny_state_dictionary.pt");
    let error = read(&path).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("belong to no known network") && error.contains("`w`"), "{error}");
}

/// Bare names have no prefix that tells them from those of a loss.
#[test]
fn the_weights_of_a_loss_are_left_out_by_their_names() {
    let state = state_dict(&unet::SMAAT_UNET.fresh(1), 0);
    let with = |name: &str| {
        let mut more = state.clone();
        let any = state.tensors.values().next().expect("tensors").clone();
        more.tensors.insert(name.to_owned(), any);
        more
    };
    for name in ["log_vars", "criterion.weight", "loss_fn.weight"] {
        let (own, others, _) = without_loss(&with(name)).expect(name);
        assert_eq!((own.tensors.len(), others), (state.tensors.len(), vec![name.to_owned()]));
    }
    assert!(without_loss(&state).is_none() && without_loss(&with("cbam9.weight")).is_none());
}

/// As a file of `torch.save` is read that holds a network and one that judges it.
#[test]
fn of_several_dictionaries_the_one_of_a_network_is_taken() {
    let own = state_dict(&unet::SMAAT_UNET.fresh(1), 0);
    let critic = Tensor::f32(vec![1], vec![1.0]);
    let mut tensors = BTreeMap::from([("critic.a", critic.clone())]);
    tensors.insert("critic.b", critic);
    let judges = tensors.into_iter().map(|(name, tensor)| (name.to_owned(), tensor));
    let named = own.tensors.iter().map(|(name, t)| (format!("generator.{name}"), t.clone()));
    let state = StateDict { tensors: named.chain(judges).collect() };
    let error = recognise(&state).map(|_| ()).unwrap_err();
    let (part, others, found) = below_a_prefix(&state, error).expect("SmaAt-UNet");
    assert_eq!((found.entry.card)().id, "smaat-unet");
    assert_eq!((part.tensors.len(), others.len()), (own.tensors.len(), 2));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/checkpoints/b20_no_counters.pt");
    let file = checkpoint::read(&file).expect("a checkpoint");
    let dictionaries = vec!["generator".to_owned(), "critic".to_owned()];
    let file = Foreign { state, dictionaries, ..file };
    assert_eq!(left_out(&file, others), ["critic"], "whole, by its own name");
    let alone = vec!["critic.a".to_owned(), "x".to_owned()];
    assert_eq!(left_out(&file, alone.clone()), alone);
}

#[test]
fn two_networks_in_one_file_are_not_chosen_between() {
    let state = state_dict(&unet::SMAAT_UNET.fresh(1), 0);
    let below = |prefix: &str| {
        let named =
            |(name, tensor): (&String, &Tensor)| (format!("{prefix}{name}"), tensor.clone());
        state.tensors.iter().map(named).collect::<Vec<_>>()
    };
    let read = |prefixes: [&str; 2]| {
        let both = StateDict { tensors: prefixes.iter().flat_map(|one| below(one)).collect() };
        let error = recognise(&both).map(|_| ()).unwrap_err();
        below_a_prefix(&both, error).map_err(|error| error.to_string())
    };
    let error = read(["model.", "other."]).map(|_| ()).unwrap_err();
    assert!(error.contains("below `model.` and below `other.`"), "{error}");
    let error = read(["net_ema.", "swa."]).map(|_| ()).unwrap_err();
    assert!(error.contains("below `net_ema.` and below `swa.`"), "{error}");
    // A mean of the weights is another network too, and beside the weights it is no question which one is meant.
    for mean in ["ema", "net_ema"] {
        let (part, others, _) = read(["net.", &format!("{mean}.")]).expect("SmaAt-UNet");
        assert_eq!(part.tensors.len(), state.tensors.len());
        assert_eq!(others, [format!("{mean} (means of the weights over the training)")]);
    }
    let incomplete = below("model.").into_iter().skip(1).collect();
    let incomplete = StateDict { tensors: incomplete };
    let error = recognise(&incomplete).map(|_| ()).unwrap_err();
    let error = below_a_prefix(&incomplete, error).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("look like SmaAt-UNet") && error.contains("1 missing"), "{error}");
}
