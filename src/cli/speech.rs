//! What commands say beside what they write.

use std::fmt::Display;
use std::io::{self, Write as _};

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Speech {
    pub is_quiet: bool,
    /// Where standard output holds a file, words go to standard error.
    pub is_beside_a_file: bool,
}

impl Speech {
    /// One line for people.
    pub fn line(self, words: impl Display) {
        match self {
            Self { is_quiet: true, .. } => {}
            Self { is_beside_a_file: true, .. } => _ = writeln!(io::stderr(), "{words}"),
            _ => say(words),
        }
    }
}

/// One line for people on standard output. Whoever reads no more, as `head` does, ends the words and not the work.
pub fn say(words: impl Display) {
    let _ = writeln!(io::stdout(), "{words}");
}
