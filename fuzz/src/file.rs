//! Bytes as a file, for readers that open one themselves.

use std::path::PathBuf;

/// Writes the one file of this process, in memory where the system has such a folder.
pub fn write(bytes: &[u8]) -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
    let path = folder.join(format!("stormlens-fuzz-{}", std::process::id()));
    std::fs::write(&path, bytes).expect("the folder of temporary files can be written");
    path
}
