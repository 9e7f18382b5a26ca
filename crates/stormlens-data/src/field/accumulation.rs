//! From what services publish to millimetres over a stated interval.
//!
//! Services count rain in four ways, and a field says by its unit and interval which one it is:
//!
//! | source | what it is | rule |
//! |---|---|---|
//! | GFS `APCP`, kg m⁻² | sum since the last multiple of six hours | a bucket as it is, or minus the shorter one that began with it |
//! | ECMWF `tp`, m | sum since the begin of the forecast | × 1000, minus the earlier step |
//! | MRMS sums, radar accumulations | sum of the hour, three hours, … | as they are, added where they follow one another |
//! | mean rates | mean over an interval | × its seconds, then as a sum |
//! | rates of a moment (MRMS `PrecipRate`) | mm/h | each frame holds until the next one, for 3 h at most; two at least, none may be missing |
//! | amounts whose unit names their time | mm/3h, mm/24h | sum of that time until the time of the field, where it has no bounds |
//!
//! Buckets need no table of hours: the interval of each message says where its bucket begins. What cannot be made
//! of the fields that are there is an error; a cumulative total never passes for a step.

use jiff::{SignedDuration, Timestamp};

use super::rain_unit::{NO_RAIN, RainUnit};
use super::{Content, FieldError, GriddedField, Interval, LatLonGrid, Statistic};
use crate::time::format_utc;

mod amounts;
mod decoded;
mod finish;
mod frames;
mod restarts;
mod running;
mod stated;
#[cfg(test)]
mod tests;
mod usable;
mod ways;

use amounts::amounts;
pub(crate) use amounts::interval_of;
pub use decoded::accumulate_decoded;
use finish::finish;
use frames::frames;
pub use running::check_no_total;
pub use usable::{Usable, check_read, usable};
pub(crate) use usable::{is_frame, is_usable};
use ways::sums;

/// Millimetres over an interval, and how they came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Accumulated {
    /// Unit `mm`; no negative value.
    pub field: GriddedField,
    /// In words, e.g. `sum from … minus sum from …`.
    pub rule: String,
    /// What was negative and is 0 now: millimetres summed over cells, not negative itself. Packing makes
    /// tenths of a millimetre.
    pub clipped_mm: f64,
    pub n_clipped: usize,
}

/// Rain of an interval from fields of one variable, one source and one grid, in any order; fields that are not
/// needed are not looked at, except other totals with the same start: they show whether a total starts again.
///
/// # Errors
/// For units that are no rain, fields without an interval or of several variables or grids, an interval that the
/// fields do not make (a step is missing), one in which no value is there, and for amounts that cannot be rain.
pub fn accumulate(
    fields: &[GriddedField],
    start: Timestamp,
    end: Timestamp,
) -> Result<Accumulated, FieldError> {
    let first = fields.first().ok_or_else(|| refuse("no field was given".to_owned()))?;
    check_kind(fields)?;
    if start >= end {
        return Err(refuse(format!("{} to {} is no interval", format_utc(start), format_utc(end))));
    }
    let unit = unit_of(first)?;
    // A mean whose times have no bounds is of the step before or behind its time, and no rate of the moment.
    let is_moment = |field: &GriddedField| {
        field.interval.is_some_and(|own| own.statistic == Statistic::Instantaneous)
    };
    let interval = Interval::accumulation(start, end);
    if let (RainUnit::Rate(mm_s), true) = (unit, fields.iter().all(is_moment)) {
        return finish(&frames(fields, mm_s, start, end)?, interval);
    }
    let amounts = amounts(fields, unit)?;
    let pieces = sums(&amounts, start, end)?;
    let made = finish(&pieces, interval)?;
    restarts::check(&pieces, &amounts)?;
    Ok(made)
}

fn unit_of(field: &GriddedField) -> Result<RainUnit, FieldError> {
    RainUnit::parse(&field.unit).ok_or_else(|| FieldError::Unit {
        name: field.source.clone(),
        unit: field.unit.clone(),
        needed: NO_RAIN,
    })
}

impl GriddedField {
    /// A dry field of one cell in place of the real one: whether an interval can be made depends on the heads alone.
    pub fn of_head(content: &Content) -> Option<Self> {
        Some(Self {
            variable: content.variable.clone(),
            unit: content.unit.clone(),
            interval: content.interval,
            reference_time: content.reference_time,
            grid: LatLonGrid::new(&[0.0, 1.0], &[0.0, 1.0]).ok()?,
            values: vec![0.0; 4],
            storage_ends: Vec::new(),
            source: content.to_string(),
        })
    }
}

/// Whether fields make rain of an interval, told by their heads before anything is decoded.
pub(crate) fn can_accumulate(contents: &[&Content], start: Timestamp, end: Timestamp) -> bool {
    let heads = contents.iter().map(|content| GriddedField::of_head(content));
    let heads: Option<Vec<GriddedField>> = heads.collect();
    check_read(contents.iter().copied()).is_ok()
        && heads.is_some_and(|heads| accumulate(&heads, start, end).is_ok())
}

/// Whether a unit measures an amount of rain, which says nothing without its interval; a rate does.
pub(crate) fn is_amount(unit: &str) -> bool {
    matches!(RainUnit::parse(unit), Some(RainUnit::Amount(_)))
}

/// A field that goes into the sum, with its factor to millimetres.
struct Piece<'a> {
    field: &'a GriddedField,
    factor: f64,
    /// That its amount is of.
    interval: Interval,
}

fn refuse(what: String) -> FieldError {
    FieldError::Interval { what }
}

fn check_kind(fields: &[GriddedField]) -> Result<(), FieldError> {
    let first = &fields[0];
    for field in fields {
        if (&field.variable, &field.unit) != (&first.variable, &first.unit) {
            return Err(refuse(format!(
                "fields of {} ({}) and {} ({}) are no sum of one another: choose one variable",
                first.variable, first.unit, field.variable, field.unit
            )));
        }
        if field.interval.is_none() {
            return Err(FieldError::NoInterval { name: field.source.clone() });
        }
        first.check_same_grid(field)?;
    }
    Ok(())
}

/// Of two fields of one time only one can be meant, unless they are the same.
fn check_twice(one: &GriddedField, other: &GriddedField) -> Result<(), FieldError> {
    let same = |(a, b): (&f32, &f32)| a == b || (a.is_nan() && b.is_nan());
    match one.values.iter().zip(&other.values).all(same) {
        true => Ok(()),
        false => Err(refuse(format!(
            "{} and {} are of one time and differ: give one of them",
            one.source, other.source
        ))),
    }
}

/// The interval of so many hours that ends at a time.
///
/// # Errors
/// Beyond the calendar.
pub fn hours_before(end: Timestamp, hours: i64) -> Result<Interval, FieldError> {
    let start = end.checked_sub(SignedDuration::from_hours(hours));
    let start = start.map_err(|error| refuse(error.to_string()))?;
    Ok(Interval::accumulation(start, end))
}
