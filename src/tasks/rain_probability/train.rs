//! Training on fields of a weather model: to rebuild hidden ones, then to tell the classes of rain, and recalibration.

use anyhow::Context as _;
use serde_json::json;
use stormlens_checkpoint::{Metadata, Precision, write_safetensors};
use stormlens_data::card::{Part, Task};
use stormlens_data::network::{Input, Question};
use stormlens_data::probability::iberia::Iberia;
use stormlens_data::probability::synthetic::{SyntheticOptions, SyntheticWorld};
use stormlens_data::request::Silent;
use stormlens_nn::Engine;
use stormlens_nn::registry;
use stormlens_nn::train::{Block, EpochReport, FieldConfig, FieldSource, FieldSupervision, Stage};

use super::calibrate::Asked;
use super::world::World;
use crate::cli::say;
use crate::cli::train::{BEST, Run, created_by};

/// Trains a network that takes fields; `None` for another one.
pub fn train(run: &Run<'_>) -> Option<anyhow::Result<()>> {
    matches!((run.entry.card)().task, Task::RainProbability).then(|| train_on_fields(run))
}

fn train_on_fields(run: &Run<'_>) -> anyhow::Result<()> {
    let config: FieldConfig = run.config()?;
    say(format_args!("reading the fields"));
    let supervision = FieldSupervision::open(&config)?;
    let [n_train, n_validation, n_test] =
        [Block::Train, Block::Validation, Block::Test].map(|block| supervision.len(block));
    say(format_args!(
        "{n_train} samples train, {n_validation} validate; {n_test} are left for tests"
    ));
    let initial = supervision.initial_weights(&config)?;
    let about = |report: &EpochReport| metadata(&config, &supervision, report);
    run.train_from(initial, &config.recipe(), &supervision, &about)?;
    match config.training.stage {
        Stage::Pretrain => Ok(()),
        Stage::Finetune => calibrate(run, &config),
    }
}

fn metadata(
    config: &FieldConfig,
    supervision: &FieldSupervision,
    report: &EpochReport,
) -> Metadata {
    let scores: serde_json::Map<_, _> =
        report.scores.iter().map(|&(name, score)| (name.to_owned(), json!(score))).collect();
    let statement = supervision.statement().clone();
    Metadata {
        model: config.model.clone(),
        hyper_parameters: json!({
            "data": config.data,
            "training": config.training,
            "seed": config.seed,
            "n_train": supervision.len(Block::Train),
            "n_validation": supervision.len(Block::Validation),
            "epoch": report.epoch,
            "validation_loss": report.validation_loss,
            "validation_scores": scores,
        }),
        normalisation_mm_5min: None,
        field: None,
        frame_step_min: None,
        lead_times_min: None,
        rain: None,
        input_px: None,
        crop_px: None,
        simulated: statement.synthetic,
        fields: Some(statement),
        training_statistics: None,
        training_features: None,
        training_data: config.data.description.clone(),
        licence: config.data.licence.clone(),
        created_by: created_by(),
    }
}

/// Fits what makes probabilities of memberships on the samples that chose the epoch, and writes it beside the weights.
fn calibrate(run: &Run<'_>, config: &FieldConfig) -> anyhow::Result<()> {
    let Some(world) = world(&config.data.source)? else {
        say(format_args!("not recalibrated: folders of the authors have no block for that"));
        return Ok(());
    };
    let path = config.output.join(BEST);
    let engine = Engine::new(run.device())?;
    let resident = engine.load(run.entry_id(), &path)?;
    let card = resident.checkpoint.fields.as_ref().context("the weights take no fields")?;
    let mut statement = card.fields.clone();
    let [rows, columns] = statement.size;
    let shape = [statement.n_channels(), rows, columns];
    let nothing = Question::new();
    let network = |_: usize, _: usize, values: Vec<f32>| {
        let input = Input { values, shape };
        let answers = engine.answer(&resident, &[(&input, &nothing)], &Silent)?;
        Ok(answers.into_iter().next().context("the network gave no answer")?.prediction)
    };
    let asked = Asked::of(&world, &statement, Part::Validation, network)?;
    let raw_mm = |_: usize| asked.cases.iter().map(|case| f64::from(case.raw_mm)).collect();
    statement.raw_rain = asked.maps(&statement, raw_mm);
    statement.calibration = asked.maps(&statement, |event| asked.exceeding(event));
    let n = asked.cases.len();
    let (file, _) = registry::read(&path)?;
    let metadata = file.metadata.context("weights of this program say what they are")?;
    let metadata = Metadata { fields: Some(statement), ..metadata };
    write_safetensors(&path, &file.state, &metadata, Precision::F32)?;
    say(format_args!(
        "recalibrated on {n} cases of the samples that validate; in {}",
        path.display()
    ));
    Ok(())
}

fn world(source: &FieldSource) -> anyhow::Result<Option<World>> {
    Ok(match source {
        FieldSource::Iberia { folder } => Some(World::Iberia(Box::new(Iberia::open(folder)?))),
        &FieldSource::Synthetic { seed, seasons, events, days } => {
            let options =
                SyntheticOptions { seed, n_seasons: seasons, n_events: events, n_days: days };
            Some(World::Synthetic(Box::new(SyntheticWorld::new(options))))
        }
        FieldSource::Reference { .. } => None,
    })
}
