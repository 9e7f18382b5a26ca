//! Totals that start again without saying so.
//!
//! The difference of two totals is rain only where all that lies between them counts from one start. A total that falls
//! from one time to the next started again, also where both ends together look like rain.

use super::{Piece, refuse};
use crate::field::record::{LEAST_MM, is_code, position};
use crate::field::{FieldError, GriddedField, Interval, decimals};
use crate::time::format_utc;

#[cfg(test)]
mod tests;

/// A field with its interval and its factor to millimetres.
type Amount<'a> = (&'a GriddedField, Interval, f64);

/// What bilinear interpolation to another grid leaves of a total that does not grow, mm.
const INTERPOLATION_MM: f64 = 0.01;
/// Beside a strong cell, smoother interpolation falls by so much of that cell's rise.
const OVERSHOOT: f64 = 0.1;
/// Files that keep a few digits round a value by so much of it.
const ROUNDED_SHARE: f64 = 0.005;
/// Below this share of a value a difference is one of float32.
const FLOAT_SHARE: f64 = 1e-5;

/// Checks every run of totals that goes into a sum: none has rain when it begins, and no total is smaller than the one before
/// it.
///
/// # Errors
/// Names the totals, and what a file has to say.
pub(super) fn check(pieces: &[Piece], amounts: &[Amount]) -> Result<(), FieldError> {
    for piece in pieces.iter().filter(|piece| piece.factor > 0.0) {
        let run = run_of(piece, pieces, amounts);
        run.first().map_or(Ok(()), check_begin)?;
        run.windows(2).try_for_each(|pair| check_pair(&pair[0], &pair[1]))?;
    }
    Ok(())
}

/// Checks the first of a run: over no time nothing falls.
fn check_begin(first: &Amount) -> Result<(), FieldError> {
    let (field, own, _) = first;
    let known = mm(*first).enumerate().filter(|(_, mm)| mm.is_finite());
    let most = known.max_by(|(_, one), (_, other)| one.total_cmp(other));
    match most.filter(|(_, mm)| own.has_no_length() && *mm > INTERPOLATION_MM) {
        None => Ok(()),
        Some((place, mm)) => Err(refuse(format!(
            "{}: the totals that begin {} have {} mm {} by then, so they began earlier: write into the bounds of their times when \
             they began",
            field.source,
            format_utc(own.end),
            decimals(mm, 3),
            position(field, place)
        ))),
    }
}

/// Totals that began with a piece, in their order: from the one that is subtracted from it, or from the first, to itself.
fn run_of<'a>(piece: &Piece<'a>, pieces: &[Piece], amounts: &[Amount<'a>]) -> Vec<Amount<'a>> {
    let is_of_run = |field: &GriddedField, of: &Interval| {
        of.start == piece.interval.start && field.reference_time == piece.field.reference_time
    };
    let subtracted = pieces.iter().filter(|other| other.factor < 0.0);
    let subtracted = subtracted.filter(|other| is_of_run(other.field, &other.interval));
    let ends = subtracted.map(|other| other.interval.end);
    let from = ends.filter(|end| *end < piece.interval.end).max();
    let is_between =
        |of: &Interval| of.end <= piece.interval.end && from.is_none_or(|from| of.end >= from);
    let within = amounts.iter().filter(|(field, of, _)| is_of_run(field, of) && is_between(of));
    let mut run: Vec<Amount<'a>> = within.copied().collect();
    run.sort_by_key(|(_, of, _)| of.end);
    run
}

/// How one total differs from the one before it, over the cells that have both.
#[derive(Default)]
struct Change {
    n_wet: usize,
    n_rise: usize,
    n_fall: usize,
    /// Of those, the ones that fall by more than packing and rounding make.
    n_beyond: usize,
    /// Over the wet cells, mm.
    sum_mm: f64,
    earlier_mm: f64,
    /// Place and millimetres of what fell furthest beyond its allowance.
    worst: Option<(usize, f64)>,
}

fn check_pair(earlier: &Amount, later: &Amount) -> Result<(), FieldError> {
    let both = || mm(*earlier).zip(mm(*later)).enumerate().filter(|(_, (a, b))| is_known(*a, *b));
    if both().all(|(_, (a, b))| b >= a - FLOAT_SHARE * a.abs()) {
        return Ok(());
    }
    // Where no field tells its packing, it may be as coarse as packings are.
    let steps = [earlier, later].into_iter().filter_map(step_mm);
    let step = steps.max_by(f64::total_cmp).unwrap_or(-LEAST_MM).min(-LEAST_MM);
    let most_rise = both().map(|(_, (a, b))| b - a).fold(0.0, f64::max);
    let change = change(both(), (step, OVERSHOOT * most_rise));
    match change.is_restart(step) {
        false => Ok(()),
        true => Err(restart(earlier, later, &change)),
    }
}

fn mm((field, _, factor): Amount<'_>) -> impl Iterator<Item = f64> {
    let is_code = |value: f32| if is_code(value) { f32::NAN } else { value };
    field.values.iter().map(move |&value| factor * f64::from(is_code(value)))
}

/// Codes and missing values are checked elsewhere.
fn is_known(a: f64, b: f64) -> bool {
    a.is_finite() && b.is_finite()
}

fn change(
    both: impl Iterator<Item = (usize, (f64, f64))>,
    (step, overshoot): (f64, f64),
) -> Change {
    let mut change = Change::default();
    for (place, (a, b)) in both.filter(|(_, (a, b))| *a > 0.0 || *b > 0.0) {
        let (rise, rounding) = (b - a, FLOAT_SHARE * a.abs());
        change.n_wet += 1;
        change.n_rise += usize::from(rise > rounding);
        change.n_fall += usize::from(rise < -rounding);
        change.sum_mm += rise;
        change.earlier_mm += a;
        let rounded = step.mul_add(1.05, 1e-6).max(INTERPOLATION_MM) + ROUNDED_SHARE * a.abs();
        change.n_beyond += usize::from(rise < -rounded);
        let allowed = rounded + overshoot;
        let is_worst = change.worst.is_none_or(|(_, worst)| rise < worst);
        if rise < -allowed && is_worst {
            change.worst = Some((place, rise));
        }
    }
    change
}

impl Change {
    /// One cell that falls by more than packing and overshoots make, many that fall by more than packing, more cells that
    /// fall than rise, or less rain in all.
    fn is_restart(&self, step: f64) -> bool {
        let wet = self.n_wet.max(1) as f64;
        let (mean, earlier) = (self.sum_mm / wet, self.earlier_mm / wet);
        let is_mean_less = mean < -(0.25 * step + 1e-4 * earlier);
        // Packing anew lets as many cells rise as fall. Of a few cells nothing follows.
        let are_many = self.n_wet >= 8 && self.n_fall * 4 > self.n_wet;
        // Overshoots lie beside strong cells, and are few.
        let is_less_in_many = self.n_beyond >= 8 && self.n_beyond * 10 > self.n_wet;
        let is_less_in_most = are_many && self.n_fall > 3 * self.n_rise && mean < -0.1 * step;
        self.worst.is_some() || is_mean_less || is_less_in_many || is_less_in_most
    }
}

/// The step of the numbers that a field is packed in, told by its values: the least difference of two of them, mm. Of
/// values that are not packed it is next to nothing; of a few values nothing follows.
fn step_mm(amount: &Amount) -> Option<f64> {
    /// Enough to meet neighbouring numbers of a packing.
    const N_SAMPLES: usize = 200_000;
    const LEAST_DISTINCT: usize = 8;
    let every = amount.0.values.len().div_ceil(N_SAMPLES).max(1);
    let mut values: Vec<f64> = mm(*amount).step_by(every).filter(|mm| mm.is_finite()).collect();
    values.sort_unstable_by(f64::total_cmp);
    values.dedup();
    let steps = values.windows(2).map(|pair| pair[1] - pair[0]);
    steps.min_by(f64::total_cmp).filter(|_| values.len() >= LEAST_DISTINCT)
}

fn restart((_, one, _): &Amount, (field, other, _): &Amount, change: &Change) -> FieldError {
    let by = match change.worst {
        Some((place, mm)) => format!(" by {} mm {}", decimals(-mm, 3), position(field, place)),
        None => format!(" in {} of {} cells with rain", change.n_fall, change.n_wet),
    };
    refuse(format!(
        "{}: the {other} is smaller than the {one}{by}: a total of rain never becomes smaller, so these are no totals since \
         one start; probably a new one began after {}: give fields of one total, or, in NetCDF, write the start of each total \
         into the bounds of its time",
        field.source,
        format_utc(one.end)
    ))
}
