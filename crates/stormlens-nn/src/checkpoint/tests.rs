//! Checkpoints of every kind, built here byte by byte, and the reference's own where they are at
//! hand.

pub(super) mod build;
mod damaged;
mod golden;
mod good;
mod hostile;
mod ours;

use std::path::Path;

use super::{CheckpointError, Foreign, read};

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
