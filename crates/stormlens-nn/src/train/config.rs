//! The options of a training run, as its TOML file states them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::frames::{Augmentation, DataConfig, TrainingOptions};
use super::optimiser::{RateOf, Rule};
use super::schedule::{EarlyStopping, Schedule};

/// One training run; the three tables are those of the task that the network is for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig<D = DataConfig, T = TrainingOptions, A = Augmentation>
where
    T: Default,
    A: Default,
{
    /// Name in the registry, e.g. `sar-unet`.
    pub model: String,
    /// Channels of its first block; the published ones where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_channels: Option<usize>,
    /// Depth multiplier of its depthwise convolutions; the published one where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernels_per_layer: Option<usize>,
    /// Folder for weights, state and metrics.
    pub output: PathBuf,
    #[serde(default)]
    pub seed: u64,
    pub data: D,
    #[serde(default)]
    pub training: T,
    #[serde(default)]
    pub augmentation: A,
}

/// Which loss decides what is best, when the learning rate falls and when training ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Monitor {
    #[default]
    Validation,
    Training,
}

/// What the loop needs to know of a run, whatever its task.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Folder for weights, state and metrics.
    pub output: PathBuf,
    pub seed: u64,
    pub max_epochs: usize,
    pub optimiser: Rule,
    /// Parameters with a learning rate of their own; none of most runs.
    pub rates: Vec<RateOf>,
    /// Before the first epoch.
    pub schedule: Schedule,
    /// Before the first epoch.
    pub stopping: EarlyStopping,
    pub monitor: Monitor,
    /// Whether the weights of every epoch are handed to the observer.
    pub keeps_epochs: bool,
    /// The options that decide the result, so that a changed file is noticed.
    pub fingerprint: String,
}

impl<D: Clone + Serialize, T: Clone + Default + Serialize, A: Clone + Default + Serialize>
    TrainConfig<D, T, A>
{
    /// The options as text, but for where the results go; `training` is what of its table decides
    /// the result.
    pub(super) fn fingerprint(&self, training: T) -> String {
        let deciding = Self { output: PathBuf::new(), training, ..self.clone() };
        serde_json::to_string(&deciding).unwrap_or_default()
    }
}
