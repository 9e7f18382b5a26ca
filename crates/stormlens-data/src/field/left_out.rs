//! Variables of a file that are none of its fields, and why.
//!
//! Whoever looks for rain in a file in which other variables are maps has to be told why the rain is none.

use super::words::short;
use super::{Content, FieldError, FieldFile};

/// More reasons than these are counted only.
const MAX_LISTED: usize = 3;
/// Stands before each further reason: what is done about the one before may end with another mark.
pub const NEXT: &str = "; also ";

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

/// Reasons one after the other, each once: three at most, and how many more there are. `None` where there is none.
pub fn few_reasons(all: impl IntoIterator<Item = String>) -> Option<String> {
    let mut reasons: Vec<String> = Vec::new();
    for reason in all {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let n_more = reasons.len().saturating_sub(MAX_LISTED);
    reasons.truncate(MAX_LISTED);
    let more = if n_more > 0 { format!("; and {n_more} more") } else { String::new() };
    (!reasons.is_empty()).then(|| reasons.join(NEXT) + &more)
}

/// What is wrong with a file of which nothing can be used: one error stays what it is, of several each reason is said once,
/// with the name of the file.
pub fn nothing_usable(name: &str, errors: impl IntoIterator<Item = FieldError>) -> FieldError {
    let mut errors = errors.into_iter();
    let first = errors.next();
    let words = first.as_ref().map(ToString::to_string);
    let why = few_reasons(words.into_iter().chain(errors.map(|error| error.to_string())));
    let why = why.unwrap_or_default();
    match first {
        Some(first) if first.to_string() == why => first,
        _ => FieldError::Interval { what: format!("{name}: {why}") },
    }
}

impl FieldFile {
    /// Why variables that are meant are none of the fields of the file, each reason with the names of its variables.
    pub fn reasons_left_out(&self, is_meant: impl Fn(&LeftOut) -> bool) -> Vec<String> {
        let reasons = reasons(self.left_out().iter().filter(|left| is_meant(left)));
        reasons.iter().map(|(names, why)| format!("{names} cannot be used: {why}")).collect()
    }

    /// The same in a row; `None` where none of them was left out.
    pub fn why_left_out(&self, is_meant: impl Fn(&LeftOut) -> bool) -> Option<String> {
        few_reasons(self.reasons_left_out(is_meant))
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
            other => other.and(&why),
        }
    }
}

impl FieldError {
    /// The error of what a file says of a field, with what else is wrong with the file. Other errors stay alone: they can be
    /// mended whatever else there is.
    #[must_use]
    pub fn and(self, why: &str) -> Self {
        match self {
            Self::Interval { .. } | Self::Unit { .. } | Self::NoInterval { .. } => {
                Self::Interval { what: format!("{self}{NEXT}{why}") }
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(what: &str) -> FieldError {
        FieldError::Interval { what: what.to_owned() }
    }

    /// Of two variables that cannot be used, both say why.
    #[test]
    fn each_reason_is_said_once_and_three_at_most() {
        let of = |all: &[&str]| few_reasons(all.iter().map(|&one| one.to_owned()));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["a", "b", "a"]).as_deref(), Some("a; also b"));
        assert_eq!(
            of(&["a", "b", "c", "d", "e"]).as_deref(),
            Some("a; also b; also c; and 2 more")
        );
    }

    #[test]
    fn one_error_stays_what_it_is_and_several_are_of_the_file() {
        let of = |errors: Vec<FieldError>| nothing_usable("F.nc", errors);
        let unit = || FieldError::Unit { name: "r".into(), unit: "K".into(), needed: "no rain" };
        assert!(matches!(of(vec![unit(), unit()]), FieldError::Unit { .. }));
        assert_eq!(
            of(vec![unit(), interval("b")]).to_string(),
            "F.nc: r is in \"K\", no rain; also b"
        );
        assert_eq!(unit().and("b").to_string(), "r is in \"K\", no rain; also b");
        let unstated = FieldError::Unstated { file: "F.nc".into(), variable: "r".into() };
        assert!(matches!(unstated.and("b"), FieldError::Unstated { .. }));
    }
}
