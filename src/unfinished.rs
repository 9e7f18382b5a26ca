//! What long work has counted so far, in a file: work that was stopped goes on where it was.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::Context as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stormlens_data::files::write_atomically;
use stormlens_data::hash;

use crate::causes::with_causes;
use crate::disk;

/// Samples after which what was counted is written down.
pub const SAMPLES_BETWEEN_WRITES: usize = 20;

/// Where what was counted is kept while the work goes on, and of what work it is.
pub struct Unfinished<'a> {
    path: Option<&'a Path>,
    /// Hash of what the numbers depend on.
    of: String,
}

/// Why what was counted cannot go on: it is of other weights, samples or settings, or an older program wrote it.
#[derive(Debug, thiserror::Error)]
pub enum Outdated {
    #[error("{} is of another verification: remove it, or name another output", path.display())]
    Other { path: PathBuf },
    #[error("{} holds no verification that can go on ({why}): remove it", path.display())]
    Foreign { path: PathBuf, why: String },
}

#[derive(Serialize, Deserialize)]
struct State<T> {
    of: String,
    counted: T,
}

/// What a file or a folder of files is, without reading it: where it lies, and of every file name, length and time of the last
/// change.
///
/// # Errors
/// Where it cannot be looked at.
pub fn fingerprint(path: &Path) -> anyhow::Result<String> {
    let path = path.canonicalize().with_context(|| path.display().to_string())?;
    let mut files = vec![path.clone()];
    if path.is_dir() {
        let entries = std::fs::read_dir(&path)?.collect::<Result<Vec<_>, _>>()?;
        files.extend(entries.into_iter().map(|entry| entry.path()));
        files.sort();
    }
    let line = |file: PathBuf| -> anyhow::Result<String> {
        let found = file.metadata().with_context(|| file.display().to_string())?;
        let changed = found.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(format!("{} {} {}", file.display(), found.len(), changed.as_nanos()))
    };
    Ok(files.into_iter().map(line).collect::<anyhow::Result<Vec<_>>>()?.join("\n"))
}

/// The file beside one that is to be written: `FILE.part-of`.
pub fn beside(output: &Path) -> PathBuf {
    let mut name: OsString = output.into();
    name.push(".part-of");
    name.into()
}

/// Removes the file when the work is done.
///
/// # Errors
/// Where it cannot be removed.
pub fn remove(path: &Path) -> anyhow::Result<()> {
    if path.exists() {
        std::fs::remove_file(path).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

impl<'a> Unfinished<'a> {
    /// Of work that these lines describe; without a path nothing is kept.
    pub fn new(path: Option<&'a Path>, of: &[String]) -> Self {
        Self { path, of: hash::sha256(of.join("\n").as_bytes()) }
    }

    /// What was counted before, if anything.
    ///
    /// # Errors
    /// [`Outdated`] for a file of other work, and for one that cannot be understood; for one that cannot be read.
    pub fn read<T: DeserializeOwned>(&self) -> anyhow::Result<Option<T>> {
        let Some(path) = self.path.filter(|path| path.exists()) else { return Ok(None) };
        let bytes = disk::read(path).with_context(|| path.display().to_string())?;
        let state: State<T> = ciborium::from_reader(&bytes[..])
            .map_err(|error| Outdated::Foreign { path: path.to_owned(), why: error.to_string() })?;
        if state.of != self.of {
            return Err(Outdated::Other { path: path.to_owned() }.into());
        }
        Ok(Some(state.counted))
    }

    /// The same beside another error, which is what somebody wants to know.
    pub fn keep_beside<T: Serialize>(&self, counted: &T) {
        if let Err(error) = self.keep(counted) {
            tracing::warn!("{}", with_causes(&error));
        }
    }

    /// # Errors
    /// Where it cannot be written.
    pub fn keep<T: Serialize>(&self, counted: &T) -> anyhow::Result<()> {
        let Some(path) = self.path else { return Ok(()) };
        let state = State { of: self.of.clone(), counted };
        let mut bytes = Vec::new();
        ciborium::into_writer(&state, &mut bytes).context("what was counted cannot be written")?;
        write_atomically(path, &bytes).with_context(|| path.display().to_string())
    }
}
