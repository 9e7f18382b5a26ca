//! The full-size networks on real tiles, where there are reference numbers.

use std::path::Path;

use serde_json::Value as Json;
use stormlens_data::files::npy::read_npy_f32;

use super::*;
use crate::engine::host_tensors;
use crate::golden::{full_path, numbered};
use crate::layers::{convolution, layer_norm_relu};
use crate::models::soup;
use crate::registry;
use stormlens_checkpoint as checkpoint;

/// A folder of reference numbers; `None` where there is none.
pub(super) fn folder() -> Option<std::path::PathBuf> {
    full_path("harpnet")
}

pub(super) fn npy(folder: &Path, name: &str) -> Vec<f32> {
    read_npy_f32(&folder.join(format!("{name}.npy"))).expect(name).1
}

pub(super) fn json(folder: &Path, name: &str) -> Json {
    let bytes = std::fs::read(folder.join(format!("{name}.json"))).expect(name);
    serde_json::from_slice(&bytes).expect("JSON")
}

/// Mean and half the range of a tensor's values.
fn range(name: &str, shape: &[usize]) -> [f64; 2] {
    match shape.len() {
        4 => [0.0, 1.2 * (3.0 / shape[1..].iter().product::<usize>() as f64).sqrt()],
        3 if name.ends_with("weight") => [1.0, 0.2],
        _ => [0.0, 0.05],
    }
}

/// Weights of that seed, tensors numbered in the order of the schema, which is that of the authors' modules.
pub(super) fn formula(form: &Form, seed: u32) -> HostTensors {
    let tensor = |(k, (name, shape)): (usize, &(String, Vec<usize>))| {
        let (range, n) = (range(name, shape), shape.iter().product::<usize>());
        let values = (0..n as u32).map(|i| numbered([seed, k as u32, i], range)).collect();
        (name.clone(), shape.clone(), values)
    };
    architecture(form).schema.iter().enumerate().map(tensor).collect()
}

pub(super) const SEED: u32 = 21;

/// Needs no file: the table that comes with the reference numbers.
#[test]
fn weights_follow_from_their_numbers() {
    let weights = formula(&Form::PUBLISHED, SEED);
    for (k, name, i, expected) in [
        (0, "encoders.0.resconvblock.0.weight", 0, 0.355_690_84),
        (2, "encoders.0.resconvblock.1.weight", 100_000, 1.153_030_4),
        (35, "bridge.shortcut.1.bias", 65_535, 0.037_618_667),
        (36, "upconvs.0.weight", 131_071, -0.008_196_945),
        (50, "attn_blocks.1.psi.weight", 63, 0.083_226_725),
    ] {
        assert_eq!((weights[k].0.as_str(), weights[k].2[i]), (name, expected));
    }
}

/// The checkpoint in the authors' layout holds the same bits, and manifests list the same tensors.
#[test]
fn the_authors_checkpoint_is_read_whole() {
    let Some(folder) = folder() else { return };
    let (file, found) = registry::read(&folder.join("0_model.pt")).expect("HARPNET");
    assert_eq!((found.entry.card)().id, "harpnet");
    assert_eq!(found.architecture, architecture(&Form::PUBLISHED));
    assert_eq!(file.epoch, Some(0));
    assert!(file.numbers.contains_key("test_loss") && file.numbers.contains_key("train_loss"));
    assert!(file.left_over.is_empty(), "{:?}", file.left_over);
    assert!(host_tensors(file.state) == formula(&Form::PUBLISHED, SEED), "other weights");
    for (manifest, form) in [
        ("weights_manifest", Form::PUBLISHED),
        ("v2_depth2_weights_manifest", V2),
        ("v1_weights_manifest", Form::FIRST),
    ] {
        let listed = json(&folder, manifest);
        let listed = listed["tensors"].as_array().expect("a list").iter();
        let schema = architecture(&form).schema;
        assert_eq!(listed.len(), schema.len());
        for (listed, (name, shape)) in listed.zip(schema.iter()) {
            assert_eq!(listed["key"], *name, "{manifest}");
            assert_eq!(listed["shape"], serde_json::json!(shape), "{name}");
            for (part, ours) in ["a", "b"].into_iter().zip(range(name, shape)) {
                let theirs = listed[part].as_f64().expect("a number");
                assert!((ours - theirs).abs() < 1e-15, "{name}: {ours}, not {theirs}");
            }
        }
    }
}

const V2: Form = Form { version: Version::V2, ..Form::PUBLISHED };

/// 2e-5 and 1e-5 of the value: ten times closer than the numbers ask for, twice what `f32` costs.
fn check_close(what: &str, ours: &[f32], theirs: &[f32]) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let excess = |(a, b): (&f32, &f32)| f64::from((a - b).abs()) - 1e-5 * f64::from(b.abs());
    let worst = ours.iter().zip(theirs).map(excess).fold(f64::MIN, f64::max);
    println!("{what}: {:.1e} at worst", max_error(ours, theirs));
    assert!(worst <= 2e-5, "{what}: off by {worst:.1e} beyond 1e-5 of the value");
}

/// Two real tiles together: output, bridge, gates, gradient of the input; on every way that layers can be
/// computed.
#[test]
fn the_full_size_network_equals_the_reference() {
    let Some(folder) = folder() else { return };
    let p = parameters(&formula(&Form::PUBLISHED, SEED), &Device::flex());
    let x = npy(&folder, "input");
    for kernels in Kernels::all() {
        let mode = Mode::Inference(kernels);
        let both = || input(x.clone(), [2, 2, 64, 64], &Device::flex());
        let mut tap = Tap::observe();
        let y = Harpnet.forward(&p, both(), &mut tap, &mode).to_host();
        check_close(&format!("output ({kernels})"), &y, &npy(&folder, "output_norm"));
        let shown = tap.into_activations();
        for (layer, file) in [
            ("bridge", "bridge"),
            ("attn_blocks.0.psi", "psi0_16x16"),
            ("attn_blocks.1.psi", "psi1_32x32"),
            ("attn_blocks.0.gate", "gate0_32x32"),
            ("attn_blocks.1.gate", "gate1_64x64"),
        ] {
            let (_, _, values) = shown.iter().find(|(name, ..)| name == layer).expect(layer);
            check_close(&format!("{file} ({kernels})"), values, &npy(&folder, file));
        }
        let leaf = both().autodiff().require_grad();
        let y = Harpnet.forward(&p, leaf.clone(), &mut Tap::off(), &mode).field();
        let sum = y.narrow(2, 20, 24).narrow(3, 20, 24).sum();
        let mut gradients = sum.backward();
        let gradient = to_vec(leaf.grad_remove(&mut gradients).expect("a leaf"));
        let what = format!("gradient ({kernels})");
        check(&what, &gradient, &npy(&folder, "grad_input_center_sum"), 1e-5);
        // The aligned channel of rain beside the same elevation.
        let rain = npy(&folder, "aligned_channel0");
        let aligned: Vec<f32> = (0..2)
            .flat_map(|i| [&rain[i * 4096..][..4096], &x[(2 * i + 1) * 4096..][..4096]].concat())
            .collect();
        let y = run(&p, input(aligned, [2, 2, 64, 64], &Device::flex()), &mode);
        check_close(&format!("aligned ({kernels})"), &y, &npy(&folder, "aligned_output_norm"));
    }
}

fn check_v2(folder: &Path, form: Form, seed: u32, file: &str, n_zeros: &Json) {
    let p = parameters(&formula(&form, seed), &Device::flex());
    let x = npy(folder, "v2_input_18x18");
    let x = input(x, [2, 1, 18, 18], &Device::flex());
    let y = run(&p, x, &Mode::inference());
    check_close(file, &y, &npy(folder, file));
    assert_eq!(*n_zeros, y.iter().filter(|&&y| y == 0.0).count(), "dry pixels");
}

/// Rain in mm on the coarse grid, enlarged within the network.
#[test]
fn version_2_equals_the_reference() {
    let Some(folder) = folder() else { return };
    let about = json(&folder, "v1_v2");
    check_v2(&folder, V2, 22, "v2_depth2_output_64x64", &about["depth2_zero_pixels"]);
}

/// 140 million weights: 560 MB, and as much again in the form that kernels take; 1.5 GB at the most.
#[test]
fn version_1_equals_the_reference() {
    let Some(folder) = folder() else { return };
    let about = json(&folder, "v1_v2");
    check_v2(&folder, Form::FIRST, 23, "v1_output_64x64", &about["v1_zero_pixels"]);
}

/// The network that the reference averages: convolution, normalisation, ReLU, 1 × 1 convolution.
fn tiny_loss(weights: &HostTensors, x: &[f32], target: &[f32]) -> f64 {
    let weights = parameters(weights, &Device::flex());
    let (p, mode) = (weights.root(), Mode::inference());
    let x = input(x.to_vec(), [2, 2, 8, 8], &Device::flex());
    let x = layer_norm_relu(&p.at("norm"), convolution(&p.at("conv"), x, &mode), &mode);
    let y = to_vec(crate::layers::conv1x1(&p.at("out"), x, &mode));
    let smooth = |(y, t): (&f32, &f32)| match f64::from((y - t).abs()) {
        d if d < 1.0 => 0.5 * d * d,
        d => d - 0.5,
    };
    y.iter().zip(target).map(smooth).sum::<f64>() / y.len() as f64
}

#[test]
fn the_average_of_weights_is_the_authors() {
    let Some(folder) = folder() else { return };
    let about = &json(&folder, "expected")["soup"];
    let (x, target) = (npy(&folder, "soup_input"), npy(&folder, "soup_target"));
    let candidates: Vec<(f64, HostTensors)> = (0..3)
        .map(|i| {
            let file = checkpoint::read(&folder.join(format!("soup_{i}_model.pt"))).expect("read");
            let loss = file.numbers["test_loss"];
            let theirs = about["checkpoint_test_losses"][i].as_f64().expect("a loss");
            assert!((loss - theirs).abs() < 1e-15, "{loss}, not {theirs}");
            (loss, host_tensors(file.state))
        })
        .collect();
    let evaluate = |weights: &HostTensors| Ok::<_, String>(tiny_loss(weights, &x, &target));
    let found = soup::best(&candidates, 4, evaluate).expect("three networks");
    for (i, loss) in found.losses.iter().enumerate() {
        let theirs = about["losses_by_size"][i].as_f64().expect("a loss");
        assert!((loss / theirs - 1.0).abs() < 1e-4, "{loss}, not {theirs}");
    }
    assert_eq!(about["best_size"], found.size);
    let best = checkpoint::read(&folder.join("soup_best_model.pt")).expect("read");
    assert_eq!(best.numbers["ensemble_size"], found.size as f64);
    for (ours, theirs) in found.weights.iter().zip(&host_tensors(best.state)) {
        assert_eq!((&ours.0, &ours.1), (&theirs.0, &theirs.1));
        assert!(max_error(&ours.2, &theirs.2) <= 1e-7, "{}", ours.0);
    }
    let mean = soup::average(&[&candidates[0].1, &candidates[1].1]).expect("alike");
    for (name, _, values) in &mean {
        for (i, &value) in values.iter().take(3).enumerate() {
            let theirs = about["average_of_0_and_1_probe"][name][i].as_f64().expect("a number");
            assert!((f64::from(value) - theirs).abs() <= 1e-7, "{name}");
        }
    }
}
