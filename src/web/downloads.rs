//! `/result/…`: tables, arrays and whole results as files.

use std::io::{Cursor, Read};
use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use stormlens_data::card::ModelCard;
use stormlens_data::files::netcdf;
use stormlens_data::outcome::NowcastOutcome;
use stormlens_data::score::DEFAULT_THRESHOLDS_MM_H;
use zip::ZipArchive;

use super::caching::EntityTag;
use super::figures::attachment;
use super::parameters::Parameters;
use super::result_query::{self, ResultQuery};
use super::{AppError, AppState, scores};
use crate::export::{self, Bundle};
use crate::plot::{Figure, Style};

/// The resolution of the bundle's PNG figures.
const BUNDLE_DPI: u32 = 300;

/// A file about a whole result.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    media_type: &'static str,
    write: fn(&Source) -> Result<Vec<u8>, AppError>,
}

const KINDS: [Kind; 6] = [
    Kind { name: "scores.csv", media_type: "text/csv; charset=utf-8", write: score_table },
    Kind { name: "arrays.npz", media_type: "application/zip", write: arrays },
    Kind { name: "fields.nc", media_type: "application/x-netcdf", write: fields },
    Kind { name: "provenance.json", media_type: "application/json", write: provenance },
    Kind { name: "citations.bib", media_type: "text/plain; charset=utf-8", write: citations },
    Kind { name: "bundle.zip", media_type: "application/zip", write: bundle },
];

/// What files are written from.
struct Source {
    outcome: Arc<NowcastOutcome>,
    model: ModelCard,
    layers: Vec<String>,
    style: Style,
    page: String,
}

pub async fn show(
    State(state): State<AppState>,
    Path(file): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let Some(&kind) = KINDS.iter().find(|kind| kind.name == file) else {
        return Err(AppError::unknown("file", &file, KINDS.map(|kind| kind.name)));
    };
    send(&state, raw.as_deref(), &headers, &file, kind.media_type, kind.write).await
}

/// Parses the question, finds or computes its outcome, and writes a file from it.
async fn send(
    state: &AppState,
    raw: Option<&str>,
    headers: &HeaderMap,
    file: &str,
    media_type: &'static str,
    write: impl FnOnce(&Source) -> Result<Vec<u8>, AppError> + Send + 'static,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(raw);
    parameters.only(&result_query::NAMES)?;
    let query = ResultQuery::read(&parameters, &state.catalog)?;
    let outcome = state.nowcast(&query).await?;
    let tag = EntityTag::of_result(&format!("{file} {}", query.to_query()), &outcome.provenance);
    if tag.is_known(headers) {
        return Ok(tag.not_modified());
    }
    let source = source(state, &query, outcome)?;
    let bytes = state.blocking(move || write(&source)).await?;
    let mut response = ([(CONTENT_TYPE, media_type)], bytes).into_response();
    if let Some(value) = attachment(&format!("{}-{file}", query.request.sample)) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    Ok(tag.attach(response))
}

fn source(
    state: &AppState,
    query: &ResultQuery,
    outcome: Arc<NowcastOutcome>,
) -> Result<Source, AppError> {
    let model = state.catalog.model(&query.request.model).ok_or(AppError::NoNetworks)?.clone();
    let (style, layers, page) = (query.style(&model), query.layers.clone(), query.page());
    Ok(Source { outcome, model, layers, style, page })
}

fn score_table(source: &Source) -> Result<Vec<u8>, AppError> {
    match scores::of_forecast(&source.outcome.forecast) {
        Some(table) => Ok(table.to_csv().into_bytes()),
        None => Err(AppError::NotInResult {
            what: "score".to_owned(),
            remedy: "The archive ends before the valid time; choose an earlier sample".to_owned(),
            back: source.page.clone(),
        }),
    }
}

fn arrays(source: &Source) -> Result<Vec<u8>, AppError> {
    Ok(export::npz(&source.outcome)?)
}

fn fields(source: &Source) -> Result<Vec<u8>, AppError> {
    netcdf::to_bytes(&source.outcome, source.model.citations)
        .map_err(|error| AppError::Figure(error.to_string()))
}

fn provenance(source: &Source) -> Result<Vec<u8>, AppError> {
    Ok(export::origin(&source.outcome)?)
}

fn citations(source: &Source) -> Result<Vec<u8>, AppError> {
    Ok(export::bibtex(&source.outcome, &source.model, &source.style).into_bytes())
}

fn bundle(source: &Source) -> Result<Vec<u8>, AppError> {
    let figures = Figure::of(&source.outcome, &source.layers);
    Ok(export::bundle(&Bundle {
        outcome: &source.outcome,
        card: &source.model,
        figures: &figures,
        style: &source.style,
        dpi: BUNDLE_DPI,
        thresholds_mm_h: &DEFAULT_THRESHOLDS_MM_H,
    })?)
}

/// `/result/array/{name}.npy`: one array of `arrays.npz`, by its name there.
pub async fn array(
    State(state): State<AppState>,
    Path(file): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let wanted = file.clone();
    let write = move |source: &Source| member(&arrays(source)?, &wanted);
    send(&state, raw.as_deref(), &headers, &file, "application/octet-stream", write).await
}

/// One file out of a ZIP archive, which a `.npz` is.
pub fn member(archive: &[u8], name: &str) -> Result<Vec<u8>, AppError> {
    let broken = |error: &dyn std::fmt::Display| AppError::Internal(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(archive)).map_err(|error| broken(&error))?;
    let names: Vec<String> = archive.file_names().flatten().map(Into::into).collect();
    let is_array = name.ends_with(".npy") && names.iter().any(|known| known == name);
    if !is_array {
        let arrays = names.into_iter().filter(|known| known.ends_with(".npy"));
        return Err(AppError::unknown("array", name, arrays));
    }
    let mut bytes = Vec::new();
    let mut file = archive.by_name(name).map_err(|error| broken(&error))?;
    file.read_to_end(&mut bytes).map_err(|error| broken(&error))?;
    Ok(bytes)
}
