//! Which amounts make an interval together.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Piece, refuse};
use crate::field::{FieldError, GriddedField, Interval, Statistic};
use crate::time::format_utc;

/// A way from one time to a later one: a sum, or a sum minus a shorter one with the same begin.
struct Step<'a> {
    from: Timestamp,
    to: Timestamp,
    pieces: Vec<Piece<'a>>,
}

/// The fields that make an interval together, as few as can be.
pub(super) fn sums<'a>(
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
