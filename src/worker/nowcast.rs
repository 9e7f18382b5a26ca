//! A nowcast from a sequence of radar frames.

use stormlens_data::archive::Sample;
use stormlens_data::field::Field;
use stormlens_data::import::knmi;
use stormlens_data::outcome::{Forecast, NowcastOutcome, Provenance};
use stormlens_data::request::{NowcastRequest, Progress};
use stormlens_nn::EngineError;
use stormlens_nn::engine::{Answer, Frames, Question};

use super::batch::Task;
use super::{Place, origin};
use crate::catalog::Catalog;
use crate::jobs::WorkerError;

/// Nowcasts, as requests that go through a network together.
pub(super) struct Nowcasts;

/// A sample as the network takes it, and what is asked about it.
pub(super) struct Prepared {
    sample: Sample,
    frames: Frames,
    question: Question,
}

impl Task for Nowcasts {
    type Request = NowcastRequest;
    type Prepared = Prepared;
    type Answer = Answer;
    type Outcome = NowcastOutcome;

    fn prepare(place: &Place, request: &NowcastRequest) -> Result<Prepared, WorkerError> {
        let mut sample = sample(place.catalog, request)?;
        let frames = Frames {
            values: std::mem::take(&mut sample.inputs_normalised),
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
        Ok(Prepared { sample, frames, question })
    }

    fn size(prepared: &Prepared) -> [usize; 3] {
        let Frames { n_frames, height, width, .. } = prepared.frames;
        [n_frames, height, width]
    }

    fn ask(
        place: &Place,
        batch: &[&Prepared],
        progress: &dyn Progress,
    ) -> Result<Vec<Answer>, EngineError> {
        let asked: Vec<_> = batch.iter().map(|one| (&one.frames, &one.question)).collect();
        place.engine.explain_batch(place.resident, &asked, progress)
    }

    fn finish(
        place: &Place,
        request: &NowcastRequest,
        prepared: Prepared,
        answer: Answer,
        duration_ms: f64,
    ) -> NowcastOutcome {
        outcome(place, request, prepared.sample, answer, duration_ms)
    }
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
    let task = place.resident.checkpoint.nowcasting.as_ref();
    let forecast = Forecast {
        prediction_mm_h: Field::new(grid.height, grid.width, in_mm_h),
        grid,
        inputs_mm_h: sample.sequence.frames,
        input_times: sample.sequence.times,
        observation_mm_h: sample.observation_mm_h,
        valid_time: sample.valid_time,
        lead_time_min: task.map_or(0, |task| task.lead_times_min[0]),
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
