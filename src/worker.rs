//! The one bridge between the dashboard and the networks: the engine behind the `Worker` trait.

mod batch;
mod nowcast;
pub mod scene;
mod warm_up;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stormlens_data::card::{CheckpointCard, DeviceReport};
use stormlens_data::outcome::{Outcome, Provenance};
use stormlens_data::request::{Progress, Request, Silent};
use stormlens_nn::engine::{Resident, describe};
use stormlens_nn::{Engine, EngineError, device, registry};

use crate::catalog::Catalog;
use crate::cli::serve::Networks;
use crate::config::Sources;
use crate::jobs::{Asked, Worker, WorkerError};
use crate::scenes::CacheOptions;

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
                let cold = warm_up::first_checkpoints(&catalog);
                Ok(Box::new(EngineWorker { engine, catalog, weights, cold }))
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
    let cache = CacheOptions { folder: sources.cache.folder.clone(), ..CacheOptions::default() };
    let catalog = catalog.with_cache(cache);
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
    let known = ["ckpt", "h5", "hdf5", "keras", "pt", "pth", "safetensors"];
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

type Answer = Result<Outcome, WorkerError>;

/// Turns requests into outcomes, on the thread that owns the networks.
struct EngineWorker {
    engine: Engine,
    catalog: Arc<Catalog>,
    weights: Weights,
    /// Models and checkpoints that were not run yet, the first one last.
    cold: Vec<(String, String)>,
}

impl Worker for EngineWorker {
    fn run(&mut self, request: &Request, progress: &dyn Progress) -> Answer {
        let missing = || Err(WorkerError::Failed("the network gave no answer".to_owned()));
        self.run_batch(&[(request, progress)]).pop().unwrap_or_else(missing)
    }

    /// Integrated gradients fill the device by themselves, and are too long to wait for each other.
    fn batch_key(&self, request: &Request) -> Option<String> {
        let (task, goes_alone, grad_cam) = match request {
            Request::Nowcast(request) => ("nowcast", request.ig_steps.is_some(), request.grad_cam),
            Request::Scene(request) => {
                ("scene", request.integrated_gradients.is_some(), request.grad_cam)
            }
        };
        let (model, checkpoint) = (request.model(), request.checkpoint());
        (!goes_alone).then(|| format!("{task}/{model}/{checkpoint}/{grad_cam}"))
    }

    fn run_batch(&mut self, batch: &[Asked<'_>]) -> Vec<Answer> {
        let Some((first, _)) = batch.first() else { return Vec::new() };
        let resident = match self.resident(first.model(), first.checkpoint()) {
            Ok(resident) => resident,
            Err(error) => return batch.iter().map(|_| Err(error.clone())).collect(),
        };
        let place = Place { engine: &self.engine, catalog: &self.catalog, resident: &resident };
        let (mut nowcasts, mut scenes) = (Vec::new(), Vec::new());
        for (request, progress) in batch.iter().copied() {
            match request {
                Request::Nowcast(request) => nowcasts.push((request, progress)),
                Request::Scene(request) => scenes.push((request, progress)),
            }
        }
        // They are of one kind, so one of the two lists is empty and the order is that of the batch.
        let nowcasts = batch::answer::<nowcast::Nowcasts>(&place, &nowcasts).into_iter();
        let scenes = batch::answer::<scene::Scenes>(&place, &scenes).into_iter();
        nowcasts
            .map(|answer| Ok(Outcome::Nowcast(answer?.into())))
            .chain(scenes.map(|answer| Ok(Outcome::Scene(answer?.into()))))
            .collect()
    }

    fn warm_up(&mut self) -> bool {
        if let Some((model, checkpoint)) = self.cold.pop() {
            self.warm_one(&model, &checkpoint);
        }
        !self.cold.is_empty()
    }

    fn device(&self) -> DeviceReport {
        self.engine.device().clone()
    }
}

impl EngineWorker {
    fn resident(&mut self, model: &str, checkpoint: &str) -> Result<Arc<Resident>, WorkerError> {
        let key = (model.to_owned(), checkpoint.to_owned());
        let path = self.weights.get(&key).ok_or_else(|| WorkerError::Invalid {
            message: format!("{model} has no checkpoint {checkpoint:?}"),
            remedy: "choose one from the model's page".into(),
        })?;
        self.engine.load(model, path).map_err(worker_error)
    }
}

/// What an answer is made with.
struct Place<'a> {
    engine: &'a Engine,
    catalog: &'a Catalog,
    resident: &'a Resident,
}

/// Program, weights and device of an answer, with nothing said of the data.
pub fn origin(engine: &Engine, resident: &Resident) -> Provenance {
    let checkpoint = &resident.checkpoint;
    Provenance {
        program: concat!("stormlens ", env!("CARGO_PKG_VERSION")).into(),
        model: resident.card.id.into(),
        checkpoint: checkpoint.name.clone(),
        weights_sha256: checkpoint.weights_sha256.clone(),
        data_source: String::new(),
        data_files: Vec::new(),
        data_sha256: String::new(),
        data_licence: String::new(),
        device: engine.device().name.clone(),
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
