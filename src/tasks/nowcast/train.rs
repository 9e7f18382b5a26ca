//! Training on frames and those that followed.

use std::path::Path;

use serde::Serialize;
use serde_json::json;
use stormlens_checkpoint::Metadata;
use stormlens_data::archive::{Archive, parse_id};
use stormlens_data::card::NowcastField;
use stormlens_data::files::write_atomically;
use stormlens_data::import::knmi::NORMALISATION_MM_5MIN;
use stormlens_data::likeness::{self, Likeness};
use stormlens_nn::models::spat_spark;
use stormlens_nn::train::{
    Augmentation, Block, DataConfig, EpochReport, Examples, FrameSupervision, SparkConfig,
    SparkSupervision, Stage, Start, TrainConfig, initial_weights, open,
};

use crate::cli::say;
use crate::cli::train::{Run, created_by};
use crate::written;

/// Beside the weights: parts of the network that the weights which training began with did not hold.
const UNTRAINED: &str = "untrained_at_start";

/// Trains a network that makes forecasts; `None` for another one.
pub fn train(run: &Run<'_>) -> Option<anyhow::Result<()>> {
    (run.entry.card)().is_nowcasting().then(|| train_on_frames(run))
}

fn train_on_frames(run: &Run<'_>) -> anyhow::Result<()> {
    if run.entry.name == spat_spark::ENTRY.name {
        return train_spark(run);
    }
    let config: TrainConfig = run.config()?;
    config.check().map_err(anyhow::Error::msg)?;
    let examples = open(&config.data)?;
    let supervision = FrameSupervision::new(&config, examples.as_ref(), run.entry.rescale)
        .with_size_multiple(run.entry.size_multiple);
    let leads = &config.data.frames.lead_times_min;
    let metadata = |report: &EpochReport| metadata(&config, &config.data, leads, report);
    let initial = initial_weights(&config, run.entry)?;
    describe_frames(&config.data, &config.output, examples.as_ref())?;
    run.train_from(initial, &config.recipe(), &supervision, &metadata)
}

/// Weights of the pre-training rebuild frames, so they state no lead time.
fn train_spark(run: &Run<'_>) -> anyhow::Result<()> {
    let config: SparkConfig = run.config()?;
    let examples = config.open()?;
    let supervision = SparkSupervision::new(&config, examples.as_ref())?;
    let leads = match config.training.stage {
        Stage::Pretrain => &[][..],
        Stage::Finetune => &config.data.frames.lead_times_min,
    };
    let Start { weights, untrained } = config.start()?;
    if let Some(words) = begins_untrained(&config, &untrained) {
        say(words);
    }
    let metadata = |report: &EpochReport| {
        let mut said = metadata(&config, &config.data, leads, report);
        if !untrained.is_empty() {
            said.hyper_parameters[UNTRAINED] = json!(untrained);
        }
        said
    };
    describe_frames(&config.data, &config.output, examples.as_ref())?;
    let recipe = config.recipe(supervision.n_batches());
    run.train_from(weights, &recipe, &supervision, &metadata)
}

/// Which parts of the network the weights that a run begins with do not hold.
fn begins_untrained(config: &SparkConfig, untrained: &[&str]) -> Option<String> {
    let path = config.training.start_from.as_ref().filter(|_| !untrained.is_empty())?;
    Some(format!("not in {}, so untrained at the start: {}", path.display(), untrained.join(", ")))
}

/// What stands beside the weights of an epoch.
fn metadata<D, T: Default + Serialize>(
    config: &TrainConfig<D, T, Augmentation>,
    data: &DataConfig,
    leads: &[u32],
    report: &EpochReport,
) -> Metadata {
    let frames = &data.frames;
    let scores: serde_json::Map<_, _> =
        report.scores.iter().map(|&(name, score)| (name.to_owned(), json!(score))).collect();
    Metadata {
        model: config.model.clone(),
        hyper_parameters: json!({
            "training": config.training,
            "augmentation": config.augmentation,
            "seed": config.seed,
            "train_until": data.train_until,
            "validate_until": data.validate_until,
            "train_events": data.train_events,
            "validation_events": data.validation_events,
            "test_events": data.test_events,
            "wet_share_at_least": data.wet_share_at_least,
            "epoch": report.epoch,
            "validation_loss": report.validation_loss,
            "validation_scores": scores,
        }),
        normalisation_mm_5min: normalisation_mm_5min(frames.field),
        field: Some(frames.field),
        frame_step_min: Some(frames.frame_step_min),
        lead_times_min: Some(leads.to_vec()),
        rain: None,
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

/// Writes what the last input frames of the training are beside the weights, so that others can be compared with them.
/// Of windows and of several archives, whose frames may differ, nothing is written.
fn describe_frames(
    data: &DataConfig,
    output: &Path,
    examples: &dyn Examples,
) -> anyhow::Result<()> {
    let mut folders = data.archive.iter().chain(&data.archives);
    let (Some(folder), None) = (folders.next(), folders.next()) else { return Ok(()) };
    let file = output.join(likeness::FILE);
    if data.frames.field != NowcastField::Precipitation || file.is_file() {
        return Ok(());
    }
    let time = |id: &String| Some(parse_id(id.rsplit('/').next()?)?.1);
    let mut times: Vec<_> = examples.ids(Block::Train).iter().filter_map(time).collect();
    times.dedup();
    let likeness = Likeness::of_archive(&Archive::open(folder)?, &times)?;
    written::make_folder(output)?;
    write_atomically(&file, &serde_json::to_vec_pretty(&likeness)?)?;
    Ok(())
}

/// What a network's values of rain are divided by, mm in 5 minutes.
pub fn normalisation_mm_5min(field: NowcastField) -> Option<f64> {
    (field == NowcastField::Precipitation).then_some(NORMALISATION_MM_5MIN)
}
