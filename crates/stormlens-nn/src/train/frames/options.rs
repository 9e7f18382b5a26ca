//! The options of a run that learns from radar frames.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stormlens_data::card::{NowcastField, Nowcasting};
use stormlens_data::dataset::DatasetError;

use crate::train::config::{Monitor, Recipe, TrainConfig};
use crate::train::optimiser::OptimiserOptions;
use crate::train::schedule::{EarlyStopping, ReduceOnPlateau};

/// Where the samples come from and how they are divided: a folder of raw frames with two times, or a
/// file of windows, which has its groups.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
    /// Which frames go in and come out.
    #[serde(default)]
    pub frames: FrameOptions,
    /// One sentence for the checkpoint's metadata.
    pub description: String,
    pub licence: String,
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

impl TrainConfig {
    /// What the loop needs to know.
    pub fn recipe(&self) -> Recipe {
        let options = &self.training;
        // How long to train does not decide what is learnt until then.
        let deciding = TrainingOptions { max_epochs: 0, ..options.clone() };
        Recipe {
            output: self.output.clone(),
            seed: self.seed,
            max_epochs: options.max_epochs,
            optimiser: OptimiserOptions::adam(),
            rates: Vec::new(),
            schedule: ReduceOnPlateau::new(options.learning_rate, options.lr_patience).into(),
            stopping: EarlyStopping::new(options.stop_patience),
            monitor: Monitor::Validation,
            keeps_epochs: false,
            fingerprint: self.fingerprint(deciding),
        }
    }
}
