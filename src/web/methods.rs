//! What a page says of each method: one section a method, whatever the method.

mod gap;

use stormlens_data::card::{Citation, MethodCard, OptionKind};
use stormlens_data::outcome::{Axis, Colours, Domain, Number, Outcome, Role, Variable};

use super::format;
use super::forms::{OF_LAYERS, OF_SIGNS, ViewForm, view_form};
use super::result::page;
use super::views::{FigureView, Figures, map};
use crate::question::Question;
use stormlens_plot::words::{in_unit, sentence};
use stormlens_plot::{Completeness, Figure};

/// The section on a method.
pub struct MethodSection {
    pub id: &'static str,
    pub title: &'static str,
    pub summary: &'static str,
    pub formula: &'static str,
    pub cost: &'static str,
    pub weakness: &'static str,
    pub citations: &'static [Citation],
    /// `None`: it was not asked for.
    pub found: Option<Found>,
    /// Where the same question with this method leads.
    pub add: String,
}

/// What a method found.
pub struct Found {
    /// Target of the explanation, as a sentence without a full stop.
    pub target: String,
    /// How the method was asked: name of the option and its value.
    pub options: Vec<(&'static str, String)>,
    pub maps: Vec<FigureView>,
    pub charts: Vec<FigureView>,
    pub tables: Vec<Table>,
    pub numbers: Vec<NumberView>,
    /// What the target is where the path begins; no share explains that.
    pub baseline: Option<String>,
    /// What the completeness gap means.
    pub reading: Option<String>,
    /// The same with more steps, where that helps.
    pub refine: Option<String>,
    /// Names for people of the shown layers without positive evidence.
    pub empty: Vec<String>,
    /// Those with the same positive evidence everywhere, as layers of one cell have.
    pub uniform: Vec<String>,
    pub has_layers: bool,
    /// How its maps are drawn, where they have choices of their own.
    pub view: Option<ViewForm>,
}

/// A single number of a method.
pub struct NumberView {
    pub name: String,
    pub meaning: String,
    pub value: String,
}

/// A series as a table.
pub struct Table {
    pub title: String,
    pub axis: String,
    pub value: String,
    pub rows: Vec<(String, String)>,
}

/// Tables beyond this are read as CSV.
const MAX_ROWS: usize = 24;

/// One section a method, in the order of the methods.
pub fn sections(
    question: &Question,
    outcome: &Outcome,
    figures: &Figures<'_>,
) -> Vec<MethodSection> {
    let section = |card: &MethodCard| MethodSection {
        id: card.id,
        title: card.title,
        summary: card.summary,
        formula: card.formula,
        cost: card.cost,
        weakness: card.weakness,
        citations: card.citations,
        found: found(question, outcome, figures, card),
        add: page(&question.with_method(card.id)),
    };
    question.methods().iter().map(section).collect()
}

fn found(
    question: &Question,
    outcome: &Outcome,
    figures: &Figures<'_>,
    card: &MethodCard,
) -> Option<Found> {
    let explain = question.request.explained_by(card.id)?;
    let shown: Vec<&Variable> = shown(question, outcome, card);
    let label = |variable: &&Variable| {
        let layer = variable.layer().unwrap_or_default();
        question.cards.model.layer(layer).map_or_else(|| layer.to_owned(), |l| l.label.clone())
    };
    let with = |holds: fn(&Variable) -> bool| {
        shown.iter().filter(|v| v.layer().is_some() && holds(v)).map(label).collect()
    };
    let value = |option: &str| explain.options.get(option).cloned().unwrap_or_default();
    let options = card.options.iter().map(|option| {
        let value = value(option.name);
        let text = match option.kind {
            OptionKind::Choice(all) => {
                all.iter().find(|choice| choice.0 == value).map(|choice| choice.1.to_owned())
            }
            OptionKind::Share { none, .. } if value == "none" => Some(none.to_owned()),
            _ => None,
        };
        (option.label, text.unwrap_or(value))
    });
    let charts = charts(outcome, card);
    let completeness = Completeness::of(outcome, &card.variable());
    Some(Found {
        target: target(outcome, card),
        options: options.collect(),
        maps: shown.iter().flat_map(|variable| maps(variable, figures)).collect(),
        tables: charts.iter().filter_map(|variable| table(variable)).collect(),
        charts: charts.iter().map(|variable| figures.wide(&chart(variable))).collect(),
        numbers: numbers(outcome, card),
        baseline: completeness
            .as_ref()
            .and_then(|_| stormlens_plot::at_baseline(outcome, &card.variable())),
        reading: completeness.as_ref().map(|found| gap::reading(found, card)),
        refine: completeness.as_ref().and_then(|found| refine(question, card, found)),
        empty: with(Variable::is_zero),
        uniform: with(is_uniform),
        has_layers: card.has_layers,
        view: view(question, &shown, card),
    })
}

/// What only the maps of this method can be asked for.
fn view(question: &Question, shown: &[&Variable], card: &MethodCard) -> Option<ViewForm> {
    let is_signed = shown.iter().any(|variable| variable.quantity.colours == Colours::Signed);
    match (card.has_layers, is_signed) {
        (true, _) => view_form(question, card.id, OF_LAYERS),
        (false, true) => view_form(question, card.id, OF_SIGNS),
        (false, false) => None,
    }
}

/// Whether there is evidence that says nothing about where.
fn is_uniform(variable: &Variable) -> bool {
    let range = variable.map(0).range();
    range.is_some_and(|(low, high)| low == high && low > 0.0)
}

/// The main attributions of a method: those of the layers to show, or of the input.
fn shown<'a>(question: &Question, outcome: &'a Outcome, card: &MethodCard) -> Vec<&'a Variable> {
    let base = card.variable();
    let is_main = |variable: &&Variable| match variable.layer() {
        Some(layer) => {
            question.layers.iter().any(|shown| shown == layer)
                && variable.name == format!("{base}/{layer}")
        }
        None => variable.name == base,
    };
    outcome.attributions(card.id).filter(is_main).collect()
}

/// A figure for each map of an attribution; channels of a picture are shown together.
fn maps(variable: &Variable, figures: &Figures<'_>) -> Vec<FigureView> {
    let is_on_earth = matches!(variable.domain, Domain::Earth(_));
    let are_separate = variable
        .axis()
        .is_some_and(|axis| axis.time(0).is_some() || is_counted(axis) || is_on_earth);
    let n = if are_separate { variable.n_maps() } else { 1 };
    (0..n).map(|i| figures.view(&map(&variable.name, i))).collect()
}

fn is_counted(axis: &Axis) -> bool {
    axis.name == Axis::INPUT_TIME
}

/// Series of the method that are not of a layer, and have a figure.
fn charts<'a>(outcome: &'a Outcome, card: &MethodCard) -> Vec<&'a Variable> {
    let start = format!("{}/", card.variable());
    let is_chart = |variable: &&Variable| {
        let rest = variable.name.strip_prefix(&start);
        matches!(variable.role, Role::Diagnostic)
            && variable.plane.is_none()
            && rest.is_some_and(|rest| !rest.contains('/'))
            && variable.axis().is_none_or(|axis| axis.name != Axis::CHANNEL)
    };
    outcome.variables.iter().filter(is_chart).collect()
}

/// Bars over moments, a curve over numbers.
fn chart(variable: &Variable) -> Figure {
    let has_moments =
        variable.axis().is_some_and(|axis| axis.time(0).is_some() || is_counted(axis));
    match has_moments {
        true => Figure::Bars(variable.name.clone()),
        false => Figure::Curve(variable.name.clone()),
    }
}

fn table(variable: &Variable) -> Option<Table> {
    let axis = variable.axis().filter(|axis| axis.len() <= MAX_ROWS)?;
    let values = variable.to_f64();
    Some(Table {
        title: variable.quantity.name.clone(),
        axis: axis.name.replace('_', " "),
        value: variable.quantity.label(),
        rows: (0..axis.len()).map(|i| (axis.label(i), format::number(values[i]))).collect(),
    })
}

/// Target of the explanation, and how much of it there is where it is a sum over pixels.
fn target(outcome: &Outcome, card: &MethodCard) -> String {
    let number = |part: &str| {
        let name = format!("{}/{part}", card.variable());
        outcome.numbers.iter().find(|number| number.name == name)
    };
    // What a method finds may be series alone, which say no target.
    let of_maps =
        outcome.attributions(card.id).map(Variable::target).find(|words| !words.is_empty());
    let words = of_maps.or_else(|| number(TARGET).map(|number| number.meaning.as_str()));
    let mut letters = words.unwrap_or_default().chars();
    let words: String = letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
    match (number(TARGET), number(NORMALISED)) {
        (Some(mean), None) if number(N_PIXELS).is_some() => format!("{words}: {}", with_unit(mean)),
        (Some(sum), Some(normalised)) => format!(
            "{words}{}, {} in all ({} in the network’s own units)",
            share_of_pixels(outcome, number(N_PIXELS)),
            with_unit(sum),
            format::number(normalised.value)
        ),
        _ => words,
    }
}

/// `, 8.0 % of all`; nothing where the target is no sum over pixels.
fn share_of_pixels(outcome: &Outcome, n_pixels: Option<&Number>) -> String {
    let mask = outcome.variables.iter().find(|variable| variable.role == Role::Mask);
    let share = n_pixels.zip(mask).map(|(n, mask)| n.value / mask.values.len() as f64);
    share.map_or_else(String::new, |share| format!(", {} of all", format::percent(share)))
}

/// Numbers that the sentence about the target says.
const TARGET: &str = "target";
const NORMALISED: &str = "target_normalised";
const N_PIXELS: &str = "n_pixels";

fn numbers(outcome: &Outcome, card: &MethodCard) -> Vec<NumberView> {
    let start = format!("{}/", card.variable());
    let is_shown = |number: &&Number| {
        let part = number.name.strip_prefix(&start);
        part.is_some_and(|part| ![TARGET, NORMALISED, N_PIXELS].contains(&part))
    };
    let text = |number: &Number| NumberView {
        name: sentence(&number.name[start.len()..].replace('_', " ")),
        meaning: number.meaning.clone(),
        value: with_unit(number),
    };
    outcome.numbers.iter().filter(is_shown).map(text).collect()
}

fn with_unit(number: &Number) -> String {
    match number.unit.as_str() {
        "1" if number.value.fract() == 0.0 => format::count(number.value.max(0.0) as usize),
        // Its name says what a probability is of.
        unit => format!("{}{}", format::number(number.value), in_unit(unit)),
    }
}

/// The same with more steps, where that helps.
fn refine(question: &Question, card: &MethodCard, found: &Completeness) -> Option<String> {
    let more = gap::more_steps(found, card)?;
    Some(page(&question.with_option(card.id, "steps", more.to_string())))
}
