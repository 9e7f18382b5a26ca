//! HARPNET through the engine: from a file of weights to gates, draws and explanations.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use safetensors::tensor::{Dtype, TensorView, serialize_to_file};
use stormlens_data::card::Downscaling;
use stormlens_data::network::{Asked, Input, Target};
use stormlens_data::request::Silent;

use super::*;
use crate::device::DeviceChoice;
use crate::engine::{Engine, Resident};

/// A narrow twin with the authors' names in a file.
pub(super) fn saved(folder: &std::path::Path, form: &Form) -> PathBuf {
    let weights = weights(form);
    let bytes = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let stored: Vec<_> = weights.iter().map(|(name, s, v)| (name, s.clone(), bytes(v))).collect();
    let views = stored.iter().map(|(name, shape, bytes)| {
        (*name, TensorView::new(Dtype::F32, shape.clone(), bytes).expect("a tensor"))
    });
    let path = folder.join(format!("{:?}.safetensors", form.version));
    serialize_to_file(views, None, &path).expect("a file");
    path
}

pub(super) fn loaded(form: &Form) -> (Engine, Arc<Resident>) {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Engine::new(DeviceChoice::Cpu).expect("there is always a CPU");
    let resident = engine.load("harpnet", &saved(folder.path(), form)).expect("a narrow twin");
    (engine, resident)
}

pub(super) fn tile(seed: usize, shape: [usize; 3]) -> Input {
    let values = ramp(shape.iter().product::<usize>() + seed).split_off(seed);
    Input { values, shape }
}

fn sum_over(rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> Target {
    Target::SumOver { rows, columns, above: None, mm: None, weights: None }
}

pub(super) fn asked(method: &str, target: Target, layers: &[&str]) -> Asked {
    let layers = layers.iter().map(|&layer| layer.to_owned()).collect();
    Asked { method: method.into(), options: BTreeMap::new(), target, layers, nothing: Vec::new() }
}

#[test]
fn gates_and_bridge_are_shown_for_each_tile() {
    let (engine, resident) = loaded(&TINY);
    let tiles = Downscaling { n_input_channels: 2, input_px: Some(16), output_px: 16 };
    assert_eq!(resident.downscaling(), Some(tiles));
    assert_eq!(resident.card.layers.len(), 17, "layers of two levels");
    let inputs = [tile(0, [2, 16, 16]), tile(5, [2, 16, 16])];
    let layers = ["attn_blocks.1.gate", "attn_blocks.1.psi", "bridge"];
    let both = engine.show(&resident, &[&inputs[0], &inputs[1]], &layers).expect("two tiles");
    for (input, shown) in inputs.iter().zip(&both) {
        let answer = engine.answer(&resident, &[(input, &Vec::new())], &Silent).expect("a tile");
        check("prediction", &shown.prediction, &answer[0].prediction, 1e-6);
        assert_eq!(shown.shape, [1, 16, 16]);
        let layers: Vec<_> = shown.layers.iter().map(|l| (l.name.as_str(), l.shape)).collect();
        let expected = [
            ("bridge", [16, 4, 4]),
            ("attn_blocks.1.psi", [1, 8, 8]),
            ("attn_blocks.1.gate", [1, 16, 16]),
        ];
        assert_eq!(layers, expected);
        let alone = engine.show(&resident, &[input], &["bridge"]).expect("one tile");
        check("bridge", &shown.layers[0].values, &alone[0].layers[0].values, 1e-6);
    }
    let error = engine.show(&resident, &[&inputs[0]], &["attn_blocks.2.psi"]).unwrap_err();
    assert!(error.to_string().contains("no layer \"attn_blocks.2.psi\""), "{error}");
    let odd = tile(0, [2, 8, 8]);
    let error = engine.show(&resident, &[&inputs[0], &odd], &[]).unwrap_err().to_string();
    assert!(error.contains("equally large"), "{error}");
    assert_eq!(affine_maps(&resident.weights()), affine_maps(&weights(&TINY)));
}

#[test]
fn draws_are_as_many_as_are_asked_for_and_repeatable() {
    let (engine, resident) = loaded(&TINY);
    let input = tile(0, [2, 16, 16]);
    let sample = |seed, n| engine.sample(&resident, &input, (seed, n), &Silent).expect("draws");
    let draws = sample(3, 3);
    assert_eq!((draws.len(), draws[0].len()), (3, 256));
    assert_ne!(draws[0], draws[1]);
    assert_eq!(sample(3, 2), draws[..2]);
    assert_ne!(sample(4, 1)[0], draws[0]);
    // Version 2 drops nothing at depth 2.
    let (engine, resident) = loaded(&Form { version: Version::V2, ..TINY });
    let coarse = tile(0, [1, 5, 5]);
    let draws = engine.sample(&resident, &coarse, (1, 2), &Silent).expect("draws");
    assert_eq!(draws[0], draws[1]);
}

/// The sum over a part of the tile, by every method; elevation has attributions of its own.
#[test]
fn a_part_of_a_tile_is_explained() {
    let (engine, resident) = loaded(&TINY);
    let input = tile(0, [2, 16, 16]);
    let target = sum_over(4..9, 2..14);
    let question = vec![
        asked("grad-cam", target.clone(), &["attn_blocks.0", "decoders.1.shortcut"]),
        asked("saliency", target.clone(), &[]),
        asked("integrated-gradients", target.clone(), &[]),
    ];
    let answer = engine.answer(&resident, &[(&input, &question)], &Silent).expect("an answer");
    let answer = &answer[0];
    let sum: f64 = (4..9)
        .flat_map(|row| &answer.prediction[row * 16 + 2..row * 16 + 14])
        .map(|&y| f64::from(y))
        .sum();
    for explained in &answer.explained {
        assert!((explained.score - sum).abs() < 1e-9, "{}", explained.method);
        let mask = explained.mask.as_ref().expect("a part of the tile");
        assert_eq!(mask.iter().filter(|&&m| m > 0.0).count(), 5 * 12);
    }
    let shapes: Vec<_> = answer.explained[0].maps.iter().map(|map| map.shape).collect();
    assert_eq!(shapes, [[1, 16, 16], [1, 8, 8], [1, 16, 16], [1, 16, 16]]);
    assert_eq!(answer.explained[1].maps[0].shape, [2, 16, 16]);
    assert_eq!(answer.explained[2].maps[0].shape, [2, 16, 16]);
    // What lies on the coarse grid is attributed there; what lies in a layer is shown on the tile.
    let (engine, resident) = loaded(&Form { version: Version::V1, ..TINY });
    let coarse = tile(0, [1, 6, 6]);
    let question =
        vec![asked("saliency", target.clone(), &[]), asked("grad-cam", target, &["bridge"])];
    let answer = engine.answer(&resident, &[(&coarse, &question)], &Silent).expect("an answer");
    assert_eq!(answer[0].explained[0].maps[0].shape, [1, 6, 6]);
    assert_eq!(answer[0].explained[1].maps[0].shape, [1, 16, 16]);
}

#[test]
fn what_does_not_fit_a_tile_is_refused_in_words() {
    let (engine, resident) = loaded(&TINY);
    let refused = |input: Input, question: Vec<Asked>, word: &str| {
        let error = engine.answer(&resident, &[(&input, &question)], &Silent).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    };
    let fits = || tile(0, [2, 16, 16]);
    refused(
        tile(0, [2, 18, 16]),
        Vec::new(),
        "18 × 16 pixels, but these weights belong to tiles of 16",
    );
    refused(
        tile(0, [1, 16, 16]),
        Vec::new(),
        "takes 2: the normalised logarithm of rain, and elevation",
    );
    let mut gap = fits();
    gap.values[16 * 16 + 3] = f32::NAN;
    refused(gap, Vec::new(), "NaN in channel 1, row 0, column 3");
    let cam = |target| vec![asked("grad-cam", target, &["bridge"])];
    refused(fits(), cam(sum_over(3..3, 0..16)), "over rows 3 to 3");
    refused(fits(), cam(sum_over(0..16, 4..17)), "over columns 4 to 17");
    let weighted = |weights| Target::SumOver {
        rows: 0..16,
        columns: 0..16,
        above: None,
        mm: None,
        weights: Some(weights),
    };
    refused(fits(), cam(weighted(vec![1.0; 255])), "255 weights, but the tile has 256 pixels");
    refused(fits(), cam(weighted(vec![f32::NAN; 256])), "the weight NaN");
    refused(fits(), cam(weighted(vec![-0.5; 256])), "the weight -0.5");
    let class = Target::Class { class: 0, output: stormlens_data::request::ClassOutput::Logit };
    refused(fits(), cam(class), "choose a sum over rows and columns");
    let deep = vec![asked("grad-cam", sum_over(0..16, 0..16), &["encoders.2"])];
    refused(fits(), deep, "has no layer \"encoders.2\"");
}
