//! Results for tests, benchmarks and looking at figures, made without a network.
//!
//! The rain is real: the Dutch radar on 26 August 2010. The "prediction" is the last frame moved along
//! as far as it moved before, and the "attributions" are plain functions of the rain, so that they have
//! the shapes, signs and gaps of real ones. Nothing here says anything about any network.

mod attributions;
mod cards;
mod fields;
mod scene;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jiff::Timestamp;
use stormlens_data::field::Field;
use stormlens_data::import::knmi;
use stormlens_data::outcome::{
    Axis, Colours, Domain, Number, Outcome, Over, Provenance, Quantity, Role, Values, Variable,
};
use stormlens_data::request::{Explain, Request, Subject, Target};

use crate::words::{count, number};

pub use cards::{card, methods, scene_card};
pub use scene::{EMPTY_SCENE_LAYER, SCENE_LAYERS, scene_outcome, scene_outcome_of, scene_picture};

const THRESHOLD_MM_H: f64 = 1.5;
const N_FRAMES: usize = 12;
const LEAD_TIME_MIN: u32 = 30;

/// Layers of the result: one of the input's size, smaller ones, and one without evidence.
pub const LAYERS: [(&str, usize); 4] =
    [("Up_RRCNN2.doubleconv", 288), ("Up_RRCNN3", 144), ("cbam3", 72), ("cbam5", 18)];
/// The one of [`LAYERS`] whose map is zero everywhere.
pub const EMPTY_LAYER: &str = "cbam5";

/// A result with everything in it, 30 min ahead. Equal at every call.
///
/// # Panics
/// If the radar frames of the repository are not there.
pub fn outcome() -> Outcome {
    static OUTCOME: LazyLock<Outcome> = LazyLock::new(|| outcome_of_leads(1));
    OUTCOME.clone()
}

/// The same for several lead times, half an hour apart; observed is the first one alone, and explained
/// too.
///
/// # Panics
/// If the radar frames of the repository are not there.
pub fn outcome_of_leads(n_leads: usize) -> Outcome {
    let radar = Radar::read();
    let minutes: Vec<u32> = (1..=n_leads as u32).map(|lead| lead * LEAD_TIME_MIN).collect();
    let predictions = fields::moved(&radar.inputs_mm_h, n_leads);
    let last = &radar.inputs_mm_h[N_FRAMES - 1];
    let mut observed = vec![radar.observation_mm_h.clone()];
    observed.resize(n_leads, last.map(|_| f32::NAN));
    let lead_time = || vec![lead_time(radar.times[N_FRAMES - 1], minutes.clone())];
    let rate = || Quantity::rain_rate().over(Over::Mean);
    let rain = |name, role, axes, frames| variable(name, role, rate(), axes, frames);

    let input_time = || vec![input_time(&radar.times)];
    let mut variables = vec![
        rain("input", Role::Input, input_time(), &radar.inputs_mm_h),
        rain("prediction", Role::Prediction, lead_time(), &predictions),
        rain("observation", Role::Observation, lead_time(), &observed),
        rain("persistence", Role::Reference, lead_time(), &vec![last.clone(); n_leads]),
    ];
    let target = Explained::of(&predictions[0], &radar.times);
    variables.push(target.mask());
    variables.extend(attributions::grad_cam(&predictions[0], &target.words()));
    variables.extend(attributions::integrated_gradients(&radar.inputs_mm_h, &target));
    variables.push(attributions::saliency(&radar.inputs_mm_h, &target));
    let mut numbers = target.numbers();
    numbers.extend(attributions::completeness(&variables));
    let request = request();
    let provenance = radar.provenance(&request);
    Outcome { request, variables, numbers, notes: Vec::new(), provenance, duration_ms: 0.0 }
}

/// Frames are sums of five minutes, and so are forecasts made of them.
const INTERVAL_MIN: u32 = 5;

fn lead_time(from: Timestamp, minutes: Vec<u32>) -> Axis {
    Axis::lead_time(from, minutes).of_intervals(INTERVAL_MIN)
}

fn input_time(times: &[Timestamp]) -> Axis {
    Axis::input_time(times.to_vec()).of_intervals(INTERVAL_MIN)
}

fn request() -> Request {
    let target = Target::SumAbove {
        threshold: THRESHOLD_MM_H,
        lead_time_min: LEAD_TIME_MIN,
        last_lead_time_min: None,
    };
    Request {
        model: "sar-unet".into(),
        checkpoint: "test".into(),
        subject: Subject::Nowcast {
            sample: "knmi-201008260455".into(),
            mask: Default::default(),
            steps_mean: false,
        },
        explain: explain(target, "8"),
    }
}

/// All methods, with their own options but for the number of steps.
fn explain(target: Target, n_steps: &str) -> Vec<Explain> {
    let value =
        |name: &str, default: &str| if name == "steps" { n_steps } else { default }.to_owned();
    let explain = |card: &stormlens_data::card::MethodCard| Explain {
        method: card.id.into(),
        options: card.options.iter().map(|o| (o.name.into(), value(o.name, o.default))).collect(),
        target: target.clone(),
        layers: Vec::new(),
    };
    methods().iter().map(explain).collect()
}

/// Maps over the grid of the radar, one an entry of the axis.
fn variable(
    name: &str,
    role: Role,
    quantity: Quantity,
    axes: Vec<Axis>,
    frames: &[Field],
) -> Variable {
    Variable {
        name: name.into(),
        role,
        quantity,
        axes,
        plane: frames.first().map(|field| [field.height, field.width]),
        domain: Domain::Earth(knmi::crop_grid()),
        values: Values::F32(frames.iter().flat_map(|field| field.values.iter().copied()).collect()),
    }
}

/// Numbers along one axis.
fn series(name: String, quantity: Quantity, axis: Axis, values: Vec<f64>) -> Variable {
    Variable {
        name,
        role: Role::Diagnostic,
        quantity,
        axes: vec![axis],
        plane: None,
        domain: Domain::None,
        values: Values::F64(values),
    }
}

/// The number that attributions explain: the sum of the rain above a threshold.
struct Explained {
    mask: Field,
    input_times: Vec<Timestamp>,
    score_mm_h: f64,
}

impl Explained {
    fn of(prediction: &Field, input_times: &[Timestamp]) -> Self {
        let mask = prediction.map(|v| f32::from(u8::from(f64::from(v) > THRESHOLD_MM_H)));
        let pairs = prediction.values.iter().zip(&mask.values);
        let score_mm_h = pairs.map(|(&v, &m)| f64::from(v * m)).sum();
        Self { mask, input_times: input_times.to_vec(), score_mm_h }
    }

    fn input_time(&self) -> Vec<Axis> {
        vec![input_time(&self.input_times)]
    }

    fn n_pixels(&self) -> usize {
        self.mask.values.iter().filter(|&&m| m > 0.0).count()
    }

    fn words(&self) -> String {
        format!(
            "target: predicted rain above {} mm/h ({} pixels)",
            number(THRESHOLD_MM_H),
            count(self.n_pixels())
        )
    }

    fn mask(&self) -> Variable {
        let quantity = Quantity::new(
            &format!("predicted above {} mm/h", number(THRESHOLD_MM_H)),
            "1",
            Colours::Mask,
        );
        let axes = vec![lead_time(self.input_times[N_FRAMES - 1], vec![LEAD_TIME_MIN])];
        variable("target_mask", Role::Mask, quantity, axes, std::slice::from_ref(&self.mask))
    }

    fn numbers(&self) -> Vec<Number> {
        let of = |method: &str| {
            let name = |what: &str| format!("{method}/{what}");
            [
                Number::new(name("target"), self.score_mm_h, "mm/h", "the sum that is explained"),
                Number::new(name("n_pixels"), self.n_pixels() as f64, "1", "pixels of the target"),
            ]
        };
        methods().iter().flat_map(|card| of(&card.variable())).collect()
    }
}

/// The hour of radar frames, and what came half an hour later.
struct Radar {
    inputs_mm_h: Vec<Field>,
    times: Vec<Timestamp>,
    observation_mm_h: Field,
    files: Vec<String>,
    sha256: String,
}

impl Radar {
    fn read() -> Self {
        let clock = |i: usize| format!("{:02}{:02}", 4 + i / 12, i % 12 * 5);
        let later = N_FRAMES - 1 + (LEAD_TIME_MIN / knmi::FRAME_STEP_MIN) as usize;
        let images: Vec<_> = (0..N_FRAMES).chain([later]).map(|i| read(&clock(i))).collect();
        let rain = |image: &knmi::KnmiImage| {
            let crop = image.crop().expect("the crop is complete");
            let mm_h = |&pv: &u16| (f64::from(pv) / 100.0) as f32 * 12.0;
            Field::new(knmi::CROP_SIZE, knmi::CROP_SIZE, crop.iter().map(mm_h).collect())
        };
        let (last, inputs) = images.split_last().expect("there are thirteen frames");
        Self {
            inputs_mm_h: inputs.iter().map(rain).collect(),
            times: inputs.iter().map(|image| image.end).collect(),
            observation_mm_h: rain(last),
            files: images.iter().map(|image| file_name(&image.file)).collect(),
            sha256: images[0].sha256.clone(),
        }
    }

    fn provenance(&self, request: &Request) -> Provenance {
        Provenance {
            data_source: "KNMI radar RAD_NL25_RAP_5min".into(),
            data_files: self.files.clone(),
            data_sha256: self.sha256.clone(),
            data_licence: "CC BY 4.0".into(),
            ..provenance(request)
        }
    }
}

/// Where a result came from, but for its data.
fn provenance(request: &Request) -> Provenance {
    Provenance {
        program: format!("stormlens {}", env!("CARGO_PKG_VERSION")),
        model: request.model.clone(),
        checkpoint: request.checkpoint.clone(),
        weights_sha256: "0".repeat(64),
        data_source: String::new(),
        data_files: Vec::new(),
        data_sha256: String::new(),
        data_licence: String::new(),
        device: "none: test data".into(),
    }
}

/// The folder that `data` lies in.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(clock: &str) -> knmi::KnmiImage {
    let name = format!("RAD_NL25_RAP_5min_20100826{clock}.h5");
    let path = repository().join("data/knmi").join(name);
    knmi::read(&path).expect("the radar frames of the repository are readable")
}

fn file_name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned()
}
