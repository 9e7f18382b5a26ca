//! What a network learns from: sequences and the frames that followed.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use stormlens_data::archive::{Archive, SampleRef};
use stormlens_data::dataset::{DatasetError, Windows};

use super::options::{DataConfig, FrameOptions};
use crate::train::lessons::Block;

/// One sample, normalised.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// `[frames × height × width]`
    pub inputs: Vec<f32>,
    /// `[lead times × height × width]`
    pub target: Vec<f32>,
    pub height: usize,
    pub width: usize,
}

/// Samples that can be read one at a time.
pub trait Examples: Sync {
    /// Names of the samples of a block of time, in order of time.
    fn ids(&self, block: Block) -> Vec<String>;

    fn read(&self, id: &str) -> Result<Arc<Example>, DatasetError>;
}

/// Opens what a run learns from.
///
/// # Errors
/// For options that name neither source or both, and for a source that cannot be read.
pub fn open(config: &DataConfig) -> Result<Box<dyn Examples>, DatasetError> {
    let frames = config.frames.clone();
    frames.check()?;
    let times = config.train_until.zip(config.validate_until);
    match (&config.archive, &config.windows, times) {
        (Some(folder), None, Some((train_until, validate_until))) => {
            frames.check_radar()?;
            let archive = Archive::open(folder)?;
            let known = Mutex::default();
            Ok(Box::new(ArchiveExamples { archive, frames, train_until, validate_until, known }))
        }
        (None, Some(file), None) => {
            let windows = WindowExamples { windows: Windows::open(file)? };
            windows.check(&frames)?;
            Ok(Box::new(windows))
        }
        _ => Err(DatasetError::Options(
            "[data] takes either `archive` with `train_until` and `validate_until`, or `windows`"
                .into(),
        )),
    }
}

/// Samples from a folder of raw radar files, divided by the time of their last target.
struct ArchiveExamples {
    archive: Archive,
    frames: FrameOptions,
    train_until: Timestamp,
    validate_until: Timestamp,
    /// Samples once read: a sample is 4 MB, and whoever has thousands builds a file of windows.
    known: Mutex<HashMap<String, Arc<Example>>>,
}

impl ArchiveExamples {
    fn block(&self, target: Timestamp) -> Block {
        match target {
            t if t <= self.train_until => Block::Train,
            t if t <= self.validate_until => Block::Validation,
            _ => Block::Test,
        }
    }
}

impl Examples for ArchiveExamples {
    /// Samples of which every target was observed.
    fn ids(&self, block: Block) -> Vec<String> {
        let observed = |lead: &u32| {
            let samples = self.archive.samples(self.frames.n_input_frames, *lead);
            samples.into_iter().filter(|sample| sample.observed)
        };
        let (last, others) = self.frames.lead_times_min.split_last().expect("checked when opened");
        let others: Vec<HashSet<String>> =
            others.iter().map(|lead| observed(lead).map(|sample| sample.id).collect()).collect();
        let lead = jiff::SignedDuration::from_mins(i64::from(*last));
        let in_block = |s: &SampleRef| {
            self.block(s.time + lead) == block && others.iter().all(|ids| ids.contains(&s.id))
        };
        observed(last).filter(in_block).map(|s| s.id).collect()
    }

    fn read(&self, id: &str) -> Result<Arc<Example>, DatasetError> {
        // A map of whole samples is whole whatever happened to another thread.
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(example) = known().get(id) {
            return Ok(example.clone());
        }
        let load = |lead: &u32| self.archive.load(id, self.frames.n_input_frames, *lead);
        let samples = self.frames.lead_times_min.iter().map(load).collect::<Result<Vec<_>, _>>()?;
        let (height, width) = (samples[0].sequence.grid.height, samples[0].sequence.grid.width);
        let inputs = samples[0].inputs_normalised.clone();
        let targets = samples.into_iter().flat_map(|sample| sample.observation_normalised);
        let target = targets.flatten().collect();
        let example = Arc::new(Example { inputs, target, height, width });
        known().insert(id.to_owned(), example.clone());
        Ok(example)
    }
}

/// Samples from a file of windows, divided by its groups.
struct WindowExamples {
    windows: Windows,
}

impl WindowExamples {
    /// That the file's windows hold the frames that are asked for: its last one is the only target.
    fn check(&self, frames: &FrameOptions) -> Result<(), DatasetError> {
        let n_inputs = self.windows.n_input_frames();
        let n_ahead = self.windows.n_frames_ahead("train")?;
        let lead = n_ahead as u32 * frames.frame_step_min;
        if n_inputs == frames.n_input_frames && frames.lead_times_min == [lead] {
            return Ok(());
        }
        Err(DatasetError::Options(format!(
            "the windows have {n_inputs} input frames and their target {lead} min later, where \
             [data.frames] asks for {} and {} min",
            frames.n_input_frames,
            frames.written_leads()
        )))
    }

    /// How many windows at the start of `train` train, where the file validates none: nine tenths,
    /// less those that overlap the rest.
    fn n_training(&self) -> usize {
        let n = self.windows.len("train");
        if self.windows.len("validation") > 0 {
            return n;
        }
        let n_frames =
            self.windows.n_input_frames() + self.windows.n_frames_ahead("train").unwrap_or(0);
        (n - n / 10).saturating_sub(if n >= 10 { n_frames } else { 0 })
    }
}

impl Examples for WindowExamples {
    fn ids(&self, block: Block) -> Vec<String> {
        let n_train = self.windows.len("train");
        let name = |group: &'static str| move |i: usize| format!("{group}/{i}");
        match block {
            Block::Train => (0..self.n_training()).map(name("train")).collect(),
            Block::Validation if self.windows.len("validation") > 0 => {
                (0..self.windows.len("validation")).map(name("validation")).collect()
            }
            Block::Validation => (n_train - n_train / 10..n_train).map(name("train")).collect(),
            Block::Test => (0..self.windows.len("test")).map(name("test")).collect(),
        }
    }

    fn read(&self, id: &str) -> Result<Arc<Example>, DatasetError> {
        let unknown = || DatasetError::SampleName { sample: id.to_owned() };
        let (group, index) = id.split_once('/').ok_or_else(unknown)?;
        let window = self.windows.read(group, index.parse().map_err(|_| unknown())?)?;
        let (height, width) = self.windows.size(group)?;
        Ok(Arc::new(Example { inputs: window.inputs, target: window.target, height, width }))
    }
}
