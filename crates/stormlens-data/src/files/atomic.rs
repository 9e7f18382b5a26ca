//! Files that are there whole or not at all, wherever the power fails.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Writes a file in one step; see [`atomically`].
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    atomically(path, |part| fs::write(part, bytes), |error| error)
}

/// Lets `write` write a file that is named `.part` after its own name, waits until its bytes are on the
/// disk, and then gives it its name. After a failure no part is left, and what was there before stays.
///
/// # Errors
/// Those of `write`, and what `failed` makes of one of the disk.
pub fn atomically<T, E>(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<T, E>,
    failed: impl FnOnce(io::Error) -> E,
) -> Result<T, E> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let written = write(&part).and_then(|value| match finish(&part, path) {
        Ok(()) => Ok(value),
        Err(error) => Err(failed(error)),
    });
    if written.is_err() {
        // The first error is the one to tell; a part that stays is overwritten by the next attempt.
        let _ = fs::remove_file(&part);
    }
    written
}

fn finish(part: &Path, path: &Path) -> io::Result<()> {
    OpenOptions::new().append(true).open(part)?.sync_all()?;
    fs::rename(part, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("it is there").flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_in_one_step() {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("state");
        write_atomically(&path, b"first").expect("there is room");
        write_atomically(&path, b"second").expect("there is room");
        assert_eq!(fs::read(&path).expect("it is there"), b"second");
        assert_eq!(names(folder.path()), ["state"]);
    }

    #[test]
    fn what_failed_leaves_the_old_file_and_no_part() {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("state");
        write_atomically(&path, b"first").expect("there is room");
        let stopped = |part: &Path| {
            fs::write(part, b"half")?;
            Err::<(), _>(io::Error::other("stopped"))
        };
        assert_eq!(atomically(&path, stopped, |e| e).unwrap_err().to_string(), "stopped");
        assert_eq!(fs::read(&path).expect("it is there"), b"first");
        assert_eq!(names(folder.path()), ["state"]);
        let taken = folder.path().join("folder");
        fs::create_dir_all(taken.join("full")).expect("there is room");
        write_atomically(&taken, b"new").expect_err("a folder is no file");
        assert_eq!(
            names(folder.path()),
            ["folder", "state"],
            "the part of a name that is taken goes"
        );
    }
}
