//! From the fields of an interval to their sum.

use super::amounts::by_the_unit;
use super::{Accumulated, Piece, refuse};
use crate::field::record::{LEAST_MM, check_amounts, check_as_read, position};
use crate::field::words::decimals;
use crate::field::{FieldError, GriddedField, Interval, Statistic};

/// The sum of the pieces, and how it came about in words.
pub(super) fn finish(pieces: &[Piece], interval: Interval) -> Result<Accumulated, FieldError> {
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
