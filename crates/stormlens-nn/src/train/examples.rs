//! What a network learns from: sequences and the frame that followed.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stormlens_data::archive::Archive;
use stormlens_data::dataset::DatasetError;

/// One sample, normalised.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// `[frames × height × width]`
    pub inputs: Vec<f32>,
    /// `[height × width]`
    pub target: Vec<f32>,
    pub height: usize,
    pub width: usize,
}

/// A block of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Block {
    Train,
    Validation,
    Test,
}

/// Samples that can be read one at a time.
pub trait Examples {
    /// Names of the samples of a block, in order of time.
    fn ids(&self, block: Block) -> Vec<String>;

    fn read(&self, id: &str) -> Result<Example, DatasetError>;
}

/// Samples from a folder of raw radar files, divided by the time of their target.
pub struct ArchiveExamples {
    archive: Archive,
    n_input_frames: usize,
    lead_time_min: u32,
    train_until: Timestamp,
    validate_until: Timestamp,
}

impl ArchiveExamples {
    pub fn open(
        folder: &Path,
        n_input_frames: usize,
        lead_time_min: u32,
        (train_until, validate_until): (Timestamp, Timestamp),
    ) -> Result<Self, DatasetError> {
        let archive = Archive::open(folder)?;
        Ok(Self { archive, n_input_frames, lead_time_min, train_until, validate_until })
    }

    fn block(&self, target: Timestamp) -> Block {
        match target {
            t if t <= self.train_until => Block::Train,
            t if t <= self.validate_until => Block::Validation,
            _ => Block::Test,
        }
    }
}

impl Examples for ArchiveExamples {
    fn ids(&self, block: Block) -> Vec<String> {
        let lead = jiff::SignedDuration::from_mins(i64::from(self.lead_time_min));
        let samples = self.archive.samples(self.n_input_frames, self.lead_time_min);
        let in_block = |s: &stormlens_data::archive::SampleRef| {
            s.observed && self.block(s.time + lead) == block
        };
        samples.into_iter().filter(in_block).map(|s| s.id).collect()
    }

    fn read(&self, id: &str) -> Result<Example, DatasetError> {
        let sample = self.archive.load(id, self.n_input_frames, self.lead_time_min)?;
        let target = sample.observation_normalised.unwrap_or_default();
        let grid = sample.sequence.grid;
        Ok(Example {
            inputs: sample.inputs_normalised,
            target,
            height: grid.height,
            width: grid.width,
        })
    }
}
