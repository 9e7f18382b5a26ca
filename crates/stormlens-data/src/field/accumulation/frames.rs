//! Rates of single moments as amounts.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Piece, check_twice, refuse};
use crate::field::{FieldError, GriddedField, Interval, Statistic};
use crate::time::format_utc;

/// A rate of a moment says nothing of later hours. Files of longer steps mean the rate of a day or of six hours, before
/// their time or after it.
const LONGEST_HOLD: SignedDuration = SignedDuration::from_hours(3);

/// Each frame holds until the next one, so that frames from the start on make the interval; the one at its end
/// is of what comes after.
pub(super) fn frames<'a>(
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
