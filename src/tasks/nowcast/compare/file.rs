//! The scores of a comparison as a file: of the same forecasts as the table of its page, with all scores and counts.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use stormlens_data::card::Part;
use stormlens_data::outcome::Outcome;
use stormlens_data::score::{MODEL, ScoreRow, ScoreTable};

use super::{Comparison, NETWORKS, PATH};
use crate::parameters::{Parameters, QuestionError};
use crate::tasks::nowcast::Nowcasts;
use crate::tasks::nowcast::question::{lead_time_min, threshold};
use crate::tasks::nowcast::samples::Samples;
use crate::tasks::nowcast::scores::{of_outcome_above, references};
use crate::tasks::nowcast::split::Membership;
use crate::web::figures::attachment;
use crate::web::{AppError, AppState};

/// How the scores are written.
#[derive(Clone, Copy, Debug)]
pub enum FileKind {
    Csv,
    Json,
}

impl FileKind {
    pub const ALL: [Self; 2] = [Self::Csv, Self::Json];

    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Csv => "All scores, CSV",
            Self::Json => "All scores, JSON",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
        }
    }

    /// Its path, without what is compared.
    pub fn path(self) -> String {
        format!("{PATH}.{}", self.ending())
    }

    /// The address of the file of a comparison.
    pub(super) fn address(self, comparison: &Comparison) -> String {
        format!("{}?{}", self.path(), comparison.to_query())
    }
}

/// On a page a network without that lead time is marked; a file would be silent about it.
fn check_all_are_there(
    parameters: &Parameters,
    comparison: &Comparison,
) -> Result<(), QuestionError> {
    let is_there = |name: &str| comparison.names.iter().any(|known| known == name);
    match parameters.list(NETWORKS).into_iter().find(|name| !is_there(name)) {
        None => Ok(()),
        Some(name) => {
            let message = format!(
                "names {name}, which has no such lead time: leave it out, or choose another lead-time"
            );
            Err(QuestionError::parameter(NETWORKS, message))
        }
    }
}

/// The file, computed while the client waits as far as results are not there yet.
pub async fn show(
    task: Arc<Nowcasts>,
    State(state): State<AppState>,
    kind: FileKind,
    RawQuery(raw): RawQuery,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(raw.as_deref());
    let comparison = Comparison::read(&parameters, &task, &state.catalog)?;
    check_all_are_there(&parameters, &comparison)?;
    let mut outcomes = Vec::new();
    for question in &comparison.questions {
        let way = state.way(question);
        outcomes.push(state.outcome(question.request.clone(), &way).await?);
    }
    let (lead, above) = (lead_time_min(&comparison.target), threshold(&comparison.target));
    let sample = &comparison.sample.id;
    let name = format!("comparison-{sample}-{lead}min-above-{above}.{}", kind.ending());
    let write = move || match lines(&task.samples, &comparison, &outcomes) {
        lines if lines.is_empty() => Err(unobserved(&comparison)),
        lines => written(kind, &comparison, &lines),
    };
    let text = state.writing(write).await?;
    let mut response = ([(CONTENT_TYPE, kind.media_type())], text).into_response();
    if let Some(value) = attachment(&name) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

fn unobserved(comparison: &Comparison) -> AppError {
    AppError::NotInResult {
        what: "there are no scores, since nothing was observed at this lead time".to_owned(),
        remedy: "Choose an earlier sample or a shorter lead time".to_owned(),
        back: comparison.page(),
    }
}

/// The scores of a forecast, and what its weights have seen of the sample; `None` of those without weights.
struct Line {
    row: ScoreRow,
    part: Option<Part>,
}

/// The networks by `model/checkpoint`, then the reference forecasts; nothing where nothing was observed.
fn lines(samples: &Samples, comparison: &Comparison, outcomes: &[Arc<Outcome>]) -> Vec<Line> {
    let Comparison { sample, names, questions, target, .. } = comparison;
    let (lead, above) = (lead_time_min(target), threshold(target));
    let tables: Vec<_> = outcomes.iter().map(|found| of_outcome_above(found, above)).collect();
    let row = |table: &Option<ScoreTable>, which: &str| {
        table.as_ref().and_then(|table| table.row(which, Some(lead), above)).cloned()
    };
    let mut lines = Vec::new();
    for ((name, question), table) in names.iter().zip(questions).zip(&tables) {
        let Some(mut row) = row(table, MODEL) else { continue };
        row.forecast.clone_from(name);
        let part = Membership::new(samples, &question.cards.checkpoint).part(sample);
        lines.push(Line { row, part: Some(part) });
    }
    // All results have the same reference forecasts.
    let (first, table) = (outcomes.first(), tables.first());
    let beside = first.into_iter().flat_map(|outcome| references(outcome));
    let beside = beside.filter_map(|variable| row(table?, &variable.name));
    lines.extend(beside.map(|row| Line { row, part: None }));
    lines
}

fn written(kind: FileKind, comparison: &Comparison, lines: &[Line]) -> Result<String, AppError> {
    let rows = lines.iter().map(|line| line.row.clone()).collect();
    let table = ScoreTable { field: comparison.sample.field, rows };
    let parts = || lines.iter().map(|line| line.part.map(Part::name));
    match kind {
        FileKind::Csv => Ok(csv(&table, parts())),
        FileKind::Json => {
            json(&table, parts()).map_err(|error| AppError::Internal(error.to_string()))
        }
    }
}

fn csv(table: &ScoreTable, parts: impl Iterator<Item = Option<&'static str>>) -> String {
    let last = std::iter::once("split").chain(parts.map(Option::unwrap_or_default));
    let text = table.to_csv();
    text.lines().zip(last).map(|(line, last)| format!("{line},{last}\n")).collect()
}

fn json(
    table: &ScoreTable,
    parts: impl Iterator<Item = Option<&'static str>>,
) -> serde_json::Result<String> {
    let mut value = serde_json::to_value(table)?;
    let rows = value.get_mut("rows").and_then(Value::as_array_mut);
    for (row, part) in rows.into_iter().flatten().zip(parts) {
        row["split"] = part.into();
    }
    serde_json::to_string(&value)
}
