//! Which field of which file a variable is.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::card::FieldVariable;
use crate::field::left_out::few_reasons;
use crate::field::{Content, FieldError, FieldFile, Interval, Level, Statistic};
use crate::probability::left_out::left_out_of;
use crate::probability::{FieldQuantity, recognise};
use crate::time::format_utc;

/// The place of a field: number of the file, number in it.
pub(in crate::probability) type Place = (usize, usize);

pub(super) enum Choice {
    Found(usize, usize),
    /// Why there is none, in words.
    Nothing(String),
}

/// The only field of a variable at a time.
///
/// # Errors
/// Where several fit: nothing is chosen silently.
pub(super) fn choose(
    files: &[FieldFile],
    variable: &FieldVariable,
    time: Timestamp,
    mean_hours: Option<u32>,
) -> Result<Choice, FieldError> {
    let of_quantity = readable(files, variable.quantity);
    let at_level: Vec<_> =
        of_quantity.iter().filter(|(.., level)| fits(variable, *level)).collect();
    if at_level.is_empty() {
        let why = no_level(variable, &of_quantity) + sibling(files, variable);
        return Ok(Choice::Nothing(with_left_out(why, files, variable.quantity)));
    }
    let in_time: Vec<_> = at_level
        .iter()
        .filter(|(_, content, _)| is_of_time(content.interval, time, mean_hours))
        .collect();
    match in_time[..] {
        [] => {
            let why = no_time(variable, &at_level, time, mean_hours);
            Ok(Choice::Nothing(with_left_out(why, files, variable.quantity)))
        }
        [&&((file, place), ..)] => Ok(Choice::Found(file, place)),
        [first, second, ..] => {
            let what = format!(
                "two fields are {} at {} ({} and {}): give the files of one forecast and one member",
                variable.label(),
                format_utc(time),
                first.1,
                second.1
            );
            Err(FieldError::Domains { what })
        }
    }
}

/// What is missing, and why what looks like a quantity cannot be used.
pub(super) fn with_left_out(why: String, files: &[FieldFile], quantity: FieldQuantity) -> String {
    with_reasons(why, left_out_of(files, quantity))
}

pub(super) fn with_reasons(why: String, reasons: Vec<String>) -> String {
    match few_reasons(reasons) {
        Some(reasons) => format!("{why}; {reasons}"),
        None => why,
    }
}

/// Fields of a quantity whose heads do not say that they are not read.
fn readable(files: &[FieldFile], quantity: FieldQuantity) -> Vec<(Place, &Content, Option<Level>)> {
    let mut found = of_quantity(files, quantity);
    found.retain(|(_, content, _)| content.unread.is_none());
    found
}

pub(super) fn of_quantity(
    files: &[FieldFile],
    quantity: FieldQuantity,
) -> Vec<(Place, &Content, Option<Level>)> {
    let mut found = Vec::new();
    for (number, file) in files.iter().enumerate() {
        for (place, content) in file.contents().iter().enumerate() {
            if let Some(known) = recognise(content).filter(|known| known.quantity == quantity) {
                found.push(((number, place), content, known.level));
            }
        }
    }
    found
}

/// Whether a field at a level is that variable.
pub(in crate::probability) fn fits(variable: &FieldVariable, level: Option<Level>) -> bool {
    match variable.quantity {
        // Services call its level mean sea, surface or nothing.
        FieldQuantity::SeaLevelPressure => {
            matches!(level, None | Some(Level::MeanSea | Level::Surface))
        }
        _ => level == Some(variable.level),
    }
}

/// Whether a field is of a moment, or the mean of so many hours until it.
pub(in crate::probability) fn is_of_time(
    interval: Option<Interval>,
    time: Timestamp,
    mean_hours: Option<u32>,
) -> bool {
    let Some(interval) = interval.filter(|interval| interval.end == time) else { return false };
    match mean_hours {
        None => is_moment(interval),
        Some(hours) => {
            let length = SignedDuration::from_hours(i64::from(hours)).as_secs();
            interval.statistic == Statistic::Mean && interval.duration_s() == length
        }
    }
}

/// Whether a field is of a moment; a mean or a maximum is not, whatever its times are.
pub(in crate::probability) fn is_moment(interval: Interval) -> bool {
    match interval.statistic {
        Statistic::Instantaneous => true,
        Statistic::Accumulation | Statistic::Unstated => interval.duration_s() == 0,
        Statistic::Mean | Statistic::Maximum | Statistic::Minimum | Statistic::Other => false,
    }
}

/// Moments of a variable from the start of an interval to before its end, ascending, each once.
pub(super) fn moments(
    files: &[FieldFile],
    variable: &FieldVariable,
    [start, end]: [Timestamp; 2],
) -> Vec<Timestamp> {
    let fields = readable(files, variable.quantity).into_iter();
    let at_level = fields.filter(|(.., level)| fits(variable, *level));
    let intervals = at_level.filter_map(|(_, content, _)| content.interval);
    let moments = intervals.filter(|&interval| is_moment(interval)).map(|interval| interval.end);
    let within: BTreeSet<_> = moments.filter(|moment| (start..end).contains(moment)).collect();
    within.into_iter().collect()
}

/// Why no field has the level: what there is instead.
fn no_level(variable: &FieldVariable, of_quantity: &[(Place, &Content, Option<Level>)]) -> String {
    let quantity = variable.quantity.label();
    let mut levels: Vec<String> = of_quantity
        .iter()
        .map(|(.., level)| level.map_or("a level that is not said".to_owned(), |l| l.to_string()))
        .collect();
    levels.sort_unstable();
    levels.dedup();
    match levels.is_empty() {
        true => format!("no file has {quantity}"),
        false => format!(
            "no file has {quantity} at {}; there is {quantity} at {}",
            variable.level,
            levels.join(", ")
        ),
    }
}

/// That the other humidity is there does not help: without temperature and pressure one does not follow from the other, and
/// nothing is made up.
fn sibling(files: &[FieldFile], variable: &FieldVariable) -> &'static str {
    let (other, words) = match variable.quantity {
        FieldQuantity::RelativeHumidity => (
            FieldQuantity::SpecificHumidity,
            "; there is specific humidity, which is not relative humidity",
        ),
        FieldQuantity::SpecificHumidity => (
            FieldQuantity::RelativeHumidity,
            "; there is relative humidity, which is not specific humidity",
        ),
        _ => return "",
    };
    let is_there = readable(files, other).iter().any(|(.., level)| *level == Some(variable.level));
    if is_there { words } else { "" }
}

/// Why no field has the time: what there is instead.
fn no_time(
    variable: &FieldVariable,
    at_level: &[&(Place, &Content, Option<Level>)],
    time: Timestamp,
    mean_hours: Option<u32>,
) -> String {
    let wanted = match mean_hours {
        None => format!("at {}", format_utc(time)),
        Some(hours) => format!("as the mean of {hours} h until {}", format_utc(time)),
    };
    let nearest = at_level
        .iter()
        .filter_map(|(_, content, _)| content.interval)
        .min_by_key(|interval| interval.end.duration_since(time).as_secs().unsigned_abs());
    let instead = nearest
        .map_or("its time is not said".to_owned(), |interval| format!("the nearest is {interval}"));
    let unsaid = without_method(at_level, time, mean_hours).map(no_method).unwrap_or_default();
    format!("no file has {} {wanted}; {instead}{unsaid}", variable.label())
}

/// What is wrong with a field that has the right time, and does not say that it is a mean. Another one may be as near.
fn no_method(content: &Content) -> String {
    format!(
        "; the cell_methods of {content} do not say what was done over that time: if it is the mean, write cell_methods = \
         \"time: mean\""
    )
}

/// The field of just the hours whose mean is wanted of which only the method is not said.
fn without_method<'c>(
    at_level: &[&(Place, &'c Content, Option<Level>)],
    time: Timestamp,
    mean_hours: Option<u32>,
) -> Option<&'c Content> {
    let is_it = |content: &&Content| {
        let unsaid = content.interval.filter(|own| own.statistic == Statistic::Unstated);
        let as_mean = unsaid.map(|own| Interval { statistic: Statistic::Mean, ..own });
        is_of_time(as_mean, time, mean_hours)
    };
    at_level.iter().map(|(_, content, _)| *content).find(is_it)
}
