//! The page of a comparison: a row and maps for each network, and for persistence.

use std::sync::Arc;

use askama::Template;
use stormlens_data::card::NowcastField;
use stormlens_data::outcome::Outcome;
use stormlens_data::score::{Score, ScoreRow, ScoreTable, Scored};

use super::choices::{NetworkChoice, choices};
use super::{Comparison, Found};
use crate::catalog::Catalog;
use crate::parameters::encode;
use crate::question::Question;
use crate::tasks::nowcast::page::{lead_idx, sample_page, what};
use crate::tasks::nowcast::question::{lead_time_min, threshold};
use crate::tasks::nowcast::scores::{of_outcome, shown, threshold_label};
use crate::web::layout::Layout;
use crate::web::views::{FigureView, Figures, map};
use crate::web::{format, result};
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
    /// Name in addresses, title, and whether it is compared.
    choices: Vec<(String, String, bool)>,
    pub n_waiting: usize,
    failures: Vec<String>,
    columns: Vec<Column>,
    rows: Vec<Row>,
    observed: Option<FigureView>,
    maps: Vec<Forecast>,
    is_verified: bool,
}

struct Column {
    label: String,
    meaning: String,
}

struct Row {
    title: String,
    href: Option<String>,
    cells: Vec<(String, bool)>,
}

/// The maps of one forecast.
struct Forecast {
    title: String,
    figures: Vec<FigureView>,
}

pub fn describe(
    layout: Layout,
    catalog: &Catalog,
    comparison: &Comparison,
    found: Found,
) -> ComparePage {
    let Comparison { sample, names, questions, target } = comparison;
    let (lead, above) = (lead_time_min(target), threshold(target));
    let offered = choices(catalog, sample.field);
    let is_chosen = |name: &String| names.contains(name);
    let nowcasting = questions.first().and_then(|q| q.cards.checkpoint.nowcasting.clone());
    let leads = nowcasting.map_or_else(Vec::new, |task| task.lead_times_min);
    let tables: Vec<_> = found.outcomes.iter().map(|(_, outcome)| of_outcome(outcome)).collect();
    let rows = rows(&found.outcomes, &tables, sample.field, (lead, above));
    ComparePage {
        layout,
        sample_page: sample_page(&sample.id),
        sample: sample.id.clone(),
        what: what(sample.field),
        lead_time_min: lead,
        threshold: above,
        max_threshold: sample.field.max_threshold(),
        threshold_label: threshold_label(sample.field, nearest(&tables, above).unwrap_or(above)),
        unit: sample.field.unit(),
        lead_times_min: leads.into_iter().map(|minutes| (minutes, minutes == lead)).collect(),
        choices: offered
            .into_iter()
            .map(|NetworkChoice { name, title, .. }| (name.clone(), title, is_chosen(&name)))
            .collect(),
        n_waiting: found.n_waiting,
        failures: found.failures,
        columns: columns(sample.field).map(column).collect(),
        is_verified: !rows.is_empty(),
        rows,
        observed: observed(&found.outcomes, lead),
        maps: maps(&found.outcomes, lead),
    }
}

/// Threshold of the tables nearest to the wanted one: scores are counted at fixed ones.
fn nearest(tables: &[Option<ScoreTable>], wanted: f64) -> Option<f64> {
    let all = tables.iter().flatten().flat_map(|table| table.rows.iter().map(|row| row.threshold));
    all.min_by(|a, b| (a - wanted).abs().total_cmp(&(b - wanted).abs()))
}

fn columns(field: NowcastField) -> impl Iterator<Item = &'static Score> {
    shown(field)
}

fn column(score: &'static Score) -> Column {
    let unit = if score.unit.is_empty() { String::new() } else { format!(", {}", score.unit) };
    Column {
        label: format!("{}{unit}", score.label),
        meaning: format!("{}; best {}", score.meaning, score.best),
    }
}

/// A row a network, and persistence last; the best of each column is marked.
fn rows(
    outcomes: &[(Question, Arc<Outcome>)],
    tables: &[Option<ScoreTable>],
    field: NowcastField,
    (lead, above): (u32, f64),
) -> Vec<Row> {
    let Some(threshold) = nearest(tables, above) else { return Vec::new() };
    let find = |table: &'_ Option<ScoreTable>, which| {
        table.as_ref().and_then(|table| table.row(which, Some(lead), threshold)).copied()
    };
    let of_model = outcomes.iter().zip(tables).filter_map(|((question, _), table)| {
        let href = Some(result::page(question));
        Some((title(question), href, find(table, Scored::Model)?))
    });
    let mut found: Vec<(String, Option<String>, ScoreRow)> = of_model.collect();
    let persistence = tables.first().and_then(|table| find(table, Scored::Persistence));
    found.extend(persistence.map(|row| ("Persistence".to_owned(), None, row)));
    let best = |score: &Score| {
        let distances = found.iter().filter_map(|row| row.2.score(score.name));
        distances.map(|value| score.distance(value)).reduce(f64::min)
    };
    let cell = |row: &ScoreRow, score: &Score| match row.score(score.name) {
        None => ("–".to_owned(), false),
        Some(value) => (format::number(value), best(score) == Some(score.distance(value))),
    };
    let line = |(title, href, row): &(String, Option<String>, ScoreRow)| Row {
        title: title.clone(),
        href: href.clone(),
        cells: columns(field).map(|score| cell(row, score)).collect(),
    };
    found.iter().map(line).collect()
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

/// Forecast and error of each network, and of persistence.
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
    let persistence =
        outcomes.first().map(|found| of(found, "persistence", "Persistence".to_owned()));
    networks.chain(persistence).collect()
}
