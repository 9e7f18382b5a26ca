//! Cards, a catalogue over the data of the repository, and made-up answers: for the tests of tasks, of
//! questions and of pages.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use stormlens_data::card::{
    CheckpointCard, Class, Layer, MethodCard, ModelCard, NowcastField, Nowcasting, OptionCard,
    OptionKind, PublishedOption, SceneClassification, Task as Kind,
};
use stormlens_data::hash::sha256;
use stormlens_data::network::{Answer, Asked, Explained, Map, Meaning, Measure, Series};
use stormlens_data::outcome::{Outcome, Provenance};
use stormlens_data::request::Silent;
use stormlens_data::scene::{ID_DIGITS, Variant};

use super::{Folders, UploadLimits};
use crate::catalog::{CardBox, Catalog};
use crate::memory::MemoryLimit;
use crate::parameters::{Parameters, QuestionError};
use crate::question::Question;
use crate::task::{Answered, Files, Prepared, Task};
use stormlens_plot::testing;

/// Radar of which the frames 30 and 60 minutes later are there, and that 180 minutes later is not.
pub(crate) const SAMPLE: &str = "knmi-20100826T0535";
/// Clouds of which the next four frames are there, and the two after those are not.
pub(crate) const CLOUDS: &str = "cloudcast-20180701T0645";

pub(crate) const CLASSES: &[Class] =
    &[Class { name: "neg", label: "no polar low" }, Class { name: "pos", label: "polar low" }];

const STEPS: OptionCard = OptionCard {
    name: "steps",
    label: "Steps",
    default: "50",
    kind: OptionKind::Whole { least: 2, most: 1600, offered: &[20, 50] },
};
const BASELINE: OptionCard = OptionCard {
    name: "baseline",
    label: "Baseline",
    default: "zero",
    kind: OptionKind::Choice(&[("zero", "zero"), ("blurred", "blurred"), ("mean", "its mean")]),
};
const TOLERANCE: OptionCard = OptionCard {
    name: "tolerance",
    label: "More steps until",
    default: "none",
    kind: OptionKind::Share { least: 0.001, most: 1.0, offered: &[0.05], none: "never" },
};

fn methods() -> Vec<MethodCard> {
    let [cam, gradients, saliency] = *testing::methods() else { panic!("there are three") };
    vec![cam, MethodCard { options: &[STEPS, BASELINE, TOLERANCE], ..gradients }, saliency]
}

fn layers(groups: &[(&str, &'static str)]) -> Vec<Layer> {
    let layer = |(name, group): &(&str, &'static str)| Layer {
        name: (*name).to_owned(),
        label: format!("The {name}"),
        group,
    };
    groups.iter().map(layer).collect()
}

/// A network of frames.
fn frames(id: &'static str) -> ModelCard {
    ModelCard {
        id,
        title: "A network",
        summary: "Answers as it likes",
        task: Kind::Nowcasting,
        layers: layers(&[("first", "Encoder"), ("second", "Encoder"), ("last", "Decoder")]),
        default_layers: vec!["last"],
        citations: &[],
        published_options: &[],
        masks: false,
    }
}

/// A network of pictures, published with 200 steps of integrated gradients.
fn pictures() -> ModelCard {
    const TWO_HUNDRED: PublishedOption =
        PublishedOption { method: "integrated-gradients", option: "steps", value: "200" };
    ModelCard {
        task: Kind::SceneClassification(SceneClassification {
            classes: CLASSES,
            default_class: 1,
            default_variant: Variant::LR_512,
            default_layers: &[],
        }),
        layers: layers(&[("first", "Blocks"), ("last", "Blocks")]),
        published_options: &[TWO_HUNDRED],
        masks: false,
        ..frames("polar")
    }
}

fn weights(model: &str, name: &str) -> CheckpointCard {
    CheckpointCard {
        name: name.to_owned(),
        model: model.to_owned(),
        weights_sha256: sha256(format!("{model}/{name}").as_bytes()),
        training_data: String::new(),
        licence: String::new(),
        n_parameters: 1,
        is_simulated: false,
        nowcasting: None,
        refining: None,
        fields: None,
        members: Vec::new(),
        absent_layers: Vec::new(),
        variant: None,
        training_range: None,
        training_features: None,
        likeness: None,
        split: None,
        left_over: Vec::new(),
    }
}

fn rain(name: &str, lead_times_min: &[u32]) -> CheckpointCard {
    let task = Nowcasting {
        field: NowcastField::Precipitation,
        n_input_frames: 12,
        frame_step_min: 5,
        lead_times_min: lead_times_min.to_vec(),
        is_stated: true,
        size_multiple: 16,
    };
    CheckpointCard { nowcasting: Some(task), ..weights("rain", name) }
}

/// A network that can do without patches of the frames.
fn spark() -> ModelCard {
    ModelCard { masks: true, ..frames("spark") }
}

const HOUR: [u32; 12] = [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60];

/// Without lead times, weights of its pre-training.
fn of_spark(name: &str, lead_times_min: &[u32]) -> CheckpointCard {
    let nowcasting = rain(name, lead_times_min).nowcasting;
    CheckpointCard { nowcasting, ..weights("spark", name) }
}

fn clouds() -> CheckpointCard {
    let task = Nowcasting {
        field: NowcastField::CloudCover,
        n_input_frames: 4,
        frame_step_min: 15,
        lead_times_min: vec![15, 30, 45, 60, 75, 90],
        is_stated: true,
        size_multiple: 16,
    };
    CheckpointCard { nowcasting: Some(task), ..weights("clouds", "europe") }
}

/// Weights that do not say what they forecast, and were trained on what a program made.
fn assumed() -> CheckpointCard {
    let mut card = CheckpointCard { is_simulated: true, ..rain("assumed", &[30]) };
    card.nowcasting.as_mut().expect("it takes frames").is_stated = false;
    card
}

/// One network without weights, and one of each kind of frames and of pictures.
pub(crate) fn cards() -> CardBox {
    let small = |name| CheckpointCard { variant: Some(Variant::LR_128), ..weights("polar", name) };
    CardBox {
        models: vec![frames("bare"), frames("rain"), frames("clouds"), spark(), pictures()],
        checkpoints: vec![
            rain("one", &[30, 60, 180]),
            rain("late", &[60]),
            assumed(),
            clouds(),
            of_spark("before", &[]),
            of_spark("hour", &HOUR),
            small("one"),
            CheckpointCard { is_simulated: true, ..small("simulated") },
            weights("polar", "large"),
        ],
        methods: methods(),
    }
}

/// The data of the repository.
pub(crate) fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data")
}

/// Where tasks find those; nothing was uploaded.
pub(crate) fn folders() -> Folders {
    Folders {
        data: data(),
        cache: data().join("no/such/folder"),
        max_cache_bytes: 0,
        max_file_bytes: 1_000_000,
        upload_limits: UploadLimits::default(),
    }
}

/// Takes a file in, as the command line does.
pub(crate) fn bring(task: &dyn Task, file: &Path) -> anyhow::Result<Vec<String>> {
    let checkpoint =
        if task.subject_parameter() == "sample" { rain("one", &[30]) } else { assumed() };
    let (paths, parameters) = ([file.to_owned()], Parameters::default());
    let memory = MemoryLimit::default();
    task.bring(&Files { paths: &paths, parameters: &parameters, checkpoint: &checkpoint, memory })
}

/// All tasks over the data of the repository, and [`cards`].
pub(crate) fn catalog() -> Arc<Catalog> {
    static CATALOG: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
        let opened = super::open(&folders()).expect("the data of the repository can be read");
        Catalog::new(cards(), opened.into_iter().map(|opened| opened.task).collect()).into()
    });
    CATALOG.clone()
}

/// A question by its address.
pub(crate) fn ask(query: &str) -> Result<Question, QuestionError> {
    Question::read(&Parameters::parse(Some(query)), &catalog(), &[])
}

/// The id of a picture of the repository.
pub(crate) fn scene(file: &str) -> String {
    let bytes = std::fs::read(data().join(file)).expect("the repository has it");
    sha256(&bytes)[..ID_DIGITS].to_owned()
}

/// The scene that most tests look at: 380 × 378 pixels.
pub(crate) fn typhoon() -> String {
    scene("sentinel1/tokyo_bay_20191012_380px.png")
}

/// A question, and the result that its task makes of a made-up answer.
pub(crate) fn answered(query: &str) -> (Question, Outcome) {
    let question = ask(query).expect("it can be asked");
    let outcome = answer(&question);
    (question, outcome)
}

/// The result of a question.
pub(crate) fn answer(question: &Question) -> Outcome {
    let prepared = question.task.prepare(&question.request, &question.cards);
    let prepared = prepared.unwrap_or_else(|error| panic!("{error}"));
    let made_up = made_up(question, &prepared);
    finish(question, prepared, made_up)
}

/// The result of a question and an answer.
pub(crate) fn finish(question: &Question, prepared: Prepared, answer: Answer) -> Outcome {
    let (request, cards) = (&question.request, &question.cards);
    let provenance = Provenance {
        program: "stormlens".into(),
        model: request.model.clone(),
        checkpoint: request.checkpoint.clone(),
        weights_sha256: cards.checkpoint.weights_sha256.clone(),
        data_source: String::new(),
        data_files: Vec::new(),
        data_sha256: String::new(),
        data_licence: String::new(),
        device: "one".into(),
    };
    let methods = question.methods();
    let (rest, duration_ms) = (prepared.rest, 12.5);
    let (answers, placed) = (vec![answer], Vec::new());
    let progress = &Silent;
    let answered = Answered {
        request,
        cards,
        rest,
        answers,
        placed,
        provenance,
        duration_ms,
        methods,
        progress,
    };
    question.task.answer(answered).expect("nobody stops it")
}

/// A forecast is half of the last frame and a thousandth more for each lead time; of classes the second is
/// the more probable one.
pub(crate) fn made_up(question: &Question, prepared: &Prepared) -> Answer {
    let [n_channels, height, width] = prepared.passes[0].input.shape;
    let n_pixels = height * width;
    let nowcasting = question.cards.checkpoint.nowcasting.as_ref();
    let last = &prepared.passes[0].input.values[(n_channels - 1) * n_pixels..];
    let lead = |n: usize| last.iter().map(move |x| 0.5 * x + 0.001 * (n + 1) as f32);
    let n_leads = nowcasting.map_or(0, |task| task.lead_times_min.len());
    let (prediction, shape) = match n_leads {
        0 => (vec![-1.21, 0.99], vec![2]),
        n => ((0..n).flat_map(lead).collect(), vec![n, height, width]),
    };
    let mask = |i: usize| f32::from(u8::from(i.is_multiple_of(3)));
    let mask = (n_leads > 0).then(|| (0..n_pixels).map(mask).collect::<Vec<_>>());
    let layers: Vec<&str> =
        question.cards.model.layers.iter().map(|layer| layer.name.as_str()).collect();
    let made = Made { shape: prepared.passes[0].input.shape, layers, mask };
    let explained = prepared.passes[0].asked.iter().map(|asked| made.explained(asked)).collect();
    Answer { prediction, shape, explained, ..Answer::default() }
}

/// What made-up explanations are made of.
struct Made<'a> {
    shape: [usize; 3],
    layers: Vec<&'a str>,
    mask: Option<Vec<f32>>,
}

/// The target of every made-up explanation, in the unit of the network.
pub(crate) const SCORE: f64 = 2.0;
/// The pooled gradients of every layer.
pub(crate) const POOLED: [f64; 2] = [0.25, -0.5];
/// The target along every path.
pub(crate) const PATH: [f64; 3] = [0.5, 1.0, 2.0];

impl Made<'_> {
    fn explained(&self, asked: &Asked) -> Explained {
        let (maps, series, measures) = match asked.method.as_str() {
            "grad-cam" => (self.cams(), self.pooled(), Vec::new()),
            "integrated-gradients" => self.shares(),
            _ => (vec![self.of_input(Meaning::Sensitivity, 1.0)], Vec::new(), Vec::new()),
        };
        let (method, mask) = (asked.method.clone(), self.mask.clone());
        Explained { method, score: SCORE, mask, maps, series, measures }
    }

    /// Values from 0 to 1 times a factor, the same at each place of each channel.
    fn of_input(&self, meaning: Meaning, factor: f32) -> Map {
        let n = self.shape.iter().product();
        let values = (0..n).map(|i: usize| factor * (i % 101) as f32 / 100.0).collect();
        Map { part: "", layer: None, meaning, shape: self.shape, values }
    }

    fn cams(&self) -> Vec<Map> {
        let [_, height, width] = self.shape;
        // Layers of a classifier keep their size.
        let shown = if self.mask.is_some() { [1, height, width] } else { [1, 4, 4] };
        let map = |layer: &str, part, meaning, shape: [usize; 3]| {
            let n = shape.iter().product();
            let values = (0..n).map(|i: usize| (i % 11) as f32 / 10.0).collect();
            Map { part, layer: Some(layer.to_owned()), meaning, shape, values }
        };
        let of_layer = |layer: &&str| {
            [
                map(layer, "", Meaning::ShareOfMaximum, shown),
                map(layer, "raw", Meaning::WeightedActivation, [1, 4, 4]),
            ]
        };
        self.layers.iter().flat_map(of_layer).collect()
    }

    fn pooled(&self) -> Vec<Series> {
        let of_layer = |layer: &&str| Series {
            part: "weights",
            layer: Some((*layer).to_owned()),
            axis: "channel",
            coordinates: vec![0.0, 1.0],
            name: "weights of the layer's channels",
            is_in_target_unit: false,
            values: POOLED.to_vec(),
        };
        self.layers.iter().map(of_layer).collect()
    }

    fn shares(&self) -> (Vec<Map>, Vec<Series>, Vec<Measure>) {
        let path = Series {
            part: "path",
            layer: None,
            axis: "path",
            coordinates: vec![0.0, 0.5, 1.0],
            name: "target along the path",
            is_in_target_unit: true,
            values: PATH.to_vec(),
        };
        let n_channels = self.shape[0];
        let sums = Series {
            part: "sums",
            axis: "channel",
            coordinates: (0..n_channels).map(|channel| channel as f64).collect(),
            name: "sum over each channel",
            values: vec![0.125; n_channels],
            ..path.clone()
        };
        let measure = |name, value, is_in_target_unit| Measure {
            name,
            value,
            is_in_target_unit,
            meaning: "as asked",
        };
        let measures = vec![
            measure("n_steps", 2.0, false),
            measure("sum", 1.75, true),
            measure("output_difference", 1.5, true),
            measure("completeness_gap", 0.25, true),
        ];
        // Only the channels of frames are compared with each other.
        let series = if self.mask.is_some() { vec![path, sums] } else { vec![path] };
        (vec![self.of_input(Meaning::Contribution, 0.01)], series, measures)
    }
}
