//! `/v1/result/{file}`, `/v1/result/data/{variable}.{json|f32|csv|npy}` and
//! `/v1/result/data/{variable}@{index}.tif`: a result as files, whole, variable by variable, map by map.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use stormlens_data::hash::sha256;
use stormlens_data::outcome::{Outcome, Provenance, Variable};
use stormlens_data::request::Request;

use super::caching::{EntityTag, VERSION, Version};
use super::figures::attachment;
use super::result::page;
use super::{AppError, AppState};
use crate::export::{self, ExportError, Source};
use crate::parameters::{Parameters, QuestionError};
use crate::question::Question;

/// How a variable of a result, or one of its maps, is written.
#[derive(Clone, Copy)]
struct Form {
    extension: &'static str,
    media_type: &'static str,
    write: fn(&Outcome, &Variable, usize) -> Result<Vec<u8>, ExportError>,
}

const CSV: &str = "text/csv; charset=utf-8";
const BYTES: &str = "application/octet-stream";
const GEOTIFF: &str = "tif";

const FORMS: [Form; 5] = [
    form("json", "application/json", |outcome, variable, _| export::json_head(outcome, variable)),
    form("f32", BYTES, |_, variable, _| Ok(export::float32(variable))),
    form("csv", CSV, |_, variable, _| Ok(export::csv(variable).into_bytes())),
    form("npy", BYTES, |_, variable, _| export::npy(variable)),
    form(GEOTIFF, "image/tiff", |outcome, variable, index| {
        export::geotiff(outcome, variable, index)
    }),
];

const fn form(
    extension: &'static str,
    media_type: &'static str,
    write: fn(&Outcome, &Variable, usize) -> Result<Vec<u8>, ExportError>,
) -> Form {
    Form { extension, media_type, write }
}

/// One of the files about a whole result.
pub async fn show(
    State(state): State<AppState>,
    Path(file): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(raw.as_deref());
    let question = Question::read(&parameters, &state.catalog, &[VERSION])?;
    let kind = export::FILES.iter().find(|kind| kind.name == file);
    let table_names = question.task.table_names();
    if kind.is_none() && !table_names.contains(&file.as_str()) {
        let kinds = export::FILES.iter().map(|kind| kind.name);
        let names = kinds.chain(table_names.iter().copied());
        return Err(QuestionError::unknown("file", &file, names).into());
    }
    let (outcome, tag) = find(&state, &question, &parameters, &file).await?;
    if tag.is_known(&headers) {
        return Ok(tag.not_modified());
    }
    let tables = question.task.tables(&outcome);
    let name = saved_name(&question, &outcome.provenance, &file);
    let Some(kind) = kind else {
        let table = tables.into_iter().find(|table| table.name == file);
        let table = table.ok_or_else(|| not_in_result(&file, &question))?;
        return Ok(respond(CSV, table.bytes, Some(&name), &tag));
    };
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
    let bytes = state.writing(write).await?;
    Ok(respond(kind.media_type, bytes, Some(&name), &tag))
}

/// One variable.
pub async fn variable(
    State(state): State<AppState>,
    Path(file): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let known = || {
        FORMS.iter().map(|Form { extension, .. }| match *extension {
            GEOTIFF => format!("VARIABLE@INDEX.{GEOTIFF}"),
            extension => format!("VARIABLE.{extension}"),
        })
    };
    let Some((name, index, Form { extension, media_type, write })) = parse_file(&file) else {
        return Err(QuestionError::unknown("file", &file, known()).into());
    };
    let parameters = Parameters::parse(raw.as_deref());
    let question = Question::read(&parameters, &state.catalog, &[VERSION])?;
    let (outcome, tag) = find(&state, &question, &parameters, &file).await?;
    let names = || outcome.variables.iter().map(|variable| variable.name.as_str());
    let Some(place) = outcome.variables.iter().position(|variable| variable.name == name) else {
        return Err(QuestionError::unknown("variable", name, names()).into());
    };
    let n_maps = outcome.variables[place].n_maps();
    if extension == GEOTIFF && index >= n_maps {
        let indices = (0..n_maps).map(|index| format!("{name}@{index}"));
        return Err(QuestionError::unknown("map", &format!("{name}@{index}"), indices).into());
    }
    if tag.is_known(&headers) {
        return Ok(tag.not_modified());
    }
    let name_of_file = saved_name(&question, &outcome.provenance, &file);
    let write = move || Ok(write(&outcome, &outcome.variables[place], index)?);
    let bytes = state.blocking(write).await?;
    // What a page reads is not saved.
    let name = (!matches!(media_type, "application/json")).then_some(name_of_file.as_str());
    Ok(respond(media_type, bytes, name, &tag))
}

/// The name under which a file is saved, so that files of different questions lie side by side:
/// `SAMPLE-NETWORK-WEIGHTS-LEAD-FILE-HASH.csv`. The hash is of all that was asked for, of the weights and of the
/// data, so it differs wherever the numbers may.
pub fn saved_name(question: &Question, provenance: &Provenance, file: &str) -> String {
    let (stem, extension) = file.rsplit_once('.').unwrap_or((file, ""));
    let asked = question.to_query();
    let parts = [&asked, &provenance.weights_sha256, &provenance.data_sha256];
    let hash = &sha256(parts.map(String::as_str).join("\n").as_bytes())[..8];
    let title = question.task.title(&question.request.subject);
    let target = question.task.target_in_names(&question.target, &question.cards);
    let Request { model, checkpoint, .. } = &question.request;
    let parts = [title.as_str(), model, checkpoint, &target, stem, hash];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{}.{extension}", parts.join("-"))
}

/// Name of a variable, which of its maps, and the form that the last part of an address asks for.
fn parse_file(file: &str) -> Option<(&str, usize, Form)> {
    let (name, extension) = file.rsplit_once('.')?;
    let form = *FORMS.iter().find(|form| form.extension == extension)?;
    match name.split_once('@') {
        Some((name, index)) if extension == GEOTIFF => Some((name, index.parse().ok()?, form)),
        None if extension != GEOTIFF => Some((name, 0, form)),
        _ => None,
    }
}

/// A table that the task has, but not of this result.
fn not_in_result(file: &str, question: &Question) -> AppError {
    AppError::NotInResult {
        what: format!("this result has no {file}"),
        remedy: "Choose one of the files on the page of the result".to_owned(),
        back: page(question),
    }
}

/// The outcome of a question, and the tag of a file of it.
async fn find(
    state: &AppState,
    question: &Question,
    parameters: &Parameters,
    file: &str,
) -> Result<(Arc<Outcome>, EntityTag), AppError> {
    let version = parameters.one(VERSION)?;
    let outcome = state.outcome(question.request.clone(), &state.way(question)).await?;
    let tag = EntityTag::of_result(&format!("{file} {}", question.to_query()), &outcome.provenance);
    let present = Version::of_result(&outcome.provenance);
    Ok((outcome, tag.lasting_if(version, &present)))
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
