//! Variables of a file that are none of its fields, and why.
//!
//! Whoever looks for rain in a file in which other variables are maps has to be told why the rain is none.

use super::words::short;
use super::{Content, FieldError, FieldFile};

/// More reasons than these are counted only.
const MAX_LISTED: usize = 4;

/// A variable that was left out.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// What it says of itself; where and of which time it is was not read.
    pub content: Content,
    /// Maps have two at least; axes and scalars have fewer.
    pub n_dimensions: usize,
    /// In words that follow its name.
    pub why: String,
}

/// Each reason once, with the names of its variables.
pub(super) fn reasons<'l>(all: impl Iterator<Item = &'l LeftOut>) -> Vec<(String, &'l str)> {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for LeftOut { content, why, .. } in all {
        let name = short(&content.variable);
        match reasons.iter_mut().find(|(known, _)| known == why) {
            Some((_, names)) => names.push(name),
            None => reasons.push((why, vec![name])),
        }
    }
    reasons.into_iter().map(|(why, names)| (in_a_row(&names), why)).collect()
}

/// What is said in the end has to have room.
fn in_a_row(names: &[String]) -> String {
    match names {
        [a, b, c, _, ..] => format!("{a}, {b}, {c} and {} more", names.len() - 3),
        _ => names.join(", "),
    }
}

impl FieldFile {
    /// Why variables that are meant are none of the fields of the file; `None` where none of them was left out.
    pub fn why_left_out(&self, is_meant: impl Fn(&LeftOut) -> bool) -> Option<String> {
        let reasons = reasons(self.left_out().iter().filter(|left| is_meant(left)));
        let n_more = reasons.len().saturating_sub(MAX_LISTED);
        let listed = reasons.iter().take(MAX_LISTED);
        let mut words: Vec<String> =
            listed.map(|(names, why)| format!("{names} cannot be used: {why}")).collect();
        if n_more > 0 {
            words.push(format!("and {n_more} more"));
        }
        (!words.is_empty()).then(|| words.join("; "))
    }

    /// Checks that no variable that is meant was left out.
    ///
    /// # Errors
    /// [`FieldError::Interval`] names them, and why.
    pub fn check_none_left_out(
        &self,
        is_meant: impl Fn(&LeftOut) -> bool,
    ) -> Result<(), FieldError> {
        match self.why_left_out(is_meant) {
            Some(why) => Err(FieldError::Interval { what: format!("{}: {why}", self.name()) }),
            None => Ok(()),
        }
    }

    /// The error of who finds no field, with why variables that are meant were left out. It stands in place of words on
    /// what the file has instead, and behind what is wrong with a field.
    pub fn explained(&self, error: FieldError, is_meant: impl Fn(&LeftOut) -> bool) -> FieldError {
        let Some(why) = self.why_left_out(is_meant) else { return error };
        match error {
            FieldError::Absent { .. } | FieldError::Ambiguous { .. } | FieldError::Parts { .. } => {
                FieldError::Interval { what: format!("{}: {why}", self.name()) }
            }
            FieldError::Interval { what } => {
                FieldError::Interval { what: format!("{what}; {why}") }
            }
            other => other,
        }
    }
}
