//! Entries of a variable's axes, in words.

use stormlens_data::outcome::{Axis, Coordinates, Variable};

use super::words::{clock, time};

/// The axes of a variable, each with the place on it of one of its maps.
fn places(variable: &Variable, index: usize) -> Vec<(&Axis, usize)> {
    let mut rest = index;
    let places = variable.axes.iter().rev().map(|axis| {
        let place = rest % axis.len().max(1);
        rest /= axis.len().max(1);
        (axis, place)
    });
    let mut places: Vec<_> = places.collect();
    places.reverse();
    places
}

fn joined(variable: &Variable, index: usize, words: impl Fn(&Axis, usize) -> String) -> String {
    let words = places(variable, index).into_iter().map(|(axis, place)| words(axis, place));
    words.filter(|words| !words.is_empty()).collect::<Vec<_>>().join("; ")
}

/// `26 Aug 2010 04:10 UTC, 45 min before the last input frame`, `valid 26 Aug 2010 05:25 UTC, lead time
/// 30 min`; empty where there is no axis.
pub fn words(variable: &Variable, index: usize) -> String {
    joined(variable, index, |axis, i| {
        let when = axis.time(i).map_or_else(String::new, time);
        if axis.name == Axis::TIME {
            return format!("to {when}");
        }
        match (axis.lead_time_min(i), axis.minutes_before_last(i)) {
            (Some(minutes), _) => format!("valid {when}, lead time {minutes} min"),
            (_, Some(0)) => format!("{when}, the last input frame"),
            (_, Some(minutes)) => format!("{when}, {minutes} min before the last input frame"),
            _ => format!("{} {}", axis.name.replace('_', " "), axis.label(i)),
        }
    })
}

/// `04:55 (−5 min)`, `+30 min`: for the head of a small map.
pub fn label(variable: &Variable, index: usize) -> String {
    joined(variable, index, |axis, i| match (axis.time(i), axis.minutes_before_last(i)) {
        // All maps are of that moment.
        _ if axis.name == Axis::TIME => String::new(),
        (Some(time), Some(0)) => clock(time),
        (Some(time), Some(minutes)) => format!("{} (−{minutes} min)", clock(time)),
        _ => axis.label(i),
    })
}

/// `55 min before the last frame`, `+30 min`: for the head of a figure on a page.
pub fn short(variable: &Variable, index: usize) -> String {
    joined(variable, index, |axis, i| match axis.minutes_before_last(i) {
        _ if axis.name == Axis::TIME => String::new(),
        Some(0) => "the last frame".into(),
        Some(minutes) => format!("{minutes} min before the last frame"),
        None => axis.label(i),
    })
}

/// Whether the maps of a variable are those of input frames.
pub fn is_of_frames(variable: &Variable) -> bool {
    variable.axis().is_some_and(|axis| {
        axis.name != Axis::TIME && matches!(axis.coordinates, Coordinates::Times { .. })
    })
}
