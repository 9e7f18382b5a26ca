//! Files from outside, looked at before they are read.
//!
//! The size that a file system tells is no more than what it says: a device or a pipe has none and never
//! ends, and a sparse file of many gigabytes takes no room on the disk but all of memory.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::FilesError;

/// Options, lists and tables are not longer.
const MAX_TEXT_BYTES: u64 = 64 << 20;

/// The text of a regular file: options, a list, a table.
///
/// # Errors
/// As [`read_file`], for a file that is longer than such texts are, and for bytes that are no UTF-8.
pub fn read_text(path: &Path) -> Result<String, FilesError> {
    String::from_utf8(read_file(path, MAX_TEXT_BYTES)?).map_err(|error| FilesError::Io {
        file: path.display().to_string(),
        cause: io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()),
    })
}

/// Length in bytes of a regular file that is at most `max_bytes` long. Nothing is opened, so that a pipe
/// without a writer is not waited for.
///
/// # Errors
/// For what is no regular file, and for one that is longer.
pub fn file_bytes(path: &Path, max_bytes: u64) -> Result<u64, FilesError> {
    let file = || path.display().to_string();
    let found = std::fs::metadata(path).map_err(|cause| FilesError::Io { file: file(), cause })?;
    if !found.is_file() {
        let what = match found.is_dir() {
            true => "a folder where a file is needed: give the file in it that is meant",
            false => "a device, a pipe or a socket, not a file: save what it holds in a file first",
        };
        return Err(FilesError::NotAFile { file: file(), what });
    }
    match found.len() {
        n_bytes if n_bytes > max_bytes => {
            Err(FilesError::TooLarge { file: file(), n_bytes, max_bytes })
        }
        n_bytes => Ok(n_bytes),
    }
}

/// The bytes of a regular file that is at most `max_bytes` long, also if it grows meanwhile.
///
/// # Errors
/// As [`file_bytes`], and for a file that cannot be read.
pub fn read_file(path: &Path, max_bytes: u64) -> Result<Vec<u8>, FilesError> {
    let n_bytes = file_bytes(path, max_bytes)?;
    let io = |cause| FilesError::Io { file: path.display().to_string(), cause };
    let mut bytes = Vec::with_capacity(usize::try_from(n_bytes).unwrap_or(0));
    let source = File::open(path).map_err(io)?;
    source.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(io)?;
    let n_bytes = bytes.len() as u64;
    match n_bytes > max_bytes {
        true => Err(FilesError::TooLarge { file: path.display().to_string(), n_bytes, max_bytes }),
        false => Ok(bytes),
    }
}

/// The bytes of a file, or what is packed in it where it is gzipped; either are `max_bytes` at most.
///
/// # Errors
/// As [`read_file`], and for what is packed and cut off or damaged.
pub fn read_packed_file(path: &Path, max_bytes: u64) -> Result<Vec<u8>, FilesError> {
    let bytes = read_file(path, max_bytes)?;
    if !is_gzipped(&bytes) {
        return Ok(bytes);
    }
    let file = path.display().to_string();
    match gunzip(&bytes, max_bytes) {
        Ok(Some(unpacked)) => Ok(unpacked),
        Ok(None) => {
            let n_bytes = max_bytes.saturating_add(1);
            Err(FilesError::TooLarge { file, n_bytes, max_bytes })
        }
        Err(cause) => Err(FilesError::Io { file, cause }),
    }
}

pub(crate) fn is_gzipped(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x1f\x8b")
}

/// What is in gzipped bytes; `None` where that is more than `max_bytes`.
pub(crate) fn gunzip(bytes: &[u8], max_bytes: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(bytes).take(max_bytes.saturating_add(1)).read_to_end(&mut unpacked)?;
    Ok((unpacked.len() as u64 <= max_bytes).then_some(unpacked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzipped_files_are_unpacked_below_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text.gz");
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, &[b'a'; 3000]).unwrap();
        let packed = encoder.finish().unwrap();
        std::fs::write(&path, &packed).unwrap();
        assert_eq!(read_packed_file(&path, 3000).unwrap(), [b'a'; 3000]);
        assert!(matches!(read_packed_file(&path, 2999), Err(FilesError::TooLarge { .. })));
        std::fs::write(&path, &packed[..packed.len() / 2]).unwrap();
        assert!(matches!(read_packed_file(&path, 3000), Err(FilesError::Io { .. })));
        std::fs::write(&path, b"plain").unwrap();
        assert_eq!(read_packed_file(&path, 3000).unwrap(), b"plain");
    }

    #[test]
    fn what_is_no_file_or_too_long_is_refused_before_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |path: &Path| read_file(path, 1000).unwrap_err().to_string();
        assert!(refused(folder.path()).contains("is a folder"));
        assert!(refused(&folder.path().join("none")).contains("none"));
        let long = folder.path().join("sparse");
        File::create(&long).unwrap().set_len(20 << 30).unwrap();
        assert!(refused(&long).contains("at most 1000"), "{}", refused(&long));
        let short = folder.path().join("short");
        std::fs::write(&short, b"text").unwrap();
        assert_eq!(read_file(&short, 4).unwrap(), b"text");
        assert_eq!(read_text(&short).unwrap(), "text");
        let refused = |path: &Path| read_text(path).unwrap_err().to_string();
        assert!(refused(&long).contains("at most 67108864"), "{}", refused(&long));
        std::fs::write(&short, b"\xff").unwrap();
        assert!(refused(&short).contains("short cannot be read"), "{}", refused(&short));
    }

    #[cfg(unix)]
    #[test]
    fn an_endless_input_is_refused_before_it_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.is_ok_and(|status| status.success()), "mkfifo belongs to POSIX");
        for path in [pipe.as_path(), Path::new("/dev/zero")] {
            let error = read_file(path, 1 << 40).unwrap_err().to_string();
            assert!(error.contains("is a device, a pipe or a socket"), "{error}");
        }
    }
}
