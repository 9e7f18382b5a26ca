//! Which variable of a file is meant, and which of its fields rain can be made of.

use super::super::hourly::{stated_in_vain, unstated};
use super::is_amount_at_a_moment;
use crate::field::accumulation::{Usable, check_no_total, usable};
use crate::field::rain_name::{check_is_rain, is_rain, is_whole_rain, only_parts};
use crate::field::{Content, FieldError, FieldFile, LeftOut, RainKind};

/// The variable that is meant: the only one of the file, where nobody names one.
///
/// # Errors
/// For a name that the file does not have, and for several variables. Rain that is none of the fields of the file says why.
pub(super) fn variable(
    file: &FieldFile,
    name: &str,
    wanted: Option<&str>,
) -> Result<String, FieldError> {
    let mut known: Vec<&str> = file.contents().iter().map(|c| c.variable.as_str()).collect();
    known.sort_unstable();
    known.dedup();
    let is_meant = |left: &LeftOut| match wanted {
        Some(wanted) => left.content.variable == wanted,
        None => is_whole_rain(&left.content),
    };
    match (wanted, &known[..]) {
        (Some(wanted), _) if known.contains(&wanted) => Ok(wanted.to_owned()),
        (None, [only]) => {
            // Another map beside rain that was left out is not what is meant.
            if !file.contents().iter().any(is_rain) {
                file.check_none_left_out(|left| left.n_dimensions > 1 && is_meant(left))?;
            }
            Ok((*only).to_owned())
        }
        _ => {
            let wanted = wanted.map_or("that is the only one; name one".to_owned(), str::to_owned);
            let absent =
                FieldError::Absent { file: name.to_owned(), wanted, known: known.join(", ") };
            Err(file.explained(absent, is_meant))
        }
    }
}

/// Fields of a variable that rain can be made of.
///
/// # Errors
/// Where none is left, what all of them are; for amounts of which neither the file nor anybody says over which interval they
/// are, and for hours that are stated in vain.
pub(super) fn fields(
    file: &FieldFile,
    name: &str,
    (variable, is_named): (&str, bool),
    stated: Option<i64>,
) -> Result<Usable, FieldError> {
    let contents = file.contents();
    let Usable { places, left_out } = rain(file, name, (variable, is_named));
    let of_rain = || places.iter().map(|&place| &contents[place]);
    if let Some(hours) = stated.filter(|_| !places.is_empty()) {
        check_no_total(file, hours, |content| {
            let is_it = content.variable == variable;
            is_it && is_amount_at_a_moment(content) && check(name, content, is_named).is_ok()
        })?;
        if !of_rain().any(is_amount_at_a_moment) {
            return Err(stated_in_vain(name, of_rain()));
        }
    }
    let found = usable(contents, &places, stated).with_others(contents, left_out)?;
    match found.places.is_empty() {
        true if stated.is_none() && of_rain().any(is_amount_at_a_moment) => {
            Err(unstated(name, variable))
        }
        true => Err(nothing_left(name, found.left_out)),
        false => Ok(found),
    }
}

/// Fields of the variable that pass for rain by what is said of them.
fn rain(file: &FieldFile, name: &str, (variable, is_named): (&str, bool)) -> Usable {
    let mut found = Usable::default();
    let all = file.contents().iter().enumerate();
    for (place, content) in all.filter(|(_, content)| content.variable == variable) {
        let checked = check(name, content, is_named).and_then(|()| check_read(name, content));
        match checked {
            Ok(()) => found.places.push(place),
            Err(error) => found.left_out.push((place, error)),
        }
    }
    found
}

fn check(name: &str, content: &Content, is_named: bool) -> Result<(), FieldError> {
    check_is_rain(name, content)?;
    // Who names a part wants it.
    match !is_named && RainKind::of(content).part().is_some() {
        true => Err(only_parts(name, content)),
        false => Ok(()),
    }
}

/// What is not read says so before anything is decoded.
fn check_read(name: &str, content: &Content) -> Result<(), FieldError> {
    match &content.unread {
        None => Ok(()),
        Some(why) => Err(FieldError::Unsupported { file: name.to_owned(), what: why.clone() }),
    }
}

/// One reason stays what it is; several are said with the name of the file.
fn nothing_left(name: &str, left_out: Vec<(usize, FieldError)>) -> FieldError {
    let all = Usable { places: Vec::new(), left_out };
    let why = all.why().unwrap_or_default();
    let mut errors = all.left_out.into_iter().map(|(_, error)| error);
    match errors.next() {
        Some(first) if first.to_string() == why && why.contains(name) => first,
        _ => FieldError::Interval { what: format!("{name}: {why}") },
    }
}
