//! How much memory an outcome keeps busy.

use stormlens_data::field::Field;
use stormlens_data::outcome::{NowcastOutcome, Outcome, SceneOutcome};

use super::JobState;

/// What an ended job costs beside its maps; it also bounds how many failures are kept.
const OVERHEAD: usize = 16 << 10;

pub(super) fn of_state(state: &JobState) -> usize {
    match state {
        JobState::Done(outcome) => OVERHEAD + of_outcome(outcome),
        _ => OVERHEAD,
    }
}

fn of_outcome(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Nowcast(outcome) => of_nowcast(outcome),
        Outcome::Scene(outcome) => of_scene(outcome),
    }
}

fn of_scene(outcome: &SceneOutcome) -> usize {
    let cams = outcome.grad_cam.iter().flat_map(|cam| &cam.layers);
    let gradients = outcome.integrated_gradients.as_ref();
    outcome.view.rgb.capacity()
        + cams.map(|layer| of_field(&layer.raw) + of_field(&layer.cam)).sum::<usize>()
        + gradients.map_or(0, |g| g.attribution.capacity() * size_of::<f32>())
}

fn of_nowcast(outcome: &NowcastOutcome) -> usize {
    let forecast = &outcome.forecast;
    let mut bytes = of_fields(&forecast.inputs_mm_h)
        + of_field(&forecast.prediction_mm_h)
        + forecast.observation_mm_h.as_ref().map_or(0, of_field);
    if let Some(grad_cam) = &outcome.grad_cam {
        bytes += of_field(&grad_cam.target.mask);
        bytes += grad_cam.layers.iter().map(|l| of_field(&l.raw) + of_field(&l.cam)).sum::<usize>();
    }
    if let Some(gradients) = &outcome.integrated_gradients {
        bytes += of_field(&gradients.target.mask) + of_fields(&gradients.frames);
    }
    bytes
}

fn of_fields(fields: &[Field]) -> usize {
    fields.iter().map(of_field).sum()
}

fn of_field(field: &Field) -> usize {
    field.values.capacity() * size_of::<f32>()
}
