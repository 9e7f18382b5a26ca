//! Samples of a file or folder of windows.

use std::path::Path;
use std::sync::Arc;

use stormlens_data::dataset::{DatasetError, Windows};

use super::{Example, Examples};
use crate::train::supervision::Block;

/// Samples from a file or folder of windows, divided by its groups.
pub(super) struct WindowExamples {
    windows: Windows,
    lead_times_min: Vec<u32>,
    n_training: usize,
}

impl WindowExamples {
    /// # Errors
    /// For windows that cannot be read, and where none train.
    pub fn new(
        windows: Windows,
        file: &Path,
        lead_times_min: Vec<u32>,
    ) -> Result<Self, DatasetError> {
        if windows.len("train") == 0 {
            return Err(DatasetError::Options(format!(
                "{} has no group train: put its samples into folders train, validation and test",
                file.display()
            )));
        }
        let n_training = n_training(&windows)?;
        Ok(Self { windows, lead_times_min, n_training })
    }
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
