//! The options of a run that learns from fields of a weather model.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use stormlens_data::probability::Rounding;

use crate::models::sslpdl::{Form, Naming};
use crate::train::config::{Monitor, Recipe, TrainConfig};
use crate::train::limits::{check_rate, exactly, exactly_if_given};
use crate::train::optimiser::{Decay, OptimiserOptions, RateOf};
use crate::train::schedule::{EarlyStopping, Schedule, WarmRestarts};
use crate::train::supervision::Block;

/// What the names of the encoder's tensors begin with in fine-tuned weights; the others are the head's.
pub(super) const ENCODER: &str = "pretrained_model.model.";

/// A run that learns from fields: to rebuild hidden ones, or to tell the classes of rain.
pub type FieldConfig = TrainConfig<FieldData, FieldTraining, NoAugmentation>;

/// Fields are not changed before they train, as published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoAugmentation {}

/// Where fields and rain come from, and how they are divided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldData {
    pub source: FieldSource,
    /// Only these variables, by name, in this order; empty: all of the source. What is left out the network does not have.
    #[serde(default)]
    pub variables: Vec<String>,
    /// Where rain and heavy rain begin, mm in [`Self::hours`]; those of the source where they are left out.
    #[serde(
        default,
        deserialize_with = "exactly_if_given",
        skip_serializing_if = "Option::is_none"
    )]
    pub thresholds_mm: Option<[f64; 2]>,
    /// Length of the sums of rain; a check that it is what the source has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<u32>,
    /// One sentence for the checkpoint's metadata.
    pub description: String,
    pub licence: String,
}

/// Fields with rain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum FieldSource {
    /// The days of `data/iberia`; whole years are blocks, always those that calibration and verification take too
    /// ([`part`](stormlens_data::probability::iberia::part)).
    Iberia { folder: PathBuf },
    /// The world whose truth is known; whole seasons are blocks.
    Synthetic { seed: u64, seasons: usize, events: usize, days: usize },
    /// Folders in the layout of the authors' program, one list of times a block.
    Reference { folder: PathBuf, training: String, validation: String },
}

/// What is learnt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// To rebuild hidden tokens.
    #[default]
    Pretrain,
    /// To tell the classes of rain.
    Finetune,
}

/// The sizes of a network that is yet to be trained; the default is a small one, whose tokens hold one variable each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkSizes {
    /// Variables, rows and columns of a token.
    #[serde(deserialize_with = "exactly")]
    pub patch: [usize; 3],
    pub base_channels: usize,
    /// Layers of each level.
    pub depths: Vec<usize>,
    pub group_channels: usize,
    pub mlp_ratio: usize,
    pub head_channels: usize,
}

impl Default for NetworkSizes {
    fn default() -> Self {
        Self {
            patch: [1, 4, 4],
            base_channels: 16,
            depths: vec![1, 1, 1],
            group_channels: 16,
            mlp_ratio: 2,
            head_channels: 32,
        }
    }
}

impl NetworkSizes {
    /// The network for so many channels on so many rows and columns.
    ///
    /// # Errors
    /// In words, for maps that do not fall into tokens.
    pub(super) fn form(
        &self,
        n_channels: usize,
        [rows, columns]: [usize; 2],
        n_classes: Option<usize>,
    ) -> Result<Form, String> {
        let [_, patch_rows, patch_columns] = self.patch;
        if patch_rows == 0
            || patch_columns == 0
            || rows % patch_rows != 0
            || columns % patch_columns != 0
        {
            return Err(format!(
                "fields of {rows} × {columns} nodes do not fall into tokens of {patch_rows} × {patch_columns}; \
                 change network.patch"
            ));
        }
        let form = Form {
            naming: if n_classes.is_some() { Naming::FineTuning } else { Naming::PreTraining },
            n_variables: n_channels,
            patch: self.patch,
            n_places: rows / patch_rows * (columns / patch_columns),
            base_channels: self.base_channels,
            depths: self.depths.clone(),
            group_channels: self.group_channels,
            mlp_ratio: self.mlp_ratio,
            has_layer_scale: false,
            head_channels: self.head_channels,
            n_classes,
            has_unused: false,
            has_loss_weights: false,
        };
        form.check()?;
        Ok(form)
    }
}

/// Optimiser, batches, masks and losses. What is left out is as published for the stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FieldTraining {
    pub stage: Stage,
    pub batch_size: usize,
    pub max_epochs: usize,
    /// Of the head where the stage is fine-tuning. Published: 1.6e-3 of pre-training, 1e-4 of fine-tuning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// Of the encoder while fine-tuning; published 5e-5.
    pub encoder_learning_rate: f64,
    /// Share of tokens that is hidden. Published: 0.75 of pre-training, and 0.25 of fine-tuning; here fine-tuning hides
    /// nothing unless it is asked to, since inference sees everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask_ratio: Option<f64>,
    /// Epochs until the learning rate of pre-training starts anew.
    pub restart_epochs: usize,
    /// Epochs without improvement before training ends; without it, all are run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_patience: Option<usize>,
    /// Which loss chooses the epoch. Published: that of the training.
    pub monitor: Monitor,
    /// Share of the hard classes in the loss of fine-tuning.
    pub beta: f64,
    /// Label smoothing of the density labels.
    pub alpha: f64,
    pub rounding: Rounding,
    #[serde(deserialize_with = "exactly")]
    pub class_weights: [f64; 3],
    /// The published program takes the softmax of probabilities once more; for comparison only.
    pub double_softmax: bool,
    /// Weights to begin with: of the pre-training for fine-tuning, of the same stage to go on with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_from: Option<PathBuf>,
    pub network: NetworkSizes,
}

impl Default for FieldTraining {
    fn default() -> Self {
        Self {
            stage: Stage::Pretrain,
            batch_size: 64,
            max_epochs: 10,
            learning_rate: None,
            encoder_learning_rate: 5e-5,
            mask_ratio: None,
            restart_epochs: 120,
            stop_patience: None,
            monitor: Monitor::Validation,
            beta: 0.75,
            alpha: 0.0,
            rounding: Rounding::Exact,
            class_weights: [1.0, 5.0, 10.0],
            double_softmax: false,
            start_from: None,
            network: NetworkSizes::default(),
        }
    }
}

impl FieldTraining {
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate.unwrap_or(match self.stage {
            Stage::Pretrain => 1.6e-3,
            Stage::Finetune => 1e-4,
        })
    }

    pub fn mask_ratio(&self) -> f64 {
        self.mask_ratio.unwrap_or(match self.stage {
            Stage::Pretrain => 0.75,
            Stage::Finetune => 0.25,
        })
    }

    /// The share that is hidden where the epoch is chosen: fine-tuned weights are asked with everything to be seen.
    pub fn mask_ratio_of(&self, block: Block) -> f64 {
        match (self.stage, block) {
            (Stage::Pretrain, _) | (Stage::Finetune, Block::Train) => self.mask_ratio(),
            (Stage::Finetune, _) => 0.0,
        }
    }

    /// Which option makes no sense, in words.
    pub(super) fn check(&self) -> Result<(), String> {
        if [self.batch_size, self.max_epochs, self.restart_epochs].contains(&0) {
            return Err(
                "batch_size, max_epochs and restart_epochs have to be at least 1".to_owned()
            );
        }
        check_rate("learning_rate", self.learning_rate())?;
        check_rate("encoder_learning_rate", self.encoder_learning_rate)?;
        let ratio = self.mask_ratio();
        if !(0.0..1.0).contains(&ratio) || (self.stage == Stage::Pretrain && ratio == 0.0) {
            return Err(format!(
                "mask_ratio is {ratio}: it lies from 0 to below 1, and pre-training needs hidden tokens"
            ));
        }
        for (name, share) in [("beta", self.beta), ("alpha", self.alpha)] {
            if !(0.0..=1.0).contains(&share) {
                return Err(format!("{name} is {share}: it is a share from 0 to 1"));
            }
        }
        let is_weight = |weight: &f64| weight.is_finite() && *weight > 0.0;
        match self.class_weights.iter().all(is_weight) {
            true => Ok(()),
            false => {
                Err(format!("class_weights are {:?}: all have to be above 0", self.class_weights))
            }
        }
    }
}

impl FieldConfig {
    /// What the loop needs to know.
    pub fn recipe(&self) -> Recipe {
        let options = &self.training;
        // How long to train does not decide what is learnt until then.
        let deciding = FieldTraining { max_epochs: 0, ..options.clone() };
        let rate = options.learning_rate();
        let (optimiser, schedule, rates) = match options.stage {
            Stage::Pretrain => {
                let optimiser = OptimiserOptions {
                    beta_2: 0.95,
                    decay: Decay::Scaled(0.05),
                    ..OptimiserOptions::adam()
                };
                (optimiser, WarmRestarts::new(rate, options.restart_epochs).into(), Vec::new())
            }
            Stage::Finetune => {
                let encoder = RateOf {
                    prefix: ENCODER.to_owned(),
                    factor: options.encoder_learning_rate / rate,
                };
                (OptimiserOptions::adam(), Schedule::constant(rate), vec![encoder])
            }
        };
        Recipe {
            output: self.output.clone(),
            seed: self.seed,
            max_epochs: options.max_epochs,
            optimiser: optimiser.into(),
            rates,
            schedule,
            stopping: EarlyStopping::new(options.stop_patience.unwrap_or(usize::MAX)),
            monitor: options.monitor,
            keeps_epochs: false,
            fingerprint: self.fingerprint(deciding),
        }
    }
}
