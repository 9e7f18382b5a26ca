//! What a network learns from: sequences and the frame that followed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use stormlens_data::archive::{Archive, SampleRef};
use stormlens_data::card::Nowcasting;
use stormlens_data::dataset::{DatasetError, Windows};

use super::options::DataConfig;
use crate::train::supervision::Block;

/// One sample, normalised.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// `[frames × height × width]`
    pub inputs: Vec<f32>,
    /// `[leads × height × width]`
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
/// For options that name neither source or both, and for a source that cannot be read or holds
/// something else than the frames that are asked for.
pub fn open(config: &DataConfig) -> Result<Box<dyn Examples>, DatasetError> {
    let task = &config.frames.nowcasting()?;
    let times = config.train_until.zip(config.validate_until);
    match (&config.archive, &config.windows, times) {
        (Some(folder), None, Some((train_until, validate_until))) => {
            let archive = Archive::open(folder)?;
            archive.check(task)?;
            let known = Mutex::default();
            Ok(Box::new(ArchiveExamples {
                archive,
                task: task.clone(),
                train_until,
                validate_until,
                known,
            }))
        }
        (None, Some(file), None) => {
            let windows = Windows::open(file)?;
            windows.check(task)?;
            if windows.len("train") == 0 {
                return Err(DatasetError::Options(format!(
                    "{} has no group train: put its samples into folders train, validation and test",
                    file.display()
                )));
            }
            let n_training = n_training(&windows)?;
            let lead_times_min = task.lead_times_min.clone();
            Ok(Box::new(WindowExamples { windows, lead_times_min, n_training }))
        }
        _ => Err(DatasetError::Options(
            "[data] takes either `archive` with `train_until` and `validate_until`, or `windows`"
                .into(),
        )),
    }
}

/// Samples from a folder of raw radar files, divided by the times of their targets: a sample whose
/// targets lie in two blocks is in neither.
struct ArchiveExamples {
    archive: Archive,
    task: Nowcasting,
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

    /// Whether all targets of the sample are there and lie in that block.
    fn is_in(&self, sample: &SampleRef, block: Block) -> bool {
        let target = |&lead: &u32| sample.time + SignedDuration::from_mins(i64::from(lead));
        let in_block = |lead: &u32| self.block(target(lead)) == block;
        sample.is_observed() && self.task.lead_times_min.iter().all(in_block)
    }
}

impl Examples for ArchiveExamples {
    fn ids(&self, block: Block) -> Vec<String> {
        let Nowcasting { n_input_frames, frame_step_min, lead_times_min, .. } = &self.task;
        let samples = self.archive.samples(*n_input_frames, *frame_step_min, lead_times_min);
        samples.into_iter().filter(|s| self.is_in(s, block)).map(|s| s.id).collect()
    }

    fn read(&self, id: &str) -> Result<Arc<Example>, DatasetError> {
        // A map of whole samples is whole whatever happened to another thread.
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(example) = known().get(id) {
            return Ok(example.clone());
        }
        let Nowcasting { n_input_frames, frame_step_min, lead_times_min, .. } = &self.task;
        let sample = self.archive.load(id, *n_input_frames, *frame_step_min, lead_times_min)?;
        let target = sample.targets_normalised().unwrap_or_default();
        let grid = sample.sequence.grid;
        let example = Arc::new(Example {
            inputs: sample.inputs_normalised,
            target,
            height: grid.height,
            width: grid.width,
        });
        known().insert(id.to_owned(), example.clone());
        Ok(example)
    }
}

/// Samples from a file or folder of windows, divided by its groups.
struct WindowExamples {
    windows: Windows,
    lead_times_min: Vec<u32>,
    n_training: usize,
}

/// How many windows at the start of `train` train: all, or where the set validates none those of its
/// first nine tenths that end before the rest begins. Where no times are known, windows are taken to
/// begin one frame after another.
fn n_training(windows: &Windows) -> Result<usize, DatasetError> {
    let n = windows.len("train");
    let n_first = n - n / 10;
    if windows.len("validation") > 0 || n_first == n {
        return Ok(n);
    }
    let Some(start) = windows.times("train", n_first)?.first() else {
        let n_frames = windows.n_input_frames() + windows.n_frames_ahead("train")?;
        return Ok(n_first.saturating_sub(n_frames));
    };
    for i in 0..n_first {
        if windows.times("train", i)?.last() >= Some(start) {
            return Ok(i);
        }
    }
    Ok(n_first)
}

impl Examples for WindowExamples {
    fn ids(&self, block: Block) -> Vec<String> {
        let n_train = self.windows.len("train");
        let name = |group: &'static str| move |i: usize| format!("{group}/{i}");
        match block {
            Block::Train => (0..self.n_training).map(name("train")).collect(),
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
        let window = {
            let index = index.parse().map_err(|_| unknown())?;
            self.windows.read(group, index, &self.lead_times_min)?
        };
        let (height, width) = self.windows.size(group)?;
        Ok(Arc::new(Example { inputs: window.inputs, target: window.targets, height, width }))
    }
}
