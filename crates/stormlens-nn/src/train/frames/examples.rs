//! What a network learns from: sequences and the frames that followed.

mod archive;
mod division;
mod wet;
mod windows;

use std::sync::Arc;

use stormlens_data::archive::Archive;
use stormlens_data::dataset::{DatasetError, Windows};

use self::archive::ArchiveExamples;
use self::division::Division;
use self::wet::WetExamples;
use self::windows::WindowExamples;
use super::options::DataConfig;
use crate::train::supervision::Block;

/// One sample, normalised. What is not known is NaN.
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
    /// Names of the samples of a block, in order of time.
    fn ids(&self, block: Block) -> Vec<String>;

    /// # Errors
    /// For a sample that cannot be read.
    fn read(&self, id: &str) -> Result<Arc<Example>, DatasetError>;

    /// The target of [`Self::read`] alone.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn target(&self, id: &str) -> Result<Vec<f32>, DatasetError> {
        Ok(self.read(id)?.target.clone())
    }

    /// Name of the event that the sample belongs to, where there are events.
    fn event(&self, _id: &str) -> Option<String> {
        None
    }
}

/// Opens what a run learns from.
///
/// # Errors
/// For options that name no source or several, and for a source that cannot be read or holds
/// something else than the frames that are asked for.
pub fn open(config: &DataConfig) -> Result<Box<dyn Examples>, DatasetError> {
    let examples = open_source(config)?;
    match config.wet_share_at_least {
        Some(share) => Ok(Box::new(WetExamples::new(examples, config.frames.field, share)?)),
        None => Ok(examples),
    }
}

fn open_source(config: &DataConfig) -> Result<Box<dyn Examples>, DatasetError> {
    let task = config.frames.nowcasting()?;
    let times = config.train_until.zip(config.validate_until);
    let folders = &config.archives[..];
    let events = Division::by_events(config)?;
    match (&config.archive, folders, &config.windows, times, events) {
        (Some(folder), [], None, Some((train_until, validate_until)), None) => {
            let archive = Archive::open(folder)?;
            archive.check(&task)?;
            let division = Division::Times { train_until, validate_until };
            Ok(Box::new(ArchiveExamples::new(vec![(String::new(), archive)], task, division)))
        }
        (None, [_, ..], None, None, Some(division)) => {
            let archives = archive::open_named(folders, &task)?;
            division.check(&archives, &task)?;
            Ok(Box::new(ArchiveExamples::new(archives, task, division)))
        }
        (None, [], Some(file), None, None) => {
            let windows = Windows::open(file)?;
            windows.check(&task)?;
            Ok(Box::new(WindowExamples::new(windows, file, task.lead_times_min)?))
        }
        _ => Err(DatasetError::Options(
            "[data] takes one of three: `archive` with `train_until` and `validate_until`, `archives` with \
             `train_events` and `validation_events`, or `windows`"
                .into(),
        )),
    }
}
