//! What a figure shows, in words, for those who can't see it: computed from the data.

use stormlens_data::outcome::{Outcome, Role, Variable};

use super::completeness::Completeness;
use super::findings;
use super::headings::{self, classes};
use super::lookup::{Shown, extremes, moments, n_shown, variable};
use super::marks::Marks;
use super::page::is_of_network;
use super::panels::comparable;
use super::target;
use super::view::{is_picture, scene_of};
use super::words::{in_unit, number, percent, sentence, signed, time};
use super::{Figure, PlotError, Style, entries, titles};

/// The finding of a figure in a few sentences: how much, how widespread, where.
///
/// Directions are those of the map. Where the figure can't be drawn, the reason is said.
pub fn alt_text(outcome: &Outcome, figure: &Figure) -> String {
    alt_text_of(outcome, figure, &Style::default())
}

/// The same of a figure that depends on its style: the threshold of a probability.
pub fn alt_text_of(outcome: &Outcome, figure: &Figure, style: &Style) -> String {
    match describe(outcome, figure, style) {
        Err(error) => format!("No figure: {error}."),
        Ok(words) => match outcome.remark_of(is_of_network(outcome, figure)) {
            remark if remark.is_empty() => words,
            remark => format!("{words} {}.", sentence(&remark)),
        },
    }
}

fn describe(outcome: &Outcome, figure: &Figure, of: &Style) -> Result<String, PlotError> {
    match figure {
        Figure::Map { variable, index } => {
            Ok(map_words(outcome, &Shown::of(outcome, variable, *index)?))
        }
        Figure::Difference { variable, other, index } => {
            Ok(map_words(outcome, &Shown::difference(outcome, [variable, other], *index)?))
        }
        Figure::Strip(name) => strip_words(outcome, Shown::of(outcome, name, 0)?.variable),
        Figure::Differences { variable, other } => {
            differences_words(outcome, figure, [variable, other])
        }
        Figure::Exceedance(name) => {
            Ok(map_words(outcome, &Shown::exceedance(outcome, name, of.exceed)?))
        }
        Figure::Grid(names) => {
            let style = Style::default();
            let words = comparable(outcome, names)?.into_iter().map(|shown| {
                format!("{}: {}", titles::short(&shown, &style), findings::of(outcome, &shown))
            });
            let words: Vec<String> = words.collect();
            let headings::Words { title, details } = headings::of(outcome, figure, &style)?;
            let target = details.first().map_or_else(String::new, |target| format!("; {target}"));
            Ok(format!("{title}, {} maps{target}. {}.", words.len(), words.join(". ")))
        }
        Figure::Bars(name) => bars_words(outcome, variable(outcome, name)?),
        Figure::Curve(name) => curve_words(outcome, variable(outcome, name)?),
    }
}

fn map_words(outcome: &Outcome, shown: &Shown) -> String {
    let variable = shown.variable;
    if is_picture(variable) {
        return scene_words(outcome, variable);
    }
    let mut what = titles::long(outcome, shown, &Style::default());
    let entry = match shown.is_of_pixels() {
        true => String::new(),
        false => entries::words(variable, shown.index),
    };
    if !entry.is_empty() && variable.role != Role::Mask {
        what.push_str(&format!(", {entry}"));
    }
    let mut finding = findings::of(outcome, shown);
    if let Some(marks) = Marks::of(outcome, variable) {
        finding = format!("{finding}; {}", headings::marks_words(&marks));
    }
    match variable.target() {
        "" => format!("{what}: {finding}."),
        target => format!("{what}; {target}. {}.", sentence(&finding)),
    }
}

fn scene_words(outcome: &Outcome, variable: &Variable) -> String {
    let Some(scene) = scene_of(&variable.domain) else { return String::new() };
    let no_data = match outcome.number("no_data_share") {
        None | Some(0.0) => String::new(),
        Some(share) => format!(" {} of it hold no data.", percent(share)),
    };
    let covered = scene.variant.crop_px as f64 / scene.variant.input_px as f64;
    let classes = classes(outcome).map(|classes| format!(" Probabilities: {classes}."));
    format!(
        "Radar scene {}, {} × {} pixels.{no_data} The network sees the centre, {} of the width and \
         of the height.{}",
        scene.title,
        scene.width_px,
        scene.height_px,
        percent(covered),
        classes.unwrap_or_default(),
    )
}

fn strip_words(outcome: &Outcome, variable: &Variable) -> Result<String, PlotError> {
    let n = n_shown(variable);
    let maximum = |index: usize| {
        let high = extremes(&variable.map(index)).map_or(f64::NAN, |(_, high)| f64::from(high));
        number(high)
    };
    let last = variable.last_time();
    let until = last.map_or_else(String::new, |last| format!(" up to {}", time(last)));
    let figure = Figure::Strip(variable.name.clone());
    Ok(format!(
        "{}{until}: the maximum goes from {} to {}{}.",
        headings::of(outcome, &figure, &Style::default())?.title,
        maximum(0),
        maximum(n - 1),
        in_unit(&variable.quantity.unit),
    ))
}

fn differences_words(
    outcome: &Outcome,
    figure: &Figure,
    names: [&str; 2],
) -> Result<String, PlotError> {
    let first = Shown::difference(outcome, names, 0)?;
    let size = |index: usize| {
        let field = Shown::difference(outcome, names, index).ok()?.field();
        // A lead time that was not observed has no error, and not one of zero.
        extremes(&field).map(|_| (entries::label(first.variable, index), number(moments(&field).1)))
    };
    let sizes: Vec<(String, String)> = (0..n_shown(first.variable)).filter_map(size).collect();
    let title = headings::of(outcome, figure, &Style::default())?.title;
    let unit = in_unit(&first.variable.quantity.unit);
    Ok(match (sizes.first(), sizes.last()) {
        (Some((from, first)), Some((to, last))) => format!(
            "{title}: the root mean square goes from {first}{unit} ({from}) to {last}{unit} ({to})."
        ),
        _ => format!("{title}: nothing can be compared."),
    })
}

/// Numbers that explain nothing: where they begin and end, and the largest of them.
fn series_words(title: &str, variable: &Variable) -> String {
    let unit = in_unit(&variable.quantity.unit);
    let Some(axis) = variable.axis() else { return format!("{title}.") };
    let values = variable.to_f64().into_iter().enumerate().filter(|(_, value)| value.is_finite());
    let values: Vec<(usize, f64)> = values.collect();
    let entry = |&(i, value): &(usize, f64)| format!("{}{unit} ({})", number(value), axis.label(i));
    let largest = values.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    match (values.first(), values.last(), largest) {
        (Some(first), Some(last), Some(largest)) => format!(
            "{title}: from {} to {}; the largest is {}.",
            entry(first),
            entry(last),
            entry(largest)
        ),
        _ => format!("{title}: there is no number."),
    }
}

/// Which entries matter most, and how much of it the last quarter of an hour holds.
fn bars_words(outcome: &Outcome, variable: &Variable) -> Result<String, PlotError> {
    let figure = Figure::Bars(variable.name.clone());
    let headings::Words { title, details } = headings::of(outcome, &figure, &Style::default())?;
    if target::words(outcome, variable).is_none() {
        return Ok(series_words(&title, variable));
    }
    let target = details.first().map_or_else(String::new, |target| format!(", {target}"));
    let Some(axis) = variable.axis().filter(|_| variable.plane.is_none()) else {
        return Err(PlotError::NotASeries { name: variable.name.clone() });
    };
    let values = variable.to_f64();
    let total: f64 = values.iter().map(|v| v.abs()).sum();
    let most = (0..values.len()).max_by(|&a, &b| values[a].abs().total_cmp(&values[b].abs()));
    let Some(most) = most.filter(|_| total > 0.0) else {
        return Ok(format!("{title}{target}: no frame has any influence."));
    };
    let unit = in_unit(&variable.quantity.unit);
    let share = percent(values[most].abs() / total);
    let size = format!("{}{unit}, {share} of the absolute sum", signed(values[most]));
    let Some(minutes) = axis.minutes_before_last(most) else {
        return Ok(format!("{title}{target}: the largest is {} ({size}).", axis.label(most)));
    };
    let which = match minutes {
        0 => "the last input frame".to_owned(),
        minutes => format!("the frame {minutes} min before the last"),
    };
    let is_recent = |i: &usize| axis.minutes_before_last(*i).is_some_and(|minutes| minutes < 15);
    let recent: f64 = (0..values.len()).filter(is_recent).map(|i| values[i].abs()).sum();
    let recent = percent(recent / total);
    Ok(format!(
        "{title}{target}: {which} matters most ({size}); the last 15 minutes hold {recent}."
    ))
}

fn curve_words(outcome: &Outcome, variable: &Variable) -> Result<String, PlotError> {
    let figure = Figure::Curve(variable.name.clone());
    let title = headings::of(outcome, &figure, &Style::default())?.title;
    if target::words(outcome, variable).is_none() {
        return Ok(series_words(&title, variable));
    }
    let values = variable.to_f64();
    let (Some(first), Some(last)) = (values.first(), values.last()) else {
        return Ok(format!("{title}: there is no point."));
    };
    let middle = (first + last) / 2.0;
    let is_beyond = |v: &f64| if last > first { *v >= middle } else { *v <= middle };
    let n_steps = values.len().saturating_sub(1).max(1);
    let half = values.iter().position(is_beyond).unwrap_or(0) as f64 / n_steps as f64;
    let (from, input) = (target::baseline(outcome, variable), target::input(outcome));
    let unit = in_unit(&variable.quantity.unit);
    let sum = Completeness::of_variable(outcome, variable).map(|gap| {
        let method = target::method_name(outcome, variable);
        format!(
            " {method}: the sum is {}{unit}; {}.",
            signed(gap.sum),
            gap.words(outcome, variable)
        )
    });
    Ok(format!(
        "{title}: it goes from {} at {from} to {}{unit} at {input} and has come half of the way after \
         {} of the path.{}",
        number(*first),
        number(*last),
        percent(half),
        sum.unwrap_or_default(),
    ))
}
