//! The mean of some hours from fields of moments, where no file has the mean itself.

use jiff::{SignedDuration, Timestamp};

use super::choose::{Choice, choose};
use crate::card::FieldVariable;
use crate::field::{FieldError, FieldFile, GriddedField, Interval};
use crate::time::format_utc;

/// The NCEP/NCAR reanalysis makes the mean of a day of 00, 06, 12 and 18 UTC; moments further apart miss much of the day.
pub const LONGEST_STEP_S: i64 = 6 * 3600;

/// When the hours begin that a mean until `end` is of, where they are whole: a day from 00 to 24 UTC.
pub(in crate::probability) fn start_of(end: Timestamp, hours: u32) -> Option<Timestamp> {
    let length = SignedDuration::from_hours(i64::from(hours));
    let is_whole = hours > 0 && end.as_second().rem_euclid(length.as_secs()) == 0;
    is_whole.then(|| end.checked_sub(length).ok()).flatten()
}

/// When the hours end that a moment lies in: one at the start counts, one at the end is the next.
pub fn end_of(moment: Timestamp, hours: u32) -> Option<Timestamp> {
    let length = i64::from(hours) * 3600;
    let end = |n: i64| n.checked_add(1)?.checked_mul(length);
    let number = moment.as_second().checked_div_euclid(length)?;
    Timestamp::from_second(end(number)?).ok()
}

/// Whether moments, ascending, make up the mean of an interval: evenly spaced from its start, the last a step before its end.
pub(in crate::probability) fn are_even(
    moments: &[Timestamp],
    [start, end]: [Timestamp; 2],
) -> bool {
    let from_start = |moment: &Timestamp| moment.as_second() - start.as_second();
    let length = from_start(&end);
    let Some(n) = i64::try_from(moments.len()).ok().filter(|&n| n > 1 && length % n == 0) else {
        return false;
    };
    let step = length / n;
    let is_at = |(number, moment)| from_start(moment) == number * step;
    step <= LONGEST_STEP_S && (0..).zip(moments).all(is_at)
}

/// The mean of a variable until `end`; how many moments there are, where they do not make it up.
///
/// # Errors
/// Where two fields are of one moment, where units, grids or runs differ, for a field that cannot be decoded, and for one that
/// `check` refuses: a mean hides a moment that is wrong.
pub(super) fn mean_of_moments(
    files: &[FieldFile],
    variable: &FieldVariable,
    (end, hours): (Timestamp, u32),
    check: impl Fn(&GriddedField) -> Result<(), FieldError>,
) -> Result<Result<GriddedField, usize>, FieldError> {
    let Some(start) = start_of(end, hours) else { return Ok(Err(0)) };
    let moments = super::choose::moments(files, variable, [start, end]);
    if !are_even(&moments, [start, end]) {
        return Ok(Err(moments.len()));
    }
    let mut sum: Option<Sum> = None;
    for &moment in &moments {
        let Choice::Found(file, place) = choose(files, variable, moment, None)? else {
            return Ok(Err(moments.len()));
        };
        let field = files[file].read(place)?;
        check(&field)?;
        match &mut sum {
            None => sum = Some(Sum::new(field)),
            Some(sum) => sum.add(&field)?,
        }
    }
    Ok(sum.map(|sum| sum.mean([start, end], moments.len())).ok_or(0))
}

/// What would make up a mean that is not there, where a part of its moments is.
pub(super) fn wanted(end: Timestamp, hours: u32, n_there: usize) -> Option<String> {
    let start = start_of(end, hours).filter(|_| n_there > 0)?;
    Some(format!(
        "; moments from {} on, evenly spaced and at most 6 h apart, would make it up, and there {}",
        format_utc(start),
        if n_there == 1 { "is 1".to_owned() } else { format!("are {n_there}") }
    ))
}

/// Whether two moments are of one forecast, or each of the begin of its own: analyses.
fn is_of_one_run(one: &GriddedField, other: &GriddedField) -> bool {
    let is_analysis = |field: &GriddedField| {
        field.interval.zip(field.reference_time).is_some_and(|(own, begin)| own.end == begin)
    };
    one.reference_time == other.reference_time || is_analysis(one) && is_analysis(other)
}

struct Sum {
    first: GriddedField,
    total: Vec<f64>,
}

impl Sum {
    fn new(first: GriddedField) -> Self {
        let total = first.values.iter().map(|&value| f64::from(value)).collect();
        Self { first, total }
    }

    /// A node that is missing at one moment has no mean: `NaN` stays.
    fn add(&mut self, field: &GriddedField) -> Result<(), FieldError> {
        if !is_of_one_run(&self.first, field) {
            let what = format!(
                "{} and {} are of different runs, and not of the begin of each: give the fields of one forecast",
                self.first.source, field.source
            );
            return Err(FieldError::Domains { what });
        }
        if field.unit != self.first.unit || field.grid != self.first.grid {
            let what = format!(
                "{} and {} are moments of one day in other units or on other grids: give fields of one model",
                self.first.source, field.source
            );
            return Err(FieldError::Domains { what });
        }
        self.total.iter_mut().zip(&field.values).for_each(|(sum, &value)| *sum += f64::from(value));
        Ok(())
    }

    fn mean(self, [start, end]: [Timestamp; 2], n: usize) -> GriddedField {
        let values = self.total.iter().map(|sum| (sum / n as f64) as f32).collect();
        let source = format!(
            "{}, mean of {n} moments from {} to {}",
            self.first.source,
            format_utc(start),
            format_utc(end)
        );
        GriddedField { values, source, interval: Some(Interval::mean(start, end)), ..self.first }
    }
}
