//! A scene's result for tests, benchmarks and looking at figures, made without a network.
//!
//! The picture is real: the typhoon south of Tokyo. What the "network" says of it is made up, with the
//! shapes, signs and gaps of real answers: a hump of evidence at the eye, one against it over the city.

use std::sync::LazyLock;

use stormlens_data::field::Field;
use stormlens_data::outcome::{
    Axis, Colours, Domain, Note, Number, Outcome, Provenance, Quantity, Role, SceneGeometry,
    Values, Variable,
};
use stormlens_data::request::{ClassOutput, Request, Subject, Target};
use stormlens_data::scene::{
    Coding, Fit, Limits, Picture, Prepared, Reference, Resampling, Statistics, Variant,
    outside_training_range, read, resize,
};

use super::attributions::{completeness, share_of_maximum, weighted_activation, weights};
use super::cards::CLASSES;
use super::fields::from_fn;
use super::{explain, methods, provenance, series};
use crate::words::{probability, signed};

/// Layers of the result and their sides in cells.
pub const SCENE_LAYERS: [(&str, usize); 4] =
    [("activation_8", 32), ("activation_12", 8), ("activation_14", 4), ("activation_15", 2)];
/// The one of [`SCENE_LAYERS`] without positive evidence.
pub const EMPTY_SCENE_LAYER: &str = "activation_15";

const LOGITS: [f64; 2] = [-1.21, 0.99];
/// The class that is explained.
const CLASS: usize = 1;
const N_STEPS: usize = 50;
const AT_BASELINE: f64 = 0.0474;

/// A result with everything in it, of a picture stretched to 800 × 800. Equal at every call.
///
/// # Panics
/// If the scenes of the repository are not there.
pub fn scene_outcome() -> Outcome {
    static OUTCOME: LazyLock<Outcome> =
        LazyLock::new(|| scene_outcome_of(&scene_picture(), Variant::LR_512, Fit::Stretch));
    OUTCOME.clone()
}

/// The picture of [`scene_outcome`].
///
/// # Panics
/// If the scenes of the repository are not there.
pub fn scene_picture() -> Picture {
    let file = "data/sentinel1/tokyo_bay_20191012_380px.png";
    read(&super::repository().join(file), &Limits::default())
        .expect("the scenes of the repository are readable")
}

/// The same of another picture, at another size.
pub fn scene_outcome_of(picture: &Picture, variant: Variant, fit: Fit) -> Outcome {
    let resampling = Resampling::Nearest;
    let prepared = resize(picture, variant.input_px, resampling, fit);
    let geometry = SceneGeometry {
        title: "Typhoon south of Tokyo".into(),
        width_px: picture.width,
        height_px: picture.height,
        variant,
        content: prepared.content,
        place: None,
    };
    let statistics = Statistics::of(picture);
    let target = Target::Class { class: CLASS, output: ClassOutput::Probability };
    let request = Request {
        model: "polar-low".into(),
        checkpoint: "test".into(),
        subject: Subject::Scene {
            scene: "0123456789abcdef".into(),
            resampling,
            fit,
            coding: Coding::default(),
        },
        explain: explain(target, "50"),
    };
    let variables = variables(&geometry, &prepared);
    let mut numbers = numbers(&statistics);
    numbers.extend(completeness(&variables));
    let provenance = Provenance {
        data_source: "contains modified Copernicus Sentinel data 2019".into(),
        data_files: vec!["tokyo_bay_20191012_380px.png".into()],
        data_sha256: "1".repeat(64),
        data_licence: "MIT".into(),
        ..provenance(&request)
    };
    let notes = notes(&statistics, resampling);
    Outcome { request, variables, numbers, notes, provenance, duration_ms: 0.0 }
}

fn variables(geometry: &SceneGeometry, prepared: &Prepared) -> Vec<Variable> {
    let rgb = prepared.to_rgb8();
    let mut variables = vec![
        picture(geometry, &rgb),
        class_scores("logit", &LOGITS),
        class_scores("probability", &probabilities()),
    ];
    variables.extend(SCENE_LAYERS.into_iter().flat_map(|layer| grad_cam(geometry, layer)));
    variables.push(integrated_gradients(geometry, &rgb));
    let shares = (0..=N_STEPS).map(|i| i as f64 / N_STEPS as f64);
    let path = shares.clone().map(on_path).collect();
    let quantity = Quantity::new("target along the path", "probability", Colours::None);
    let axis = Axis::numbers("path", "1", shares.collect());
    variables.push(series("integrated_gradients/path".into(), quantity, axis, path));
    variables.push(saliency(geometry, &rgb));
    variables
}

fn picture(geometry: &SceneGeometry, rgb: &[u8]) -> Variable {
    let plane = |channel| rgb.iter().skip(channel).step_by(3).copied();
    Variable {
        name: "scene".into(),
        role: Role::Input,
        quantity: Quantity::new("radar backscatter", "1", Colours::Picture),
        axes: vec![channel()],
        plane: Some([geometry.variant.input_px; 2]),
        domain: Domain::Scene(geometry.clone()),
        values: Values::U8((0..3).flat_map(plane).collect()),
    }
}

fn channel() -> Axis {
    Axis::names(Axis::CHANNEL, ["red", "green", "blue"])
}

fn class_scores(name: &str, values: &[f64]) -> Variable {
    let axis = Axis::names(Axis::CLASS, CLASSES.map(|class| class.label));
    let quantity = Quantity::new(name, "1", Colours::None);
    Variable { role: Role::Prediction, ..series(name.into(), quantity, axis, values.to_vec()) }
}

fn probabilities() -> Vec<f64> {
    let sum: f64 = LOGITS.iter().map(|logit| logit.exp()).sum();
    LOGITS.iter().map(|logit| logit.exp() / sum).collect()
}

fn role(method: &str, layer: Option<&str>) -> Role {
    let (label, logit) = (CLASSES[CLASS].label, signed(LOGITS[CLASS]));
    let probability = probability(probabilities()[CLASS]);
    Role::Attribution {
        method: method.into(),
        layer: layer.map(str::to_owned),
        target: format!("{label}: probability {probability}, logit {logit}"),
    }
}

fn numbers(statistics: &Statistics) -> Vec<Number> {
    let Statistics { no_data_share, mean, std, .. } = statistics;
    let mut numbers =
        vec![Number::new("no_data_share", *no_data_share, "1", "of the picture holds no data")];
    for (channel, colour) in ["red", "green", "blue"].into_iter().enumerate() {
        let number = |what: &str, value, meaning| {
            Number::new(format!("{what}_{colour}"), value, "1", meaning)
        };
        numbers.push(number("mean", mean[channel], "of full scale, where there are data"));
        numbers.push(number("std", std[channel], "of full scale, where there are data"));
    }
    let score = |method: &str| match method {
        "grad_cam" => Number::new("grad_cam/target", LOGITS[CLASS], "logit", "that is explained"),
        method => {
            let name = format!("{method}/target");
            Number::new(name, probabilities()[CLASS], "probability", "that is explained")
        }
    };
    numbers.extend(methods().iter().map(|card| score(&card.variable())));
    numbers
}

fn notes(statistics: &Statistics, resampling: Resampling) -> Vec<Note> {
    let note = |name: &str, text: String, is_on_figures| Note::new(name, text, is_on_figures);
    let mut notes = vec![note("resampling", resampling.to_string(), false)];
    let reasons = outside_training_range(statistics, &Reference::published());
    if !reasons.is_empty() {
        notes.push(note(
            "outside-training-range",
            "the scene is unlike the training scenes".into(),
            true,
        ));
    }
    notes.extend(reasons.into_iter().map(|reason| note("outside-training-range", reason, false)));
    notes
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

fn grad_cam(geometry: &SceneGeometry, (layer, side): (&str, usize)) -> Vec<Variable> {
    let middle = |i: usize| (i as f32 + 0.5) / side as f32;
    let offset = if layer == EMPTY_SCENE_LAYER { 2.0 } else { 0.05 };
    let raw =
        from_fn(side, side, |r, c| 0.04 * (evidence(middle(r), middle(c), 0.16, 0.5) - offset));
    let highest = raw.range().map_or(0.0, |(_, high)| high);
    let cam = raw.map(|v| if highest > 0.0 { v.max(0.0) / highest } else { 0.0 });
    let map = |name: String, quantity: Quantity, field: Field| Variable {
        name,
        role: role("grad-cam", Some(layer)),
        quantity,
        axes: Vec::new(),
        plane: Some([side; 2]),
        domain: Domain::SceneCentre(geometry.clone()),
        values: Values::F32(field.values),
    };
    vec![
        map(format!("grad_cam/{layer}"), share_of_maximum(), cam),
        map(format!("grad_cam/{layer}/raw"), weighted_activation(), raw),
        weights(layer),
    ]
}

/// An attribution of every pixel and channel of the centre: what `value` makes of a place and the
/// picture there, 0 to 1.
fn pixels(
    name: &str,
    quantity: Quantity,
    geometry: &SceneGeometry,
    rgb: &[u8],
    value: impl Fn([usize; 3], f32) -> f32,
) -> Variable {
    let (crop, side) = (geometry.crop(), geometry.variant.crop_px);
    let at = |channel: usize, row: usize, column: usize| {
        let pixel = (crop.top + row) * geometry.variant.input_px + crop.left + column;
        value([channel, row, column], f32::from(rgb[3 * pixel + channel]) / 255.0)
    };
    let plane = |channel| from_fn(side, side, |row, column| at(channel, row, column)).values;
    Variable {
        name: name.into(),
        role: role(&name.replace('_', "-"), None),
        quantity,
        axes: vec![channel()],
        plane: Some([side; 2]),
        domain: Domain::SceneCentre(geometry.clone()),
        values: Values::F32((0..3).flat_map(plane).collect()),
    }
}

fn integrated_gradients(geometry: &SceneGeometry, rgb: &[u8]) -> Variable {
    let side = geometry.variant.crop_px as f32;
    let share = |i: usize| (i as f32 + 0.5) / side;
    let quantity = Quantity::new("attribution", "probability", Colours::Signed);
    let value = |[channel, row, column]: [usize; 3], picture: f32| {
        let hump = evidence(share(row), share(column), 0.09, 0.08);
        picture * (hump + 0.15 * noise(channel, row, column))
    };
    let mut attribution = pixels("integrated_gradients", quantity, geometry, rgb, value);
    let wanted = 0.986 * (on_path(1.0) - on_path(0.0));
    let sum: f64 = attribution.to_f64().iter().sum();
    if let Values::F32(values) = &mut attribution.values {
        values.iter_mut().for_each(|v| *v = (f64::from(*v) * wanted / sum) as f32);
    }
    attribution
}

fn saliency(geometry: &SceneGeometry, rgb: &[u8]) -> Variable {
    let side = geometry.variant.crop_px as f32;
    let share = |i: usize| (i as f32 + 0.5) / side;
    let quantity = Quantity::new("absolute gradient", "probability", Colours::Sizes);
    pixels("saliency", quantity, geometry, rgb, |[channel, row, column], picture| {
        let hump = evidence(share(row), share(column), 0.12, 0.3).abs();
        1e-3 * (0.2 + picture) * hump * (1.0 + noise(channel, row, column)).abs()
    })
}

/// From −1 to 1, the same for the same place.
fn noise(channel: usize, row: usize, column: usize) -> f32 {
    let mixed = (channel * 73_856_093) ^ (row * 19_349_663) ^ (column * 83_492_791);
    (mixed % 2001) as f32 / 1000.0 - 1.0
}

/// The probability on the way from black to the scene: slow, steep, saturated.
fn on_path(share: f64) -> f64 {
    let step = |share: f64| 1.0 / (1.0 + (-14.0 * (share - 0.4)).exp());
    let way = (step(share) - step(0.0)) / (step(1.0) - step(0.0));
    AT_BASELINE + (probabilities()[CLASS] - AT_BASELINE) * way
}
