//! The options of a run that learns from radar frames.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stormlens_data::card::{NowcastField, Nowcasting};
use stormlens_data::dataset::DatasetError;
use stormlens_data::field::number;

use crate::train::config::{Monitor, Recipe, TrainConfig};
use crate::train::limits::check_rate;
use crate::train::optimiser::OptimiserOptions;
use crate::train::schedule::{EarlyStopping, ReduceOnPlateau};

/// Where the samples come from and how they are divided: a folder of raw frames with two times, folders of raw frames
/// with the names of events, or a file of windows, which has its groups.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// Folder of raw radar files. A sample belongs to the block of its last target, the last frame to
    /// be predicted; its other frames may lie in the block before, as they would for a forecast made
    /// then.
    pub archive: Option<PathBuf>,
    /// Last target time of training, with `archive`.
    pub train_until: Option<Timestamp>,
    /// Last target time of validation, with `archive`; what comes later tests.
    pub validate_until: Option<Timestamp>,
    /// File of windows, as `dataset build` and the reference program write it, or a folder of
    /// cloud-cover samples, `train/*.npz`. Where it has no group `validation`, the last tenth of
    /// `train` is taken.
    pub windows: Option<PathBuf>,
    /// Folders of raw frames that are divided by events. A sample all of whose frames are of one event belongs to the
    /// block that names this event; samples of other events are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub archives: Vec<PathBuf>,
    /// Events of each block, with `archives`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub train_events: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validation_events: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test_events: Vec<String>,
    /// How often the samples of each event train.
    #[serde(default, skip_serializing_if = "EventShares::is_default")]
    pub events: EventShares,
    /// Samples train and validate only where at least this share of the known target pixels has rain of 0.1 mm/h, or
    /// cloud; samples that test are all kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wet_share_at_least: Option<f64>,
    /// Which frames go in and come out.
    #[serde(default)]
    pub frames: FrameOptions,
    /// One sentence for the checkpoint's metadata.
    pub description: String,
    pub licence: String,
}

/// How often the samples of each event train.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventShares {
    /// Every sample as often as any other, so that long events train more.
    #[default]
    BySamples,
    /// Every event as often as any other. Samples of no event are one event together.
    Equal,
}

impl EventShares {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Which frames go in and come out; defaults as published for rain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FrameOptions {
    pub field: NowcastField,
    pub n_input_frames: usize,
    pub frame_step_min: u32,
    /// Minutes from the last input frame to each target, ascending.
    pub lead_times_min: Vec<u32>,
}

impl Default for FrameOptions {
    fn default() -> Self {
        Self {
            field: NowcastField::Precipitation,
            n_input_frames: 12,
            frame_step_min: 5,
            lead_times_min: vec![30],
        }
    }
}

impl FrameOptions {
    /// Channels of a network that takes and gives these frames.
    pub fn channels(&self) -> (usize, usize) {
        (self.n_input_frames, self.lead_times_min.len())
    }

    fn written_leads(&self) -> String {
        self.lead_times_min.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
    }

    fn check(&self) -> Result<(), DatasetError> {
        let (step, leads) = (self.frame_step_min, &self.lead_times_min);
        let is_known = |lead: &u32| *lead >= step && lead.is_multiple_of(step);
        let are_known = step > 0 && leads.iter().all(is_known) && leads.is_sorted_by(|a, b| a < b);
        if self.n_input_frames > 0 && are_known && !leads.is_empty() {
            return Ok(());
        }
        Err(DatasetError::Options(format!(
            "[data.frames] has {} input frames every {step} min and lead times of {} min; there must \
             be one frame and one lead time at least, and lead times ascend, each a multiple of \
             frame_step_min",
            self.n_input_frames,
            self.written_leads()
        )))
    }

    /// What a network that learns from them takes and gives.
    ///
    /// # Errors
    /// Where there are no frames of this kind.
    pub fn nowcasting(&self) -> Result<Nowcasting, DatasetError> {
        self.check()?;
        let Self { field, n_input_frames, frame_step_min, lead_times_min } = self.clone();
        // Which sizes fit, the network says and not its data.
        let (is_stated, size_multiple) = (true, 1);
        Ok(Nowcasting {
            field,
            n_input_frames,
            frame_step_min,
            lead_times_min,
            is_stated,
            size_multiple,
        })
    }
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
    /// Samples that an epoch takes, drawn anew for each; all of them where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples_per_epoch: Option<NonZeroUsize>,
    /// Weights that training begins with; drawn ones where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_from: Option<PathBuf>,
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
            samples_per_epoch: None,
            start_from: None,
        }
    }
}

impl TrainConfig {
    /// Checks all that is known before frames are read.
    ///
    /// # Errors
    /// Which option makes no sense, in words.
    pub fn check(&self) -> Result<(), String> {
        let TrainingOptions { batch_size, max_epochs, learning_rate, scale, .. } = self.training;
        if batch_size == 0 || max_epochs == 0 {
            return Err("batch_size and max_epochs have to be at least 1".to_owned());
        }
        check_rate("learning_rate", learning_rate)?;
        match scale.is_normal() && scale > 0.0 {
            true => Ok(()),
            false => Err(format!("scale is {}; it is a number above 0", number(scale))),
        }
    }

    /// What the loop needs to know.
    pub fn recipe(&self) -> Recipe {
        let options = &self.training;
        // How long to train does not decide what is learnt until then.
        let deciding = TrainingOptions { max_epochs: 0, ..options.clone() };
        Recipe {
            output: self.output.clone(),
            seed: self.seed,
            max_epochs: options.max_epochs,
            optimiser: OptimiserOptions::adam().into(),
            rates: Vec::new(),
            schedule: ReduceOnPlateau::new(options.learning_rate, options.lr_patience).into(),
            stopping: EarlyStopping::new(options.stop_patience),
            monitor: Monitor::Validation,
            keeps_epochs: false,
            fingerprint: self.fingerprint(deciding),
        }
    }
}
