//! The options of a run that learns from scenes.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize};
use stormlens_data::scene::{Resampling, Variant};

use super::augment::SceneAugmentation;
use crate::train::config::{Monitor, Recipe, TrainConfig};
use crate::train::limits::check_rate;
use crate::train::optimiser::{Decay, EpsilonRule, OptimiserOptions};
use crate::train::schedule::{EarlyStopping, ReduceOnPlateau};

/// A run that learns from scenes.
pub type SceneConfig = TrainConfig<SceneData, SceneTraining, SceneAugmentation>;

/// Where the scenes come from and how they become the network's input.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneData {
    /// Folder in the layout of the published data set: `train` and `test` (and `validation`), each
    /// with `neg` and `pos`, each with PNG files.
    pub scenes: PathBuf,
    /// Side of the square that a scene is stretched to, of which the network sees the centre: `192`
    /// (128), `800` (512) or `1536` (1024).
    #[serde(deserialize_with = "variant_by_name")]
    pub variant: Variant,
    /// How a scene of another size is stretched; the reference trains with `bilinear`.
    #[serde(default = "bilinear")]
    pub resampling: Resampling,
    /// Share of the training scenes that validates, whole footprints at a time, where the folder has
    /// no `validation`.
    #[serde(default = "fifteen_percent")]
    pub validation_share: f64,
    /// Whether scenes stay in memory at the size of the input: `input_px² · 3` bytes each, four times
    /// as many where they had to be stretched.
    #[serde(default = "yes")]
    pub cache: bool,
    /// Whether the scenes were made by a program; the weights say so wherever they are used.
    #[serde(default)]
    pub simulated: bool,
    /// One sentence for the checkpoint's metadata.
    pub description: String,
    pub licence: String,
}

fn bilinear() -> Resampling {
    Resampling::Bilinear
}

fn fifteen_percent() -> f64 {
    0.15
}

fn yes() -> bool {
    true
}

fn variant_by_name<'de, D: Deserializer<'de>>(from: D) -> Result<Variant, D::Error> {
    let name = String::deserialize(from)?;
    Variant::named(&name).ok_or_else(|| {
        let known: Vec<String> = Variant::ALL.iter().map(Variant::name).collect();
        let message = format!("there is no variant {name:?}; take {}", known.join(" or "));
        serde::de::Error::custom(message)
    })
}

/// Sampling, optimiser, schedule and early stopping; defaults as published, but for `monitor`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SceneTraining {
    pub batch_size: usize,
    pub max_epochs: usize,
    /// Positive and negative scenes equally often, whatever their numbers.
    pub balanced: bool,
    /// Batches of an epoch; without it, balanced: 2 n / `batch_size` for the n scenes of the larger
    /// class, else every scene once.
    pub steps_per_epoch: Option<usize>,
    pub optimiser: Optimiser,
    pub learning_rate: f64,
    /// Added to the root of the uncorrected second moment, as Keras does.
    pub epsilon: f32,
    /// Share of the weights that decays in a step, with `adamw`; see `decoupled`.
    pub weight_decay: f64,
    pub decoupled: Decoupled,
    /// The reference monitors its training loss.
    pub monitor: Monitor,
    /// The learning rate is multiplied by this …
    pub lr_factor: f64,
    /// … after so many epochs …
    pub lr_patience: usize,
    /// … in which the loss fell by no more than this.
    pub lr_threshold: f64,
    /// Epochs without improvement before training ends; the saved weights are the best ones.
    pub stop_patience: usize,
}

/// How weights follow their gradients; betas 0.9 and 0.999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Optimiser {
    /// Without decay of the weights.
    Adam,
    AdamW,
}

/// What the decay of weights is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decoupled {
    /// By the learning rate; biases and normalisation do not decay.
    Scaled,
    /// By itself, and everything that is learnt decays, as TensorFlow Addons' AdamW does.
    Published,
}

impl Default for SceneTraining {
    fn default() -> Self {
        Self {
            batch_size: 16,
            max_epochs: 200,
            balanced: true,
            steps_per_epoch: None,
            optimiser: Optimiser::AdamW,
            learning_rate: 1e-3,
            epsilon: 1e-7,
            weight_decay: 1e-4,
            decoupled: Decoupled::Published,
            monitor: Monitor::Validation,
            lr_factor: 0.5,
            lr_patience: 10,
            lr_threshold: 1e-4,
            stop_patience: 20,
        }
    }
}

impl SceneTraining {
    fn decay(&self) -> Decay {
        match (self.optimiser, self.decoupled) {
            (Optimiser::Adam, _) => Decay::None,
            (Optimiser::AdamW, Decoupled::Scaled) => Decay::Scaled(self.weight_decay),
            (Optimiser::AdamW, Decoupled::Published) => Decay::Unscaled(self.weight_decay),
        }
    }

    /// Which option makes no sense, in words.
    fn check(&self) -> Result<(), String> {
        for (name, n) in [
            ("batch_size", self.batch_size),
            ("steps_per_epoch", self.steps_per_epoch.unwrap_or(1)),
            ("lr_patience", self.lr_patience),
            ("stop_patience", self.stop_patience),
        ] {
            if n == 0 {
                return Err(format!("{name} is 0; give 1 or more in [training]"));
            }
        }
        check_rate("learning_rate", self.learning_rate)?;
        let is_positive = |value: f64| value.is_finite() && value > 0.0;
        for (name, is_right, wanted) in [
            ("epsilon", is_positive(f64::from(self.epsilon)), "a number above 0"),
            ("weight_decay", (0.0..1.0).contains(&self.weight_decay), "0 or more, below 1"),
            ("lr_factor", self.lr_factor > 0.0 && self.lr_factor < 1.0, "a number between 0 and 1"),
            ("lr_threshold", (0.0..f64::INFINITY).contains(&self.lr_threshold), "0 or more"),
        ] {
            if !is_right {
                return Err(format!("{name} makes no sense; give {wanted} in [training]"));
            }
        }
        Ok(())
    }
}

impl SceneConfig {
    /// Which option makes no sense, in words.
    pub(super) fn check(&self) -> Result<(), String> {
        self.training.check()?;
        self.augmentation.check()?;
        let share = self.data.validation_share;
        if (0.0..1.0).contains(&share) {
            return Ok(());
        }
        Err(format!("validation_share is {share}; give 0 or more, below 1, in [data]"))
    }

    /// What the loop needs to know.
    pub fn recipe(&self) -> Recipe {
        let options = &self.training;
        // How long to train does not decide what is learnt until then.
        let deciding = SceneTraining { max_epochs: 0, ..options.clone() };
        Recipe {
            output: self.output.clone(),
            seed: self.seed,
            max_epochs: options.max_epochs,
            optimiser: OptimiserOptions {
                epsilon: options.epsilon,
                epsilon_rule: EpsilonRule::Plain,
                decay: options.decay(),
                ..OptimiserOptions::adam()
            }
            .into(),
            rates: Vec::new(),
            schedule: ReduceOnPlateau::as_keras(
                options.learning_rate,
                options.lr_patience,
                options.lr_factor,
                options.lr_threshold,
            )
            .into(),
            stopping: EarlyStopping::new(options.stop_patience),
            monitor: options.monitor,
            keeps_epochs: false,
            fingerprint: self.fingerprint(deciding),
        }
    }
}
