//! The Fractions Skill Score by the side of the neighbourhood (Roberts and Lean 2008, doi:10.1175/2007MWR2123.1).

use super::Skill;
use super::chosen::with_interval;
use super::lines::{Lines, Point};
use crate::canvas::Pen;
use crate::diagram::Plan;
use crate::diagram::axes::{Axes, Axis};
use crate::diagram::series::Stroke;
use crate::words::number;
use crate::{PlotError, Theme};

/// From here on a forecast of a rare event is useful.
const USEFUL: f64 = 0.5;
/// How far the axis goes beyond the smallest and the largest neighbourhood.
const BEYOND: f64 = 1.3;

fn points(skill: &Skill<'_>, forecast: &str) -> Vec<Point> {
    let cells = skill.cells(forecast, "fss", skill.lead());
    let mut points: Vec<Point> =
        cells.filter_map(|cell| Some(Point::of(cell.scale_km?, Some(cell)))).collect();
    points.sort_by(|a, b| a.x.total_cmp(&b.x));
    points
}

pub fn lines(skill: &Skill<'_>) -> Lines {
    Lines(skill.forecasts.iter().map(|shown| points(skill, &shown.name)).collect())
}

pub fn plan(skill: &Skill<'_>) -> Plan {
    let lines = lines(skill);
    let numbers = |forecast: &str| {
        let points = points(skill, forecast);
        let there: Vec<&Point> = points.iter().filter(|point| point.value.is_some()).collect();
        let at = |point: &Point| {
            Some(format!("{} at {}\u{a0}km", number(point.value?), number(point.x)))
        };
        let ends = there.first().into_iter().chain(there.iter().skip(1).last());
        ends.filter_map(|point| at(point)).collect()
    };
    let useful = "Dashed: 0.5, from which on a forecast of a rare event is useful; with a base rate f, from 0.5 + f/2 on.";
    Plan {
        axes: Axes::new(across(skill), Axis::unit("Fractions Skill Score"), 0.8),
        legend: skill.legend(numbers),
        notes: std::iter::once(useful.to_owned()).chain(lines.note(skill.report)).collect(),
        has_histogram: false,
    }
}

fn across(skill: &Skill<'_>) -> Axis {
    let settings = &skill.report.settings;
    let sides = settings.scales_px.iter().map(|&side| side as f64 * settings.spacing_km);
    let (low, high) =
        sides.fold((f64::INFINITY, 0.0_f64), |(low, high), side| (low.min(side), high.max(side)));
    Axis::logarithmic(low / BEYOND, high * BEYOND, "side of the neighbourhood, km")
}

/// `0.21 (0.2 to 0.23) at 1 km, 0.8 (0.75 to 0.83) at 65 km; 0.5 is reached at 9 km`
pub fn finding(skill: &Skill<'_>, forecast: &str) -> String {
    let points = points(skill, forecast);
    let at = |point: &Point| {
        let value = with_interval(point.value?, point.interval);
        Some(format!("{value} at {} km", number(point.x)))
    };
    let said: Vec<String> = points.iter().filter_map(at).collect();
    if said.is_empty() {
        return String::new();
    }
    let reached = points.iter().find(|point| point.value.is_some_and(|value| value >= USEFUL));
    let reached = match reached {
        Some(point) => format!("0.5 is reached at {} km", number(point.x)),
        None => "0.5 is not reached".to_owned(),
    };
    format!("{}; {reached}", said.join(", "))
}

pub fn draw(pen: &Pen, axes: &Axes, skill: &Skill<'_>, theme: Theme) -> Result<(), PlotError> {
    let useful = Stroke { width_mm: 0.25, colour: pen.inks.muted, dash: &[1.4, 0.9] };
    let Axis { low, high, .. } = axes.across;
    useful.draw(pen, &[axes.at(low, USEFUL), axes.at(high, USEFUL)])?;
    lines(skill).draw(pen, axes, theme)
}
