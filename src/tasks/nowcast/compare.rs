//! `/v1/compare`: networks, weights and persistence side by side on one sample, in one table and one
//! set of maps.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use stormlens_data::card::{CheckpointCard, ModelCard, NowcastField};
use stormlens_data::outcome::Outcome;
use stormlens_data::request::Target;
use stormlens_data::score::{Score, ScoreRow, ScoreTable, Scored};

use super::page::{lead_idx, sample_page, what};
use super::question::{LEAD_TIME, SAMPLE, THRESHOLD, lead_time_min, threshold};
use super::sample::weights;
use super::samples::SampleEntry;
use super::scores::{of_outcome, shown, threshold_label};
use super::{Nowcasts, SECTION};
use crate::catalog::Catalog;
use crate::jobs::JobState;
use crate::parameters::{Parameters, QuestionError, encode, to_query};
use crate::plot::Figure;
use crate::question::{NO_METHOD, Question};
use crate::web::pages::{passing, render};
use crate::web::shell::Shell;
use crate::web::views::{FigureView, Figures, map};
use crate::web::{AppError, AppState, format, result};

#[cfg(test)]
mod tests;

pub const PATH: &str = "/v1/compare";
const NETWORKS: &str = "networks";
const NAMES: [&str; 4] = [SAMPLE, NETWORKS, LEAD_TIME, THRESHOLD];
/// As many as stand beside each other and can still be told apart.
const MAX_NETWORKS: usize = 4;

/// The comparison of all networks on a sample.
pub fn page_of(sample: &str) -> String {
    format!("{PATH}?{SAMPLE}={}", encode(sample))
}

#[derive(Template)]
#[template(path = "tasks/nowcast/compare.html")]
struct ComparePage {
    shell: Shell,
    sample: String,
    sample_page: String,
    what: &'static str,
    lead_time_min: u32,
    threshold: f64,
    threshold_label: String,
    unit: &'static str,
    lead_times_min: Vec<(u32, bool)>,
    /// Name in addresses, title, and whether it is compared.
    choices: Vec<(String, String, bool)>,
    n_waiting: usize,
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

/// The question, checked against the catalogue: the same one of each network.
struct Comparison {
    sample: SampleEntry,
    /// `model/checkpoint`
    names: Vec<String>,
    questions: Vec<Question>,
    target: Target,
}

impl Comparison {
    fn read(
        parameters: &Parameters,
        task: &Nowcasts,
        catalog: &Catalog,
    ) -> Result<Self, QuestionError> {
        parameters.only(&NAMES)?;
        let missing = || QuestionError::parameter(SAMPLE, "is missing: choose one of the samples");
        let sample = task.samples.find(parameters.one(SAMPLE)?.ok_or_else(missing)?)?;
        let names = read_networks(parameters, catalog, &sample)?;
        let ask = |name: &String| read_question(parameters, catalog, &sample, name);
        let questions: Vec<Question> = names.iter().map(ask).collect::<Result<_, _>>()?;
        let no_weights = || {
            let field = sample.field.label();
            let message = format!("cannot be chosen: no network here has weights for {field}");
            QuestionError::parameter(NETWORKS, message)
        };
        let target = questions.first().ok_or_else(no_weights)?.target.clone();
        Ok(Self { sample, names, questions, target })
    }

    fn to_query(&self) -> String {
        let pairs = [
            (SAMPLE, self.sample.id.clone()),
            (NETWORKS, self.names.join(",")),
            (LEAD_TIME, lead_time_min(&self.target).to_string()),
            (THRESHOLD, threshold(&self.target).to_string()),
        ];
        to_query(&pairs)
    }

    fn page(&self) -> String {
        format!("{PATH}?{}", self.to_query())
    }
}

/// The networks that are named, in the order of the catalogue; where none is, the first that forecast the
/// lead time.
fn read_networks(
    parameters: &Parameters,
    catalog: &Catalog,
    sample: &SampleEntry,
) -> Result<Vec<String>, QuestionError> {
    let all = choices(catalog, sample.field);
    let names = || all.iter().map(|choice| choice.name.as_str());
    let wanted = parameters.list(NETWORKS);
    if let Some(name) = wanted.iter().find(|name| names().all(|known| known != **name)) {
        return Err(QuestionError::unknown("network", name, names()));
    }
    if wanted.len() > MAX_NETWORKS {
        let message = format!("names {} of them, but {MAX_NETWORKS} at most", wanted.len());
        return Err(QuestionError::parameter(NETWORKS, message));
    }
    if !wanted.is_empty() {
        return Ok(names().filter(|name| wanted.contains(name)).map(str::to_owned).collect());
    }
    let asked = parameters.one(LEAD_TIME)?.and_then(|minutes| minutes.trim().parse().ok());
    let first = all.first().and_then(|choice| choice.lead_times_min.first().copied());
    let lead: Option<u32> = asked.or(first);
    let forecasts =
        |choice: &&NetworkChoice| lead.is_some_and(|l| choice.lead_times_min.contains(&l));
    let mut found: Vec<&NetworkChoice> = all.iter().filter(forecasts).collect();
    if found.is_empty() {
        // Which says what it can be asked for instead.
        found.extend(all.first());
    }
    Ok(found.into_iter().take(MAX_NETWORKS).map(|choice| choice.name.clone()).collect())
}

/// Nothing is explained: explanations stand on the pages of the results.
fn read_question(
    parameters: &Parameters,
    catalog: &Catalog,
    sample: &SampleEntry,
    name: &str,
) -> Result<Question, QuestionError> {
    let (model, checkpoint) = name.split_once('/').unwrap_or((name, ""));
    let fixed = [("model", model), ("checkpoint", checkpoint), (SAMPLE, &sample.id)];
    let mut pairs: Vec<(String, String)> =
        fixed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    pairs.push(("methods".to_owned(), NO_METHOD.to_owned()));
    for name in [LEAD_TIME, THRESHOLD] {
        pairs.extend(parameters.one(name)?.map(|value| (name.to_owned(), value.to_owned())));
    }
    Question::read(&Parameters::of(pairs), catalog, &[])
}

/// Weights that can be compared.
struct NetworkChoice {
    /// `model/checkpoint`
    name: String,
    /// For people.
    title: String,
    lead_times_min: Vec<u32>,
}

/// All weights for a field.
fn choices(catalog: &Catalog, field: NowcastField) -> Vec<NetworkChoice> {
    let of_model = |model: &Arc<ModelCard>| {
        let choice = |card: &Arc<CheckpointCard>| NetworkChoice {
            name: format!("{}/{}", model.id, card.name),
            title: format!("{} ({})", model.title, card.name),
            lead_times_min: card
                .nowcasting
                .as_ref()
                .map_or(&[][..], |task| &task.lead_times_min)
                .to_vec(),
        };
        weights(catalog, model, field).map(choice).collect::<Vec<_>>()
    };
    catalog.models().iter().flat_map(of_model).collect()
}

pub async fn show(
    task: Arc<Nowcasts>,
    State(state): State<AppState>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(raw.as_deref());
    let comparison = Comparison::read(&parameters, &task, &state.catalog)?;
    if Parameters::parse(Some(&comparison.to_query())) != parameters {
        return Ok((StatusCode::SEE_OTHER, [(LOCATION, comparison.page())]).into_response());
    }
    let (mut outcomes, mut failures, mut n_waiting) = (Vec::new(), Vec::new(), 0);
    for (question, name) in comparison.questions.iter().zip(&comparison.names) {
        let id = state.submit(question.request.clone()).await?;
        match state.jobs.status(&id) {
            Some(JobState::Done(outcome)) => outcomes.push((question.clone(), outcome)),
            Some(JobState::Failed(error)) => failures.push((id, format!("{name}: {error}"))),
            _ => n_waiting += 1,
        }
    }
    if n_waiting == 0 {
        // Said once; the next visit tries again.
        failures.iter().for_each(|(id, _)| drop(state.jobs.cancel(id)));
    }
    let failures = failures.into_iter().map(|failure| failure.1).collect();
    let shell = Shell::new(&state, Some(SECTION));
    let catalog = state.catalog.clone();
    let found = Found { outcomes, failures, n_waiting };
    let page = state.blocking(move || Ok(describe(shell, &catalog, &comparison, found))).await?;
    if page.n_waiting > 0 { passing(&page) } else { render(&headers, &page) }
}

/// What is known so far.
struct Found {
    outcomes: Vec<(Question, Arc<Outcome>)>,
    failures: Vec<String>,
    n_waiting: usize,
}

fn describe(shell: Shell, catalog: &Catalog, comparison: &Comparison, found: Found) -> ComparePage {
    let Comparison { sample, names, questions, target } = comparison;
    let (lead, above) = (lead_time_min(target), threshold(target));
    let offered = choices(catalog, sample.field);
    let is_chosen = |name: &String| names.contains(name);
    let nowcasting = questions.first().and_then(|q| q.cards.checkpoint.nowcasting.clone());
    let leads = nowcasting.map_or_else(Vec::new, |task| task.lead_times_min);
    let tables: Vec<_> = found.outcomes.iter().map(|(_, outcome)| of_outcome(outcome)).collect();
    let rows = rows(&found.outcomes, &tables, sample.field, (lead, above));
    ComparePage {
        shell,
        sample_page: sample_page(&sample.id),
        sample: sample.id.clone(),
        what: what(sample.field),
        lead_time_min: lead,
        threshold: above,
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
