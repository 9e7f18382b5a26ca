//! The published network, where there are reference numbers.

use std::path::{Path, PathBuf};

use stormlens_data::files::npy::{read_npy_f32, read_npy_u8};
use stormlens_data::patches::{PUBLISHED_FLOOR, Statistics, tokens};

use super::*;
use crate::fused::Kernels;
use crate::golden::{full_path, input, listed};
use crate::layers::{NormOptions, fold};

const SIDE: usize = 96;
const N: usize = 2;

fn npy(folder: &Path, name: &str) -> Vec<f32> {
    read_npy_f32(&folder.join(format!("{name}.npy"))).expect(name).1
}

fn folder() -> Option<PathBuf> {
    full_path("spat_spark")
}

fn read(folder: &Path, name: &str) -> HostTensors {
    listed(&folder.join(format!("{name}_weights_manifest.json")), "")
}

/// The frames with hidden patches, and as they are.
fn frames(folder: &Path) -> (Vec<f32>, Vec<f32>) {
    let whole = npy(folder, "s96_input");
    let (_, active) = read_npy_u8(&folder.join("s96_active.npy")).expect("a mask");
    let patches = tokens(12, [SIDE; 2]).expect("nine patches");
    let mut hidden = whole.clone();
    let examples = hidden.chunks_exact_mut(12 * SIDE * SIDE).zip(active.chunks_exact(9));
    for (example, active) in examples {
        let mask: Vec<bool> = active.iter().map(|&seen| seen == 0).collect();
        patches.hide(example, &mask);
    }
    (hidden, whole)
}

/// Layers and the forecast with the published statistics, which hidden patches take part in.
fn run(weights: &HostTensors, folder: &Path, kernels: Kernels) -> Vec<(String, Vec<f32>)> {
    let (hidden, whole) = frames(folder);
    let p = parameters(weights, &Device::flex());
    let x = input(hidden.clone(), [N, 12, SIDE, SIDE], &Device::flex());
    let mut tap = Tap::observe();
    let mode = Mode::Inference(kernels);
    let mut y = SpatSpark.forward(&p, x, &mut tap, &mode).to_host();
    let patches = tokens(12, [SIDE; 2]).expect("nine patches");
    let n = 12 * SIDE * SIDE;
    for (i, y) in y.chunks_exact_mut(n).enumerate() {
        let of = |values: &[f32]| Statistics::of(&values[i * n..][..n], &patches, PUBLISHED_FLOOR);
        of(&hidden).exchange(y, &patches, &of(&whole));
    }
    let shown = tap.into_activations().into_iter().map(|(name, _, values)| (name, values));
    shown.chain([("forecast".to_owned(), y)]).collect()
}

fn compare(found: &[(String, Vec<f32>)], ours: &str, theirs: &[f32], limit: f64, what: &str) {
    let (_, values) = found.iter().find(|(name, _)| name == ours).expect(ours);
    let error = max_error(values, theirs);
    println!("{ours}, {what}: off by {error:.1e}, largest {:.2}", max_abs(theirs));
    assert!(error <= limit, "{ours}, {what}: off by {error:.1e}, not {limit:.0e}");
}

/// Every level of the encoder, what the decoder takes and gives, and the rebuilt frames, on every way that layers can be
/// computed, folded and not. The limits are five times closer than the reference numbers ask for.
#[test]
fn the_pre_trained_network_equals_the_reference() {
    let Some(folder) = folder() else { return };
    let weights = read(&folder, "pretrain");
    let folded = fold(weights.clone(), NormOptions::PYTORCH);
    for kernels in Kernels::all() {
        for (weights, kind) in [(&weights, "as it is"), (&folded, "folded")] {
            let what = format!("{kernels}, {kind}");
            let found = run(weights, &folder, kernels);
            for level in 1..=4 {
                let theirs = npy(&folder, &format!("s96_enc_feat{level}"));
                compare(&found, &format!("encoder.{level}"), &theirs, 2e-5, &what);
            }
            for level in 0..4 {
                let theirs = npy(&folder, &format!("s96_to_dec{level}"));
                compare(&found, &format!("densify.{level}"), &theirs, 2e-5, &what);
            }
            compare(&found, DECODED, &npy(&folder, "s96_decoder_out"), 2e-5, &what);
            let theirs = npy(&folder, "s96_recon_img");
            compare(&found, "forecast", &theirs, 1e-5 * max_abs(&theirs), &what);
        }
    }
}

#[test]
fn both_fine_tuned_networks_equal_the_reference() {
    let Some(folder) = folder() else { return };
    for translation in ["identity", "linearA"] {
        let weights = fold(read(&folder, &format!("finetune_{translation}")), NormOptions::PYTORCH);
        let found = run(&weights, &folder, Kernels::chosen());
        if translation == "linearA" {
            for level in 0..4 {
                let theirs = npy(&folder, &format!("s96_ft_linearA_trans{level}"));
                compare(&found, &format!("translation.{level}"), &theirs, 2e-5, translation);
            }
        }
        let theirs = npy(&folder, &format!("s96_ft_{translation}_recon_img"));
        compare(&found, "forecast", &theirs, 1e-5 * max_abs(&theirs), translation);
    }
}

/// Names and shapes of the fine-tuned weights without counters, where there are reference numbers.
pub(super) fn state_names() -> Option<Vec<(String, Vec<usize>)>> {
    let folder = folder()?;
    let path = folder.join("finetune_linearA_weights_manifest.json");
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(path).expect("a manifest")).expect("JSON");
    let all = manifest["tensors"].as_array().expect("a list").iter();
    let named = all.map(|listed| {
        let shape = listed["shape"].as_array().expect("a shape").iter();
        let shape = shape.map(|n| n.as_u64().expect("a size") as usize).collect();
        (listed["key"].as_str().expect("a name").to_owned(), shape)
    });
    Some(named.filter(|(name, _)| !name.ends_with("num_batches_tracked")).collect())
}
