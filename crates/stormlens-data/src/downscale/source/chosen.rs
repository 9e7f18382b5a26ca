//! Which variable of a file is meant, and which of its fields rain can be made of.

use super::super::hourly::{stated_in_vain, unstated};
use super::is_amount_at_a_moment;
use crate::field::accumulation::{Usable, check_no_total, usable};
use crate::field::left_out::nothing_usable;
use crate::field::rain_name::{AllRain, check_is_rain, only_parts};
use crate::field::{Content, FieldError, FieldFile, LeftOut, RainKind, variable_named};

/// The variable that is meant.
pub(in crate::downscale) struct Chosen {
    pub variable: String,
    /// Whether somebody named it; of a file that has another one beside it, it is all the rain otherwise.
    is_named: bool,
    all_rain: AllRain,
    /// What else of the file looks like rain and cannot be used, with the reason.
    pub others: Vec<String>,
}

/// The variable of a name, else the only one of which rain can be made; of a file with one variable that one, whatever it is
/// called.
///
/// # Errors
/// For a name that the file does not have, for several variables of rain, and where nothing is known as rain. Rain that is
/// none of the fields of the file says why.
pub(in crate::downscale) fn variable(
    file: &FieldFile,
    name: &str,
    wanted: Option<&str>,
    stated: Option<i64>,
) -> Result<Chosen, FieldError> {
    let all_rain = AllRain::of_file(file);
    let (variable, others) = match wanted {
        Some(wanted) => {
            let own = named(file, name, wanted)?;
            let others = file.reasons_left_out(|left| left.is_message_of(&own));
            (own, others)
        }
        None => the_rain(file, name, (all_rain, stated))?,
    };
    Ok(Chosen { variable, is_named: wanted.is_some(), all_rain, others })
}

fn named(file: &FieldFile, name: &str, wanted: &str) -> Result<String, FieldError> {
    if let Some(found) = variable_named(name, file.contents(), wanted)? {
        return Ok(found.to_owned());
    }
    let known = variables(file, |_| true);
    let is_meant = |left: &LeftOut| left.content.variable.eq_ignore_ascii_case(wanted);
    let (file_name, known) = (name.to_owned(), known.join(", "));
    let absent = FieldError::Absent { file: file_name, wanted: wanted.to_owned(), known };
    Err(file.explained(absent, is_meant))
}

/// Names of variables, each once, in their order.
fn variables(file: &FieldFile, is_meant: impl Fn(&Content) -> bool) -> Vec<&str> {
    let meant = file.contents().iter().filter(|content| is_meant(content));
    let mut names: Vec<&str> = meant.map(|content| content.variable.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The rain of a file of which nobody names a variable, and what else looks like it.
fn the_rain(
    file: &FieldFile,
    name: &str,
    (all_rain, stated): (AllRain, Option<i64>),
) -> Result<(String, Vec<String>), FieldError> {
    let rain = variables(file, |content| all_rain.has(content));
    let others = file.no_rain();
    match rain[..] {
        [] => the_only_one(file, name, all_rain).map(|only| (only, others)),
        [only] => Ok((only.to_owned(), others)),
        _ => {
            let (one, why) = the_usable(file, name, (&rain, stated))?;
            Ok((one, [why, others].concat()))
        }
    }
}

/// The variable of a file that has one, where no rain was left out: another map beside it is not what is meant.
fn the_only_one(file: &FieldFile, name: &str, all_rain: AllRain) -> Result<String, FieldError> {
    let known = variables(file, |_| true);
    let error = match (all_rain.refusal(name, file.contents()), &known[..]) {
        (None, [only]) if file.no_rain().is_empty() => return Ok((*only).to_owned()),
        (Some(error), _) => error,
        (None, _) => FieldError::Absent {
            file: name.to_owned(),
            wanted: "that is known as rain (name one with --variable)".to_owned(),
            known: known.join(", "),
        },
    };
    Err(file.without_rain(error))
}

/// Of several variables of rain the one that has fields of which rain can be made, and what is wrong with the others.
fn the_usable(
    file: &FieldFile,
    name: &str,
    (rain, stated): (&[&str], Option<i64>),
) -> Result<(String, Vec<String>), FieldError> {
    let contents = file.contents();
    let of = |variable: &str| {
        let all = contents.iter().enumerate();
        let own = all.filter(|(_, content)| content.variable == variable);
        let places: Vec<usize> = own.map(|(place, _)| place).collect();
        usable(contents, &places, stated)
    };
    let (good, bad): (Vec<_>, Vec<_>) = rain
        .iter()
        .map(|&variable| (variable, of(variable)))
        .partition(|(_, fields)| !fields.places.is_empty());
    let errors = bad.into_iter().flat_map(|(_, fields)| fields.left_out).map(|(_, error)| error);
    match good[..] {
        [] => Err(file.without_rain(nothing_usable(name, errors))),
        [(only, _)] => Ok((only.to_owned(), errors.map(|error| error.to_string()).collect())),
        _ => {
            let known: Vec<&str> = good.iter().map(|(variable, _)| *variable).collect();
            let what = format!(
                "{name} has several variables of rain: choose one with --variable; it has {}",
                known.join(", ")
            );
            Err(FieldError::Interval { what })
        }
    }
}

/// Fields of a variable that rain can be made of, as [`parted`] says; of hours that somebody states, they are no totals.
///
/// # Errors
/// As [`parted`], and for a running total.
pub(super) fn fields(
    file: &FieldFile,
    name: &str,
    chosen: &Chosen,
    stated: Option<i64>,
) -> Result<Usable, FieldError> {
    if let Some(hours) = stated {
        check_no_total(file, hours, |content| {
            let is_it = content.variable == chosen.variable;
            is_it && is_amount_at_a_moment(content) && chosen.check(name, content).is_ok()
        })?;
    }
    parted(file, name, chosen, stated)
}

/// Fields of a variable that rain can be made of, and the others with what is wrong: one rule for all that read rain.
///
/// # Errors
/// Where none is left, what all of them are; for amounts of which neither the file nor anybody says over which interval they
/// are, and for hours that are stated in vain.
pub(in crate::downscale) fn parted(
    file: &FieldFile,
    name: &str,
    chosen: &Chosen,
    stated: Option<i64>,
) -> Result<Usable, FieldError> {
    let contents = file.contents();
    let Usable { places, left_out } = chosen.rain(file, name);
    let of_rain = || places.iter().map(|&place| &contents[place]);
    let has_open = of_rain().any(is_amount_at_a_moment);
    if stated.is_some() && !places.is_empty() && !has_open {
        return Err(stated_in_vain(name, of_rain()));
    }
    let found = usable(contents, &places, stated).with_others(contents, left_out)?;
    match found.places.is_empty() {
        true if stated.is_none() && has_open => Err(unstated(name, &chosen.variable)),
        true => Err(nothing_left(name, found.left_out)),
        false => Ok(found),
    }
}

impl Chosen {
    /// Fields of the variable that pass for rain by what is said of them.
    fn rain(&self, file: &FieldFile, name: &str) -> Usable {
        let mut found = Usable::default();
        let all = file.contents().iter().enumerate();
        for (place, content) in all.filter(|(_, content)| content.variable == self.variable) {
            match self.check(name, content) {
                Ok(()) => found.places.push(place),
                Err(error) => found.left_out.push((place, error)),
            }
        }
        found
    }

    fn check(&self, name: &str, content: &Content) -> Result<(), FieldError> {
        check_is_rain(name, content)?;
        // Who names a part wants it.
        let is_part = RainKind::of(content).part().is_some() && !self.all_rain.has(content);
        match !self.is_named && is_part {
            true => Err(only_parts(name, content)),
            false => Ok(()),
        }
    }
}

/// With the name of the file, which fields do not say.
pub(in crate::downscale) fn nothing_left(
    name: &str,
    left_out: Vec<(usize, FieldError)>,
) -> FieldError {
    let error = nothing_usable(name, left_out.into_iter().map(|(_, error)| error));
    let words = error.to_string();
    match words.contains(name) {
        true => error,
        false => FieldError::Interval { what: format!("{name}: {words}") },
    }
}
