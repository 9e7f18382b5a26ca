//! A score by lead time.

use stormlens_data::score::Score;

use super::Skill;
use super::chosen::with_interval;
use super::lines::{Lines, Point};
use crate::canvas::Pen;
use crate::diagram::Plan;
use crate::diagram::axes::{Axes, Axis};
use crate::words::{in_unit, number};
use crate::{PlotError, Theme};

/// Where values differ by a smaller share of themselves, the axis does not begin at zero.
const ALIKE: f64 = 0.25;

fn points(skill: &Skill<'_>, forecast: &str) -> Vec<Point> {
    let mut leads = skill.report.settings.lead_times_min.clone();
    leads.sort_unstable();
    let point = |lead: u32| {
        let cell = skill.cells(forecast, skill.score, Some(lead)).next();
        Point::of(f64::from(lead), cell)
    };
    leads.into_iter().map(point).collect()
}

pub fn lines(skill: &Skill<'_>) -> Lines {
    Lines(skill.forecasts.iter().map(|shown| points(skill, &shown.name)).collect())
}

pub fn plan(skill: &Skill<'_>) -> Plan {
    let lines = lines(skill);
    let score = Score::find(skill.score);
    let unit = score.map_or("", |score| score.unit);
    let numbers = |forecast: &str| {
        let at = |(value, minutes): (f64, f64)| {
            format!("{} at {}\u{a0}min", number(value), number(minutes))
        };
        ends(&points(skill, forecast)).map(|point| (point.0, point.2)).map(at).collect()
    };
    let best = score.map_or(0.0, |score| score.best);
    let meaning = score.map_or("", |score| score.meaning);
    let comma = if meaning.is_empty() { "" } else { ". " };
    let what = format!("{meaning}{comma}The best value is {}.", number(best));
    Plan {
        axes: Axes::new(across(skill), up(skill, &lines).in_unit(unit), 0.8),
        legend: skill.legend(numbers),
        notes: std::iter::once(what).chain(lines.note(skill.report)).collect(),
        has_histogram: false,
    }
}

/// From zero to beyond the last lead time, so that marks which are set side by side stand within.
fn across(skill: &Skill<'_>) -> Axis {
    let last = skill.report.settings.lead_times_min.iter().max().copied().unwrap_or_default();
    Axis::linear(0.0, f64::from(last.max(1)) * 1.06, "lead time, min")
}

fn up(skill: &Skill<'_>, lines: &Lines) -> Axis {
    let (low, high) = lines.range();
    let label = skill.score_label().to_owned();
    let is_alike = low > 0.0 && high > low && high - low < ALIKE * high;
    if is_alike {
        Axis::around(low, high, label)
    } else {
        Axis::around(low.min(0.0), high.max(0.0), label)
    }
}

/// Value, its words with the interval, and lead time of the first and the last point with a value.
fn ends(points: &[Point]) -> impl Iterator<Item = (f64, String, f64)> {
    let mut there = points.iter().filter_map(|point| {
        let value = point.value?;
        Some((value, with_interval(value, point.interval), point.x))
    });
    let first = there.next();
    first.into_iter().chain(there.next_back())
}

/// `0.52 (0.49 to 0.55) at 5 min, 0.31 (0.28 to 0.35) at 60 min`
pub fn finding(skill: &Skill<'_>, forecast: &str) -> String {
    let unit = in_unit(Score::find(skill.score).map_or("", |score| score.unit));
    let at = |(_, words, minutes): (f64, String, f64)| {
        format!("{words}{unit} at {} min", number(minutes))
    };
    ends(&points(skill, forecast)).map(at).collect::<Vec<_>>().join(", ")
}

pub fn draw(pen: &Pen, axes: &Axes, skill: &Skill<'_>, theme: Theme) -> Result<(), PlotError> {
    if axes.up.low < 0.0 {
        let zero = [axes.at(axes.across.low, 0.0), axes.at(axes.across.high, 0.0)];
        pen.line(&zero, 0.2, pen.inks.muted, 1.0)?;
    }
    lines(skill).draw(pen, axes, theme)
}
