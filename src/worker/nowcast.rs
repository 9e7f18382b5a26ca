//! A nowcast from a sequence of radar frames.

use std::time::Instant;

use stormlens_data::archive::Sample;
use stormlens_data::field::Field;
use stormlens_data::import::knmi;
use stormlens_data::outcome::{Forecast, NowcastOutcome, Provenance};
use stormlens_data::request::{NowcastRequest, Progress};
use stormlens_nn::engine::{Answer, Frames, Question};

use super::{Place, origin, worker_error};
use crate::catalog::Catalog;
use crate::jobs::WorkerError;

pub(super) fn answer(
    place: &Place,
    request: &NowcastRequest,
    progress: &dyn Progress,
) -> Result<NowcastOutcome, WorkerError> {
    let sample = sample(place.catalog, request)?;
    let frames = Frames {
        values: sample.inputs_normalised.clone(),
        n_frames: sample.sequence.frames.len(),
        height: sample.sequence.grid.height,
        width: sample.sequence.grid.width,
    };
    let layers = place.resident.card.layers.iter().map(|layer| layer.name.clone());
    let question = Question {
        threshold_mm_h: request.threshold_mm_h,
        layers: if request.grad_cam { layers.collect() } else { Vec::new() },
        ig_steps: request.ig_steps,
    };
    let started = Instant::now();
    let answer = place.engine.explain(place.resident, &frames, &question, progress);
    let answer = answer.map_err(worker_error)?;
    Ok(outcome(place, request, sample, answer, started.elapsed().as_secs_f64() * 1e3))
}

fn sample(catalog: &Catalog, request: &NowcastRequest) -> Result<Sample, WorkerError> {
    let entry = catalog.sample(&request.sample).ok_or_else(|| WorkerError::Invalid {
        message: format!("there is no sample {:?}", request.sample),
        remedy: "choose one from the list of samples".into(),
    })?;
    catalog.load(entry).map_err(|error| WorkerError::Invalid {
        message: error.to_string(),
        remedy: "choose another sample, or replace the file".into(),
    })
}

fn outcome(
    place: &Place,
    request: &NowcastRequest,
    sample: Sample,
    answer: Answer,
    duration_ms: f64,
) -> NowcastOutcome {
    let grid = sample.sequence.grid;
    let first_lead = &answer.prediction[..grid.height * grid.width];
    let in_mm_h = first_lead.iter().map(|&x| knmi::to_mm_h(x)).collect();
    let task = place.resident.card.nowcasting();
    let forecast = Forecast {
        prediction_mm_h: Field::new(grid.height, grid.width, in_mm_h),
        grid,
        inputs_mm_h: sample.sequence.frames,
        input_times: sample.sequence.times,
        observation_mm_h: sample.observation_mm_h,
        valid_time: sample.valid_time,
        lead_time_min: task.map_or(0, |task| task.lead_time_min),
        duration_ms,
    };
    let provenance = Provenance {
        checkpoint: request.checkpoint.clone(),
        data_source: knmi::SOURCE.into(),
        data_files: sample.files,
        data_sha256: sample.data_sha256,
        data_licence: knmi::LICENCE.into(),
        ..origin(place.engine, place.resident)
    };
    NowcastOutcome {
        request: request.clone(),
        forecast,
        grad_cam: answer.grad_cam,
        integrated_gradients: answer.integrated_gradients,
        provenance,
    }
}
