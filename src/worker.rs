//! The one bridge between the dashboard and the networks: the engine behind the `Worker` trait.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use stormlens_data::archive::Sample;
use stormlens_data::card::{CheckpointCard, DeviceReport};
use stormlens_data::field::Field;
use stormlens_data::import::knmi;
use stormlens_data::outcome::{Forecast, Outcome, Provenance};
use stormlens_data::request::{Progress, Request, Silent};
use stormlens_nn::engine::{Answer, Frames, Question, Resident, describe};
use stormlens_nn::{Engine, EngineError, registry};

use crate::catalog::Catalog;
use crate::cli::serve::Networks;
use crate::config::Sources;
use crate::jobs::{Worker, WorkerError};

/// Weights by model and checkpoint name.
type Weights = BTreeMap<(String, String), PathBuf>;

/// Every network there are weights for, and the worker that runs them.
pub fn networks(sources: &Sources) -> Networks {
    let (weights, checkpoints) = find_checkpoints(&sources.checkpoints);
    let device = sources.device.device;
    Networks {
        models: registry::MODELS.iter().map(|entry| (entry.card)()).collect(),
        checkpoints,
        worker: Box::new(move |catalog| {
            Box::new(move || {
                let engine = Engine::new(device).map_err(|error| error.to_string())?;
                let (catalog, weights) = (catalog.clone(), weights.clone());
                Ok(Box::new(EngineWorker { engine, catalog, weights }))
            })
        }),
    }
}

/// Answers one request, for commands.
///
/// # Errors
/// As the dashboard would say them.
pub fn answer(sources: &Sources, request: &Request) -> anyhow::Result<Outcome> {
    let networks = networks(sources);
    let catalog = Catalog::open(&sources.data, networks.models, networks.checkpoints)?;
    let mut worker = (networks.worker)(Arc::new(catalog))().map_err(anyhow::Error::msg)?;
    Ok(worker.run(request, &Silent)?)
}

/// Folders with `weights.safetensors`, and checkpoint files as their authors wrote them.
///
/// A file that is no checkpoint of its model is told of in the log and left out.
fn find_checkpoints(folder: &Path) -> (Weights, Vec<CheckpointCard>) {
    let mut weights = Weights::new();
    let mut cards = Vec::new();
    for entry in registry::MODELS {
        let model = (entry.card)().id;
        for (name, path) in candidates(&folder.join(model)) {
            match describe(entry, &path) {
                Ok(card) => {
                    cards.push(CheckpointCard { name: name.clone(), ..card });
                    weights.insert((model.to_owned(), name), path);
                }
                Err(error) => tracing::warn!(%error, "a checkpoint was left out"),
            }
        }
    }
    (weights, cards)
}

/// Names and files in a model's folder, in order of their names.
fn candidates(folder: &Path) -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let known = ["ckpt", "pt", "pth", "safetensors"];
    let candidate = |path: PathBuf| {
        let inside = path.join("weights.safetensors");
        if inside.is_file() {
            return Some((path.file_name()?.to_string_lossy().into_owned(), inside));
        }
        let is_weights = known.contains(&path.extension()?.to_str()?);
        is_weights
            .then(|| Some((path.file_stem()?.to_string_lossy().into_owned(), path.clone())))?
    };
    entries.filter_map(|entry| candidate(entry.path())).collect()
}

/// Turns a request into an outcome, on the thread that owns the networks.
struct EngineWorker {
    engine: Engine,
    catalog: Arc<Catalog>,
    weights: Weights,
}

impl Worker for EngineWorker {
    fn run(&mut self, request: &Request, progress: &dyn Progress) -> Result<Outcome, WorkerError> {
        let sample = self.sample(request)?;
        let resident = self.resident(request)?;
        let frames = Frames {
            values: sample.inputs_normalised.clone(),
            n_frames: sample.sequence.frames.len(),
            height: sample.sequence.grid.height,
            width: sample.sequence.grid.width,
        };
        let layers = resident.card.layers.iter().map(|layer| layer.name.clone());
        let question = Question {
            threshold_mm_h: request.threshold_mm_h,
            layers: if request.grad_cam { layers.collect() } else { Vec::new() },
            ig_steps: request.ig_steps,
        };
        let started = Instant::now();
        let answer = self.engine.explain(&resident, &frames, &question, progress);
        let answer = answer.map_err(worker_error)?;
        let duration_ms = started.elapsed().as_secs_f64() * 1e3;
        let provenance = provenance(request, &resident, &sample, self.engine.device());
        Ok(outcome(request, &resident, sample, answer, duration_ms, provenance))
    }

    fn device(&self) -> DeviceReport {
        self.engine.device().clone()
    }
}

impl EngineWorker {
    fn sample(&self, request: &Request) -> Result<Sample, WorkerError> {
        let entry = self.catalog.sample(&request.sample).ok_or_else(|| WorkerError::Invalid {
            message: format!("there is no sample {:?}", request.sample),
            remedy: "choose one from the list of samples".into(),
        })?;
        self.catalog.load(entry).map_err(|error| WorkerError::Invalid {
            message: error.to_string(),
            remedy: "choose another sample, or replace the file".into(),
        })
    }

    fn resident(&mut self, request: &Request) -> Result<Arc<Resident>, WorkerError> {
        let key = (request.model.clone(), request.checkpoint.clone());
        let path = self.weights.get(&key).ok_or_else(|| WorkerError::Invalid {
            message: format!("{} has no checkpoint {:?}", request.model, request.checkpoint),
            remedy: "choose one from the model's page".into(),
        })?;
        self.engine.load(&request.model, path).map_err(worker_error)
    }
}

fn worker_error(error: EngineError) -> WorkerError {
    match error {
        EngineError::Cancelled(_) => WorkerError::Cancelled,
        EngineError::Input(_) | EngineError::UnknownLayer { .. } => WorkerError::Invalid {
            message: error.to_string(),
            remedy: "choose another sample or another layer".into(),
        },
        other => WorkerError::Failed(other.to_string()),
    }
}

fn provenance(
    request: &Request,
    resident: &Resident,
    sample: &Sample,
    device: &DeviceReport,
) -> Provenance {
    Provenance {
        program: concat!("stormlens ", env!("CARGO_PKG_VERSION")).into(),
        model: request.model.clone(),
        checkpoint: request.checkpoint.clone(),
        weights_sha256: resident.checkpoint.weights_sha256.clone(),
        data_source: knmi::SOURCE.into(),
        data_files: sample.files.clone(),
        data_sha256: sample.data_sha256.clone(),
        data_licence: knmi::LICENCE.into(),
        device: device.name.clone(),
    }
}

fn outcome(
    request: &Request,
    resident: &Resident,
    sample: Sample,
    answer: Answer,
    duration_ms: f64,
    provenance: Provenance,
) -> Outcome {
    let grid = sample.sequence.grid;
    let first_lead = &answer.prediction[..grid.height * grid.width];
    let in_mm_h = first_lead.iter().map(|&x| knmi::to_mm_h(x)).collect();
    let forecast = Forecast {
        prediction_mm_h: Field::new(grid.height, grid.width, in_mm_h),
        grid,
        inputs_mm_h: sample.sequence.frames,
        input_times: sample.sequence.times,
        observation_mm_h: sample.observation_mm_h,
        valid_time: sample.valid_time,
        lead_time_min: resident.card.lead_time_min,
        duration_ms,
    };
    Outcome {
        request: request.clone(),
        forecast,
        grad_cam: answer.grad_cam,
        integrated_gradients: answer.integrated_gradients,
        provenance,
    }
}
