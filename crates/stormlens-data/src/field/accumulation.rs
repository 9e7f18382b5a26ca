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

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::rain_unit::{NO_RAIN, RainUnit};
use super::record::{LEAST_MM, check_amounts, check_as_read, position};
use super::words::decimals;
use super::{Content, FieldError, GriddedField, Interval, LatLonGrid, Statistic};
use crate::time::format_utc;

mod amounts;
mod decoded;
mod restarts;
mod running;
mod stated;
#[cfg(test)]
mod tests;
mod usable;

pub(crate) use amounts::interval_of;
use amounts::{amounts, by_the_unit};
pub use decoded::accumulate_decoded;
pub use running::check_no_total;
pub use usable::{Usable, check_read, usable};
pub(crate) use usable::{is_frame, is_usable};

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

/// A rate of a moment says nothing of later hours. Files of longer steps mean the rate of a day or of six hours, before
/// their time or after it.
const LONGEST_HOLD: SignedDuration = SignedDuration::from_hours(3);

/// Each frame holds until the next one, so that frames from the start on make the interval; the one at its end
/// is of what comes after.
fn frames<'a>(
    fields: &'a [GriddedField],
    mm_s: f64,
    start: Timestamp,
    end: Timestamp,
) -> Result<Vec<Piece<'a>>, FieldError> {
    let mut by_time = BTreeMap::new();
    for field in fields {
        let time = field.interval.map_or(start, |interval| interval.end);
        if let Some(other) = by_time.insert(time, field) {
            check_twice(other, field)?;
        }
    }
    let times: Vec<Timestamp> = by_time.keys().copied().collect();
    let step = times.windows(2).map(|pair| pair[1].duration_since(pair[0])).min();
    let step = step.ok_or_else(|| {
        refuse("one rate of a moment makes no amount: give all frames of the interval".to_owned())
    })?;
    if step > LONGEST_HOLD {
        return Err(refuse(format!(
            "rates of single moments, {:.1} h apart, make no amount, and a mean rate has to say its interval: give a file \
             with time bounds",
            step.as_secs_f64() / 3600.0
        )));
    }
    let (mut pieces, mut time) = (Vec::new(), start);
    while time < end {
        let field = by_time.get(&time).ok_or_else(|| {
            refuse(format!(
                "the frame of {} is missing: rates every {} s from {} on are needed",
                format_utc(time),
                step.as_secs(),
                format_utc(start)
            ))
        })?;
        let begin = time;
        time = time.checked_add(step).map_err(|e| refuse(e.to_string()))?;
        let interval = Interval { start: begin, end: time, statistic: Statistic::Instantaneous };
        pieces.push(Piece { field, factor: mm_s * step.as_secs_f64(), interval });
    }
    if pieces.len() == 1 {
        return Err(refuse(format!(
            "the rate of one moment, {}, makes no amount of {:.1} h: give more frames, or a file with time bounds",
            format_utc(start),
            step.as_secs_f64() / 3600.0
        )));
    }
    match time == end {
        true => Ok(pieces),
        false => Err(refuse(format!(
            "frames every {} s do not end at {}",
            step.as_secs(),
            format_utc(end)
        ))),
    }
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

/// A way from one time to a later one: a sum, or a sum minus a shorter one with the same begin.
struct Step<'a> {
    from: Timestamp,
    to: Timestamp,
    pieces: Vec<Piece<'a>>,
}

fn sums<'a>(
    amounts: &[(&'a GriddedField, Interval, f64)],
    start: Timestamp,
    end: Timestamp,
) -> Result<Vec<Piece<'a>>, FieldError> {
    let mut steps: Vec<Step> = Vec::new();
    for &(field, interval, factor) in amounts {
        steps.push(Step {
            from: interval.start,
            to: interval.end,
            pieces: vec![Piece { field, factor, interval }],
        });
        for &(shorter, of, its_factor) in amounts {
            let is_begin = of.start == interval.start && of.end < interval.end && of.end > of.start;
            if is_begin && shorter.reference_time == field.reference_time {
                let shorter = Piece { field: shorter, factor: -its_factor, interval: of };
                let pieces = vec![Piece { field, factor, interval }, shorter];
                steps.push(Step { from: of.end, to: interval.end, pieces });
            }
        }
    }
    shortest_way(steps, start, end).ok_or_else(|| missing(amounts, start, end))
}

/// The way of the fewest fields from start to end.
fn shortest_way<'a>(
    mut steps: Vec<Step<'a>>,
    start: Timestamp,
    end: Timestamp,
) -> Option<Vec<Piece<'a>>> {
    steps.retain(|step| step.from >= start && step.to <= end && step.from < step.to);
    // Steps go forward in time, so that times in their order have their best way before it is used.
    let times: BTreeSet<Timestamp> = steps.iter().map(|step| step.from).collect();
    let mut best: BTreeMap<Timestamp, (usize, Vec<usize>)> = BTreeMap::from([(start, (0, vec![]))]);
    for time in times {
        let Some((cost, way)) = best.get(&time).cloned() else { continue };
        for (i, step) in steps.iter().enumerate().filter(|(_, step)| step.from == time) {
            let cost = cost + step.pieces.len();
            if best.get(&step.to).is_none_or(|(known, _)| cost < *known) {
                best.insert(step.to, (cost, [way.as_slice(), &[i]].concat()));
            }
        }
    }
    let (_, way) = best.remove(&end)?;
    let mut steps: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    Some(way.into_iter().filter_map(|i| steps[i].take()).flat_map(|step| step.pieces).collect())
}

fn missing(
    amounts: &[(&GriddedField, Interval, f64)],
    start: Timestamp,
    end: Timestamp,
) -> FieldError {
    let is_within = |own: &Interval| own.start <= start && own.end >= end;
    let is_longer = |own: &Interval| own.duration_s() > end.as_second() - start.as_second();
    let longer = amounts.iter().map(|(_, own, _)| own).filter(|own| is_longer(own));
    if let Some(whole) = longer.filter(|own| is_within(own)).min_by_key(|own| own.duration_s())
        && amounts.iter().all(|(_, own, _)| is_longer(own))
    {
        let kind = if whole.statistic == Statistic::Mean { "mean" } else { "sum" };
        let hours = |seconds: i64| seconds as f64 / 3600.0;
        let wanted = hours(end.as_second() - start.as_second());
        // What is wanted is the difference of two amounts that begin together, until its start and until its end. Until
        // its end, the total may be one of them; where the total begins with it, there is nothing to subtract.
        let others = match (whole.start < start, whole.end == end) {
            (true, true) => format!("or the {kind} until {}, too", format_utc(start)),
            (true, false) => format!(
                "or both {kind}s from {}, until {} and until {}",
                format_utc(whole.start),
                format_utc(start),
                format_utc(end)
            ),
            (false, _) => format!("such as the {kind} until {}", format_utc(end)),
        };
        return refuse(format!(
            "a {kind} of {} h cannot be divided into {wanted} h, and there is only the {whole}: give {kind}s of {wanted} h \
             or less, {others}",
            hours(whole.duration_s())
        ));
    }
    let mut known: Vec<String> =
        amounts.iter().map(|(_, interval, _)| interval.to_string()).collect();
    known.sort_unstable();
    known.truncate(12);
    refuse(format!(
        "rain from {} to {} cannot be made, a step is missing: there is {}",
        format_utc(start),
        format_utc(end),
        known.join("; ")
    ))
}

fn finish(pieces: &[Piece], interval: Interval) -> Result<Accumulated, FieldError> {
    let first = pieces[0].field;
    for Piece { field, factor, interval } in pieces {
        check_as_read(field, factor.abs(), interval.duration_s())?;
    }
    let mut mm = vec![0.0_f64; first.values.len()];
    for Piece { field, factor, .. } in pieces {
        mm.iter_mut().zip(&field.values).for_each(|(sum, &v)| *sum += factor * f64::from(v));
    }
    check_differences(pieces, &mm)?;
    let negative = mm.iter().filter(|value| **value < 0.0);
    let (n_clipped, clipped_mm) = negative.fold((0, 0.0), |(n, sum), value| (n + 1, sum - value));
    if mm.iter().all(|value| value.is_nan()) {
        return Err(FieldError::AllMissing { name: first.source.clone(), count: mm.len() });
    }
    let values = mm.into_iter().map(|value| if value < 0.0 { 0.0 } else { value as f32 }).collect();
    let field = GriddedField {
        storage_ends: Vec::new(),
        variable: first.variable.clone(),
        unit: "mm".to_owned(),
        interval: Some(interval),
        reference_time: first.reference_time,
        grid: first.grid.clone(),
        values,
        source: first.source.clone(),
    };
    check_amounts(&field, 1.0, interval.duration_s())?;
    let rule = rule(pieces) + &by_the_unit(first) + taken_as_a_sum(pieces) + held(pieces);
    Ok(Accumulated { field, rule, clipped_mm, n_clipped })
}

/// Checks that no total is smaller than the earlier one that is subtracted, beyond what packing makes.
fn check_differences(pieces: &[Piece], mm: &[f64]) -> Result<(), FieldError> {
    let least = mm.iter().enumerate().filter(|(_, mm)| **mm < LEAST_MM * pieces.len() as f64);
    let Some((place, least)) = least.min_by(|one, other| one.1.total_cmp(other.1)) else {
        return Ok(());
    };
    let field = pieces[0].field;
    Err(refuse(format!(
        "{}: {} leaves {} mm {}: a total of rain never becomes smaller, so these are no totals since one start",
        field.source,
        rule(pieces),
        decimals(*least, 1),
        position(field, place)
    )))
}

/// How the pieces were put together, in words.
fn rule(pieces: &[Piece]) -> String {
    let [first, .., last] = pieces else {
        return pieces.iter().map(words).collect();
    };
    match pieces.len() {
        2 => {
            let sign = if last.factor < 0.0 { "minus" } else { "plus" };
            format!("{} {sign} {}", words(first), words(last))
        }
        n => format!("{n} fields, {} to {}", words(first), words(last)),
    }
}

/// That a file says of a time with two ends, and not what was done over it.
fn taken_as_a_sum(pieces: &[Piece]) -> &'static str {
    match pieces.iter().any(|piece| piece.interval.statistic == Statistic::Unstated) {
        true => {
            "; taken as a sum, which the file does not say (its cell_methods name no time; CF conventions 7.3.4)"
        }
        false => "",
    }
}

/// That rates of single moments stand for the time behind them.
fn held(pieces: &[Piece]) -> &'static str {
    match pieces.iter().any(|piece| piece.interval.statistic == Statistic::Instantaneous) {
        true => "; each rate of a moment is taken until the next one",
        false => "",
    }
}

fn words(piece: &Piece) -> String {
    match piece.interval.statistic {
        Statistic::Instantaneous => Interval::at(piece.interval.start).to_string(),
        _ => piece.interval.to_string(),
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
