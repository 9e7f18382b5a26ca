//! The options of a training run, as its TOML file states them.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::augment::Augmentation;

/// One training run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Name in the registry, e.g. `sar-unet-precip`.
    pub model: String,
    /// Folder for weights, state and metrics.
    pub output: PathBuf,
    #[serde(default)]
    pub seed: u64,
    pub data: DataConfig,
    #[serde(default)]
    pub training: TrainingOptions,
    #[serde(default)]
    pub augmentation: Augmentation,
}

/// Where the samples come from and how they are divided: a folder of raw frames with two times, or a
/// file of windows, which has its groups.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// Folder of raw radar files. A sample belongs to the block of its target, the frame to be
    /// predicted; its input frames may lie in the block before, as they would for a forecast made
    /// then.
    pub archive: Option<PathBuf>,
    /// Last target time of training, with `archive`.
    pub train_until: Option<Timestamp>,
    /// Last target time of validation, with `archive`; what comes later tests.
    pub validate_until: Option<Timestamp>,
    /// File of windows, as `dataset build` and the reference program write it. Where it has no group
    /// `validation`, the last tenth of `train` is taken.
    pub windows: Option<PathBuf>,
    /// One sentence for the checkpoint's metadata.
    pub description: String,
    pub licence: String,
}

/// Optimiser, schedule and early stopping; defaults as published.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingOptions {
    pub batch_size: usize,
    /// Adam, betas 0.9 and 0.999, epsilon 10⁻⁸.
    pub learning_rate: f64,
    pub max_epochs: usize,
    /// Epochs without improvement before the learning rate falls to a tenth.
    pub lr_patience: usize,
    /// Epochs without improvement before training ends. The reference states 30 but its library
    /// counted each epoch twice.
    pub stop_patience: usize,
    /// Rain is multiplied by this on the way in and divided by it on the way out, so that the
    /// network works with numbers of the order of one; it is folded into the first and the last
    /// layer of the saved weights, which then take ordinary normalised rain.
    pub scale: f32,
}

impl Default for TrainingOptions {
    fn default() -> Self {
        Self {
            batch_size: 6,
            learning_rate: 1e-3,
            max_epochs: 200,
            lr_patience: 4,
            stop_patience: 15,
            scale: 1.0,
        }
    }
}
