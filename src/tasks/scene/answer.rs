//! From logits to probabilities of classes, and what has to be said of them.

use stormlens_data::card::{CheckpointCard, Class};
use stormlens_data::network::Explained;
use stormlens_data::outcome::{
    Axis, Colours, Domain, Note, Number, Outcome, Provenance, Quantity, Role, SceneGeometry,
    Values, Variable,
};
use stormlens_data::request::{ClassOutput, Subject, Target};
use stormlens_data::scene::{FeatureDistance, Reference, Statistics, outside_training_range};

use super::prepare::PreparedScene;
use super::question::class;
use crate::task::Answered;
use crate::tasks::explained::Setting;
use stormlens_plot::words::{number, signed};

#[cfg(test)]
mod tests;

/// Red, green and blue.
pub const CHANNELS: [&str; 3] = ["red", "green", "blue"];

/// The result of an answer.
///
/// # Panics
/// If the answer is of another task's question.
pub fn outcome(answered: Answered<'_>) -> Outcome {
    let Answered { request, cards, rest, answers, provenance, duration_ms, methods, .. } = answered;
    let answer = answers.into_iter().next().unwrap_or_default();
    let scene = *rest.downcast::<PreparedScene>().expect("the picture of this question");
    let classes = cards.model.scene_classification().map_or(&[][..], |task| task.classes);
    let logits: Vec<f64> = answer.prediction.iter().copied().map(f64::from).collect();
    let said = Said { classes, probabilities: softmax(&logits), logits };
    let mut variables = vec![
        said.variable("probability", &said.probabilities),
        said.variable("logit", &said.logits),
        picture(&scene),
    ];
    let target_of =
        |explained: &Explained| request.explained_by(&explained.method).map(|e| &e.target);
    let words =
        |explained: &Explained| target_of(explained).map_or(String::new(), |t| said.words(t));
    let unit = |explained: &Explained| match target_of(explained) {
        Some(Target::Class { output: ClassOutput::Probability, .. }) => "probability",
        _ => "logit",
    };
    let setting = Setting {
        methods,
        input_axis: Axis::names(Axis::CHANNEL, CHANNELS),
        input_domain: Domain::SceneCentre(scene.geometry.clone()),
        layer_domain: Domain::SceneCentre(scene.geometry.clone()),
        unit: &unit,
        factor: 1.0,
        input_factor: 1.0,
        has_own_unit: true,
        is_mean: false,
        target: &words,
    };
    variables.extend(answer.explained.iter().flat_map(|explained| setting.variables(explained)));
    let mut numbers: Vec<Number> =
        answer.explained.iter().flat_map(|explained| setting.numbers(explained)).collect();
    numbers.extend(said.numbers());
    numbers.extend(of_picture(&scene.statistics));
    let features = cards.checkpoint.training_features.as_ref();
    let distance = features.and_then(|range| range.distance(&answer.features));
    numbers.extend(distance.iter().flat_map(of_features));
    Outcome {
        request: request.clone(),
        variables,
        numbers,
        notes: notes(&scene, &request.subject, &cards.checkpoint, distance),
        duration_ms: duration_ms + scene.preparation_ms,
        provenance: Provenance {
            data_source: scene.entry.source,
            data_files: vec![scene.entry.title],
            data_sha256: scene.entry.sha256,
            data_licence: scene.entry.licence,
            ..provenance
        },
    }
}

/// What a network says of the classes.
struct Said<'a> {
    classes: &'a [Class],
    logits: Vec<f64>,
    probabilities: Vec<f64>,
}

impl Said<'_> {
    fn variable(&self, name: &str, values: &[f64]) -> Variable {
        Variable {
            name: name.to_owned(),
            role: Role::Prediction,
            quantity: Quantity::new(name, "1", Colours::None),
            axes: vec![Axis::names(Axis::CLASS, self.classes.iter().map(|class| class.label))],
            plane: None,
            domain: Domain::None,
            values: Values::F64(values.to_vec()),
        }
    }

    /// What tables without arrays hold of the answer.
    fn numbers(&self) -> Vec<Number> {
        let of_class = |(i, class): (usize, &Class)| {
            let number = |name: &str, values: &[f64], meaning: &str| {
                let meaning = format!("{meaning} of “{}”", class.label);
                Some(Number::new(format!("{name}/{}", class.name), *values.get(i)?, "1", &meaning))
            };
            [
                number("probability", &self.probabilities, "probability"),
                number("logit", &self.logits, "logit"),
            ]
        };
        self.classes.iter().enumerate().flat_map(of_class).flatten().collect()
    }

    /// `polar low: probability 0.976, logit +1.95`
    fn words(&self, target: &Target) -> String {
        let idx = class(target);
        let (Some(class), Some(&probability)) =
            (self.classes.get(idx), self.probabilities.get(idx))
        else {
            return String::new();
        };
        let label = class.label;
        let logit = signed(self.logits[idx]);
        let mut words = format!("{label}: probability {}, logit {logit}", in_words(probability));
        let most = most_probable(&self.probabilities);
        if most != idx {
            let share = in_words(self.probabilities[most]);
            words.push_str(&format!("; predicted: {} ({share})", self.classes[most].label));
        }
        words
    }
}

/// The place of the largest.
pub fn most_probable(probabilities: &[f64]) -> usize {
    let places = 0..probabilities.len();
    places.max_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b])).unwrap_or(0)
}

/// A probability at three decimals, which never says 0 or 1.
fn in_words(probability: f64) -> String {
    match probability {
        p if p < 0.0005 => "below 0.001".into(),
        p if p >= 0.9995 => "above 0.999".into(),
        p if p.is_finite() => format!("{p:.3}"),
        p => number(p),
    }
}

pub fn softmax(logits: &[f64]) -> Vec<f64> {
    let high = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|y| (y - high).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// The square that the picture became.
fn picture(scene: &PreparedScene) -> Variable {
    let side = scene.geometry.variant.input_px;
    Variable {
        name: "scene".to_owned(),
        role: Role::Input,
        quantity: Quantity::new("SAR quicklook", "1", Colours::Picture),
        axes: vec![Axis::names(Axis::CHANNEL, CHANNELS)],
        plane: Some([side, side]),
        domain: Domain::Scene(scene.geometry.clone()),
        values: Values::U8(scene.rgb.clone()),
    }
}

/// What can be said of the picture without a network.
fn of_picture(statistics: &Statistics) -> Vec<Number> {
    let share = |name: &str, value: f64, meaning: &str| Number::new(name, value, "1", meaning);
    let mut numbers = vec![
        share(
            "no_data_share",
            statistics.no_data_share,
            "share of the pixels that are exactly black",
        ),
        share("n_valid", statistics.n_valid as f64, "pixels with data"),
        share(
            "red_equals_green_share",
            statistics.red_equals_green_share,
            "share of the pixels with data whose red is their green",
        ),
        share("grey_share", statistics.grey_share, "share of the pixels with data that are grey"),
    ];
    for (i, channel) in CHANNELS.iter().enumerate() {
        let mean = "mean over pixels with data, as a share of full scale";
        numbers.push(share(&format!("mean_{channel}"), statistics.mean[i], mean));
        let std = "standard deviation over pixels with data, as a share of full scale";
        numbers.push(share(&format!("std_{channel}"), statistics.std[i], std));
    }
    numbers
}

/// Where the scene lies among the training scenes, in the features of the network.
fn of_features(found: &FeatureDistance) -> [Number; 2] {
    let number = |name: &str, value: f64, meaning: &str| Number::new(name, value, "1", meaning);
    [
        number(
            "feature_distance",
            found.distance,
            "Mahalanobis distance of the mean activations of the network's first three blocks from those of the training scenes",
        ),
        number(
            "feature_distance_limit",
            found.limit,
            "99 % of the scenes that did not train the network, and are of the same kind, are nearer",
        ),
    ]
}

fn far(found: FeatureDistance) -> String {
    let FeatureDistance { distance, limit, n_train, n_held_out } = found;
    format!(
        "the first layers of the network respond to this scene differently than to the {n_train} training \
         scenes: distance {}; 99 % of {n_held_out} scenes kept for validation stay below {}",
        number(distance),
        number(limit)
    )
}

fn notes(
    scene: &PreparedScene,
    subject: &Subject,
    checkpoint: &CheckpointCard,
    distance: Option<FeatureDistance>,
) -> Vec<Note> {
    let mut notes = Vec::new();
    if checkpoint.is_simulated {
        notes.push(Note::new("simulated", "weights trained on simulated scenes", true));
    }
    let reference = checkpoint.training_range.clone().unwrap_or_else(Reference::published);
    let mut reasons = outside_training_range(&scene.statistics, &reference);
    reasons.extend(distance.filter(FeatureDistance::is_far).map(far));
    if !reasons.is_empty() {
        notes.push(Note::new(
            "outside-training-range",
            "the scene is unlike the training scenes",
            true,
        ));
        notes.extend(
            reasons.iter().map(|reason| Note::new("outside-training-range-because", reason, false)),
        );
    }
    if !scene.coding.is_empty() {
        notes.push(Note::new("coding", scene.coding.as_str(), false));
    }
    let SceneGeometry { width_px, height_px, place, .. } = &scene.geometry;
    if let Some(place) = place {
        notes.push(Note::new("place", place.in_words([*width_px, *height_px]), false));
    }
    // Figures say how the picture was resized.
    if let Subject::Scene { resampling, .. } = subject {
        notes.push(Note::new("resampling", resampling.name(), false));
    }
    notes
}
