//! What is done to the files of results.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::time::SystemTime;

use super::index::PART;

/// All or nothing, whoever reads at the same time. It is not waited for until the bytes are on the
/// disk: what a power cut leaves of them fails its checksum.
pub(super) fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(PART).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(folder.join(name))?;
    Ok(())
}

/// Removes a result; another server on the same folder may have done so.
pub(super) fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::warn!(file = %path.display(), %error, "an old result could not be removed");
        }
        _ => {}
    }
}

/// Writes down when a result was used: the order of going survives a restart.
pub(super) fn touch(path: &Path, now: SystemTime) {
    let touched =
        fs::File::options().write(true).open(path).and_then(|file| file.set_modified(now));
    if let Err(error) = touched {
        tracing::debug!(file = %path.display(), %error, "the time of use could not be kept");
    }
}
