//! Mean errors where a class of intensity was observed.

use stormlens_data::score::events::IntensityCell;

use super::{ShownForecast, Skill};
use crate::canvas::{Frame, Pen};
use crate::diagram::Plan;
use crate::diagram::axes::{Axes, Axis};
use crate::diagram::series::colour;
use crate::words::{count, in_unit, number, signed};
use crate::{PlotError, Theme};

/// The share of a class that bars take.
const BARS: f64 = 0.84;

/// The classes of a forecast, weakest first.
fn classes<'a>(skill: &Skill<'a>, forecast: &str) -> Vec<&'a IntensityCell> {
    let lead = skill.lead();
    let is_it = |cell: &&IntensityCell| cell.forecast == forecast && cell.lead_time_min == lead;
    skill.report.intensity.iter().filter(is_it).collect()
}

fn all<'a>(skill: &Skill<'a>) -> Vec<Vec<&'a IntensityCell>> {
    skill.forecasts.iter().map(|ShownForecast { name, .. }| classes(skill, name)).collect()
}

pub fn is_empty(skill: &Skill<'_>) -> bool {
    all(skill).iter().flatten().all(|cell| cell.bias.is_none())
}

pub fn plan(skill: &Skill<'_>) -> Plan {
    let all = all(skill);
    let numbers = |forecast: &str| {
        let said = |(class, bias): &(String, f64)| {
            format!("{}: {}", class.replace(' ', "\u{a0}"), signed(*bias))
        };
        biases(skill, forecast).last().map(said).into_iter().collect()
    };
    let n_pixels: Vec<String> = all[0].iter().map(|cell| count(cell.n_pixels as usize)).collect();
    let note = format!(
        "Forecast minus observation; in a class from left to right as listed here. Pixels by class: {}.",
        n_pixels.join("; ")
    );
    Plan {
        axes: Axes::new(across(skill, &all), up(skill, &all), 0.8),
        legend: skill.legend(numbers),
        notes: vec![note],
        has_histogram: false,
    }
}

/// Classes are equally wide; their edges stand between them.
fn across(skill: &Skill<'_>, all: &[Vec<&IntensityCell>]) -> Axis {
    let classes = all.iter().max_by_key(|classes| classes.len()).map_or(&[][..], Vec::as_slice);
    let label = format!("observed {}", skill.report.settings.field.quantity().name);
    let edges: Vec<String> = classes.iter().filter_map(|cell| cell.from).map(number).collect();
    let ticks = (0..edges.len()).map(|i| i as f64 + 1.0).collect();
    let axis = Axis::linear(0.0, classes.len() as f64, label).in_unit(skill.unit());
    Axis { ticks, words: edges, ..axis }
}

fn up(skill: &Skill<'_>, all: &[Vec<&IntensityCell>]) -> Axis {
    let biases = all.iter().flatten().filter_map(|cell| cell.bias);
    let (low, high) = biases.fold((0.0_f64, 0.0_f64), |(low, high), b| (low.min(b), high.max(b)));
    Axis::around(low, high, "mean error").in_unit(skill.unit())
}

/// `below 0.1`, `0.1 to 1`, `10 and more`
fn class_words(cell: &IntensityCell, next: Option<&IntensityCell>) -> String {
    match (cell.from, next.and_then(|next| next.from)) {
        (Some(from), Some(to)) => format!("{} to {}", number(from), number(to)),
        (Some(from), None) => format!("{} and more", number(from)),
        (None, Some(to)) => format!("below {}", number(to)),
        (None, None) => "everywhere".to_owned(),
    }
}

/// The classes of a forecast with a mean error, in words.
fn biases(skill: &Skill<'_>, forecast: &str) -> Vec<(String, f64)> {
    let classes = classes(skill, forecast);
    let of = |(i, cell): (usize, &&IntensityCell)| {
        Some((class_words(cell, classes.get(i + 1).copied()), cell.bias?))
    };
    classes.iter().enumerate().filter_map(of).collect()
}

/// `mean error mm/h by what was observed: −0.01 where below 0.1, −3.2 where 10 and more`
pub fn finding(skill: &Skill<'_>, forecast: &str) -> String {
    let said = |(class, bias): (String, f64)| format!("{} where {class}", signed(bias));
    let said: Vec<String> = biases(skill, forecast).into_iter().map(said).collect();
    let unit = in_unit(skill.unit());
    if said.is_empty() {
        return String::new();
    }
    format!("mean error{unit} by what was observed: {}", said.join(", "))
}

pub fn draw(pen: &Pen, axes: &Axes, skill: &Skill<'_>, theme: Theme) -> Result<(), PlotError> {
    let all = all(skill);
    let width = BARS / all.len() as f64;
    for (place, classes) in all.iter().enumerate() {
        for (class, cell) in classes.iter().enumerate() {
            let Some(bias) = cell.bias else { continue };
            let from = class as f64 + (1.0 - BARS) / 2.0 + place as f64 * width;
            let (left, top) = axes.at(from, bias.max(0.0));
            let (right, bottom) = axes.at(from + 0.9 * width, bias.min(0.0));
            let bar = Frame { left, top, width: right - left, height: bottom - top };
            pen.fill(bar, colour(place, theme), 1.0)?;
        }
    }
    let zero = [axes.at(axes.across.low, 0.0), axes.at(axes.across.high, 0.0)];
    pen.line(&zero, 0.2, pen.inks.text, 1.0)
}
