//! Times as CF writes them, `hours since 2016-09-20 00:00:00`.

use jiff::{SignedDuration, Timestamp};

use super::super::words::{self, short};
use crate::time::parse_utc;

/// Stands between a unit of time and its origin.
const SINCE: &str = " since ";

/// Whether a unit counts time from a moment, be it one that is read or another.
pub(crate) fn counts_time(unit: &str) -> bool {
    unit.to_ascii_lowercase().contains(SINCE)
}

/// A unit of time and the moment that it counts from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TimeUnit {
    seconds: f64,
    origin: Timestamp,
}

impl TimeUnit {
    /// `None` for what is no such unit, and for months and years, whose lengths differ.
    pub fn parse(text: &str) -> Option<Self> {
        let at = text.to_ascii_lowercase().find(SINCE)?;
        let (unit, origin) = (&text[..at], &text[at + SINCE.len()..]);
        let seconds = match unit.trim().to_lowercase().as_str() {
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
            "d" | "day" | "days" => 86_400.0,
            _ => return None,
        };
        let (origin, zone_s) = without_zone(origin.trim())?;
        let local = parse_utc(&padded(origin.trim_end().trim_end_matches(".0")))?;
        let origin = local.checked_sub(SignedDuration::from_secs(zone_s)).ok()?;
        Some(Self { seconds, origin })
    }

    /// Whether it counts from before 15 October 1582: the calendar that CF calls standard left out ten days then, and files
    /// differ in whether they count them.
    pub fn begins_before_the_gap(&self) -> bool {
        const GREGORIAN_S: i64 = -12_219_292_800;
        self.origin.as_second() < GREGORIAN_S
    }

    /// The moments of the numbers of a variable.
    ///
    /// # Errors
    /// In words that name the variable, for a number beyond the calendar.
    pub fn moments(&self, numbers: &[f64], variable: &str) -> Result<Vec<Timestamp>, String> {
        let no_time = |number: f64| {
            format!(
                "{} holds {}, which is no time: correct it",
                short(variable),
                words::number(number)
            )
        };
        let moment = |&number: &f64| self.moment(number).ok_or_else(|| no_time(number));
        numbers.iter().map(moment).collect()
    }

    /// The moment of a number; `None` beyond the calendar.
    pub fn moment(&self, number: f64) -> Option<Timestamp> {
        let seconds = (number * self.seconds).round();
        let whole = (seconds.abs() < 1e12).then_some(seconds as i64)?;
        self.origin.checked_add(SignedDuration::from_secs(whole)).ok()
    }
}

/// Checks the calendar that numbers of times count in, where one is named: in a year without leap days the same number is
/// another day.
///
/// # Errors
/// In words that follow the name of the coordinate.
pub(crate) fn check_calendar(name: Option<&str>) -> Result<(), String> {
    const OF_THE_EARTH: [&str; 3] = ["standard", "gregorian", "proleptic_gregorian"];
    match name.map(str::to_lowercase) {
        Some(other) if !OF_THE_EARTH.contains(&other.as_str()) => Err(format!(
            "its calendar is {other}, and standard, gregorian and proleptic_gregorian are read"
        )),
        _ => Ok(()),
    }
}

/// A date, and a time where there is one, without the zone behind it; and the zone, `-6`, `-6:00` or `+0530`, in seconds
/// east of UTC.
fn without_zone(text: &str) -> Option<(&str, i64)> {
    let before = |name: &&str| {
        let (own, end) = text.split_at_checked(text.len().checked_sub(name.len())?)?;
        end.eq_ignore_ascii_case(name).then_some(own)
    };
    if let Some(utc) = ["UTC", "GMT", "Z"].iter().find_map(before) {
        return Some((utc, 0));
    }
    // Signs within a date are none of a zone.
    let time = text.find([' ', 'T']).unwrap_or(text.len());
    let Some(sign) = text[time..].rfind(['+', '-']).map(|at| time + at) else {
        return Some((text, 0));
    };
    let (digits, east) = (&text[sign + 1..], if text[sign..].starts_with('-') { -1 } else { 1 });
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some(parts), _) => parts,
        (None, 1 | 2) => (digits, "0"),
        (None, _) => digits.split_at_checked(digits.len().checked_sub(2)?)?,
    };
    let number = |text: &str, limit: u32| text.parse::<u32>().ok().filter(|number| *number < limit);
    let seconds = number(hours, 24)? * 3600 + number(minutes, 60)? * 60;
    Some((&text[..sign], east * i64::from(seconds)))
}

/// `1900-1-1 0:0:0` with two digits in each part.
fn padded(text: &str) -> String {
    let mut parts = text.splitn(2, [' ', 'T']);
    let pad = |part: &str, separator: char| {
        let pieces = part.split(separator).map(|piece| format!("{piece:0>2}"));
        pieces.collect::<Vec<_>>().join(&separator.to_string())
    };
    let date = pad(parts.next().unwrap_or(""), '-');
    match parts.next().map(str::trim).filter(|time| !time.is_empty()) {
        None => date,
        Some(time) => format!("{date}T{}", pad(time, ':')),
    }
}
