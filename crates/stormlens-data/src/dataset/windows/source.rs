//! What the layouts of windows have in common, and how an HDF5 file does it.

use jiff::Timestamp;

use crate::dataset::DatasetError;
use crate::dataset::store::Store;

/// What the layouts have in common.
pub trait Source: Send + Sync {
    /// File or folder, for messages.
    fn file(&self) -> &str;
    /// Names of the groups: `train`, `validation`, `test`, then others.
    fn groups(&self) -> Vec<&str>;
    /// Windows, frames of each, height and width.
    fn shape(&self, group: &str) -> Result<[usize; 4], DatasetError>;
    /// `[frames, height, width]`, as the networks take it.
    fn read(&self, group: &str, index: usize) -> Result<Vec<f32>, DatasetError>;
    /// Times of the frames of one window; empty where the layout does not tell.
    fn times(&self, group: &str, index: usize) -> Result<&[Timestamp], DatasetError>;
    /// What the data are, in the words of whoever made them.
    fn description(&self) -> Option<&str>;
}

impl Source for Store {
    fn file(&self) -> &str {
        self.file()
    }

    fn groups(&self) -> Vec<&str> {
        self.groups()
    }

    fn shape(&self, group: &str) -> Result<[usize; 4], DatasetError> {
        let shape = self.shape(group)?;
        Ok([shape[0], shape[1], shape[2], shape[3]])
    }

    fn read(&self, group: &str, index: usize) -> Result<Vec<f32>, DatasetError> {
        self.read(group, index)
    }

    fn times(&self, group: &str, index: usize) -> Result<&[Timestamp], DatasetError> {
        self.check_index(group, index)?;
        let n_frames = self.shape(group)?[1];
        Ok(&self.times(group)?[index * n_frames..][..n_frames])
    }

    fn description(&self) -> Option<&str> {
        None
    }
}
