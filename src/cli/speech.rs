//! What commands say beside what they write.

use std::fmt::Display;

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
            Self { is_beside_a_file: true, .. } => eprintln!("{words}"),
            _ => println!("{words}"),
        }
    }
}
