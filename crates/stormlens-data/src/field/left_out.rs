//! Variables and messages of a file that are none of its fields, and why.
//!
//! Whoever looks for rain in a file in which other variables are maps has to be told why the rain is none.

use super::accumulation::{Usable, is_frame};
use super::words::short;
use super::{Content, FieldError, FieldFile};

/// More reasons than these are counted only.
const MAX_LISTED: usize = 4;

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
    for (name, why) in all {
        match reasons.iter_mut().find(|(known, _)| *known == why) {
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

/// Reasons one after the other; `None` where there are none.
fn listed(reasons: &[(String, &str)]) -> Option<String> {
    let n_more = reasons.len().saturating_sub(MAX_LISTED);
    let listed = reasons.iter().take(MAX_LISTED);
    let mut words: Vec<String> =
        listed.map(|(names, why)| format!("{names} cannot be used: {why}")).collect();
    if n_more > 0 {
        words.push(format!("and {n_more} more"));
    }
    (!words.is_empty()).then(|| words.join("; "))
}

/// `apcp (sum from … to …)`
fn with_time(content: &Content) -> String {
    let name = short(&content.variable);
    content.interval.map_or(name.clone(), |own| format!("{name} ({own})"))
}

impl FieldFile {
    /// Why variables that are meant are none of the fields of the file; `None` where none of them was left out. What may be
    /// any variable is meant, too.
    pub fn why_left_out(&self, is_meant: impl Fn(&LeftOut) -> bool) -> Option<String> {
        let is_meant = |left: &&LeftOut| left.is_unknown() || is_meant(left);
        listed(&reasons(self.left_out().iter().filter(is_meant)))
    }

    /// Why messages that may be steps of a variable were left out; `None` where none was, as in NetCDF.
    pub fn why_messages(&self, variable: &str) -> Option<String> {
        self.why_left_out(|left| left.is_message_of(variable))
    }

    /// Why fields that are meant are not read, as their heads say; `None` where all of them are.
    pub fn why_unread(&self, is_meant: impl Fn(&Content) -> bool) -> Option<String> {
        let meant = self.contents().iter().filter(|content| is_meant(content));
        let unread = meant.filter_map(|one| Some((with_time(one), one.unread.as_deref()?)));
        listed(&grouped(unread))
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
            FieldError::Interval { what } => {
                FieldError::Interval { what: format!("{what}; {why}") }
            }
            other => other,
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
