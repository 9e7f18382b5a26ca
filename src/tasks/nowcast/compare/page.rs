//! The page of a comparison: a row and maps for each network, and for each reference forecast.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use stormlens_data::card::{NowcastField, Part};
use stormlens_data::outcome::Outcome;
use stormlens_data::score::{MODEL, Score, ScoreRow, ScoreTable};

use super::choices::{NetworkChoice, choices};
use super::{Comparison, FileKind, Found};
use crate::catalog::Catalog;
use crate::parameters::encode;
use crate::question::Question;
use crate::tasks::nowcast::page::{lead_idx, sample_page, what};
use crate::tasks::nowcast::question::{lead_time_min, threshold};
use crate::tasks::nowcast::samples::Samples;
use crate::tasks::nowcast::scores::{
    best, forecast_title, of_outcome_above, on_page, references, shown, threshold_label,
};
use crate::tasks::nowcast::split::Membership;
use crate::web::layout::Layout;
use crate::web::result;
use crate::web::views::{FigureView, Figures, map};
use stormlens_plot::Figure;

#[derive(Template)]
#[template(path = "tasks/nowcast/compare.html")]
pub struct ComparePage {
    layout: Layout,
    sample: String,
    sample_page: String,
    what: &'static str,
    lead_time_min: u32,
    threshold: f64,
    max_threshold: f64,
    threshold_label: String,
    unit: &'static str,
    lead_times_min: Vec<(u32, bool)>,
    /// The part that the maps show, as text; empty: all of it.
    region: String,
    is_rain: bool,
    has_steps_mean: bool,
    choices: Vec<Choice>,
    pub n_waiting: usize,
    failures: Vec<String>,
    columns: Vec<Column>,
    rows: Vec<Row>,
    observed: Option<FigureView>,
    maps: Vec<Forecast>,
    pub is_verified: bool,
    /// Of the scores, with their labels.
    files: Vec<(&'static str, String)>,
}

/// A network that can be compared.
struct Choice {
    /// In addresses.
    name: String,
    title: String,
    is_compared: bool,
    /// Whether it forecasts the lead time.
    is_possible: bool,
}

struct Column {
    label: String,
    meaning: String,
}

struct Row {
    title: String,
    /// What the weights have seen of the sample; empty of reference forecasts, which learn nothing.
    split: &'static str,
    is_seen: bool,
    href: Option<String>,
    cells: Vec<(String, bool)>,
}

/// A row before it is written.
struct Line {
    title: String,
    href: Option<String>,
    part: Option<Part>,
    row: ScoreRow,
}

/// The maps of one forecast.
struct Forecast {
    title: String,
    figures: Vec<FigureView>,
}

pub fn describe(
    layout: Layout,
    (samples, catalog): (&Samples, &Catalog),
    comparison: &Comparison,
    found: Found,
) -> ComparePage {
    let Comparison { sample, names, target, region, .. } = comparison;
    let (lead, above) = (lead_time_min(target), threshold(target));
    let offered = choices(catalog, sample.field);
    let leads = lead_times(offered.iter().filter(|choice| names.contains(&choice.name)));
    let tables: Vec<_> =
        found.outcomes.iter().map(|(_, outcome)| of_outcome_above(outcome, above)).collect();
    let part =
        |question: &Question| Membership::new(samples, &question.cards.checkpoint).part(sample);
    let parts: Vec<Part> = found.outcomes.iter().map(|(question, _)| part(question)).collect();
    let rows = rows(&found.outcomes, &tables, &parts, sample.field, (lead, above));
    ComparePage {
        layout,
        sample_page: sample_page(&sample.id),
        sample: sample.id.clone(),
        what: what(sample.field),
        lead_time_min: lead,
        threshold: above,
        max_threshold: sample.field.max_threshold(),
        threshold_label: threshold_label(sample.field, above),
        unit: sample.field.unit(),
        lead_times_min: leads.into_iter().map(|minutes| (minutes, minutes == lead)).collect(),
        region: region.clone().unwrap_or_default(),
        is_rain: sample.field == NowcastField::Precipitation,
        has_steps_mean: comparison.has_steps_mean(),
        choices: offered
            .into_iter()
            .map(|choice| Choice {
                is_compared: names.contains(&choice.name),
                is_possible: choice.forecasts(lead),
                name: choice.name,
                title: choice.title,
            })
            .collect(),
        n_waiting: found.n_waiting,
        failures: found.failures,
        columns: columns(sample.field).map(column).collect(),
        is_verified: !rows.is_empty(),
        files: FileKind::ALL.map(|kind| (kind.label(), kind.address(comparison))).into(),
        rows,
        observed: observed(&found.outcomes, lead),
        maps: maps(&found.outcomes, lead),
    }
}

/// All that any of the networks forecasts, ascending.
fn lead_times<'a>(networks: impl Iterator<Item = &'a NetworkChoice>) -> Vec<u32> {
    let all = networks.flat_map(|choice| choice.lead_times_min.iter().copied());
    all.collect::<BTreeSet<u32>>().into_iter().collect()
}

fn columns(field: NowcastField) -> impl Iterator<Item = &'static Score> {
    shown(field)
}

fn column(score: &'static Score) -> Column {
    let shown = on_page(score);
    Column { label: shown.label(), meaning: format!("{}; best {}", shown.meaning, score.best) }
}

/// A row a network, then the reference forecasts; the best of each column is marked.
fn rows(
    outcomes: &[(Question, Arc<Outcome>)],
    tables: &[Option<ScoreTable>],
    parts: &[Part],
    field: NowcastField,
    (lead, above): (u32, f64),
) -> Vec<Row> {
    let find = |table: &Option<ScoreTable>, which: &str| {
        table.as_ref().and_then(|table| table.row(which, Some(lead), above)).cloned()
    };
    let of_model = outcomes.iter().zip(tables).zip(parts);
    let of_model = of_model.filter_map(|(((question, _), table), part)| {
        let row = find(table, MODEL)?;
        let href = Some(result::page(question));
        Some(Line { title: title(question), href, part: Some(*part), row })
    });
    let mut found: Vec<Line> = of_model.collect();
    let beside = outcomes.first().into_iter().flat_map(|(_, outcome)| references(outcome));
    found.extend(beside.filter_map(|variable| {
        let row = find(tables.first()?, &variable.name)?;
        Some(Line { title: forecast_title(&variable.name), href: None, part: None, row })
    }));
    let of_column = |score: &Score| -> Vec<(String, bool)> {
        let values: Vec<_> = found.iter().map(|line| line.row.score(score.name)).collect();
        let text = |value: Option<f64>| value.map(|value| on_page(score).text(value));
        let texts = values.iter().map(|value| text(*value).unwrap_or_else(|| "–".to_owned()));
        texts.zip(best(score, &values)).collect()
    };
    let all: Vec<Vec<(String, bool)>> = columns(field).map(of_column).collect();
    let line = |(i, Line { title, href, part, .. }): (usize, &Line)| Row {
        title: title.clone(),
        split: part.map_or("", Part::label),
        is_seen: part.is_some_and(Part::is_seen),
        href: href.clone(),
        cells: all.iter().map(|column| column[i].clone()).collect(),
    };
    found.iter().enumerate().map(line).collect()
}

fn title(question: &Question) -> String {
    format!("{} ({})", question.cards.model.title, question.cards.checkpoint.name)
}

fn observed(outcomes: &[(Question, Arc<Outcome>)], lead: u32) -> Option<FigureView> {
    let (question, outcome) = outcomes.first()?;
    let idx = lead_idx(outcome, lead);
    outcome.variable("observation")?.map(idx).range()?;
    Some(Figures::new(question, outcome).view(&map("observation", idx)))
}

/// Forecast and error of each network, and of the reference forecasts.
fn maps(outcomes: &[(Question, Arc<Outcome>)], lead: u32) -> Vec<Forecast> {
    let of = |(question, outcome): &(Question, Arc<Outcome>), name: &str, title: String| {
        let (idx, figures) = (lead_idx(outcome, lead), Figures::new(question, outcome));
        let is_observed =
            outcome.variable("observation").is_some_and(|o| o.map(idx).range().is_some());
        let error = is_observed.then(|| Figure::difference(name, "observation", idx));
        let all = [map(name, idx)].into_iter().chain(error);
        // Results of several networks have figures of the same names.
        let name = encode(&format!("{}-{}", question.request.model, question.request.checkpoint));
        let view = |figure: Figure| {
            let view = figures.view(&figure);
            FigureView { id: format!("{}-{name}", view.id), ..view }
        };
        Forecast { title, figures: all.map(view).collect() }
    };
    let networks = outcomes.iter().map(|found| of(found, "prediction", title(&found.0)));
    let beside = outcomes.first().into_iter().flat_map(|found| {
        references(&found.1).map(|v| of(found, &v.name, forecast_title(&v.name)))
    });
    networks.chain(beside).collect()
}
