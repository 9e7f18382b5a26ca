//! Training on tiles of coarse and fine rain: weights of each epoch, and the mean of the best ones.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde_json::json;
use stormlens_checkpoint::{Metadata, Precision, write_safetensors};
use stormlens_data::card::{RainStatement, Task};
use stormlens_data::downscale::LogScale;
use stormlens_nn::engine::{host_tensors, state_dict};
use stormlens_nn::models::soup::{self, Soup};
use stormlens_nn::models::{HostTensors, Sizes};
use stormlens_nn::registry;
use stormlens_nn::train::{Block, EpochReport, TileConfig, TileSupervision};

use crate::causes::with_causes;
use crate::cli::say;
use crate::cli::train::{BEST, EPOCHS, Run, created_by};
use crate::written;

/// Weights that are an ensemble with those beside their folder.
const MEMBERS: &str = "members";
/// Where the loss of an epoch stands beside its weights.
const VALIDATION_LOSS: &str = "validation_loss";

/// Trains a network that refines rain; `None` for another one.
pub fn train(run: &Run<'_>) -> Option<anyhow::Result<()>> {
    matches!((run.entry.card)().task, Task::Downscaling).then(|| train_on_tiles(run))
}

fn train_on_tiles(run: &Run<'_>) -> anyhow::Result<()> {
    let config: TileConfig = run.config()?;
    config.check().map_err(anyhow::Error::msg)?;
    written::make_folder(&config.output)?;
    let begin = begin(run, &config)?;
    say(format_args!("reading the rain in {}", config.data.rain.display()));
    let supervision = TileSupervision::open(&config, begin.scale)?;
    let [n_train, n_validation, n_test] =
        [Block::Train, Block::Validation, Block::Test].map(|block| supervision.len(block));
    say(format_args!(
        "{n_train} wet tiles train, {n_validation} validate; {n_test}, wet and dry, are left for tests"
    ));
    if let Some(why) = supervision.left_out() {
        say(format_args!("left out of the rain: {why}"));
    }
    if supervision.clipped_mm() > 0.0 {
        say(format_args!(
            "{:.4} mm of negative rain, summed over the cells of all sums that were read (which may overlap), were set to 0",
            supervision.clipped_mm()
        ));
    }
    let about = About { config: &config, scale: supervision.scale(), n_train, n_validation };
    let metadata = |report: &EpochReport| about.metadata(report);
    run.train_from(begin.weights, &config.recipe(), &supervision, &metadata)?;
    let mut epochs = epochs(&config.output.join(EPOCHS))?;
    epochs.truncate(config.training.max_average);
    let loss = |weights: &HostTensors| {
        run.validation_loss(weights, &supervision).map_err(|error| with_causes(&error))
    };
    let found = soup::best(&with_weights(&epochs)?, config.training.max_average, loss);
    about.store(&found.map_err(anyhow::Error::msg)?, &epochs)
}

/// What training begins with.
struct Begin {
    weights: HostTensors,
    /// The unit that they are of.
    scale: Option<LogScale>,
}

fn begin(run: &Run<'_>, config: &TileConfig) -> anyhow::Result<Begin> {
    let Some(path) = &config.training.start_from else {
        let sizes = Sizes {
            channels: None,
            base_channels: config.base_channels,
            kernels_per_layer: config.kernels_per_layer,
        };
        let design = (run.entry.design)(&sizes);
        let architecture =
            design.map_err(|reason| anyhow::anyhow!("{}: {reason}", run.entry.name))?;
        let weights = (run.entry.initialise)(&architecture.schema, config.seed);
        return Ok(Begin { weights, scale: None });
    };
    let shown = path.display();
    let (file, found) = registry::read(path)?;
    ensure!(found.entry.name == run.entry.name, "{shown} is of {}", found.entry.name);
    ensure!(config.base_channels.is_none(), "leave base_channels out: {shown} has its own");
    let rain = file.metadata.as_ref().and_then(|metadata| metadata.rain);
    let rain = rain.with_context(|| {
        format!("{shown} does not say which rain it was trained on; say it with `stormlens import`")
    })?;
    ensure!(
        (rain.hours, rain.registration) == (config.data.hours, config.data.registration),
        "{shown} is of sums of {} h, {}; [data] says {} h, {}",
        rain.hours,
        rain.registration,
        config.data.hours,
        config.data.registration
    );
    ensure!(
        rain.wettest_mm == config.data.wettest_mm,
        "{shown} is of tiles {}; [data] says {}",
        brought(rain.wettest_mm),
        brought(config.data.wettest_mm)
    );
    let scale = Some(LogScale::new(rain.log_mean, rain.log_std));
    Ok(Begin { weights: host_tensors(file.state), scale })
}

/// What is done to the rain of a tile before the network.
fn brought(wettest_mm: Option<f64>) -> String {
    match wettest_mm {
        Some(mm) => format!("whose wettest coarse node is multiplied to {mm} mm (wettest_mm)"),
        None => "with rain as it is (no wettest_mm)".to_owned(),
    }
}

/// What all weights of a run say.
struct About<'a> {
    config: &'a TileConfig,
    scale: LogScale,
    n_train: usize,
    n_validation: usize,
}

impl About<'_> {
    fn metadata(&self, report: &EpochReport) -> Metadata {
        let scores: serde_json::Map<_, _> =
            report.scores.iter().map(|&(name, score)| (name.to_owned(), json!(score))).collect();
        self.with(&json!({
            "epoch": report.epoch,
            VALIDATION_LOSS: report.validation_loss,
            "validation_scores": scores,
        }))
    }

    fn with(&self, own: &serde_json::Value) -> Metadata {
        let (config, data) = (self.config, &self.config.data);
        let mut said = json!({
            "training": config.training,
            "augmentation": config.augmentation,
            "seed": config.seed,
            "n_train": self.n_train,
            "n_validation": self.n_validation,
            "split": data.split(),
            "domain": data.domain,
        });
        if let (Some(said), Some(own)) = (said.as_object_mut(), own.as_object()) {
            said.extend(own.clone());
        }
        Metadata {
            model: config.model.clone(),
            hyper_parameters: said,
            normalisation_mm_5min: None,
            field: None,
            frame_step_min: None,
            lead_times_min: None,
            rain: Some(RainStatement {
                log_mean: self.scale.mean,
                log_std: self.scale.std,
                wettest_mm: data.wettest_mm,
                hours: data.hours,
                registration: data.registration,
            }),
            fields: None,
            input_px: None,
            crop_px: None,
            simulated: false,
            training_statistics: None,
            training_features: None,
            training_data: data.description.clone(),
            licence: data.licence.clone(),
            created_by: created_by(),
        }
    }

    /// The mean takes the place of the best epoch; the epochs that it was chosen from are the members.
    fn store(&self, found: &Soup, epochs: &[Epoch]) -> anyhow::Result<()> {
        let members = self.config.output.join(MEMBERS);
        if members.exists() {
            fs::remove_dir_all(&members).with_context(|| members.display().to_string())?;
        }
        written::make_folder(&members)?;
        for epoch in epochs {
            let name = epoch.path.file_name().context("a file has a name")?;
            fs::copy(&epoch.path, members.join(name))
                .with_context(|| epoch.path.display().to_string())?;
        }
        let averaged: Vec<usize> = epochs[..found.size].iter().map(|epoch| epoch.number).collect();
        let loss = found.losses[found.size - 1];
        let metadata = self.with(&json!({
            "averaged_epochs": averaged,
            "losses_of_averages": found.losses,
            VALIDATION_LOSS: loss,
        }));
        let best = self.config.output.join(BEST);
        write_safetensors(&best, &state_dict(&found.weights, 0), &metadata, Precision::F32)?;
        say(format_args!(
            "the mean of the weights of epochs {averaged:?} has a validation loss of {loss:.6}; it is in {}, \
             {} members are in {}",
            best.display(),
            epochs.len(),
            members.display()
        ));
        Ok(())
    }
}

/// The weights of an epoch on disk.
struct Epoch {
    loss: f64,
    number: usize,
    path: PathBuf,
}

/// All epochs of a run, the one with the least validation loss first.
fn epochs(folder: &Path) -> anyhow::Result<Vec<Epoch>> {
    let shown = folder.display();
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| shown.to_string())? {
        let path = entry?.path();
        let (file, _) = registry::read(&path)?;
        let said = file.metadata.map(|metadata| metadata.hyper_parameters).unwrap_or_default();
        let loss = said[VALIDATION_LOSS].as_f64();
        let number = said["epoch"].as_u64();
        let (loss, number) = loss
            .zip(number)
            .with_context(|| format!("{} is no epoch of a run of this program", path.display()))?;
        found.push(Epoch { loss, number: number as usize, path });
    }
    found.sort_by(|a, b| a.loss.total_cmp(&b.loss).then(a.number.cmp(&b.number)));
    Ok(found)
}

fn with_weights(epochs: &[Epoch]) -> anyhow::Result<Vec<(f64, HostTensors)>> {
    let read = |epoch: &Epoch| {
        let (file, _) = registry::read(&epoch.path)?;
        Ok((epoch.loss, host_tensors(file.state)))
    };
    epochs.iter().map(read).collect()
}
