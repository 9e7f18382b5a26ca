//! The arrays that both sides compute on.

use std::path::PathBuf;

use anyhow::ensure;
use stormlens_data::files::npy::read_npy_f32;

/// Where arrays, data and checkpoints are.
pub struct Inputs {
    folder: PathBuf,
    pub root: PathBuf,
}

impl Inputs {
    pub fn new(folder: PathBuf, root: PathBuf) -> Self {
        Self { folder, root }
    }

    /// A file beside the arrays.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// An array of a known rank: its shape and its values, row-major.
    ///
    /// # Errors
    /// For a file that is not there, or holds something else.
    pub fn array<const D: usize>(&self, name: &str) -> anyhow::Result<([usize; D], Vec<f32>)> {
        let path = self.folder.join(format!("{name}.npy"));
        let (shape, values) = read_npy_f32(&path)?;
        let found = <[usize; D]>::try_from(shape.as_slice());
        let what = || format!("{} has shape {shape:?} where {D} sizes are needed", path.display());
        ensure!(found.is_ok(), what());
        Ok((found?, values))
    }
}
