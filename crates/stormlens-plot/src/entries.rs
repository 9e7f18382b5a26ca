//! Entries of a variable's axes, in words.

use stormlens_data::outcome::{Axis, Coordinates, Domain, Outcome, Role, Variable};

use super::words::{clock, time};

fn joined(variable: &Variable, index: usize, words: impl Fn(&Axis, usize) -> String) -> String {
    let words = variable.places(index).into_iter().map(|(axis, place)| words(axis, place));
    words.filter(|words| !words.is_empty()).collect::<Vec<_>>().join("; ")
}

/// `26 Aug 2010 04:10 UTC, 45 min before the last input frame`, `valid 26 Aug 2010 05:25 UTC, lead time
/// 30 min`; empty where there is no axis.
pub fn words(variable: &Variable, index: usize) -> String {
    joined(variable, index, |axis, i| {
        let when = axis.time(i).map_or_else(String::new, time);
        if axis.name == Axis::TIME {
            return of_time(axis, i);
        }
        match (axis.lead_time_min(i), axis.minutes_before_last(i)) {
            (Some(minutes), _) => format!("valid {when}, lead time {minutes} min"),
            (_, Some(0)) => format!("{when}, the last input frame"),
            (_, Some(minutes)) => format!("{when}, {minutes} min before the last input frame"),
            _ => format!("{} {}", axis.name.replace('_', " "), axis.label(i)),
        }
    })
}

/// `24 h to 9 Apr 2008 00:00 UTC`, or the moment alone, of an axis of times.
pub fn of_time(axis: &Axis, index: usize) -> String {
    let Some(end) = axis.time(index) else { return String::new() };
    match axis.start(index).map(|start| (end.as_second() - start.as_second()) / 60) {
        None => time(end),
        Some(minutes) if minutes % 60 == 0 => format!("{} h to {}", minutes / 60, time(end)),
        Some(minutes) => format!("{minutes} min to {}", time(end)),
    }
}

/// The moment or interval that all maps of a variable are of: its own; of what methods found, that of the result; of what
/// follows from input frames, when those end. `None` where a variable says when each of its maps is, and where nothing
/// does.
pub fn of_all(outcome: &Outcome, variable: &Variable) -> Option<String> {
    if let Some(own) = variable.axes.iter().find(|axis| is_one_time(axis)) {
        return Some(of_time(own, 0));
    }
    let says_itself = variable.axes.iter().any(|axis| axis.time(0).is_some());
    let is_on_earth = variable.plane.is_some() && matches!(variable.domain, Domain::Earth(_));
    if says_itself || !is_on_earth {
        return None;
    }
    let found = || outcome.time().map(|axis| of_time(axis, 0));
    match variable.role {
        Role::Attribution { .. } => found().or_else(|| of_frames(outcome)),
        Role::Mask => found(),
        Role::Diagnostic => of_frames(outcome),
        _ => None,
    }
}

/// Whether it is the axis of the one moment or interval that maps are of.
pub fn is_one_time(axis: &Axis) -> bool {
    axis.name == Axis::TIME && axis.len() == 1
}

/// `input frames up to 26 Aug 2010 05:35 UTC`
fn of_frames(outcome: &Outcome) -> Option<String> {
    let mut axes = outcome.variables.iter().flat_map(|variable| &variable.axes);
    let frames = axes.find(|axis| axis.name == Axis::INPUT_TIME)?;
    let last = frames.time(frames.len().checked_sub(1)?)?;
    Some(format!("input frames up to {}", time(last)))
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
