//! The full-size network on real and procedural scenes, where there are reference numbers.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use sha2::{Digest, Sha256};

use super::{PolarLow, logits};
use crate::engine::host_tensors;
use crate::explain::rectify;
use crate::golden::{
    Golden, from_hwc, full_path, input, max_abs, max_error, parameters, relative_l2, statistics,
};
use crate::layers::{NormOptions, fold};
use crate::models::HostTensors;
use crate::network::Network;
use crate::parameters::{Mode, to_vec};
use crate::registry;
use crate::{Parameters, Tap};
use stormlens_checkpoint::{Container, Layout};

/// Side of the stretched picture, side of its centre, and whose weights.
pub(super) const RUNS: [(usize, usize, &str); 3] =
    [(192, 128, "512"), (800, 512, "512"), (1536, 1024, "1024")];

const SCENES: [(&str, &str); 2] = [
    ("tokyo", "../data/sentinel1/tokyo_bay_20191012_380px.png"),
    ("synthetic", "polar_low/synthetic_700x620.png"),
];

/// A picture stretched by nearest neighbour to `input_px`, and of that the centre: bytes,
/// `[crop_px × crop_px × 3]`. `None` where there is none.
pub(super) fn centre(scene: &str, input_px: usize, crop_px: usize) -> Option<Vec<u8>> {
    let (_, file) = SCENES.iter().find(|(name, _)| *name == scene).expect("a known scene");
    let path = full_path(file)?;
    if !path.exists() {
        println!("skipped: there is no {}", path.display());
        return None;
    }
    let picture = image::open(&path).expect("a picture").to_rgb8();
    let source = |i: usize, n: u32| ((2 * i + 1) * n as usize / (2 * input_px)) as u32;
    let offset = (input_px - crop_px) / 2;
    let mut bytes = Vec::with_capacity(3 * crop_px * crop_px);
    for row in offset..offset + crop_px {
        for column in offset..offset + crop_px {
            let (x, y) = (source(column, picture.width()), source(row, picture.height()));
            bytes.extend(picture.get_pixel(x, y).0);
        }
    }
    Some(bytes)
}

/// Bytes `[side × side × 3]` to 0 to 1, channels first.
pub(super) fn scaled(bytes: &[u8]) -> Vec<f32> {
    let values: Vec<f32> = bytes.iter().map(|&b| f32::from(b) * (1.0 / 255.0)).collect();
    from_hwc(&values, 3)
}

pub(super) fn weights(model: &str) -> Option<HostTensors> {
    let path = full_path(&format!("polar_low/polar_low_{model}.h5"))?;
    Some(host_tensors(registry::read(&path).expect("the authors' format").0.state))
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).expect("reference numbers")).expect("JSON")
}

#[test]
fn keras_files_are_read_whole() {
    for (model, input_px, crop_px) in [("512", 800, 512), ("1024", 1536, 1024)] {
        let Some(path) = full_path(&format!("polar_low/polar_low_{model}.h5")) else { return };
        let (file, found) = registry::read(&path).expect("the polar-low CNN");
        assert_eq!((file.container, file.layout), (Container::Hdf5, Layout::Keras));
        assert_eq!(file.hyper_parameters["input_px"], input_px);
        assert_eq!(file.hyper_parameters["crop_px"], crop_px);
        assert_eq!(file.hyper_parameters["keras_version"], "2.5.0");
        assert_eq!((found.entry.card)().id, "polar-low");
        assert_eq!((found.architecture.in_channels, found.architecture.out_channels), (3, 2));
        assert_eq!((found.architecture.n_parameters, file.state.tensors.len()), (1_260_322, 127));
    }
}

/// All six runs, with batch norms as they are stored and folded.
#[test]
fn full_size_networks_equal_the_reference() {
    let device = Device::flex();
    for (input_px, crop_px, model) in RUNS {
        let Some(weights) = weights(model) else { return };
        let stored = parameters(&weights, &device);
        let folded = parameters(&fold(weights, NormOptions::KERAS), &device);
        for (scene, _) in SCENES {
            let run = format!("polar_low_{crop_px}_{scene}");
            let Some(bytes) = centre(scene, input_px, crop_px) else { continue };
            let about = json(&full_path(&format!("polar_low/{run}.json")).expect("set"));
            let hash: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!(about["crop_rgb_sha256"], hash, "{run}: another picture");
            let golden = Golden::full(&format!("polar_low/{run}.safetensors")).expect("set");
            let x = input(scaled(&bytes), [1, 3, crop_px, crop_px], &device);
            for parameters in [&stored, &folded] {
                check_forward(&run, &golden, parameters, x.clone());
                check_maps(&run, &golden, parameters, x.clone());
            }
            check_integrated_gradients(&run, &golden, &about, &folded, x);
        }
    }
}

fn check_forward(run: &str, golden: &Golden, parameters: &Parameters, x: Tensor<4>) {
    let mut tap = Tap::observe();
    let found = logits(parameters, x.clone(), &mut tap);
    let error = max_error(&to_vec(found.clone()), &golden.f32("logits"));
    assert!(error < 5e-5, "{run}: logits are off by {error}");
    let probabilities = to_vec(burn::tensor::activation::softmax(found, 1));
    let error = max_error(&probabilities, &golden.f32("probs"));
    assert!(error < 1e-5, "{run}: probabilities are off by {error}");
    let black = logits(parameters, x.zeros_like(), &mut Tap::off());
    let black = to_vec(burn::tensor::activation::softmax(black, 1));
    assert!(max_error(&black, &golden.f32("baseline_probs")) < 1e-5, "{run}: black");

    let activations = tap.into_activations();
    let path = full_path(&format!("polar_low/{run}_layer_stats.json")).expect("set");
    let layers = path.exists().then(|| json(&path));
    for (name, [_, n_channels, height, width], values) in &activations {
        let key = format!("act.{name}");
        if golden.names().contains(&key) {
            let expected = from_hwc(&golden.f32(&key), *n_channels);
            let error = max_error(values, &expected) / max_abs(&expected);
            assert!(error < 1e-4, "{run}: {name} is off by {error}");
        }
        if let Some(layers) = &layers {
            assert_eq!(layers[name]["shape"], serde_json::json!([height, width, n_channels]));
            check_statistics(&format!("{run}: {name}"), values, *n_channels, &layers[name]);
        }
    }
    let (_, [_, n_channels, height, width], last) = activations.last().expect("23 layers");
    let pooled: Vec<f32> = last
        .chunks_exact(height * width)
        .map(|plane| plane.iter().sum::<f32>() / plane.len() as f32)
        .collect();
    assert_eq!(pooled.len(), *n_channels);
    let expected = golden.f32("gap");
    assert!(max_error(&pooled, &expected) / max_abs(&expected) < 1e-4, "{run}: pooled features");
}

/// Statistics and eight values; the reference counts places with channels last.
fn check_statistics(what: &str, values: &[f32], n_channels: usize, layer: &serde_json::Value) {
    let number = |name: &str| layer[name].as_f64().expect(name);
    let scale = number("l2") / (values.len() as f64).sqrt();
    let [mean, deviation, low, high, l2] = statistics(values);
    for (name, ours) in [("mean", mean), ("std", deviation), ("min", low), ("max", high)] {
        assert!((ours - number(name)).abs() < 1e-4 * scale.max(high), "{what}: {name} is {ours}");
    }
    assert!((l2 / number("l2") - 1.0).abs() < 1e-4, "{what}: l2 is {l2}");
    let places = layer["flat_index"].as_array().expect("places").iter();
    for (place, expected) in places.zip(layer["value"].as_array().expect("values")) {
        let place = place.as_u64().expect("a place") as usize;
        let n_pixels = values.len() / n_channels;
        let ours = values[place % n_channels * n_pixels + place / n_channels];
        let expected = expected.as_f64().expect("a value");
        assert!((f64::from(ours) - expected).abs() < 1e-4 * high, "{what}: {ours}, not {expected}");
    }
}

fn check_maps(run: &str, golden: &Golden, parameters: &Parameters, x: Tensor<4>) {
    let layers = ["activation_8", "activation_14", "activation_15"];
    for class in 0..2 {
        let mut tap = Tap::watch(layers);
        let output = PolarLow.forward(parameters, x.clone(), &mut tap, &Mode::inference()).logits();
        let mut gradients = output.narrow(1, class, 1).sum().backward();
        for layer in tap.into_weighted(&mut gradients).remove(0) {
            let key = |what: &str| format!("cam.{}.class{class}.{what}", layer.name);
            if !golden.names().contains(&key("raw")) {
                continue;
            }
            let check = |what: &str, ours: &[f32], limit: f64| {
                let expected = golden.f32(&key(what));
                let error = max_error(ours, &expected) / max_abs(&expected);
                assert!(error < limit, "{run}: {} is off by {error}", key(what));
            };
            check("weights", &layer.weights, 1e-5);
            check("raw", &layer.weighted_sum, 1e-4);
            // Nowhere positive: the reference has −0 there, which is 0.
            let rectified = rectify(&layer.weighted_sum);
            let expected = golden.f32(&key("final"));
            let error = max_error(&rectified, &expected);
            assert!(error < 1e-4, "{run}: {} is off by {error}", key("final"));
        }
    }
}

/// The attribution, or what is stored of a large one; the outputs along the path; completeness.
fn check_integrated_gradients(
    run: &str,
    golden: &Golden,
    about: &serde_json::Value,
    parameters: &Parameters,
    x: Tensor<4>,
) {
    let side = x.dims()[2];
    let n_steps = golden.f32("path_probs").len() - 1;
    let ours = super::integrate(parameters, x, n_steps);
    let outputs: Vec<f32> = ours.path.iter().map(|&p| p as f32).collect();
    let error = max_error(&outputs, &golden.f32("path_probs"));
    assert!(error < 1e-5, "{run}: outputs along the path are off by {error}");
    let sum = ours.output_difference + ours.convergence_delta;
    for (what, ours, key) in [
        ("sum", sum, "ig_sum_float64_accum"),
        ("gap", ours.convergence_delta, "completeness_residual"),
    ] {
        let theirs = about[key].as_f64().expect(key);
        assert!((ours - theirs).abs() < 1e-3, "{run}: the {what} is {ours}, not {theirs}");
    }
    let stored: [(&str, Reduced); 3] = [
        ("ig", Reduced::Whole),
        ("ig_block4_sum", Reduced::Blocks),
        ("ig_window128", Reduced::Window),
    ];
    let names = golden.names();
    let stored = stored.into_iter().filter(|(name, _)| names.iter().any(|n| n == name));
    for (name, reduced) in stored {
        let theirs = from_hwc(&golden.f32(name), 3);
        check_alike(&format!("{run}: {name}"), &reduced.of(&ours.attribution, side), &theirs);
    }
}

/// Rounding turns a handful of poolings along the path, so neighbours trade attribution: they are
/// compared together, by distance and correlation.
fn check_alike(what: &str, ours: &[f32], theirs: &[f32]) {
    let error = relative_l2(ours, theirs);
    println!("{what}: off by {error:.1e}");
    assert!(error < 2e-2, "{what}: off by {error}");
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
    };
    // Attributions have a mean of nearly zero beside their spread.
    let correlation = dot(ours, theirs) / (dot(ours, ours) * dot(theirs, theirs)).sqrt();
    assert!(correlation >= 0.9995, "{what}: correlation {correlation}");
}

/// What is stored of an attribution `[3 × side × side]`.
enum Reduced {
    Whole,
    /// Sums over 4 × 4 pixels.
    Blocks,
    /// 128 × 128 pixels from row and column 448.
    Window,
}

impl Reduced {
    fn of(&self, attribution: &[f32], side: usize) -> Vec<f32> {
        let planes = attribution.chunks_exact(side * side);
        match self {
            Self::Whole => attribution.to_vec(),
            Self::Blocks => planes.flat_map(|plane| blocks(plane, side)).collect(),
            Self::Window => {
                let row = |plane: &'_ [f32], row: usize| plane[row * side + 448..][..128].to_vec();
                planes.flat_map(|plane| (448..576).flat_map(move |r| row(plane, r))).collect()
            }
        }
    }
}

fn blocks(plane: &[f32], side: usize) -> Vec<f32> {
    let n = side / 4;
    let mut sums = vec![0f32; n * n];
    for (i, &value) in plane.iter().enumerate() {
        sums[i / side / 4 * n + i % side / 4] += value;
    }
    sums
}
