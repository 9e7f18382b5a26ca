//! SSLPDL through the engine: from a file of weights to logits, hidden fields and explanations.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use safetensors::tensor::{Dtype, TensorView, serialize_to_file};
use stormlens_data::network::{Asked, Input, Pass, Target};
use stormlens_data::request::{ClassOutput, Silent};

use super::*;
use crate::device::DeviceChoice;
use crate::engine::{Engine, Resident};

fn loaded(form: &Form) -> (Engine, Arc<Resident>) {
    let folder = tempfile::tempdir().expect("a folder");
    let weights = weights(form);
    let bytes = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let stored: Vec<_> = weights.iter().map(|(name, s, v)| (name, s.clone(), bytes(v))).collect();
    let views = stored.iter().map(|(name, shape, bytes)| {
        (*name, TensorView::new(Dtype::F32, shape.clone(), bytes).expect("a tensor"))
    });
    let path = folder.path().join("weights.safetensors");
    serialize_to_file(views, None, &path).expect("a file");
    let engine = Engine::new(DeviceChoice::Cpu).expect("there is always a CPU");
    let resident = engine.load("sslpdl", &path).expect("a small twin");
    (engine, resident)
}

/// One example, of which a quarter of the tokens is hidden.
fn fields() -> Input {
    Input { values: of_example(&examples(0.25), 0).to_vec(), shape: [4, SIZE[0], SIZE[1]] }
}

fn rain(from_class: usize, rows: Range<usize>, output: ClassOutput) -> Target {
    Target::Probability { from_class, rows, columns: 3..9, output }
}

fn asked(method: &str, target: Target, options: &[(&str, &str)]) -> Asked {
    let options: BTreeMap<String, String> =
        options.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
    Asked { method: method.into(), options, target, layers: Vec::new(), nothing: Vec::new() }
}

/// By the softmax of the answer, pixel by pixel.
fn mean_probability(logits: &[f32], from_class: usize, rows: Range<usize>) -> f64 {
    let n = SIZE[0] * SIZE[1];
    let of = |row: usize, column: usize| {
        let pixel: Vec<f32> = (0..3).map(|c| logits[c * n + row * SIZE[1] + column]).collect();
        crate::explain::probabilities(&pixel)[from_class..].iter().sum::<f64>()
    };
    let n_pixels = (rows.len() * 6) as f64;
    rows.flat_map(|row| (3..9).map(move |column| of(row, column))).sum::<f64>() / n_pixels
}

#[test]
fn the_probability_of_a_part_is_explained_by_every_method() {
    let (engine, resident) = loaded(&tiny());
    let target = || rain(1, 4..9, ClassOutput::Probability);
    let question: Vec<Asked> = ["zero", "mean", "blurred"]
        .map(|start| {
            asked("integrated-gradients", target(), &[("baseline", start), ("steps", "100")])
        })
        .into_iter()
        .chain([asked("saliency", target(), &[]), asked("grad-cam", target(), &[])])
        .collect();
    let input = fields();
    let answer = engine.answer(&resident, &[(&input, &question)], &Silent).expect("an answer");
    let answer = &answer[0];
    assert_eq!(answer.shape, [3, 16, 24]);
    let expected = mean_probability(&answer.prediction, 1, 4..9);
    for (i, explained) in answer.explained.iter().take(4).enumerate() {
        assert!((explained.score - expected).abs() < 1e-9, "{i}: {}", explained.score);
        let mask = explained.mask.as_ref().expect("a part of the map");
        assert_eq!(mask.iter().sum::<f32>(), 30.0);
        let map = &explained.maps[0];
        assert_eq!(map.shape, [4, 16, 24]);
        let mut n_hidden = 0;
        for (&value, &z) in map.values.iter().zip(&input.values) {
            n_hidden += usize::from(z.is_nan());
            assert!(value.is_finite() && (!z.is_nan() || value == 0.0), "{i}: {value} at {z}");
        }
        assert!(n_hidden > 300, "{n_hidden}");
        // Contributions add up to the change of the probability.
        let measure = |name: &str| explained.measures.iter().find(|m| m.name == name);
        if let Some((gap, change)) = measure("completeness_gap").zip(measure("output_difference")) {
            assert!(
                gap.value.abs() < 0.05 * change.value.abs() + 1e-3,
                "{i}: {} of {}",
                gap.value,
                change.value
            );
        }
    }
    // Of a layer's evidence the log-odds are explained, whatever is asked for.
    let cam = &answer.explained[4];
    assert_eq!(cam.maps.len(), 2 * 8);
    assert!(cam.score.is_finite() && (cam.score - expected).abs() > 1e-3);
    assert!(cam.maps.iter().all(|map| map.values.iter().all(|v| v.is_finite())));
}

/// The variant has the same weights without the layers, and points are shown where there are layers.
#[test]
fn variants_points_and_rebuilt_fields_are_shown() {
    let (engine, resident) = loaded(&tiny());
    assert_eq!(resident.card.layers.len(), 8, "layers of three levels");
    assert_eq!(resident.n_input_channels(), 4);
    let point = |part: &str| format!("levels.1.blocks.0.dcn.{part}");
    let parts = ["offset", "modulation", "offset_length", "points"].map(point);
    let show: Vec<String> = std::iter::once(RECONSTRUCTION.to_owned()).chain(parts).collect();
    let pass = Pass { show, ..Pass::new(fields(), Vec::new()) };
    let answer = engine.pass(&resident, &pass, &Silent).expect("an answer");
    let shapes: Vec<_> = answer.shown.iter().map(|layer| layer.shape).collect();
    // Four groups of nine points at 4 × 6 pixels.
    assert_eq!(shapes, [[72, 4, 6], [1, 4, 6], [36, 4, 6], [108, 4, 6], [4, 16, 24]]);
    let offset = &answer.shown[0].values;
    let at = |k: usize| f64::from(offset[k * 24 + 7]);
    let mean = (0..36).map(|k| at(2 * k).hypot(at(2 * k + 1))).sum::<f64>() / 36.0;
    assert!((f64::from(answer.shown[1].values[7]) - mean).abs() < 1e-5 * mean);
    // Row 1, column 1: the fourth point of a group lies above it but for its offset, which says columns before rows.
    for (k, middle) in [(3, [0.0, 1.0]), (9 + 5, [2.0, 1.0]), (36 - 9, [0.0, 0.0])] {
        let told = |part: usize| answer.shown[3].values[(3 * k + part) * 24 + 7];
        let place = [middle[0] + at(2 * k + 1), middle[1] + at(2 * k)];
        assert!((f64::from(told(0)) - place[0]).abs() < 1e-5, "{k}: row {}", told(0));
        assert!((f64::from(told(1)) - place[1]).abs() < 1e-5, "{k}: column {}", told(1));
        assert_eq!(told(2), answer.shown[2].values[k * 24 + 7], "{k}");
    }
    for group in 0..4 {
        let of_group = |k: usize| answer.shown[2].values[(group * 9 + k) * 24 + 7];
        assert!(((0..9).map(of_group).sum::<f32>() - 1.0).abs() < 1e-5);
    }
    let plain = engine.answer(&resident, &[(&fields(), &Vec::new())], &Silent).expect("an answer");
    check("prediction", &answer.prediction, &plain[0].prediction, 1e-6);

    let of_variant =
        |pass: Pass| engine.pass(&resident, &Pass { variant: Some(IDENTITY), ..pass }, &Silent);
    let identity = of_variant(Pass::new(fields(), Vec::new())).expect("an answer");
    let p = parameters(&super::identity(&weights(&tiny())), &Device::flex());
    let x = input(fields().values, [1, 4, SIZE[0], SIZE[1]], &Device::flex());
    let expected = Sslpdl.forward(&p, x, &mut Tap::off(), &Mode::inference()).to_host();
    check("variant", &identity.prediction, &expected, 1e-5);
    assert!(max_error(&identity.prediction, &answer.prediction) > 1e-2);
    let error = of_variant(pass).unwrap_err().to_string();
    assert!(error.contains("no layer \"levels.1.blocks.0.dcn.offset\""), "{error}");
    let other = Pass { variant: Some("other"), ..Pass::new(fields(), Vec::new()) };
    let error = engine.pass(&resident, &other, &Silent).unwrap_err().to_string();
    assert_eq!(error, "sslpdl has no variant \"other\"");
}

#[test]
fn what_does_not_fit_is_refused_in_words() {
    let (engine, resident) = loaded(&tiny());
    let refused = |input: Input, question: Vec<Asked>, word: &str| {
        let error = engine.answer(&resident, &[(&input, &question)], &Silent).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    };
    let of_size = |shape: [usize; 3]| Input { values: vec![0.5; shape.iter().product()], shape };
    refused(of_size([3, 16, 24]), Vec::new(), "has 3 fields, the network takes 4");
    refused(
        of_size([4, 16, 20]),
        Vec::new(),
        "16 × 20 pixels; these weights belong to fields that fall into 24 parts",
    );
    refused(Input { values: vec![f32::NAN; 1536], shape: [4, 16, 24] }, Vec::new(), "sees nothing");
    let mut broken = fields();
    broken.values[2 * 384 + 3] = f32::INFINITY;
    refused(broken, Vec::new(), "inf in channel 2, row 0, column 3");
    // One value of every token missing: nothing is seen either.
    let mut holes = of_size([4, 16, 24]);
    (0..1536).filter(|i| i / 24 % 4 == 1 && i % 4 == 2).for_each(|i| holes.values[i] = f32::NAN);
    refused(holes, Vec::new(), "every part of 2 fields, 4 rows and 4 columns misses a value");
    let of = |target| vec![asked("saliency", target, &[])];
    let probability = ClassOutput::Probability;
    refused(fields(), of(rain(0, 0..3, probability)), "from 0 on it is always 1: choose 1 to 2");
    refused(fields(), of(rain(3, 0..3, probability)), "of class 3 and those above it");
    refused(fields(), of(rain(1, 3..3, probability)), "over rows 3 to 3");
    refused(fields(), of(rain(1, 3..17, probability)), "the map has 16");
    let class = Target::Class { class: 0, output: probability };
    refused(fields(), of(class), "choose that of a class and those above it");

    let pre = Form { naming: Naming::PreTraining, n_classes: None, ..tiny() };
    let (engine, resident) = loaded(&pre);
    let answer = engine.answer(&resident, &[(&fields(), &Vec::new())], &Silent).expect("fields");
    assert_eq!(answer[0].shape, [4, 16, 24]);
    let question = of(rain(1, 0..3, probability));
    let error = engine.answer(&resident, &[(&fields(), &question)], &Silent).unwrap_err();
    assert!(error.to_string().contains("are of the pre-training"), "{error}");
}

/// The authors' file of the fine-tuning has the weights of its losses beside the network's.
#[test]
fn a_file_with_weights_of_losses_is_read_whole() {
    let form = Form { has_loss_weights: true, has_unused: true, ..tiny() };
    let (_, resident) = loaded(&form);
    assert!(resident.checkpoint.left_over.is_empty());
    assert_eq!(resident.fields(), Some(tiny().sizes()));
}
