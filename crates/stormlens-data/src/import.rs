//! From the files that weather services publish to plain arrays, one file a source format.

use std::path::Path;

pub mod knmi;

/// A file that cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{file} cannot be read: {cause}")]
    Io { file: String, cause: std::io::Error },
    #[error("{file} is larger than such a file may be ({n_bytes} bytes, at most {limit})")]
    TooLarge { file: String, n_bytes: u64, limit: u64 },
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
    let file = path.display().to_string();
    let io = |cause| ImportError::Io { file: file.clone(), cause };
    let n_bytes = std::fs::metadata(path).map_err(io)?.len();
    if n_bytes > limit {
        return Err(ImportError::TooLarge { file, n_bytes, limit });
    }
    std::fs::read(path).map_err(io)
}
