//! The options of a run that trains SpaT-SparK.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use stormlens_data::patches::DEFAULT_FLOOR;

use crate::models::spat_spark::Form;
use crate::train::config::{Monitor, Recipe, TrainConfig};
use crate::train::fields::Stage;
use crate::train::frames::{Augmentation, DataConfig, TrainingOptions};
use crate::train::lamb::LambOptions;
use crate::train::limits::exactly;
use crate::train::optimiser::{RateOf, Rule};
use crate::train::schedule::{EarlyStopping, WarmCosine};
use crate::train::supervision::Block;

/// One training run.
pub type SparkConfig = TrainConfig<DataConfig, SparkTraining, Augmentation>;

/// Which patches the loss of the pre-training counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SparkLoss {
    /// All, as published.
    #[default]
    All,
    /// Those that were hidden, as in SparK.
    Hidden,
}

/// A part of the network that fine-tuning leaves as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrainedPart {
    Encoder,
    Decoder,
    /// Both.
    All,
}

/// Stage, masks, optimiser and size; defaults as published where nothing else is said.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SparkTraining {
    pub stage: Stage,
    pub batch_size: usize,
    pub max_epochs: usize,
    /// Epochs in which the learning rate rises.
    pub warm_up_epochs: usize,
    /// The highest learning rate for a batch of 256; it is in proportion to the batch.
    pub base_learning_rate: f64,
    /// Decay of weights at the beginning and at the end.
    #[serde(deserialize_with = "exactly")]
    pub decay: [f64; 2],
    /// Share of patches that are hidden from a training sample. Published are 0.3 for pre-training and 0.6 for fine-tuning;
    /// here fine-tuning hides nothing unless it is asked to, since forecasts see everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask_ratio: Option<f64>,
    pub loss: SparkLoss,
    /// Share of one minus the structural similarity in the loss of fine-tuning.
    pub similarity: f64,
    /// Whether fine-tuning puts a translation (`linearA`) between encoder and decoder.
    pub translation: bool,
    /// What fine-tuning leaves as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freeze: Option<TrainedPart>,
    /// Its square is added to the variance of patches; in mm in 5 minutes / 47.83; published is a thousandth.
    pub floor: f64,
    /// Bottlenecks of each level of the encoder.
    #[serde(deserialize_with = "exactly")]
    pub depths: [usize; 4],
    /// Channels that the decoder begins with, of which each of its five blocks leaves half; as many as published for the
    /// width of the encoder (twelve times `base_channels`) where it is left out. A narrow encoder needs more, or a handful of
    /// channels is left for all frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoder_channels: Option<usize>,
    /// Share of the training samples that are used, of each event the same: for how many labels a network needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labelled_share: Option<f64>,
    /// Epochs without improvement before training ends; without it, all are run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_patience: Option<usize>,
    /// Samples that an epoch takes, drawn anew for each; all of them where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples_per_epoch: Option<NonZeroUsize>,
    /// Weights to begin with: of the pre-training for fine-tuning, of the same stage to go on with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_from: Option<PathBuf>,
}

impl Default for SparkTraining {
    fn default() -> Self {
        Self {
            stage: Stage::Pretrain,
            batch_size: 128,
            max_epochs: 1600,
            warm_up_epochs: 40,
            base_learning_rate: 2e-4,
            decay: [0.04, 0.2],
            mask_ratio: None,
            loss: SparkLoss::All,
            similarity: 1e-4,
            translation: true,
            freeze: None,
            floor: DEFAULT_FLOOR,
            depths: [2; 4],
            decoder_channels: None,
            labelled_share: None,
            stop_patience: None,
            samples_per_epoch: None,
            start_from: None,
        }
    }
}

impl SparkTraining {
    /// The share that is hidden; nothing where the epoch of a fine-tuning is chosen.
    pub fn mask_ratio_of(&self, block: Block) -> f64 {
        match (self.stage, block) {
            (Stage::Pretrain, _) => self.mask_ratio.unwrap_or(0.3),
            (Stage::Finetune, Block::Train) => self.mask_ratio.unwrap_or(0.0),
            (Stage::Finetune, _) => 0.0,
        }
    }

    fn check(&self) -> Result<(), String> {
        if [self.batch_size, self.max_epochs].contains(&0) {
            return Err("batch_size and max_epochs have to be at least 1".to_owned());
        }
        let ratio = self.mask_ratio_of(Block::Train);
        if !(0.0..1.0).contains(&ratio) || (self.stage == Stage::Pretrain && ratio == 0.0) {
            return Err(format!(
                "mask_ratio is {ratio}: it lies from 0 to below 1, and pre-training needs hidden patches"
            ));
        }
        let above_zero = [
            ("base_learning_rate", self.base_learning_rate),
            ("floor", self.floor),
            ("labelled_share", self.labelled_share.unwrap_or(1.0)),
        ];
        if let Some((name, value)) =
            above_zero.into_iter().find(|(_, value)| !value.is_finite() || *value <= 0.0)
        {
            return Err(format!("{name} is {value}: it has to be above 0"));
        }
        if self.labelled_share.is_some_and(|share| share > 1.0) {
            return Err("labelled_share is a share: it is 1 at most".to_owned());
        }
        let others = [self.similarity, self.decay[0], self.decay[1]];
        match others.iter().all(|value| value.is_finite() && *value >= 0.0) {
            true => Ok(()),
            false => Err("similarity and decay cannot be negative".to_owned()),
        }
    }

    fn rates(&self) -> Vec<RateOf> {
        let still = |prefix: &str| RateOf { prefix: prefix.to_owned(), factor: 0.0 };
        match self.freeze {
            None => Vec::new(),
            Some(TrainedPart::Encoder) => vec![still("sparse_encoder.")],
            Some(TrainedPart::Decoder) => vec![still("dense_decoder.")],
            Some(TrainedPart::All) => vec![still("sparse_encoder."), still("dense_decoder.")],
        }
    }
}

impl SparkConfig {
    /// # Errors
    /// In words, for options that make no sense.
    pub(super) fn check(&self) -> Result<(), String> {
        self.training.check()?;
        let (n_in, n_out) = self.data.frames.channels();
        match n_in == n_out {
            true => self.form().check(),
            false => Err(format!(
                "{n_in} frames go in and {n_out} come out; the network gives as many as it takes: state as many \
                 lead_times_min in [data.frames] as n_input_frames"
            )),
        }
    }

    /// The network that is to be trained.
    pub fn form(&self) -> Form {
        let published = Form::published();
        let (in_channels, out_channels) = self.data.frames.channels();
        let base_channels = self.base_channels.unwrap_or(published.base_channels);
        Form {
            in_channels,
            out_channels,
            base_channels,
            depths: self.training.depths,
            decoder_channels: self
                .training
                .decoder_channels
                .unwrap_or(base_channels * published.decoder_channels / published.base_channels),
            translates: self.training.stage == Stage::Finetune && self.training.translation,
            has_floor: true,
            unused_px: None,
        }
    }

    /// What of it other networks that learn from frames have, too.
    pub(super) fn frames(&self) -> TrainConfig {
        TrainConfig {
            model: self.model.clone(),
            base_channels: self.base_channels,
            kernels_per_layer: self.kernels_per_layer,
            output: self.output.clone(),
            seed: self.seed,
            data: self.data.clone(),
            training: TrainingOptions {
                batch_size: self.training.batch_size,
                samples_per_epoch: self.training.samples_per_epoch,
                ..TrainingOptions::default()
            },
            augmentation: self.augmentation.clone(),
        }
    }

    /// What the loop needs to know, for an epoch of so many batches.
    pub fn recipe(&self, n_batches: usize) -> Recipe {
        let options = &self.training;
        let schedule = WarmCosine {
            peak: options.base_learning_rate * options.batch_size as f64 / 256.0,
            n_warm_up: options.warm_up_epochs * n_batches,
            n_steps: options.max_epochs * n_batches,
            decay_from: options.decay[0],
            decay_to: options.decay[1],
        };
        Recipe {
            output: self.output.clone(),
            seed: self.seed,
            max_epochs: options.max_epochs,
            optimiser: Rule::Lamb(LambOptions::SPARK),
            rates: options.rates(),
            schedule: schedule.into(),
            stopping: EarlyStopping::new(options.stop_patience.unwrap_or(usize::MAX)),
            monitor: Monitor::Validation,
            keeps_epochs: false,
            // The schedule follows the number of epochs, so that decides what is learnt.
            fingerprint: self.fingerprint(options.clone()),
        }
    }
}
