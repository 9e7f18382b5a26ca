//! `/v1/result/{file}` and `/v1/result/data/{variable}.{json|f32|csv|npy}`: a result as files, whole or
//! variable by variable.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use stormlens_data::outcome::Outcome;

use super::caching::{EntityTag, VERSION, Version};
use super::figures::attachment;
use super::{AppError, AppState};
use crate::export::{self, Source};
use crate::parameters::{Parameters, QuestionError};
use crate::question::Question;

/// How a single variable is written: extension, media type, and the bytes.
type Form =
    (&'static str, &'static str, fn(&Outcome, usize) -> Result<Vec<u8>, export::ExportError>);

const CSV: &str = "text/csv; charset=utf-8";

const FORMS: [Form; 4] = [
    ("json", "application/json", |outcome, i| export::json_head(outcome, &outcome.variables[i])),
    ("f32", "application/octet-stream", |outcome, i| Ok(export::float32(&outcome.variables[i]))),
    ("csv", CSV, |outcome, i| Ok(export::csv(&outcome.variables[i]).into_bytes())),
    ("npy", "application/octet-stream", |outcome, i| export::npy(&outcome.variables[i])),
];

/// One of the files about a whole result.
pub async fn show(
    State(state): State<AppState>,
    Path(file): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let (question, outcome, tag) = find(&state, raw.as_deref(), &file).await?;
    let tables = question.task.tables(&outcome);
    let kind = export::FILES.iter().find(|kind| kind.name == file);
    let table = tables.iter().find(|table| table.name == file);
    if kind.is_none() && table.is_none() {
        let kinds = export::FILES.iter().map(|kind| kind.name);
        let names = kinds.chain(tables.iter().map(|table| table.name.as_str()));
        return Err(QuestionError::unknown("file", &file, names).into());
    }
    if tag.is_known(&headers) {
        return Ok(tag.not_modified());
    }
    let name = format!("{}-{file}", question.task.title(&question.request.subject));
    if let Some(table) = table {
        return Ok(respond(CSV, table.bytes.clone(), Some(&name), &tag));
    }
    let Some(kind) = kind else { return Err(AppError::Internal(format!("no file {file}"))) };
    let write = move || {
        let source = Source {
            outcome: &outcome,
            card: &question.cards.model,
            methods: question.methods(),
            layers: &question.layers,
            style: &question.style,
            extra: &tables,
        };
        Ok((kind.write)(&source)?)
    };
    let bytes = state.blocking(write).await?;
    Ok(respond(kind.media_type, bytes, Some(&name), &tag))
}

/// One variable.
pub async fn variable(
    State(state): State<AppState>,
    Path(file): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let known = || FORMS.iter().map(|form| format!("VARIABLE.{}", form.0));
    let form = file.rsplit_once('.').and_then(|(name, extension)| {
        Some((name.to_owned(), *FORMS.iter().find(|form| form.0 == extension)?))
    });
    let Some((name, (_, media_type, write))) = form else {
        return Err(QuestionError::unknown("file", &file, known()).into());
    };
    let (_, outcome, tag) = find(&state, raw.as_deref(), &file).await?;
    let names = || outcome.variables.iter().map(|variable| variable.name.as_str());
    let Some(place) = outcome.variables.iter().position(|variable| variable.name == name) else {
        return Err(QuestionError::unknown("variable", &name, names()).into());
    };
    if tag.is_known(&headers) {
        return Ok(tag.not_modified());
    }
    let bytes = state.blocking(move || Ok(write(&outcome, place)?)).await?;
    // What a page reads is not saved.
    let name = (!matches!(media_type, "application/json")).then_some(file.as_str());
    Ok(respond(media_type, bytes, name, &tag))
}

/// The question of an address, its outcome, and the tag of a file at it.
async fn find(
    state: &AppState,
    raw: Option<&str>,
    file: &str,
) -> Result<(Question, Arc<Outcome>, EntityTag), AppError> {
    let parameters = Parameters::parse(raw);
    let question = Question::read(&parameters, &state.catalog, &[VERSION])?;
    let version = parameters.one(VERSION)?.map(str::to_owned);
    let outcome = state.outcome(question.request.clone(), &state.way(&question)).await?;
    let tag = EntityTag::of_result(&format!("{file} {}", question.to_query()), &outcome.provenance);
    let present = Version::of_result(&outcome.provenance);
    Ok((question, outcome, tag.lasting_if(version.as_deref(), &present)))
}

fn respond(
    media_type: &'static str,
    bytes: Vec<u8>,
    name: Option<&str>,
    tag: &EntityTag,
) -> Response {
    let mut response = ([(CONTENT_TYPE, media_type)], bytes).into_response();
    if let Some(value) = name.and_then(attachment) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    tag.attach(response)
}
