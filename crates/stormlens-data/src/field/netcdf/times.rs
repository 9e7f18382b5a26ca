//! Times as CF writes them, `hours since 2016-09-20 00:00:00`.

use jiff::{SignedDuration, Timestamp};

use crate::time::parse_utc;

/// A unit of time and the moment that it counts from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TimeUnit {
    seconds: f64,
    origin: Timestamp,
}

impl TimeUnit {
    /// `None` for what is no such unit.
    pub fn parse(text: &str) -> Option<Self> {
        let (unit, origin) = text.split_once(" since ")?;
        let seconds = match unit.trim().to_lowercase().as_str() {
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
            "d" | "day" | "days" => 86_400.0,
            _ => return None,
        };
        let origin = origin.trim().trim_end_matches("UTC").trim_end().trim_end_matches(".0");
        Some(Self { seconds, origin: parse_utc(&padded(origin))? })
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
        Some(other) if !OF_THE_EARTH.contains(&other.as_str()) => {
            Err(format!("its calendar is {other}, and only that of the Earth's weather is read"))
        }
        _ => Ok(()),
    }
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
        Some(time) if time.contains(['Z', '+', '-']) => format!("{date}T{time}"),
        Some(time) => format!("{date}T{}", pad(time, ':')),
    }
}
