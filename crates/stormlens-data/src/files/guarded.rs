//! Files from outside, looked at before they are read.
//!
//! The size that a file system tells is no more than what it says: a device or a pipe has none and never
//! ends, and a sparse file of many gigabytes takes no room on the disk but all of memory.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::FilesError;

/// Length in bytes of a regular file that is at most `max_bytes` long. Nothing is opened, so that a pipe
/// without a writer is not waited for.
///
/// # Errors
/// For what is no regular file, and for one that is longer.
pub fn file_bytes(path: &Path, max_bytes: u64) -> Result<u64, FilesError> {
    let file = || path.display().to_string();
    let found = std::fs::metadata(path).map_err(|cause| FilesError::Io { file: file(), cause })?;
    if !found.is_file() {
        let what = if found.is_dir() { "a folder" } else { "a device, a pipe or a socket" };
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

#[cfg(test)]
mod tests {
    use super::*;

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
