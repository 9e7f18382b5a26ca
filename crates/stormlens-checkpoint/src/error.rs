//! What can be wrong with a checkpoint, in the words of the person who has it.

use std::io;
use std::path::{Path, PathBuf};

/// Why a checkpoint could not be read or written, or holds weights of no use.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error(
        "{} is {looks_like}; give a PyTorch checkpoint, an HDF5 file of Keras or a safetensors file",
        path.display()
    )]
    NotACheckpoint { path: PathBuf, looks_like: String },
    #[error("{} is damaged: {reason}; fetch or copy the file again", path.display())]
    Damaged { path: PathBuf, reason: String },
    /// The pickle within names a Python object outside the tensor subset.
    #[error(
        "{} is refused: the pickle names `{name}`, which is not part of a tensor checkpoint; \
         nothing was executed; where the file can be trusted, save its weights alone, with \
         `torch.save(model.state_dict(), …)` or as safetensors",
        path.display()
    )]
    Refused { path: PathBuf, name: String },
    #[error("{} cannot be used: {reason}", path.display())]
    Unsupported { path: PathBuf, reason: String },
    /// The tensors on disk are not the ones that were written.
    #[error(
        "{} is damaged: its tensors hash to {found}, its metadata says {expected}; \
         fetch the file again or import the weights anew",
        path.display()
    )]
    Hash { path: PathBuf, expected: String, found: String },
    #[error("cannot write {}: {reason}", path.display())]
    Unwritable { path: PathBuf, reason: String },
}

/// A [`CheckpointError`] before the path is known.
#[derive(Debug, PartialEq)]
pub(crate) enum Fault {
    NotACheckpoint(String),
    Damaged(String),
    Refused(String),
    Unsupported(String),
    Hash { expected: String, found: String },
}

impl Fault {
    pub(crate) fn at(self, path: &Path) -> CheckpointError {
        let path = path.to_owned();
        match self {
            Fault::NotACheckpoint(looks_like) => {
                CheckpointError::NotACheckpoint { path, looks_like }
            }
            Fault::Damaged(reason) => CheckpointError::Damaged { path, reason },
            Fault::Refused(name) => CheckpointError::Refused { path, name },
            Fault::Unsupported(reason) => CheckpointError::Unsupported { path, reason },
            Fault::Hash { expected, found } => CheckpointError::Hash { path, expected, found },
        }
    }

    /// The file ends where more was announced.
    pub(crate) fn truncated(within: impl std::fmt::Display) -> Self {
        Fault::Damaged(format!("it is truncated: it ends within {within}"))
    }
}

/// Text from a file as it may appear in a message: short, and without control characters.
pub fn printable(text: &str) -> String {
    const MAX_CHARS: usize = 80;
    let shown: String = text.chars().take(MAX_CHARS).flat_map(char::escape_debug).collect();
    if text.chars().nth(MAX_CHARS).is_some() { shown + "…" } else { shown }
}
