//! From the files that weather services publish to plain arrays, one file a source format.

use std::path::Path;

use crate::files::{self, FilesError};

pub mod knmi;

/// A file that cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    File(#[from] FilesError),
    #[error("{file} is not a readable HDF5 file, fetch it again: {cause}")]
    Hdf5 { file: String, cause: String },
    #[error("{file} is cut off ({n_bytes} of {expected} bytes), fetch it again")]
    Truncated { file: String, n_bytes: u64, expected: u64 },
    #[error("{file} is not a KNMI 5-minute radar accumulation: {what}")]
    Layout { file: String, what: String },
    #[error(
        "{file} has {count} pixels without data in the crop of {size} × {size}: use another frame"
    )]
    Missing { file: String, count: usize, size: usize },
}

impl ImportError {
    pub(crate) fn hdf5(file: &str, cause: hdf5_reader::error::Error) -> Self {
        Self::Hdf5 { file: file.to_owned(), cause: cause.to_string() }
    }

    pub(crate) fn layout(file: &str, what: impl Into<String>) -> Self {
        Self::Layout { file: file.to_owned(), what: what.into() }
    }
}

/// The bytes of a file that is at most `limit` bytes long.
pub(crate) fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, ImportError> {
    Ok(files::read_file(path, limit)?)
}
