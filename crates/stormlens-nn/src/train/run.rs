//! The loop.

mod epoch;
mod statistics;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use stormlens_data::dataset::DatasetError;
use stormlens_data::field::FieldError;
use stormlens_data::scene::SceneError;

use self::epoch::Validation;
use self::statistics::Beginning;
use super::config::Recipe;
use super::state::{Counters, RunState};
use super::step::{Stepper, to_device};
use super::supervision::{Block, Score, Supervision};
use crate::Parameters;
use crate::models::HostTensors;
use crate::network::Network;
use crate::random::Random;
use stormlens_checkpoint::CheckpointError;
use stormlens_data::files::write_atomically;

/// What went wrong in a training run.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error("{0}")]
    Data(#[from] DatasetError),
    #[error("{0}")]
    Scene(#[from] SceneError),
    #[error("{0}")]
    Field(#[from] FieldError),
    #[error("{0}")]
    Options(String),
    #[error("the {0:?} block holds no sample; change how [data] divides the samples")]
    EmptyBlock(Block),
    #[error("{}: {cause}", path.display())]
    Io { path: PathBuf, cause: io::Error },
    #[error(
        "{} belongs to a run with other options; give another output folder or delete it",
        .0.display()
    )]
    OtherRun(PathBuf),
    #[error("the loss is {0} in epoch {1}; lower the learning rate")]
    Diverged(f64, usize),
    #[error("stopped; the same command goes on after epoch {0}")]
    Stopped(usize),
    #[error("{0}")]
    Checkpoint(#[from] CheckpointError),
}

/// One row of `metrics.csv`.
#[derive(Clone, Debug)]
pub struct EpochReport {
    pub epoch: usize,
    pub learning_rate: f64,
    /// Mean over batches of the mean loss of their examples, which [`Supervision::loss`] defines.
    pub train_loss: f64,
    /// Mean loss of the validation examples.
    pub validation_loss: f64,
    pub is_best: bool,
    /// Batches seen so far.
    pub n_steps: usize,
    pub samples_per_s: f64,
    /// What else the task counts in the validation block.
    pub scores: Vec<Score>,
}

/// Who watches a run.
pub trait Observer {
    /// After every batch; `false` stops the run.
    fn batch(&mut self, epoch: usize, done: usize, total: usize, loss: f64) -> bool;
    /// After every epoch.
    fn epoch(&mut self, report: &EpochReport);
    /// Best weights so far, unfolded and for ordinary input.
    fn best(&mut self, weights: &HostTensors, report: &EpochReport) -> Result<(), CheckpointError>;
    /// Weights after an epoch, where the recipe keeps all.
    ///
    /// # Errors
    /// For a file that cannot be written.
    fn kept(&mut self, _: &HostTensors, _: &EpochReport) -> Result<(), CheckpointError> {
        Ok(())
    }
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Summary {
    pub n_epochs: usize,
    /// The smallest loss of those that decide; see [`Monitor`](super::Monitor).
    pub best_loss: Option<f64>,
}

/// A network to train.
pub struct Trainee<'a> {
    pub network: &'a dyn Network,
    pub initial: HostTensors,
}

/// Trains until early stopping, the last epoch, or a stop; goes on where an earlier run ended.
///
/// # Errors
/// See [`TrainError`]. The state on disk is that of the last whole epoch, always.
pub fn train<L: Supervision>(
    recipe: &Recipe,
    trainee: Trainee<'_>,
    supervision: &L,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<Summary, TrainError> {
    let io_error = |path: &Path, cause| TrainError::Io { path: path.to_owned(), cause };
    fs::create_dir_all(&recipe.output).map_err(|e| io_error(&recipe.output, e))?;
    let state_path = recipe.output.join("last.safetensors");
    let mut run = Run::new(recipe, &trainee, supervision, device);
    run.resume(&state_path)?;
    check_blocks(supervision)?;
    store_split(&recipe.output, supervision).map_err(|e| io_error(&recipe.output, e))?;
    while !run.counters.stopping.is_over() && run.counters.n_epochs < recipe.max_epochs {
        let report = run.epoch(observer)?;
        observer.epoch(&report);
        if report.is_best || recipe.keeps_epochs {
            let weights = run.finished_weights();
            if recipe.keeps_epochs {
                observer.kept(&weights, &report)?;
            }
            if report.is_best {
                observer.best(&weights, &report)?;
            }
        }
        run.save(&state_path).map_err(|e| io_error(&state_path, e))?;
    }
    let counters = run.counters;
    Ok(Summary { n_epochs: counters.n_epochs, best_loss: counters.stopping.best() })
}

/// The mean loss of the validation samples under some weights, as the loop takes it after an epoch.
///
/// # Errors
/// For a sample that cannot be read.
pub fn validation_loss<L: Supervision>(
    network: &dyn Network,
    weights: &HostTensors,
    supervision: &L,
    device: &Device,
) -> Result<f64, TrainError> {
    let parameters = to_device(weights, device);
    Ok(Validation { network, supervision, device }.of(&parameters)?.0)
}

fn check_blocks(supervision: &impl Supervision) -> Result<(), TrainError> {
    let empty = |block: &Block| supervision.ids(*block).is_empty();
    match [Block::Train, Block::Validation].into_iter().find(empty) {
        Some(block) => Err(TrainError::EmptyBlock(block)),
        None => Ok(()),
    }
}

/// Writes which sample is in which block.
fn store_split(output: &Path, supervision: &impl Supervision) -> io::Result<()> {
    let json = serde_json::to_vec_pretty(&serde_json::json!({
        "train": supervision.ids(Block::Train),
        "validation": supervision.ids(Block::Validation),
        "test": supervision.ids(Block::Test),
    }))?;
    write_atomically(&output.join("split.json"), &json)
}

/// A run between two epochs.
struct Run<'a, L> {
    recipe: &'a Recipe,
    network: &'a dyn Network,
    supervision: &'a L,
    device: &'a Device,
    stepper: Stepper<'a>,
    beginning: Beginning,
    counters: Counters,
}

impl<'a, L: Supervision> Run<'a, L> {
    fn new(
        recipe: &'a Recipe,
        trainee: &Trainee<'a>,
        supervision: &'a L,
        device: &'a Device,
    ) -> Self {
        let counters = Counters {
            config: recipe.fingerprint.clone(),
            n_epochs: 0,
            random: Random::new(recipe.seed),
            schedule: recipe.schedule.clone(),
            stopping: recipe.stopping.clone(),
            n_steps: 0,
            own_steps: BTreeMap::new(),
            metrics: header(supervision),
        };
        Self {
            recipe,
            network: trainee.network,
            supervision,
            device,
            stepper: Stepper::new(trainee, recipe.optimiser, recipe.rates.clone(), device),
            beginning: Beginning::of(&trainee.initial),
            counters,
        }
    }

    fn resume(&mut self, path: &Path) -> Result<(), TrainError> {
        if !path.exists() {
            return Ok(());
        }
        let state = RunState::load(path)
            .map_err(|cause| TrainError::Io { path: path.to_owned(), cause })?;
        if state.counters.config != self.counters.config {
            return Err(TrainError::OtherRun(path.to_owned()));
        }
        self.stepper.restore(&state.weights, state.moments);
        self.counters = state.counters;
        Ok(())
    }

    fn save(&self, path: &Path) -> io::Result<()> {
        let (weights, moments) = self.stepper.to_host();
        RunState { counters: self.counters.clone(), weights, moments }.save(path)?;
        let metrics = self.recipe.output.join("metrics.csv");
        write_atomically(&metrics, self.counters.metrics.as_bytes())
    }

    /// The parameters as they validate and are saved.
    fn usable_parameters(&self) -> Parameters {
        let (now, n_steps) = (self.stepper.parameters(), self.counters.n_steps);
        match self.supervision.slow_norm() {
            Some(norm) => self.beginning.divided_out(now, norm, n_steps, self.device),
            None => now.clone(),
        }
    }

    fn finished_weights(&self) -> HostTensors {
        let mut weights = self.usable_parameters().to_host();
        self.supervision.finish(&mut weights);
        weights
    }
}

/// The first line of `metrics.csv`.
fn header<L: Supervision>(supervision: &L) -> String {
    let names = supervision.scores(&L::Tally::default()).into_iter().map(|(name, _)| name);
    let columns = ["epoch", "learning_rate", "train_loss", "validation_loss", "is_best"];
    columns.into_iter().chain(names).collect::<Vec<_>>().join(",") + "\n"
}
