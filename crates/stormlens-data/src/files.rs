//! Formats in which other programs take our numbers, and give us theirs.

mod atomic;
pub mod geotiff;
mod guarded;
pub(crate) mod hdf5;
mod long_name;
pub mod netcdf;
pub mod npy;

use std::io::Cursor;
use std::path::Path;

use zip::ZipArchive;
use zip::read::{ArchiveOffset, Config};
use zip::result::ZipResult;

pub use atomic::{atomically, write_atomically};
pub use guarded::{file_bytes, read_file, read_packed_file, read_text};
pub(crate) use guarded::{gunzip, is_gzipped};

use crate::projection::ProjectionError;

/// A file that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    #[error("{file} cannot be read or written: {cause}")]
    Io { file: String, cause: std::io::Error },
    #[error("{file} is {what}")]
    NotAFile { file: String, what: &'static str },
    #[error("{file} is larger than such a file may be ({n_bytes} bytes, at most {max_bytes})")]
    TooLarge { file: String, n_bytes: u64, max_bytes: u64 },
    #[error("{file} is not a NumPy array of floats: {what}")]
    Npy { file: String, what: String },
    #[error("{file} is not a NumPy array of bytes (uint8): {what}")]
    NpyBytes { file: String, what: String },
    #[error("{file} is not a NumPy array of texts: {what}")]
    NpyTexts { file: String, what: String },
    #[error("{file} is not a NumPy archive (.npz) that can be read: {what}")]
    Npz { file: String, what: String },
    #[error("array {name:?} cannot be written to {file}: {what}")]
    Array { file: String, name: String, what: String },
    #[error("{name} cannot be written as GeoTIFF: {what}")]
    GeoTiff { name: String, what: String },
    #[error("the result cannot be written as NetCDF: {what}")]
    Netcdf { what: String },
    #[error(transparent)]
    Plane(#[from] ProjectionError),
}

/// The name of a file without its folders: results name files so, for readers elsewhere have other folders.
pub fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Opens a ZIP that starts with its first byte.
///
/// Where an archive may start is not guessed: the guess of the library fails for the archives of PyTorch in
/// which records of ZIP64 happen to end where it looks for an entry; `docs/upstream` has the report.
///
/// # Errors
/// For what is no such archive.
pub fn open_zip(bytes: &[u8]) -> ZipResult<ZipArchive<Cursor<&[u8]>>> {
    let config = Config { archive_offset: ArchiveOffset::Known(0) };
    ZipArchive::with_config(config, Cursor::new(bytes))
}
