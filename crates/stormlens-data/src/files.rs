//! Formats in which other programs take our numbers, and give us theirs.

pub mod netcdf;
pub mod npy;

use crate::projection::ProjectionError;

/// A file that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    #[error("{file} cannot be read or written: {cause}")]
    Io { file: String, cause: std::io::Error },
    #[error("{file} is not a NumPy array of floats: {what}")]
    Npy { file: String, what: String },
    #[error("{file} is not a NumPy archive (.npz) that can be read: {what}")]
    Npz { file: String, what: String },
    #[error("array {name:?} cannot be written to {file}: {what}")]
    Array { file: String, name: String, what: String },
    #[error("the result cannot be written as NetCDF: {what}")]
    Netcdf { what: String },
    #[error("the result cannot be written as NetCDF: {0}")]
    Plane(#[from] ProjectionError),
}
