//! The published network, where there are reference numbers.

use std::path::{Path, PathBuf};

use stormlens_data::archive::Archive;
use stormlens_data::card::NowcastField;
use stormlens_data::field::Field;
use stormlens_data::files::npy::{read_npy_f32, read_npy_u8};
use stormlens_data::patches::{
    PUBLISHED_FLOOR, PUBLISHED_NORMALISATION_MM_5MIN as NORMALISATION_MM_5MIN, Statistics, tokens,
};
use stormlens_data::score::{MODEL, PUBLISHED_THRESHOLDS, Verification, published_thresholds_mm_h};

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

fn expected(folder: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(folder.join("expected.json")).expect("a file"))
        .expect("JSON")
}

/// Scores as the authors' program counts them, whose thresholds are others than it says, and in true mm/h.
#[test]
fn scores_of_both_ways_to_count_equal_the_reference() {
    let Some(folder) = folder() else { return };
    let expected = &expected(&folder)["metrics"];
    let mm_h = |name: &str| -> Vec<f32> {
        let normalised = npy(&folder, name);
        normalised.iter().map(|x| x * NORMALISATION_MM_5MIN as f32 * 12.0).collect()
    };
    let [forecast, observation] =
        ["metrics_pred", "s96_target"].map(|name| Field::new(N * 12 * SIDE, SIDE, mm_h(name)));
    let published = published_thresholds_mm_h(NORMALISATION_MM_5MIN);
    for (way, thresholds) in
        [("reference_loop", published), ("corrected_mm_per_h", PUBLISHED_THRESHOLDS)]
    {
        let mut sums = Verification::new(NowcastField::Precipitation, &[MODEL], &[5], &thresholds);
        sums.add(0, &[&forecast], &observation);
        let table = sums.finish();
        for (row, named) in table.rows.iter().zip(["0.2", "0.5", "1.0"]) {
            let theirs = &expected[way][named];
            let counts = &row.counts;
            let found = [counts.hits, counts.false_alarms, counts.correct_negatives, counts.misses];
            for (ours, name) in found.into_iter().zip(["tp", "fp", "tn", "fn"]) {
                let count = theirs[name].as_u64().expect("a count");
                assert!(ours.abs_diff(count) <= 5, "{way} {named}: {name} {ours}, not {count}");
            }
            for (ours, name) in [
                ("accuracy", "accuracy"),
                ("csi", "csi"),
                ("far", "far"),
                ("f1", "f1"),
                ("recall", "recall"),
                ("hss_paper", "hss"),
            ] {
                let (ours, wanted) =
                    (row.score(ours).expect(ours), theirs[name].as_f64().expect(name));
                assert!((ours - wanted).abs() < 1e-4, "{way} {named}: {name} {ours}, not {wanted}");
            }
            let (error, wanted) = (row.score("mse_mm2_per_5min2"), expected["pmse_47.18"].as_f64());
            let (error, wanted) = (error.expect("an error"), wanted.expect("a number"));
            assert!((error / wanted - 1.0).abs() < 1e-5, "{error}, not {wanted}");
        }
    }
}

/// Two samples of real radar at the published size, with the masks that the reference drew.
#[test]
fn the_pre_trained_network_equals_the_reference_on_real_rain() {
    let Some(folder) = folder() else { return };
    let expected = &expected(&folder)["s288"];
    let (side, n) = (288, 12 * 288 * 288);
    let knmi = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/knmi");
    let archive = Archive::open(&knmi).expect("frames");
    let patches = tokens(12, [side; 2]).expect("81 patches");
    let (mut whole, mut seen, mut masks) = (Vec::new(), Vec::new(), Vec::new());
    for (i, id) in ["20100826T0410", "20100826T0110"].into_iter().enumerate() {
        let sample = archive.load(id, 12, 5, &[30]).expect(id);
        let ratio =
            (stormlens_data::import::knmi::NORMALISATION_MM_5MIN / NORMALISATION_MM_5MIN) as f32;
        let mut values: Vec<f32> = sample.inputs_normalised.iter().map(|x| x * ratio).collect();
        whole.extend_from_slice(&values);
        let active = expected["active_true_indices"][i].as_array().expect("patches");
        let is_seen = |patch: usize| active.iter().any(|a| a.as_u64() == Some(patch as u64));
        let hidden: Vec<bool> = (0..81).map(|patch| !is_seen(patch)).collect();
        patches.hide(&mut values, &hidden);
        seen.extend(values);
        masks.push(hidden);
    }
    let p = parameters(&fold(read(&folder, "pretrain"), NormOptions::PYTORCH), &Device::flex());
    let x = input(seen, [2, 12, side, side], &Device::flex());
    let mut tap = Tap::observe_layers(["encoder.1", "encoder.4", DECODED]);
    let mode = Mode::Inference(Kernels::chosen());
    let _ = SpatSpark.forward(&p, x, &mut tap, &mode);
    let shown = tap.into_activations();
    let layer = |name: &str| &shown.iter().find(|(known, ..)| known == name).expect(name).2;
    let near = |ours: f64, name: &str, limit: f64| {
        let wanted = expected[name].as_f64().expect(name);
        assert!((ours / wanted - 1.0).abs() < limit, "{name}: {ours}, not {wanted}");
    };
    let mean = |values: &[f32], of: fn(f64) -> f64| {
        values.iter().map(|&x| of(f64::from(x))).sum::<f64>() / values.len() as f64
    };
    near(mean(&whole, |x| x), "input_mean", 1e-5);
    near(mean(layer("encoder.1"), f64::abs), "enc_feat1_mean_abs", 1e-4);
    near(mean(layer("encoder.4"), f64::abs), "enc_feat4_mean_abs", 1e-4);
    let decoded = layer(DECODED);
    near(mean(decoded, |x| x), "decoder_out_mean", 1e-4);
    for (ours, wanted) in
        decoded.iter().zip(expected["decoder_out_first8"].as_array().expect("eight"))
    {
        let wanted = wanted.as_f64().expect("a number");
        assert!((f64::from(*ours) - wanted).abs() < 1e-4, "{ours}, not {wanted}");
    }
    let (mut all, mut of_hidden) = (0.0, [0.0; 2]);
    for (i, hidden) in masks.iter().enumerate() {
        let (rain, decoded) = (&whole[i * n..][..n], &decoded[i * n..][..n]);
        let truth = Statistics::of(rain, &patches, PUBLISHED_FLOOR);
        for (k, (&rain, &said)) in rain.iter().zip(decoded).enumerate() {
            let patch = patches.of_value(k);
            let normalised = (f64::from(rain) - truth.mean[patch]) / truth.spread[patch];
            let error = (f64::from(said) - normalised).powi(2) / (12.0 * 1024.0);
            all += error / 2.0;
            of_hidden[0] += if hidden[patch] { error } else { 0.0 };
        }
        of_hidden[1] += hidden.iter().filter(|hidden| **hidden).count() as f64;
    }
    near(all, "pretrain_l2_loss", 1e-4);
    near(of_hidden[0] / of_hidden[1], "pretrain_recon_loss", 1e-4);
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
