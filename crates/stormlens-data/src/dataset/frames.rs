//! Reading the intermediate file: every frame once, in the order of time.

use std::path::Path;

use jiff::Timestamp;

use super::DatasetError;
use super::store::Store;

/// An open intermediate file: per group `images` `[N, H, W]`, normalised, and `timestamps`
/// `[N, 1]`, the end of each frame's accumulation interval.
pub struct Frames(Store);

impl Frames {
    /// # Errors
    /// For a file that cannot be read or has another layout.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        Store::open(path, 3).map(Self)
    }

    /// Name of the file, for messages.
    pub fn file(&self) -> &str {
        self.0.file()
    }

    /// Names of the groups: `train`, `validation`, `test`, then others.
    pub fn groups(&self) -> Vec<&str> {
        self.0.groups()
    }

    /// Number of frames in a group, 0 where there is no such group.
    pub fn len(&self, group: &str) -> usize {
        self.0.len(group)
    }

    /// Height and width of the frames.
    ///
    /// # Errors
    /// For an unknown group.
    pub fn size(&self, group: &str) -> Result<(usize, usize), DatasetError> {
        let shape = self.0.shape(group)?;
        Ok((shape[1], shape[2]))
    }

    /// Times of the frames of a group.
    ///
    /// # Errors
    /// For an unknown group, and for timestamps that cannot be read.
    pub fn times(&self, group: &str) -> Result<&[Timestamp], DatasetError> {
        self.0.times(group)
    }

    /// One frame, `[H, W]`, normalised.
    ///
    /// # Errors
    /// For an unknown group or frame, and for a frame that cannot be read.
    pub fn read(&self, group: &str, index: usize) -> Result<Vec<f32>, DatasetError> {
        self.0.read(group, index)
    }
}
