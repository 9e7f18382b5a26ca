//! Networks run once before anybody asks: weights are read, and a GPU has compiled its kernels.

use std::time::Instant;

use stormlens_data::card::Task;
use stormlens_data::import::knmi::CROP_SIZE;
use stormlens_data::request::Silent;
use stormlens_nn::engine::{Frames, Question, Resident, SceneInput, SceneQuestion};
use stormlens_nn::{Engine, EngineError};

use super::scene::variant;
use super::{EngineWorker, worker_error};
use crate::catalog::{Catalog, DEFAULT_THRESHOLD_MM_H};
use crate::jobs::WorkerError;

/// What a visitor gets who does not choose, one a model; the first model last, to be taken from the
/// end.
pub(super) fn first_checkpoints(catalog: &Catalog) -> Vec<(String, String)> {
    let first = |model: &str| Some(catalog.checkpoints(model).next()?.name.clone());
    let models = catalog.models().iter().rev();
    models.filter_map(|model| Some((model.id.to_owned(), first(model.id)?))).collect()
}

impl EngineWorker {
    /// What goes wrong here, the first question to the network will be told.
    pub(super) fn warm_one(&mut self, model: &str, checkpoint: &str) {
        let started = Instant::now();
        let ran = self.run_on_zeros(model, checkpoint);
        let duration_ms = started.elapsed().as_millis() as u64;
        match ran {
            Ok(()) => tracing::info!(model, checkpoint, duration_ms, "warmed up"),
            Err(error) => tracing::warn!(model, checkpoint, duration_ms, %error, "not warmed up"),
        }
    }

    fn run_on_zeros(&mut self, model: &str, checkpoint: &str) -> Result<(), WorkerError> {
        let resident = self.resident(model, checkpoint)?;
        run_on_zeros(&self.engine, &resident).map_err(worker_error)
    }
}

/// One run of the size that pages ask for. The way back is run on a GPU only, where its kernels have
/// to be compiled; on a CPU it would keep the machine busy for nothing.
fn run_on_zeros(engine: &Engine, resident: &Resident) -> Result<(), EngineError> {
    let is_gpu = engine.device().kind == "gpu";
    let layers = resident.card.layers.iter().map(|layer| layer.name.clone());
    let layers: Vec<_> = layers.filter(|_| is_gpu).collect();
    match &resident.card.task {
        Task::Nowcasting => {
            let task = resident.checkpoint.nowcasting.as_ref();
            let n_frames = task.map_or(0, |task| task.n_input_frames);
            let values = vec![0.0; n_frames * CROP_SIZE * CROP_SIZE];
            let frames = Frames { values, n_frames, height: CROP_SIZE, width: CROP_SIZE };
            let threshold_mm_h = DEFAULT_THRESHOLD_MM_H;
            let question = Question { threshold_mm_h, layers, ig_steps: None };
            engine.explain(resident, &frames, &question, &Silent).map(|_| ())
        }
        Task::SceneClassification(task) => {
            let side_px = variant(resident).crop_px;
            let input = SceneInput { values: vec![0.0; 3 * side_px * side_px], side_px };
            let question = SceneQuestion { class: task.default_class, layers, path: None };
            engine.classify(resident, &input, &question, &Silent).map(|_| ())
        }
    }
}
