//! Moments, intervals and lead times as coordinates.

use jiff::Timestamp;

use super::FilesError;
use super::builder::{Builder, Dimension, Variable};
use crate::outcome::Axis;
use crate::time;

const TIME_UNITS: &str = "seconds since 1970-01-01 00:00:00";

/// Lead times as the moments that they reach, beside how far ahead those are. The moments are the dimension:
/// CDO, ncview and others date a field by it and by nothing else.
pub fn write_lead_times(
    file: &mut Builder,
    (name, lead_time, dimension): (&str, &str, Dimension),
    (from, minutes): (Timestamp, &[u32]),
    what: &str,
) -> Result<Variable, FilesError> {
    let valid = minutes.iter().map(|&m| time::add_minutes(from, i64::from(m)));
    let valid: Option<Vec<_>> = valid.collect();
    let beyond = || format!("lead times after {from} are beyond the calendar");
    let valid = valid.ok_or_else(|| FilesError::Netcdf { what: beyond() })?;
    let times = write_times(file, (name, dimension), &valid, what)?;
    let values: Vec<i32> = minutes.iter().map(|&m| i32::try_from(m).unwrap_or(i32::MAX)).collect();
    let variable = file.numbers(lead_time, &[dimension], &values)?;
    let texts = [
        ("standard_name", "forecast_period"),
        ("long_name", "minutes after the last input frame"),
        ("units", "minutes"),
    ];
    file.texts(variable, &texts)?;
    Ok(times)
}

/// A dimension of moments with its coordinates.
pub fn write_times(
    file: &mut Builder,
    (name, dimension): (&str, Dimension),
    times: &[Timestamp],
    what: &str,
) -> Result<Variable, FilesError> {
    let seconds: Vec<i64> = times.iter().map(|time| time.as_second()).collect();
    let variable = file.numbers(name, &[dimension], &seconds)?;
    describe_time(file, variable, "time", what)?;
    file.texts(variable, &[("axis", "T")])?;
    Ok(variable)
}

/// What the moments of an axis are, in words.
pub fn what_of(axis: &Axis) -> &'static str {
    match axis.name.as_str() {
        Axis::LEAD_TIME if axis.has_intervals() => "end of the interval that the forecast is for",
        Axis::LEAD_TIME => "time that the forecast is for",
        _ if axis.has_intervals() => "end of the interval that values are of",
        Axis::INPUT_TIME => "time of the input frame (of radar, the end of its interval)",
        _ => "time that values are of",
    }
}

/// What a variable of moments is.
pub fn describe_time(
    file: &mut Builder,
    variable: Variable,
    standard_name: &str,
    long_name: &str,
) -> Result<(), FilesError> {
    let texts = [
        ("standard_name", standard_name),
        ("long_name", long_name),
        ("units", TIME_UNITS),
        ("calendar", "standard"),
    ];
    file.texts(variable, &texts)
}
