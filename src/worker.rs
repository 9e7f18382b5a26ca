//! The one bridge between the dashboard and the networks: the engine behind the `Worker` trait.
//!
//! It knows no task: what a network is given and what becomes of its answer, the task of the request
//! says.

mod batch;
mod needed;
mod stray;
#[cfg(test)]
mod tests;
mod warm_up;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stormlens_data::card::{CheckpointCard, DeviceReport, MethodCard, ModelCard};
use stormlens_data::outcome::{Outcome, Provenance};
use stormlens_data::request::{Cancelled, Progress, Request, Silent};
use stormlens_nn::engine::{Resident, describe};
use stormlens_nn::registry::ModelEntry;
use stormlens_nn::{Engine, EngineError, explain, registry};

use self::batch::Context;
use crate::catalog::{CardBox, Catalog};
use crate::config::Sources;
use crate::jobs::{Asked, Between, Worker, WorkerError};
use crate::memory::MemoryLimit;
use crate::networks::Networks;
use crate::question::Question;
use crate::tasks;

/// The file of a folder that holds weights.
const WEIGHTS: &str = "weights.safetensors";
/// Endings of files that may hold weights.
const ENDINGS: [&str; 7] = ["ckpt", "h5", "hdf5", "keras", "pt", "pth", "safetensors"];

/// Weights by model and checkpoint name.
type Weights = BTreeMap<(String, String), PathBuf>;

/// Every network, and all weights in the folder of the checkpoints.
pub fn networks(sources: &Sources) -> Networks {
    let (weights, checkpoints, problems) = find_checkpoints(&sources.checkpoints);
    Networks { problems, ..of(sources, weights, checkpoints) }
}

/// Every network, and only these weights of one of them, under that name.
///
/// # Errors
/// For an unknown model, and for a file that is no checkpoint or one of another network.
pub fn network(
    sources: &Sources,
    model: &str,
    name: String,
    path: &Path,
) -> Result<Networks, EngineError> {
    let entry = known_model(model)?;
    let (card, mut problems) = (describe(entry, path)?, Vec::new());
    let mut weights = members(entry, &card, &name, path, &mut problems);
    let members = weights.keys().map(|(_, name)| name.clone()).collect();
    let card = CheckpointCard { name: name.clone(), members, ..card };
    weights.insert((model.to_owned(), name), path.to_owned());
    Ok(Networks { problems, ..of(sources, weights, vec![card]) })
}

/// The entry of a model.
///
/// # Errors
/// For a name that no model has, with those that there are.
pub fn known_model(model: &str) -> Result<&'static ModelEntry, EngineError> {
    registry::find(model)
        .map_err(|known| EngineError::UnknownModel { name: model.to_owned(), known })
}

/// What is said of the methods.
pub fn methods() -> Vec<MethodCard> {
    explain::cards()
}

/// What is said of the networks.
pub fn models() -> Vec<ModelCard> {
    registry::MODELS.iter().map(|entry| (entry.card)()).collect()
}

fn of(sources: &Sources, weights: Weights, checkpoints: Vec<CheckpointCard>) -> Networks {
    let (device, memory) = (sources.device.device, sources.memory_limit);
    let models = models();
    Networks {
        cards: CardBox { models, checkpoints, methods: methods() },
        worker: Box::new(move |catalog| {
            Box::new(move || {
                let engine = Engine::new(device).map_err(|error| error.to_string())?;
                let (catalog, weights) = (catalog.clone(), weights.clone());
                let cold = warm_up::first_checkpoints(&catalog);
                let engine = Arc::new(engine);
                Ok(Box::new(EngineWorker { engine, catalog, weights, cold, memory, last: None }))
            })
        }),
        problems: Vec::new(),
    }
}

/// Answers one request that comes from elsewhere; what an address could not ask, it cannot.
///
/// # Errors
/// As the dashboard would say them.
pub fn answer(sources: &Sources, request: &Request) -> anyhow::Result<Outcome> {
    answer_with(sources, request, &Silent)
}

/// The same, and tells how far it is.
///
/// # Errors
/// As [`answer`].
pub fn answer_with(
    sources: &Sources,
    request: &Request,
    progress: &dyn Progress,
) -> anyhow::Result<Outcome> {
    let Networks { cards, worker, .. } = networks(sources);
    let opened = tasks::open(&sources.folders())?.into_iter();
    let tasks: Vec<_> = opened.map(|opened| opened.task).collect();
    let catalog = Arc::new(Catalog::new(cards.that_tasks_ask(&tasks), tasks));
    Question::of_request(request, &catalog)?;
    let mut worker = worker(catalog)().map_err(anyhow::Error::msg)?;
    Ok(worker.run(request, progress)?)
}

/// Folders with `weights.safetensors`, and checkpoint files as their authors wrote them.
///
/// A file that is no checkpoint of its model is left out and among the problems, as is what lies where nothing is
/// looked for.
fn find_checkpoints(folder: &Path) -> (Weights, Vec<CheckpointCard>, Vec<String>) {
    let mut weights = Weights::new();
    let (mut cards, mut problems) = (Vec::new(), Vec::new());
    for entry in registry::MODELS {
        let model = (entry.card)().id;
        for (name, path) in candidates(&folder.join(model)) {
            match describe(entry, &path) {
                Ok(card) => {
                    let members = members(entry, &card, &name, &path, &mut problems);
                    let names = members.keys().map(|(_, name)| name.clone()).collect();
                    cards.push(CheckpointCard { name: name.clone(), members: names, ..card });
                    weights.insert((model.to_owned(), name), path);
                    weights.extend(members);
                }
                Err(error) => problems.push(error.to_string()),
            }
        }
    }
    problems.extend(stray::problems(folder));
    if weights.is_empty() {
        let folder = folder.display();
        problems.push(format!(
            "there are no weights in {folder}: no network can run. Put some into {folder}/MODEL/NAME/, or name \
             another folder with --checkpoints or STORMLENS_CHECKPOINTS"
        ));
    }
    (weights, cards, problems)
}

/// Other weights of the same training, which make an ensemble: the files in `members` beside the weights, which are
/// looked up as `NAME/members/MEMBER`. Those that cannot be a member are left out and among the problems.
fn members(
    entry: &ModelEntry,
    card: &CheckpointCard,
    name: &str,
    path: &Path,
    problems: &mut Vec<String>,
) -> Weights {
    let folder = path.parent().map(|folder| folder.join("members"));
    let found = folder.map(|folder| candidates(&folder)).unwrap_or_default();
    let mut members = Weights::new();
    for (member, path) in found {
        let own = describe(entry, &path).map_err(|error| error.to_string());
        let check = |own: CheckpointCard| {
            let shown = path.display();
            card.check_member(&own).map_err(|differs| format!("{shown} {differs}"))
        };
        match own.and_then(check) {
            Ok(()) => {
                let key = (card.model.clone(), format!("{name}/members/{member}"));
                members.insert(key, path);
            }
            Err(problem) => problems.push(problem),
        }
    }
    members
}

/// Names and files in a model's folder, in order of their names.
pub fn candidates(folder: &Path) -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let candidate = |path: PathBuf| {
        let inside = path.join(WEIGHTS);
        if inside.is_file() {
            return Some((path.file_name()?.to_string_lossy().into_owned(), inside));
        }
        may_hold_weights(&path)
            .then(|| Some((path.file_stem()?.to_string_lossy().into_owned(), path.clone())))?
    };
    entries.filter_map(|entry| candidate(entry.path())).collect()
}

/// By its ending. A pipe would keep the start waiting.
fn may_hold_weights(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str);
    ending.is_some_and(|ending| ENDINGS.contains(&ending)) && path.is_file()
}

type Answer = Result<Outcome, WorkerError>;

/// Turns requests into outcomes, on the thread that owns the networks.
struct EngineWorker {
    engine: Arc<Engine>,
    catalog: Arc<Catalog>,
    weights: Weights,
    /// What was not run yet, the first one last.
    cold: Vec<warm_up::Cold>,
    memory: MemoryLimit,
    /// What was answered last, but for long runs.
    last: Option<Request>,
}

impl Worker for EngineWorker {
    fn run(&mut self, request: &Request, progress: &dyn Progress) -> Answer {
        self.run_batch(&[(request, progress)]).pop().unwrap_or_else(|| Err(no_answer()))
    }

    /// What a run needs stays where it is while others have the worker: between two steps that are a few arrays of the
    /// size of the input.
    fn run_in_steps(
        &mut self,
        request: &Request,
        progress: &dyn Progress,
        between: Between<'_>,
    ) -> Answer {
        let resident = self.resident(&request.model, &request.checkpoint)?;
        let (engine, catalog, memory) = (self.engine.clone(), self.catalog.clone(), self.memory);
        let load = loader(&engine, &self.weights, &request.model);
        let in_steps = InSteps { progress, worker: RefCell::new((self, between)) };
        let context = Context {
            engine: &engine,
            catalog: &catalog,
            resident: &resident,
            memory,
            load: &load,
        };
        batch::answer(&context, &[(request, &in_steps)]).pop().unwrap_or_else(|| Err(no_answer()))
    }

    /// Long runs fill the device by themselves, and are too long to wait for each other.
    fn batch_key(&self, request: &Request) -> Option<String> {
        let Request { model, checkpoint, explain, .. } = request;
        if self.catalog.is_long(request) {
            return None;
        }
        let methods: Vec<&str> = explain.iter().map(|explain| explain.method.as_str()).collect();
        Some(format!("{model}/{checkpoint}/{}", methods.join(",")))
    }

    fn run_batch(&mut self, batch: &[Asked<'_>]) -> Vec<Answer> {
        let Some((first, _)) = batch.first() else { return Vec::new() };
        let answers = match self.resident(&first.model, &first.checkpoint) {
            Err(error) => batch.iter().map(|_| Err(error.clone())).collect(),
            Ok(resident) => {
                let (engine, catalog, memory) = (&self.engine, &self.catalog, self.memory);
                let load = loader(engine, &self.weights, &first.model);
                let resident = &resident;
                batch::answer(&Context { engine, catalog, resident, memory, load: &load }, batch)
            }
        };
        // One that was refused would be refused again.
        let answered = batch.iter().zip(&answers).rfind(|(_, answer)| answer.is_ok());
        if let Some(((request, _), _)) = answered {
            self.last = Some((*request).clone());
        }
        answers
    }

    fn rested(&mut self) {
        if let Some(last) = self.last.clone() {
            self.rehearse(&last);
        }
    }

    fn warm_up(&mut self) -> bool {
        if let Some(cold) = self.cold.pop() {
            self.warm_one(&cold);
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
        let path = self.weights.get(&key).ok_or_else(|| no_weights(model, checkpoint))?;
        self.engine.load(model, path).map_err(worker_error)
    }
}

/// Weights of a network by their names.
fn loader(
    engine: &Arc<Engine>,
    weights: &Weights,
    model: &str,
) -> impl Fn(&str) -> Result<Arc<Resident>, WorkerError> + use<> {
    let of_model = |((other, name), path): (&(String, String), &PathBuf)| {
        (other == model).then(|| (name.clone(), path.clone()))
    };
    let known: BTreeMap<String, PathBuf> = weights.iter().filter_map(of_model).collect();
    let (engine, model) = (engine.clone(), model.to_owned());
    move |name| {
        let path = known.get(name).ok_or_else(|| no_weights(&model, name))?;
        engine.load(&model, path).map_err(worker_error)
    }
}

/// Lets others have the worker before each step of a run.
struct InSteps<'a> {
    progress: &'a dyn Progress,
    worker: RefCell<(&'a mut EngineWorker, Between<'a>)>,
}

impl Progress for InSteps<'_> {
    fn report(&self, phase: &str, done: usize, total: usize) -> ControlFlow<Cancelled> {
        let mut lent = self.worker.borrow_mut();
        let (worker, between) = &mut *lent;
        between(&mut **worker);
        self.progress.report(phase, done, total)
    }
}

/// Program, weights and device of an answer, with nothing said of the data.
fn origin(engine: &Engine, resident: &Resident, request: &Request) -> Provenance {
    Provenance {
        program: concat!("stormlens ", env!("CARGO_PKG_VERSION")).into(),
        model: request.model.clone(),
        // The name that it was asked for by; a file may have another one.
        checkpoint: request.checkpoint.clone(),
        weights_sha256: resident.checkpoint.weights_sha256.clone(),
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
        EngineError::Input(_)
        | EngineError::UnknownLayer { .. }
        | EngineError::UnknownMethod { .. } => WorkerError::Invalid {
            message: error.to_string(),
            remedy: "choose another sample, network, method or layer".into(),
        },
        other => WorkerError::Failed(other.to_string()),
    }
}

fn no_weights(model: &str, checkpoint: &str) -> WorkerError {
    WorkerError::Invalid {
        message: format!("{model} has no checkpoint {checkpoint:?}"),
        remedy: "choose one of those that the network has".into(),
    }
}

fn no_answer() -> WorkerError {
    WorkerError::Failed("the network gave no answer".to_owned())
}
