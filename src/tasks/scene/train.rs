//! Training on pictures and their classes.

use std::collections::BTreeMap;

use serde_json::json;
use stormlens_checkpoint::Metadata;
use stormlens_data::card::SceneClassification;
use stormlens_nn::models::Sizes;
use stormlens_nn::train::{Block, EpochReport, SceneConfig, SceneSupervision};

use crate::cli::say;
use crate::cli::train::{Run, created_by};

/// Trains a classifier of pictures; `None` for another network.
pub fn train(run: &Run<'_>) -> Option<anyhow::Result<()>> {
    let card = (run.entry.card)();
    card.scene_classification().map(|task| train_on_pictures(run, task))
}

fn train_on_pictures(run: &Run<'_>, task: &SceneClassification) -> anyhow::Result<()> {
    let config: SceneConfig = run.config()?;
    say(format_args!("reading the scenes in {}", config.data.scenes.display()));
    let supervision = SceneSupervision::open(&config, task, run.entry.norm)?;
    let [n_train, n_validation] = [Block::Train, Block::Validation].map(|b| supervision.len(b));
    say(format_args!("{n_train} scenes train, {n_validation} validate"));
    for (block, what) in [(Block::Validation, "validation"), (Block::Test, "test")] {
        let n = supervision.n_known_places(block);
        if n > 0 {
            say(format_args!(
                "{n} scenes of the {what} set show places that training scenes show too"
            ));
        }
    }
    let statistics = supervision.reference().map(serde_json::to_value).transpose()?;
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
            "validation_scores": report.scores.iter().copied().collect::<BTreeMap<_, _>>(),
        }),
        normalisation_mm_5min: None,
        field: None,
        frame_step_min: None,
        lead_times_min: None,
        rain: None,
        fields: None,
        input_px: Some(data.variant.input_px),
        crop_px: Some(data.variant.crop_px),
        simulated: data.simulated,
        training_statistics: statistics.clone(),
        training_features: None,
        training_data: data.description.clone(),
        licence: data.licence.clone(),
        created_by: created_by(),
    };
    let sizes = Sizes {
        channels: None,
        base_channels: config.base_channels,
        kernels_per_layer: config.kernels_per_layer,
    };
    run.train(&sizes, &config.recipe(), &supervision, &metadata)
}
