//! A scene's result for tests, benchmarks and looking at figures, made without a network.
//!
//! The picture is real: the typhoon south of Tokyo. What the "network" says of it is made up, with the
//! shapes, signs and gaps of real answers: a hump of evidence at the eye, one against it over the city.

use std::path::Path;
use std::sync::LazyLock;

use stormlens_data::card::{Class, Layer, ModelCard, SceneClassification, Task};
use stormlens_data::outcome::{
    ClassAttribution, ClassScore, Provenance, SceneCam, SceneCamLayer, SceneOutcome, SceneView,
};
use stormlens_data::request::{PathOptions, SceneRequest};
use stormlens_data::scene::{
    Fit, Limits, Picture, Reference, Resampling, Statistics, Variant, familiarity, read, resize,
};

use super::from_fn;

/// Layers of the result and their sides in cells.
pub const SCENE_LAYERS: [(&str, usize); 4] =
    [("activation_8", 32), ("activation_12", 8), ("activation_14", 4), ("activation_15", 2)];
/// The one of [`SCENE_LAYERS`] without positive evidence.
pub const EMPTY_SCENE_LAYER: &str = "activation_15";

const CLASSES: [Class; 2] =
    [Class { name: "neg", label: "no polar low" }, Class { name: "pos", label: "polar low" }];
const LOGITS: [f64; 2] = [-1.21, 0.99];
const N_STEPS: usize = 50;
const AT_BASELINE: f64 = 0.0474;

/// A result with everything in it, of a picture stretched to 800 × 800. Equal at every call.
///
/// # Panics
/// If the scenes of the repository are not there.
pub fn scene_outcome() -> SceneOutcome {
    static OUTCOME: LazyLock<SceneOutcome> =
        LazyLock::new(|| scene_outcome_of(&scene_picture(), Variant::LR_512, Fit::Stretch));
    OUTCOME.clone()
}

/// The picture of [`scene_outcome`].
///
/// # Panics
/// If the scenes of the repository are not there.
pub fn scene_picture() -> Picture {
    let file = "data/sentinel1/tokyo_bay_20191012_380px.png";
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(file), &Limits::default())
        .expect("the scenes of the repository are readable")
}

/// The same of another picture, at another size.
pub fn scene_outcome_of(picture: &Picture, variant: Variant, fit: Fit) -> SceneOutcome {
    let resampling = Resampling::Nearest;
    let prepared = resize(picture, variant.input_px, resampling, fit);
    let view = SceneView {
        title: "Typhoon south of Tokyo".into(),
        width_px: picture.width,
        height_px: picture.height,
        variant,
        rgb: prepared.to_rgb8(),
        content: prepared.content,
    };
    let request = SceneRequest {
        model: "polar-low".into(),
        checkpoint: "test".into(),
        scene: "0123456789abcdef".into(),
        resampling,
        fit,
        class: 1,
        grad_cam: true,
        integrated_gradients: Some(PathOptions { n_steps: N_STEPS, ..PathOptions::default() }),
    };
    let statistics = Statistics::of(picture);
    SceneOutcome {
        classes: classes(),
        familiarity: familiarity(&statistics, &Reference::published()),
        statistics,
        grad_cam: Some(SceneCam { logit: LOGITS[1], layers: SCENE_LAYERS.map(layer).into() }),
        integrated_gradients: Some(attribution(&view)),
        trained_on_simulation: false,
        duration_ms: 0.0,
        provenance: provenance(&request),
        view,
        request,
    }
}

fn provenance(request: &SceneRequest) -> Provenance {
    Provenance {
        program: format!("stormlens {}", env!("CARGO_PKG_VERSION")),
        model: request.model.clone(),
        checkpoint: request.checkpoint.clone(),
        weights_sha256: "0".repeat(64),
        data_source: "contains modified Copernicus Sentinel data 2019".into(),
        data_files: vec!["tokyo_bay_20191012_380px.png".into()],
        data_sha256: "1".repeat(64),
        data_licence: "MIT".into(),
        device: "none: test data".into(),
    }
}

fn classes() -> Vec<ClassScore> {
    let sum: f64 = LOGITS.iter().map(|logit| logit.exp()).sum();
    let score = |(&Class { name, label }, &logit): (&Class, &f64)| {
        let probability = logit.exp() / sum;
        ClassScore { name, label, logit, probability }
    };
    CLASSES.iter().zip(&LOGITS).map(score).collect()
}

/// A hump of a width at a place of the centre, both as shares of its side.
fn hump(down: f32, across: f32, [row, column]: [f32; 2], width: f32) -> f32 {
    let square = (down - row).powi(2) + (across - column).powi(2);
    (-square / (2.0 * width * width)).exp()
}

/// For at the eye, against over the city, as much; sizes of order one.
fn evidence(down: f32, across: f32, width: f32, against: f32) -> f32 {
    hump(down, across, [0.48, 0.5], width) - against * hump(down, across, [0.12, 0.8], 1.5 * width)
}

fn layer((name, side): (&str, usize)) -> SceneCamLayer {
    let middle = |i: usize| (i as f32 + 0.5) / side as f32;
    let offset = if name == EMPTY_SCENE_LAYER { 2.0 } else { 0.05 };
    let raw =
        from_fn(side, side, |r, c| 0.04 * (evidence(middle(r), middle(c), 0.16, 0.5) - offset));
    let highest = raw.range().map_or(0.0, |(_, high)| high);
    let cam = raw.map(|v| if highest > 0.0 { v.max(0.0) / highest } else { 0.0 });
    let weights = (0..16).map(|k| 0.01 * (k as f32 - 7.5)).collect();
    SceneCamLayer { layer: name.into(), weights, raw, cam }
}

fn attribution(view: &SceneView) -> ClassAttribution {
    let (crop, side) = (view.crop(), view.variant.crop_px);
    let at = |channel: usize, row: usize, column: usize| {
        let pixel = (crop.top + row) * view.variant.input_px + crop.left + column;
        let share = |i: usize| (i as f32 + 0.5) / side as f32;
        let hump = evidence(share(row), share(column), 0.09, 0.08);
        let size = hump + 0.15 * noise(channel, row, column);
        f32::from(view.rgb[3 * pixel + channel]) / 255.0 * size
    };
    let plane = |channel| from_fn(side, side, |row, column| at(channel, row, column)).values;
    let mut attribution: Vec<f32> = (0..3).flat_map(plane).collect();
    let path: Vec<f64> = (0..=N_STEPS).map(|i| on_path(i as f64 / N_STEPS as f64)).collect();
    let wanted = 0.986 * (path[N_STEPS] - path[0]);
    let sum: f64 = attribution.iter().map(|&v| f64::from(v)).sum();
    attribution.iter_mut().for_each(|v| *v = (f64::from(*v) * wanted / sum) as f32);
    let sum = attribution.iter().map(|&v| f64::from(v)).sum();
    let options = PathOptions { n_steps: N_STEPS, ..PathOptions::default() };
    ClassAttribution { options, attribution, crop_px: side, n_steps: N_STEPS, path, sum }
}

/// From −1 to 1, the same for the same place.
fn noise(channel: usize, row: usize, column: usize) -> f32 {
    let mixed = (channel * 73_856_093) ^ (row * 19_349_663) ^ (column * 83_492_791);
    (mixed % 2001) as f32 / 1000.0 - 1.0
}

/// The probability on the way from black to the scene: slow, steep, saturated.
fn on_path(share: f64) -> f64 {
    let step = |share: f64| 1.0 / (1.0 + (-14.0 * (share - 0.4)).exp());
    let probability = classes()[1].probability;
    let way = (step(share) - step(0.0)) / (step(1.0) - step(0.0));
    AT_BASELINE + (probability - AT_BASELINE) * way
}

/// The card of a network that takes what [`scene_outcome`] was made from.
pub fn scene_card() -> ModelCard {
    let layer = |(name, side): (&str, usize)| Layer {
        name: name.to_owned(),
        label: format!("Layer of {side} cells"),
        group: "Residual blocks",
    };
    ModelCard {
        id: "polar-low",
        title: "Test network of scenes",
        summary: "Finds a hump",
        task: Task::SceneClassification(SceneClassification {
            classes: &CLASSES,
            default_class: 1,
            default_variant: Variant::LR_512,
        }),
        layers: SCENE_LAYERS.map(layer).into(),
        default_layers: vec!["activation_14"],
        citations: &[],
    }
}
