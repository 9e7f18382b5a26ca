//! From the files that weather services publish to plain arrays, one file a source format.

use std::path::Path;

use crate::files::{self, FilesError};

mod attributes;
mod dwd_netcdf;
pub mod fmi;
pub mod knmi;
mod knmi_series;
pub mod meteoswiss;
pub mod odim;
pub mod radar;
pub mod radolan;

/// A file that cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    File(#[from] FilesError),
    #[error("{file} is not a readable HDF5 file, fetch it again: {cause}")]
    Hdf5 { file: String, cause: String },
    #[error("{file} is cut off ({n_bytes} of {expected} bytes), fetch it again")]
    Truncated { file: String, n_bytes: u64, expected: u64 },
    #[error("{file} is not {product}: {what}")]
    Layout { file: String, product: &'static str, what: String },
    #[error(
        "{file} is no radar file of a kind that is read: KNMI and ODIM_H5 (HDF5), RADOLAN RY and YW (binary and \
         NetCDF-4), MeteoSwiss AQC (GIF) and FMI (PGM) are, also gzipped"
    )]
    Foreign { file: String },
    #[error("{file} is not a readable gzip file, fetch it again: {cause}")]
    Gzip { file: String, cause: String },
    #[error(
        "{file} unpacks to more than {max_bytes} bytes, more than a radar file has: leave it out"
    )]
    Bomb { file: String, max_bytes: u64 },
    #[error(
        "{file} has {count} pixels without data in the crop of {height} × {width}: use another frame"
    )]
    Missing { file: String, count: usize, height: usize, width: usize },
}

impl ImportError {
    pub(crate) fn hdf5(file: &str, cause: hdf5_reader::error::Error) -> Self {
        Self::Hdf5 { file: file.to_owned(), cause: cause.to_string() }
    }

    pub(crate) fn layout(file: &str, product: &'static str, what: impl Into<String>) -> Self {
        Self::Layout { file: file.to_owned(), product, what: what.into() }
    }
}

/// The bytes of a file that is at most `limit` bytes long.
pub(crate) fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, ImportError> {
    Ok(files::read_file(path, limit)?)
}
