//! A result for tests, benchmarks and looking at figures, made without a network.
//!
//! The rain is real: the Dutch radar on 26 August 2010. The "prediction" is the last frame moved along
//! as far as it moved before, and the "attributions" are plain functions of the rain, so that they have
//! the shapes, signs and gaps of real ones. Nothing here says anything about any network.

mod scene;

use std::path::Path;
use std::sync::LazyLock;

use stormlens_data::card::{Layer, ModelCard, Task};
use stormlens_data::field::Field;
use stormlens_data::import::knmi;
use stormlens_data::outcome::{
    Forecast, GradCam, IntegratedGradients, LayerMap, NowcastOutcome, Provenance, Target,
};
use stormlens_data::request::NowcastRequest;

pub use scene::{
    EMPTY_SCENE_LAYER, SCENE_LAYERS, scene_card, scene_outcome, scene_outcome_of, scene_picture,
};

const THRESHOLD_MM_H: f64 = 1.5;
const N_FRAMES: usize = 12;
const LEAD_FRAMES: usize = 6;

/// Layers of the result: one of the input's size, smaller ones, and one without evidence.
pub const LAYERS: [(&str, usize); 4] =
    [("Up_RRCNN2.doubleconv", 288), ("Up_RRCNN3", 144), ("cbam3", 72), ("cbam5", 18)];
/// The one of [`LAYERS`] whose map is zero everywhere.
pub const EMPTY_LAYER: &str = "cbam5";

/// A result with everything in it. Equal at every call.
///
/// # Panics
/// If the radar frames of the repository are not there.
pub fn outcome() -> NowcastOutcome {
    static OUTCOME: LazyLock<NowcastOutcome> = LazyLock::new(build);
    OUTCOME.clone()
}

fn build() -> NowcastOutcome {
    let clock = |i: usize| format!("{:02}{:02}", 4 + i / 12, i % 12 * 5);
    let images: Vec<knmi::KnmiImage> =
        (0..N_FRAMES).chain([N_FRAMES - 1 + LEAD_FRAMES]).map(|i| read(&clock(i))).collect();
    let rain = |image: &knmi::KnmiImage| {
        image.crop_mm_5min().expect("the crop is complete").map(|v| v * 12.0)
    };
    let (last, inputs) = images.split_last().expect("there are thirteen frames");
    let inputs_mm_h: Vec<Field> = inputs.iter().map(rain).collect();
    let prediction_mm_h = moved(&inputs_mm_h);
    let target = target(&prediction_mm_h);
    let request = NowcastRequest {
        model: "sar-unet".into(),
        checkpoint: "test".into(),
        sample: "knmi-201008260455".into(),
        threshold_mm_h: THRESHOLD_MM_H,
        grad_cam: true,
        ig_steps: Some(8),
    };
    NowcastOutcome {
        grad_cam: Some(grad_cam(&prediction_mm_h, &target)),
        integrated_gradients: Some(gradients(&inputs_mm_h, &target)),
        provenance: Provenance {
            program: format!("stormlens {}", env!("CARGO_PKG_VERSION")),
            model: request.model.clone(),
            checkpoint: request.checkpoint.clone(),
            weights_sha256: "0".repeat(64),
            data_source: "KNMI radar RAD_NL25_RAP_5min".into(),
            data_files: images.iter().map(|i| file_name(&i.file)).collect(),
            data_sha256: images[0].sha256.clone(),
            data_licence: "CC BY 4.0".into(),
            device: "none: test data".into(),
        },
        forecast: Forecast {
            grid: knmi::crop_grid(),
            inputs_mm_h,
            input_times: inputs.iter().map(|i| i.end).collect(),
            prediction_mm_h,
            observation_mm_h: Some(rain(last)),
            valid_time: last.end,
            lead_time_min: LEAD_FRAMES as u32 * knmi::FRAME_STEP_MIN,
            duration_ms: 0.0,
        },
        request,
    }
}

fn read(clock: &str) -> knmi::KnmiImage {
    let name = format!("RAD_NL25_RAP_5min_20100826{clock}.h5");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/knmi").join(name);
    knmi::read(&path).expect("the radar frames of the repository are readable")
}

fn file_name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned()
}

/// The last frame, moved on as the rain moved between the newest two frames that are one lead time
/// apart, and smoothed as a regression would.
fn moved(inputs: &[Field]) -> Field {
    let (before, after) = (&inputs[inputs.len() - 1 - LEAD_FRAMES], &inputs[inputs.len() - 1]);
    let error = |rows: isize, columns: isize| {
        let mut sum = 0.0;
        for r in (40..after.height - 40).step_by(8) {
            for c in (40..after.width - 40).step_by(8) {
                let from = before.at((r as isize - rows) as usize, (c as isize - columns) as usize);
                sum += f64::from((after.at(r, c).sqrt() - from.sqrt()).powi(2));
            }
        }
        sum
    };
    let shifts = (-36..=36).step_by(4).flat_map(|r| (-36..=36).step_by(4).map(move |c| (r, c)));
    let (rows, columns) = shifts
        .min_by(|a, b| error(a.0, a.1).total_cmp(&error(b.0, b.1)))
        .expect("there are shifts to choose from");
    smooth(&shifted(after, rows, columns), 2)
}

fn shifted(field: &Field, rows: isize, columns: isize) -> Field {
    let clamp = |i: isize, n: usize| i.clamp(0, n as isize - 1) as usize;
    let at = |r: usize, c: usize| {
        field.at(clamp(r as isize - rows, field.height), clamp(c as isize - columns, field.width))
    };
    from_fn(field.height, field.width, at)
}

/// Means over squares of `2 * reach + 1` pixels.
fn smooth(field: &Field, reach: usize) -> Field {
    from_fn(field.height, field.width, |r, c| {
        let rows = r.saturating_sub(reach)..(r + reach + 1).min(field.height);
        let columns = c.saturating_sub(reach)..(c + reach + 1).min(field.width);
        let n = rows.len() * columns.len();
        rows.flat_map(|r| columns.clone().map(move |c| (r, c)))
            .map(|(r, c)| field.at(r, c))
            .sum::<f32>()
            / n as f32
    })
}

fn from_fn(height: usize, width: usize, f: impl Fn(usize, usize) -> f32) -> Field {
    let pixels = (0..height).flat_map(|r| (0..width).map(move |c| (r, c)));
    Field::new(height, width, pixels.map(|(r, c)| f(r, c)).collect())
}

fn target(prediction_mm_h: &Field) -> Target {
    let mask = prediction_mm_h.map(|v| f32::from(u8::from(f64::from(v) > THRESHOLD_MM_H)));
    let score_mm_h: f64 =
        prediction_mm_h.values.iter().zip(&mask.values).map(|(&v, &m)| f64::from(v * m)).sum();
    Target {
        threshold_mm_h: THRESHOLD_MM_H,
        n_pixels: mask.values.iter().filter(|&&m| m > 0.0).count(),
        mask,
        score: score_mm_h / 12.0 / knmi::NORMALISATION_MM_5MIN,
        score_mm_h,
    }
}

fn grad_cam(prediction: &Field, target: &Target) -> GradCam {
    let layers = LAYERS.map(|(layer, size)| {
        let factor = prediction.height / size;
        let mean = smooth(prediction, factor * 2);
        let offset = if layer == EMPTY_LAYER { 1e3 } else { 1.5 };
        let raw = from_fn(size, size, |r, c| mean.at(r * factor, c * factor) - offset);
        let positive = raw.map(|v| v.max(0.0));
        let highest = positive.range().map_or(0.0, |(_, high)| high);
        let cam = from_fn(prediction.height, prediction.width, |r, c| {
            positive.at(r / factor, c / factor) / (1e-7 + highest)
        });
        LayerMap { layer: layer.into(), raw, cam: smooth(&cam, factor / 2) }
    });
    GradCam { target: target.clone(), layers: layers.into() }
}

fn gradients(inputs: &[Field], target: &Target) -> IntegratedGradients {
    let frames: Vec<Field> = inputs
        .iter()
        .enumerate()
        .map(|(i, field)| {
            let age = (inputs.len() - 1 - i) as f32;
            let weight = 0.4 * (-age / 2.0).exp() - if age == 3.0 { 0.15 } else { 0.0 };
            let weight = if i == 0 { 0.0 } else { weight };
            from_fn(field.height, field.width, |r, c| {
                let sign = if (r / 8 + c / 8) % 5 == 0 { -0.4 } else { 1.0 };
                field.at(r, c) * target.mask.at(r, c) * weight * sign
            })
        })
        .collect();
    let frame_sums_mm_h: Vec<f64> =
        frames.iter().map(|f| f.finite().map(f64::from).sum()).collect();
    let sum: f64 = frame_sums_mm_h.iter().sum();
    IntegratedGradients {
        target: target.clone(),
        frames,
        frame_sums_mm_h,
        n_steps: 8,
        baseline: "no rain",
        output_difference_mm_h: sum * 0.99,
        convergence_delta_mm_h: sum * 0.01,
    }
}

/// The card of a network that takes what [`outcome`] was made from.
pub fn card() -> ModelCard {
    let layer = |(name, _): (&str, usize)| Layer {
        name: name.to_owned(),
        label: name.replace('_', " "),
        group: "Decoder",
    };
    ModelCard {
        id: "sar-unet",
        title: "Test network",
        summary: "Moves the last frame along",
        task: Task::Nowcasting,
        layers: LAYERS.map(layer).into(),
        default_layers: vec![LAYERS[0].0, LAYERS[1].0],
        citations: &[],
    }
}
