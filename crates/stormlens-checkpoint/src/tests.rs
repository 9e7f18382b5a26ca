//! Checkpoints of every kind, built here byte by byte, and the reference's own where they are at
//! hand.

pub(super) mod build;
mod corpus;
mod damaged;
mod golden;
mod good;
mod hostile;
mod ours;

use std::path::{Path, PathBuf};

use super::{CheckpointError, Foreign, read};

/// A file below `STORMLENS_GOLDEN_DIR`; says so where that is not set.
pub(crate) fn full_path(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("STORMLENS_GOLDEN_DIR");
    if folder.is_none() {
        println!("skipped: STORMLENS_GOLDEN_DIR is not set, so there is no {name}");
    }
    Some(Path::new(&folder?).join(name))
}

/// Reads bytes from a file of that name.
fn read_as(name: &str, bytes: &[u8]) -> Result<Foreign, CheckpointError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    read(&path)
}

fn read_bytes(bytes: &[u8]) -> Result<Foreign, CheckpointError> {
    read_as("weights.ckpt", bytes)
}

/// Checks that reading fails with a message that says so, and names the file.
#[track_caller]
fn check_error(bytes: &[u8], expected: &str) {
    let message = read_bytes(bytes).expect_err(expected).to_string();
    assert!(message.contains(expected), "`{expected}` is not in `{message}`");
    assert!(message.contains("weights.ckpt"), "no file in `{message}`");
}

#[test]
fn a_missing_file_is_named() {
    let message = read(Path::new("/nowhere/weights.ckpt")).unwrap_err().to_string();
    assert!(message.starts_with("cannot read /nowhere/weights.ckpt: "), "{message}");
}

#[test]
fn a_folder_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    assert!(read(folder.path()).is_err());
}
