//! Gzipped files.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;

use super::MAX_UNPACKED_BYTES;
use crate::import::ImportError;

pub(super) fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x1f\x8b")
}

/// The bytes in a gzipped file, or the bytes as they are.
///
/// # Errors
/// For a file that is cut off or damaged, and for one that unpacks to more than any frame has.
pub(super) fn unpack(file: &str, bytes: Vec<u8>) -> Result<Vec<u8>, ImportError> {
    if !is_packed(&bytes) {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    let mut source = MultiGzDecoder::new(&*bytes).take(MAX_UNPACKED_BYTES + 1);
    source
        .read_to_end(&mut unpacked)
        .map_err(|cause| ImportError::Gzip { file: file.to_owned(), cause: cause.to_string() })?;
    match unpacked.len() as u64 > MAX_UNPACKED_BYTES {
        true => Err(ImportError::Bomb { file: file.to_owned(), max_bytes: MAX_UNPACKED_BYTES }),
        false => Ok(unpacked),
    }
}
