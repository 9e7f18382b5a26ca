//! What long work has counted so far, in a file: work that was stopped goes on where it was.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stormlens_data::files::write_atomically;
use stormlens_data::hash;

/// Samples after which what was counted is written down.
pub const SAMPLES_BETWEEN_WRITES: usize = 20;

/// Where what was counted is kept while the work goes on, and of what work it is.
pub struct Unfinished<'a> {
    path: Option<&'a Path>,
    /// Hash of everything that the numbers depend on.
    of: String,
}

#[derive(Serialize, Deserialize)]
struct State<T> {
    of: String,
    counted: T,
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
    /// For a file of other work, and for one that cannot be read.
    pub fn read<T: DeserializeOwned>(&self) -> anyhow::Result<Option<T>> {
        let Some(path) = self.path.filter(|path| path.exists()) else { return Ok(None) };
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        let state: State<T> = ciborium::from_reader(&bytes[..]).with_context(|| {
            format!("{} holds no verification that can go on: remove it", path.display())
        })?;
        if state.of != self.of {
            bail!(
                "{} is of another verification: remove it, or name another output",
                path.display()
            );
        }
        Ok(Some(state.counted))
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
