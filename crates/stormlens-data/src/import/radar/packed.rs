//! Gzipped files.

use super::MAX_UNPACKED_BYTES;
use crate::files::{gunzip, is_gzipped};
use crate::import::ImportError;

pub(super) use crate::files::is_gzipped as is_packed;

/// The bytes in a gzipped file, or the bytes as they are.
///
/// # Errors
/// For a file that is cut off or damaged, and for one that unpacks to more than any frame has.
pub(super) fn unpack(file: &str, bytes: Vec<u8>) -> Result<Vec<u8>, ImportError> {
    if !is_gzipped(&bytes) {
        return Ok(bytes);
    }
    let (file, max_bytes) = (file.to_owned(), MAX_UNPACKED_BYTES);
    match gunzip(&bytes, max_bytes) {
        Ok(Some(unpacked)) => Ok(unpacked),
        Ok(None) => Err(ImportError::Bomb { file, max_bytes }),
        Err(cause) => Err(ImportError::Gzip { file, cause: cause.to_string() }),
    }
}
