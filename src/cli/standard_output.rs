//! Files on standard output.

use std::io::{self, Write as _};

use anyhow::Context as _;

/// What names it where a file is named.
pub const STANDARD_OUTPUT: &str = "-";

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
