//! Files on standard output.

use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;

/// What names it where a file is named: our own name, and those of the system, to which words would go beside the file.
const NAMES: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// Whether a file that is named is standard output.
pub fn is_standard_output(output: &Path) -> bool {
    NAMES.iter().any(|name| output == Path::new(name))
}

/// Writes a file to it.
///
/// # Errors
/// If it cannot be written; whoever reads it, `head` for one, may have read enough.
pub fn to_standard_output(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}
