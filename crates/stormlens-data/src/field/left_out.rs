//! Variables and messages of a file that are none of its fields, and why.
//!
//! Whoever looks for rain in a file in which other variables are maps has to be told why the rain is none.

use std::collections::{HashMap, HashSet};

use super::accumulation::{Usable, is_frame};
use super::words::short;
use super::{Content, FieldError, FieldFile};

/// More reasons than these are counted only.
const MAX_LISTED: usize = 3;
/// Stands before each further reason: what is done about the one before may end with another mark.
pub const NEXT: &str = "; also ";

/// A variable of NetCDF, or a message of GRIB, that was left out.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// What it says of itself; where and of which time it is was not read. Its name is empty where nothing says what it is.
    pub content: Content,
    /// Maps have two at least; axes and scalars have fewer.
    pub n_dimensions: usize,
    /// Of GRIB: which message of the file it is, counted from 1.
    pub message: Option<usize>,
    /// In words that follow its name.
    pub why: String,
}

impl LeftOut {
    /// Whether nothing says what it is, so that it may be whatever is missing.
    pub fn is_unknown(&self) -> bool {
        self.content.variable.is_empty()
    }

    /// Whether it is a message of a variable, which may be a step between its fields.
    pub fn is_message_of(&self, variable: &str) -> bool {
        self.message.is_some() && self.content.variable.eq_ignore_ascii_case(variable)
    }

    /// `tp`, `apcp of message 2`, `message 2 (its content is not known)`
    fn name(&self) -> String {
        let variable = short(&self.content.variable);
        match self.message {
            None => variable,
            Some(number) if self.is_unknown() => {
                format!("message {number} (its content is not known)")
            }
            Some(number) => format!("{variable} of message {number}"),
        }
    }
}

/// Each reason once, with the names of its variables.
pub(super) fn reasons<'l>(all: impl Iterator<Item = &'l LeftOut>) -> Vec<(String, &'l str)> {
    grouped(all.map(|left| (left.name(), left.why.as_str())))
}

fn grouped<'l>(all: impl Iterator<Item = (String, &'l str)>) -> Vec<(String, &'l str)> {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for (name, why) in all {
        let place = *known.entry(why).or_insert(reasons.len());
        match reasons.get_mut(place) {
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
    // Files of thousands of fields have thousands of reasons.
    let mut known = HashSet::new();
    let mut reasons: Vec<String> =
        all.into_iter().filter(|reason| known.insert(reason.clone())).collect();
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

/// `apcp (sum from … to …)`
fn with_time(content: &Content) -> String {
    let name = short(&content.variable);
    content.interval.map_or(name.clone(), |own| format!("{name} ({own})"))
}

fn in_words(reasons: Vec<(String, &str)>) -> Vec<String> {
    let one = |(names, why): (String, &str)| format!("{names} cannot be used: {why}");
    reasons.into_iter().map(one).collect()
}

impl FieldFile {
    /// Why variables that are meant are none of the fields of the file, each reason with the names of its variables. What may
    /// be any variable is meant, too.
    pub fn reasons_left_out(&self, is_meant: impl Fn(&LeftOut) -> bool) -> Vec<String> {
        let is_meant = |left: &&LeftOut| left.is_unknown() || is_meant(left);
        in_words(reasons(self.left_out().iter().filter(is_meant)))
    }

    /// Why fields that are meant are not read, as their heads say, each reason with their names and times.
    pub fn reasons_unread(&self, is_meant: impl Fn(&Content) -> bool) -> Vec<String> {
        let meant = self.contents().iter().filter(|content| is_meant(content));
        let unread = meant.filter_map(|one| Some((with_time(one), one.unread.as_deref()?)));
        in_words(grouped(unread))
    }

    /// The same in a row; `None` where none of them was left out.
    pub fn why_left_out(&self, is_meant: impl Fn(&LeftOut) -> bool) -> Option<String> {
        few_reasons(self.reasons_left_out(is_meant))
    }

    /// Why messages that may be steps of a variable were left out; `None` where none was, as in NetCDF.
    pub fn why_messages(&self, variable: &str) -> Option<String> {
        self.why_left_out(|left| left.is_message_of(variable))
    }

    /// Checks that no message was left out that may be a rate between those at `places`: one of them would be held over it.
    ///
    /// # Errors
    /// [`FieldError::Interval`] names it, and why.
    pub fn check_no_gap(&self, places: &[usize]) -> Result<(), FieldError> {
        let mut used = places.iter().map(|&place| &self.contents()[place]);
        let Some(rate) = used.find(|content| is_frame(content)) else { return Ok(()) };
        match self.why_messages(&rate.variable) {
            None => Ok(()),
            Some(why) => Err(FieldError::Interval {
                what: format!(
                    "{}: each rate of a moment is taken until the next one, and one between them may be missing: {why}",
                    self.name()
                ),
            }),
        }
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

    /// The error of a sum of fields, with those that were left out, and with messages that may be the step that is missing.
    pub fn explained_sum(&self, fields: &Usable, error: FieldError) -> FieldError {
        let error = fields.explained(error);
        match fields.variable(self.contents()) {
            Some(variable) => self.explained(error, |left| left.is_message_of(variable)),
            None => error,
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
