//! Which fields rain can be made of, told by their heads: one field that is none does not spoil the others.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::amounts::amounts;
use super::{refuse, unit_of};
use crate::field::interval::NO_LENGTH;
use crate::field::{Content, FieldError, GriddedField, Interval, RainUnit, Statistic};

/// More reasons than these are counted only.
const MAX_LISTED: usize = 3;

/// Fields of one variable, parted.
#[derive(Debug, Default)]
pub struct Usable {
    /// Of those that rain can be made of, in the order of the file.
    pub places: Vec<usize>,
    /// Of the others, with what is wrong.
    pub left_out: Vec<(usize, FieldError)>,
}

/// Parts the fields at `places`, which are of one variable. `stated` are the hours of which each field is the sum, where
/// somebody says so.
pub fn usable(contents: &[Content], places: &[usize], stated: Option<i64>) -> Usable {
    let (mut sums, mut frames, mut no_rain) = (Vec::new(), Vec::new(), Vec::new());
    for &place in places {
        match check_amount(&contents[place], stated) {
            Ok(()) => sums.push(place),
            Err(error) if is_frame(&contents[place]) => frames.push((place, error)),
            Err(error) => no_rain.push((place, error)),
        }
    }
    let first = sums.iter().filter_map(|&place| Some(contents[place].interval?.start)).min();
    let n_from_begin = sums.iter().filter(|&&place| begins(&contents[place], first)).count();
    let mut left_out = Vec::new();
    for (place, error) in no_rain {
        match is_begin(&contents[place], first) {
            true if contents[place].is_step_zero() => {}
            // Whether it is the zero of totals, its values say.
            true if n_from_begin > 1 && !is_mean(&contents[place]) => sums.push(place),
            _ => left_out.push((place, error)),
        }
    }
    sums.sort_unstable();
    // Rates of moments are no part of a sum of means.
    if !sums.is_empty() {
        left_out.extend(frames);
        return Usable { places: sums, left_out };
    }
    of_frames(contents, frames, left_out)
}

/// Whether a field of no length is the begin of sums.
fn is_begin(content: &Content, first: Option<Timestamp>) -> bool {
    content.interval.is_some_and(|own| own.has_no_length() && first == Some(own.end))
}

fn begins(content: &Content, at: Option<Timestamp>) -> bool {
    content.interval.is_some_and(|own| at == Some(own.start))
}

fn is_mean(content: &Content) -> bool {
    content.interval.is_some_and(|own| own.statistic == Statistic::Mean)
}

/// A rate holds until the next one, over a frame between them that was left out, too: that one stays, and is refused where
/// it is needed.
fn of_frames(
    contents: &[Content],
    frames: Vec<(usize, FieldError)>,
    left_out: Vec<(usize, FieldError)>,
) -> Usable {
    let is_between = between(contents, frames.iter().map(|(place, _)| *place).collect());
    let (between, left_out): (Vec<_>, Vec<_>) =
        left_out.into_iter().partition(|(place, _)| is_between(*place));
    let mut places: Vec<usize> =
        frames.into_iter().chain(between).map(|(place, _)| place).collect();
    places.sort_unstable();
    Usable { places, left_out }
}

/// Whether a field stands at a time between frames where none of them does, so that one of them would hold over it.
fn between(contents: &[Content], frames: Vec<usize>) -> impl Fn(usize) -> bool {
    let end = |place: usize| contents[place].interval.map(|own| own.end);
    let times: BTreeSet<Timestamp> = frames.into_iter().filter_map(end).collect();
    move |place| {
        let (time, ends) = (end(place), times.first().zip(times.last()));
        let is_inside = |time: Timestamp| {
            ends.is_some_and(|(first, last)| *first < time && time < *last)
                && !times.contains(&time)
        };
        time.is_some_and(is_inside)
    }
}

/// Checks that a field is an amount, or a mean rate, of an interval. What is wrong with many steps in the same way is said in
/// the same words, without their times.
fn check_amount(content: &Content, stated: Option<i64>) -> Result<(), FieldError> {
    check_read([content])?;
    let Some(field) = GriddedField::of_head(content) else { return Ok(()) };
    let source = without_time(content);
    if field.interval.is_none() {
        return Err(refuse(format!(
            "{source} has no time, or one that contradicts itself: give a file that says when each sum begins and ends"
        )));
    }
    if content.is_step_zero() {
        return Err(refuse(format!(
            "{source} is of the begin of its forecast, before any rain: give a later step"
        )));
    }
    if field.interval.is_some_and(|own| own.has_no_length()) {
        return Err(refuse(format!("{source} {NO_LENGTH}")));
    }
    let field = GriddedField { source, ..field }.of_hours(stated)?;
    amounts(std::slice::from_ref(&field), unit_of(&field)?).map(|_| ())
}

fn without_time(content: &Content) -> String {
    Content { interval: None, ..content.clone() }.to_string()
}

/// Checks that all fields are read, as far as their heads say. One that is not stays in [`Usable::places`] where it stands
/// between rates of moments, of which one would hold over it.
///
/// # Errors
/// Why the first that is not read is not.
pub fn check_read<'c>(fields: impl IntoIterator<Item = &'c Content>) -> Result<(), FieldError> {
    let unread = |content: &'c Content| Some((content, content.unread.as_deref()?));
    match fields.into_iter().find_map(unread) {
        None => Ok(()),
        Some((content, why)) => {
            Err(refuse(format!("{} cannot be read: {why}", without_time(content))))
        }
    }
}

/// Whether rain can be made of a field alone: an amount, or a mean rate, of an interval.
pub(crate) fn is_usable(content: &Content) -> bool {
    check_amount(content, None).is_ok()
}

/// Whether a field is a rate of one moment, of which several make an amount.
pub(crate) fn is_frame(content: &Content) -> bool {
    content.unread.is_none() && is_rate_of_a_moment(&content.unit, content.interval)
}

pub(super) fn is_rate_of_a_moment(unit: &str, interval: Option<Interval>) -> bool {
    let is_moment = interval.is_some_and(|own| own.statistic == Statistic::Instantaneous);
    is_moment && matches!(RainUnit::parse(unit), Some(RainUnit::Rate(_)))
}

impl Usable {
    /// Adds fields that are no rain by what is said of them.
    ///
    /// # Errors
    /// What is wrong with one that stands between rates of moments, of which one would hold over it.
    pub fn with_others(
        mut self,
        contents: &[Content],
        mut others: Vec<(usize, FieldError)>,
    ) -> Result<Self, FieldError> {
        if self.places.iter().any(|&place| is_frame(&contents[place])) {
            let is_between = between(contents, self.places.clone());
            if let Some(at) = others.iter().position(|(place, _)| is_between(*place)) {
                return Err(others.swap_remove(at).1);
            }
        }
        self.left_out.extend(others);
        self.left_out.sort_by_key(|(place, _)| *place);
        Ok(self)
    }

    /// The one that they are of.
    pub fn variable<'c>(&self, contents: &'c [Content]) -> Option<&'c str> {
        let first =
            self.places.iter().chain(self.left_out.iter().map(|(place, _)| place)).next()?;
        Some(&contents[*first].variable)
    }

    /// Why fields were left out, each reason once; `None` where none was.
    pub fn why(&self) -> Option<String> {
        let mut reasons: Vec<String> = Vec::new();
        for reason in self.left_out.iter().map(|(_, error)| error.to_string()) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        let n_more = reasons.len().saturating_sub(MAX_LISTED);
        reasons.truncate(MAX_LISTED);
        if n_more > 0 {
            reasons.push(format!("and {n_more} more"));
        }
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    /// The error of a sum that cannot be made, with the fields that were left out.
    pub fn explained(&self, error: FieldError) -> FieldError {
        match (error, self.why()) {
            (FieldError::Interval { what }, Some(why)) => {
                FieldError::Interval { what: format!("{what}; left out: {why}") }
            }
            (error, _) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::accumulation::can_accumulate;
    use crate::field::testing::content;

    fn hour(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * 3600).unwrap()
    }

    fn of(unit: &str, interval: Option<Interval>) -> Content {
        Content { unit: unit.to_owned(), interval, ..content("tp", "") }
    }

    fn parted(fields: &[Content]) -> (Vec<usize>, Option<String>) {
        let places: Vec<usize> = (0..fields.len()).collect();
        let found = usable(fields, &places, None);
        (found.places.clone(), found.why())
    }

    #[test]
    fn a_field_that_is_no_amount_is_left_out_and_said() {
        let sum = |from, to| of("mm", Some(Interval::accumulation(hour(from), hour(to))));
        let most = Interval { statistic: Statistic::Maximum, ..Interval::mean(hour(0), hour(3)) };
        let fields = [sum(0, 1), of("mm", None), sum(1, 2), of("mm", Some(most))];
        let (places, why) = parted(&fields);
        assert_eq!(places, [0, 2]);
        let why = why.expect("two were left out");
        assert!(why.contains("tp (mm) has no time, or one that contradicts itself"), "{why}");
        assert!(why.contains("is a maximum"), "{why}");
        assert_eq!(parted(&fields[..1]), (vec![0], None));
        let (places, why) = parted(&[of("K", Some(Interval::at(hour(1))))]);
        assert!(places.is_empty() && why.expect("no unit of rain").contains("no amount of rain"));
    }

    /// What its head says is not read is left out like what is no amount; between rates of moments it stays, and refuses them.
    #[test]
    fn what_is_not_read_is_left_out_for_its_reason() {
        let unread = |unit: &str, own| Content {
            unread: Some("its packing 5.199 is not read".to_owned()),
            ..of(unit, Some(own))
        };
        let sum = |from, to| Interval::accumulation(hour(from), hour(to));
        let fields =
            [of("mm", Some(sum(0, 3))), unread("mm", sum(3, 6)), of("mm", Some(sum(6, 9)))];
        let (places, why) = parted(&fields);
        assert_eq!(places, [0, 2]);
        assert_eq!(why.as_deref(), Some("tp (mm) cannot be read: its packing 5.199 is not read"));
        let frame = |at| of("mm/h", Some(Interval::at(hour(at))));
        let between = [frame(0), unread("mm/h", Interval::at(hour(2))), frame(4)];
        assert_eq!(parted(&between).0, [0, 1, 2]);
        assert!(check_read(&between).is_err() && check_read(&between[2..]).is_ok());
        assert!(!can_accumulate(&between.each_ref(), hour(0), hour(8)));
    }

    /// Zero would pass for the length of a sum; only step 0 of a forecast has it rightly.
    #[test]
    fn a_sum_of_no_length_is_left_out_unless_totals_begin_with_it() {
        let sum = |from, to| of("mm", Some(Interval::accumulation(hour(from), hour(to))));
        let (places, why) = parted(&[sum(3, 3), sum(6, 6)]);
        assert!(places.is_empty());
        let why = why.expect("no length");
        assert_eq!(why.matches("bounds of no length").count(), 1, "{why}");
        let forecast = |from, to| Content { reference_time: Some(hour(0)), ..sum(from, to) };
        let totals = [forecast(0, 0), forecast(0, 3), forecast(0, 6)];
        assert_eq!(parted(&totals), (vec![1, 2], None));
        assert_eq!(parted(&[sum(0, 0), sum(0, 3), sum(0, 6)]), (vec![0, 1, 2], None));
        // Sums of hours have no zero: the first of them has wrong bounds.
        let (places, why) = parted(&[sum(0, 0), sum(0, 1), sum(1, 2)]);
        assert_eq!(places, [1, 2]);
        assert!(why.expect("a sum without its begin").contains("no length"));
        let (places, why) = parted(&[sum(0, 3), sum(6, 6), sum(6, 9)]);
        assert_eq!((places, why.is_some()), (vec![0, 2], true));
    }

    /// A rate would hold over what is no rain; behind the last one and beside sums it does not.
    #[test]
    fn what_is_no_rain_between_rates_refuses_them() {
        let frame = |at| of("mm/h", Some(Interval::at(hour(at))));
        let sum = of("mm", Some(Interval::accumulation(hour(0), hour(4))));
        let no_rain = || refuse("no rain".to_owned());
        let with = |fields: &[Content], at: usize| {
            let places: Vec<usize> = (0..fields.len()).filter(|&place| place != at).collect();
            usable(fields, &places, None).with_others(fields, vec![(at, no_rain())])
        };
        let error = with(&[frame(0), frame(2), frame(4)], 1).expect_err("it would be held over");
        assert_eq!(error.to_string(), no_rain().to_string());
        let behind = with(&[frame(0), frame(2), frame(4)], 2).expect("two rates");
        assert_eq!((behind.places, behind.left_out.len()), (vec![0, 1], 1));
        let beside = with(&[sum, frame(2), frame(4)], 1).expect("a sum");
        assert_eq!((beside.places, beside.left_out.len()), (vec![0], 2));
    }

    /// Of a model that writes both, means make amounts; of frames none is left out where another would hold over it.
    #[test]
    fn rates_of_moments_stand_alone() {
        let frame = |at| of("mm/h", Some(Interval::at(hour(at))));
        let mean = of("mm/h", Some(Interval::mean(hour(0), hour(3))));
        assert_eq!(parted(&[frame(0), mean, frame(3)]).0, [1]);
        assert_eq!(parted(&[frame(0), frame(1)]), (vec![0, 1], None));
        let sum_at = |at| of("mm/h", Some(Interval::accumulation(hour(at - 1), hour(at))));
        assert_eq!(parted(&[frame(0), sum_at(2), frame(4)]), (vec![0, 1, 2], None));
        for at in [4, 5] {
            assert_eq!(parted(&[frame(0), sum_at(at), frame(4)]).0, [0, 2], "{at}");
        }
    }
}
