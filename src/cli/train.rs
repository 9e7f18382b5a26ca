//! `stormlens train CONFIG.toml`.

mod terminal;

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use stormlens_data::card::{SceneClassification, Task};
use stormlens_nn::checkpoint::Metadata;
use stormlens_nn::device;
use stormlens_nn::models::Sizes;
use stormlens_nn::registry::{self, ModelEntry};
use stormlens_nn::train::{
    Block, EpochReport, FrameLessons, Lessons, Monitor, Recipe, SceneConfig, SceneLessons,
    TrainConfig, Trainee, open, train,
};

use self::terminal::Terminal;
use super::import::normalisation_mm_5min;
use crate::config::DeviceArgs;

/// Train a network; Ctrl-C stops a run, the same command goes on with it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run's options; examples are the files train.toml in the folders below checkpoints/
    config: PathBuf,
    #[command(flatten)]
    device: DeviceArgs,
}

/// The part of the options that says what the others are.
#[derive(Deserialize)]
struct Head {
    model: String,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(&args.config)
        .with_context(|| format!("cannot read {}", args.config.display()))?;
    let Head { model } = parse(&text, &args.config)?;
    let entry = registry::find(&model)
        .map_err(|known| anyhow!("there is no model {model:?}; known are {}", known.join(", ")))?;
    match (entry.card)().task {
        Task::Nowcasting => nowcasting(&args, entry, parse(&text, &args.config)?),
        Task::SceneClassification(task) => {
            classification(&args, entry, &task, parse(&text, &args.config)?)
        }
    }
}

fn parse<T: DeserializeOwned>(text: &str, path: &Path) -> anyhow::Result<T> {
    toml::from_str(text).with_context(|| path.display().to_string())
}

fn nowcasting(args: &Args, entry: &ModelEntry, config: TrainConfig) -> anyhow::Result<()> {
    let examples = open(&config.data)?;
    let frames = &config.data.frames;
    let channels = Some(frames.channels());
    let sizes = Sizes { channels, kernels_per_layer: config.kernels_per_layer };
    let lessons = FrameLessons::new(&config, examples.as_ref(), entry.rescale);
    let metadata = |report: &EpochReport| Metadata {
        model: config.model.clone(),
        hyper_parameters: json!({
            "training": config.training,
            "augmentation": config.augmentation,
            "seed": config.seed,
            "train_until": config.data.train_until,
            "validate_until": config.data.validate_until,
            "epoch": report.epoch,
            "validation_loss": report.validation_loss,
        }),
        normalisation_mm_5min: normalisation_mm_5min(frames.field),
        field: Some(frames.field),
        frame_step_min: Some(frames.frame_step_min),
        lead_times_min: Some(frames.lead_times_min.clone()),
        input_px: None,
        crop_px: None,
        simulated: false,
        training_statistics: None,
        training_data: config.data.description.clone(),
        licence: config.data.licence.clone(),
        created_by: created_by(),
    };
    begin(args, (entry, sizes), &config.recipe(), &lessons, &metadata)
}

fn classification(
    args: &Args,
    entry: &ModelEntry,
    task: &SceneClassification,
    config: SceneConfig,
) -> anyhow::Result<()> {
    println!("reading the scenes in {}", config.data.scenes.display());
    let lessons = SceneLessons::open(&config, task, entry.norm)?;
    let [n_train, n_validation] = [Block::Train, Block::Validation].map(|b| lessons.len(b));
    println!("{n_train} scenes train, {n_validation} validate");
    for (block, what) in [(Block::Validation, "validation"), (Block::Test, "test")] {
        let n = lessons.n_known_places(block);
        if n > 0 {
            println!("{n} scenes of the {what} set show places that training scenes show too");
        }
    }
    let statistics = lessons.reference().map(serde_json::to_value).transpose()?;
    let data = &config.data;
    let metadata = |report: &EpochReport| Metadata {
        model: config.model.clone(),
        hyper_parameters: json!({
            "training": config.training,
            "augmentation": config.augmentation,
            "seed": config.seed,
            "resampling": data.resampling,
            "n_train": n_train,
            "n_validation": n_validation,
            "epoch": report.epoch,
            "training_loss": report.train_loss,
            "validation_loss": report.validation_loss,
            "validation_scores":
                report.scores.iter().copied().collect::<std::collections::BTreeMap<_, _>>(),
        }),
        normalisation_mm_5min: None,
        field: None,
        frame_step_min: None,
        lead_times_min: None,
        input_px: Some(data.variant.input_px),
        crop_px: Some(data.variant.crop_px),
        simulated: data.simulated,
        training_statistics: statistics.clone(),
        training_data: data.description.clone(),
        licence: data.licence.clone(),
        created_by: created_by(),
    };
    let sizes = Sizes { channels: None, kernels_per_layer: config.kernels_per_layer };
    begin(args, (entry, sizes), &config.recipe(), &lessons, &metadata)
}

fn created_by() -> String {
    format!("stormlens {}", env!("CARGO_PKG_VERSION"))
}

fn begin<L: Lessons>(
    args: &Args,
    (entry, sizes): (&ModelEntry, Sizes),
    recipe: &Recipe,
    lessons: &L,
    metadata: &dyn Fn(&EpochReport) -> Metadata,
) -> anyhow::Result<()> {
    let (device, report) = device::choose(args.device.device)?;
    println!("{} on {} ({})", (entry.card)().title, report.name, report.reason);
    let architecture =
        (entry.design)(&sizes).map_err(|reason| anyhow!("{}: {reason}", entry.name))?;
    let initial = (entry.initialise)(&architecture.schema, recipe.seed);
    let trainee = Trainee { network: entry.network, initial };
    let best = recipe.output.join("best.safetensors");
    let mut terminal = Terminal::new(best.clone(), metadata)?;
    let summary = train(recipe, trainee, lessons, &device, &mut terminal)?;
    println!(
        "ended after {} epochs; best {} loss {:.6}; weights in {}",
        summary.n_epochs,
        match recipe.monitor {
            Monitor::Validation => "validation",
            Monitor::Training => "training",
        },
        summary.best_loss.unwrap_or(f64::NAN),
        best.display()
    );
    Ok(())
}
