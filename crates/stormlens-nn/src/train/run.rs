//! The loop.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use stormlens_data::dataset::DatasetError;

use super::config::TrainConfig;
use super::examples::{Block, Example, Examples};
use super::optimiser::NamedAdam;
use super::schedule::{EarlyStopping, ReduceOnPlateau};
use super::state::{Counters, RunState, write_atomically};
use crate::checkpoint::CheckpointError;
use crate::models::HostTensors;
use crate::network::Network;
use crate::parameters::{Mode, Recorder, to_vec};
use crate::random::Random;
use crate::{Parameters, Tap};

/// What went wrong in a training run.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error("{0}")]
    Data(#[from] DatasetError),
    #[error("the {0:?} block holds no sample; move the times that divide the data")]
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
    /// Mean over batches of: squared error of normalised values, summed over pixels, divided by
    /// the batch size. As published, so comparable with the numbers in checkpoint names.
    pub train_loss: f64,
    pub validation_loss: f64,
    pub is_best: bool,
    /// Batches seen so far.
    pub n_steps: usize,
    pub samples_per_s: f64,
}

/// Who watches a run.
pub trait Observer {
    /// After every batch; `false` stops the run.
    fn batch(&mut self, epoch: usize, done: usize, total: usize, loss: f64) -> bool;
    /// After every epoch.
    fn epoch(&mut self, report: &EpochReport);
    /// Best weights so far, unfolded and for ordinary normalised rain.
    fn best(&mut self, weights: &HostTensors, report: &EpochReport) -> Result<(), CheckpointError>;
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Summary {
    pub n_epochs: usize,
    pub best_validation_loss: Option<f64>,
}

/// A network to train and how it takes a change of its input's unit.
pub struct Trainee<'a> {
    pub network: &'a dyn Network,
    pub initial: HostTensors,
    /// Changes weights so that the network takes and gives values divided by the factor.
    pub rescale: fn(&mut HostTensors, f32),
}

/// Trains until early stopping, the last epoch, or a stop; goes on where an earlier run ended.
///
/// # Errors
/// See [`TrainError`]. The state on disk is that of the last whole epoch, always.
pub fn train(
    config: &TrainConfig,
    trainee: Trainee<'_>,
    examples: &dyn Examples,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<Summary, TrainError> {
    let io_error = |path: &Path, cause| TrainError::Io { path: path.to_owned(), cause };
    fs::create_dir_all(&config.output).map_err(|e| io_error(&config.output, e))?;
    let state_path = config.output.join("last.safetensors");
    let mut run = Run::new(config, trainee, device)?;
    run.resume(&state_path)?;
    let train = block(examples, Block::Train)?;
    let validation = block(examples, Block::Validation)?;
    store_split(config, examples).map_err(|e| io_error(&config.output, e))?;
    while !run.counters.stopping.is_over() && run.counters.n_epochs < config.training.max_epochs {
        let report = run.epoch(examples, &train, &validation, observer)?;
        observer.epoch(&report);
        if report.is_best {
            observer.best(&run.plain_weights(), &report)?;
        }
        run.save(&state_path).map_err(|e| io_error(&state_path, e))?;
    }
    let counters = run.counters;
    Ok(Summary { n_epochs: counters.n_epochs, best_validation_loss: counters.stopping.best() })
}

fn block(examples: &dyn Examples, block: Block) -> Result<Vec<String>, TrainError> {
    let ids = examples.ids(block);
    if ids.is_empty() { Err(TrainError::EmptyBlock(block)) } else { Ok(ids) }
}

/// Writes which sample is in which block.
fn store_split(config: &TrainConfig, examples: &dyn Examples) -> io::Result<()> {
    let json = serde_json::to_vec_pretty(&serde_json::json!({
        "train": examples.ids(Block::Train),
        "validation": examples.ids(Block::Validation),
        "test": examples.ids(Block::Test),
    }))?;
    write_atomically(&config.output.join("split.json"), &json)
}

struct Run<'a> {
    config: &'a TrainConfig,
    trainee: Trainee<'a>,
    device: &'a Device,
    parameters: Parameters,
    optimiser: NamedAdam,
    counters: Counters,
}

impl<'a> Run<'a> {
    fn new(
        config: &'a TrainConfig,
        trainee: Trainee<'a>,
        device: &'a Device,
    ) -> Result<Self, TrainError> {
        let options = &config.training;
        let counters = Counters {
            config: fingerprint(config),
            n_epochs: 0,
            random: Random::new(config.seed),
            schedule: ReduceOnPlateau::new(options.learning_rate, options.lr_patience),
            stopping: EarlyStopping::new(options.stop_patience),
            n_steps: 0,
            metrics: "epoch,learning_rate,train_loss,validation_loss,is_best\n".into(),
        };
        let parameters = to_device(&trainee.initial, device);
        Ok(Self { config, trainee, device, parameters, optimiser: NamedAdam::new(), counters })
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
        self.parameters = to_device(&state.weights, self.device);
        self.optimiser = NamedAdam::from_host(state.moments, self.device);
        self.counters = state.counters;
        Ok(())
    }

    fn save(&self, path: &Path) -> io::Result<()> {
        let state = RunState {
            counters: self.counters.clone(),
            weights: self.parameters.to_host(),
            moments: self.optimiser.to_host(),
        };
        state.save(path)?;
        let metrics = self.config.output.join("metrics.csv");
        write_atomically(&metrics, self.counters.metrics.as_bytes())
    }

    fn plain_weights(&self) -> HostTensors {
        let mut weights = self.parameters.to_host();
        (self.trainee.rescale)(&mut weights, self.config.training.scale);
        weights
    }

    fn epoch(
        &mut self,
        examples: &dyn Examples,
        train: &[String],
        validation: &[String],
        observer: &mut dyn Observer,
    ) -> Result<EpochReport, TrainError> {
        let started = Instant::now();
        let learning_rate = self.counters.schedule.learning_rate;
        // Drawn from a copy that takes its place only when the epoch is whole.
        let mut random = self.counters.random.clone();
        let crops = self.config.augmentation.crops_per_sample.max(1);
        let mut order: Vec<usize> = (0..train.len() * crops).map(|i| i % train.len()).collect();
        random.shuffle(&mut order);
        let batches: Vec<&[usize]> = order.chunks(self.config.training.batch_size.max(1)).collect();
        let mut sum = 0.0;
        for (i, batch) in batches.iter().enumerate() {
            let mut draw = |&j: &usize| {
                let example = examples.read(&train[j])?;
                Ok::<_, DatasetError>(self.config.augmentation.apply(&example, &mut random))
            };
            let batch = batch.iter().map(&mut draw).collect::<Result<Vec<_>, _>>()?;
            let loss = self.step(&batch);
            sum += loss;
            if !loss.is_finite() {
                return Err(TrainError::Diverged(loss, self.counters.n_epochs + 1));
            }
            if !observer.batch(self.counters.n_epochs + 1, i + 1, batches.len(), loss) {
                return Err(TrainError::Stopped(self.counters.n_epochs));
            }
        }
        let samples_per_s = order.len() as f64 / started.elapsed().as_secs_f64();
        let validation_loss = self.validate(examples, validation)?;
        let counters = &mut self.counters;
        counters.random = random;
        counters.n_epochs += 1;
        counters.schedule.step(validation_loss);
        let report = EpochReport {
            epoch: counters.n_epochs,
            learning_rate,
            train_loss: sum / batches.len() as f64,
            validation_loss,
            is_best: counters.stopping.step(validation_loss),
            n_steps: counters.n_steps,
            samples_per_s,
        };
        counters.metrics += &format!(
            "{},{learning_rate:e},{:.6},{validation_loss:.6},{}\n",
            report.epoch, report.train_loss, report.is_best
        );
        Ok(report)
    }

    /// One batch forward, backward and into the weights; its loss in normalised units.
    fn step(&mut self, batch: &[Example]) -> f64 {
        let (input, target) = self.tensors(batch);
        let leaves = self.parameters.require_grad();
        let mode = Mode::Training(Recorder::default());
        let output = self.trainee.network.forward(&leaves, input, &mut Tap::off(), &mode);
        let loss = (output - target).square().sum().div_scalar(batch.len() as f64);
        let value = f64::from(to_vec(loss.clone().inner())[0]);
        let mut gradients = loss.backward();
        let Mode::Training(recorder) = mode else { unreachable!("set a few lines above") };
        let passes = recorder.depthwise.into_inner();
        let depthwise = passes.into_iter().filter_map(|p| p.weight_gradient(&mut gradients));
        let depthwise = depthwise.collect();
        let learning_rate = self.counters.schedule.learning_rate;
        let step = self.optimiser.step(&leaves, gradients, depthwise, learning_rate);
        self.parameters = step;
        self.parameters.update(recorder.statistics.into_inner());
        self.counters.n_steps += 1;
        value / f64::from(self.config.training.scale).powi(2)
    }

    /// Mean loss of whole frames, one at a time.
    fn validate(
        &self,
        examples: &dyn Examples,
        validation: &[String],
    ) -> Result<f64, DatasetError> {
        let network = self.trainee.network;
        let mut sum = 0.0;
        for id in validation {
            let example = examples.read(id)?;
            let (input, target) = self.tensors(std::slice::from_ref(example.as_ref()));
            let output =
                network.forward(&self.parameters, input, &mut Tap::off(), &Mode::Inference);
            sum += f64::from(to_vec((output - target).square().sum())[0]);
        }
        Ok(sum / validation.len() as f64 / f64::from(self.config.training.scale).powi(2))
    }

    /// `[batch, frames, height, width]` and `[batch, 1, height, width]`, scaled.
    fn tensors(&self, batch: &[Example]) -> (Tensor<4>, Tensor<4>) {
        let (height, width) = (batch[0].height, batch[0].width);
        let gather = |values: fn(&Example) -> &[f32]| {
            let all: Vec<f32> = batch.iter().flat_map(|e| values(e).iter().copied()).collect();
            let n_channels = all.len() / (batch.len() * height * width);
            let data = TensorData::new(all, [batch.len(), n_channels, height, width]);
            Tensor::<4>::from_data(data, self.device).mul_scalar(self.config.training.scale)
        };
        (gather(|e| &e.inputs), gather(|e| &e.target))
    }
}

fn to_device(tensors: &HostTensors, device: &Device) -> Parameters {
    let borrowed = tensors.iter().map(|(n, s, v)| (n.as_str(), s.as_slice(), v.as_slice()));
    Parameters::from_host(borrowed, device)
}

/// The options that decide the result; how long to train is not among them.
fn fingerprint(config: &TrainConfig) -> String {
    let mut deciding = config.clone();
    deciding.training.max_epochs = 0;
    deciding.output = PathBuf::new();
    serde_json::to_string(&deciding).unwrap_or_default()
}
