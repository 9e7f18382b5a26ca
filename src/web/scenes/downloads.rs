//! `/scenes/{id}/…`: arrays and whole results as files.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use stormlens_data::card::ModelCard;
use stormlens_data::outcome::SceneOutcome;

use super::query::SceneQuery;
use crate::export::scene::{self as export, SceneBundle};
use crate::plot::scene::{SceneFigure, SceneStyle};
use crate::web::caching::EntityTag;
use crate::web::downloads::member;
use crate::web::figures::attachment;
use crate::web::parameters::Parameters;
use crate::web::{AppError, AppState};

/// The resolution of the bundle's PNG figures.
const BUNDLE_DPI: u32 = 300;

/// A file about a whole result.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    media_type: &'static str,
    write: fn(&Source) -> Result<Vec<u8>, AppError>,
}

const KINDS: [Kind; 4] = [
    Kind { name: "arrays.npz", media_type: "application/zip", write: arrays },
    Kind { name: "provenance.json", media_type: "application/json", write: provenance },
    Kind { name: "citations.bib", media_type: "text/plain; charset=utf-8", write: citations },
    Kind { name: "bundle.zip", media_type: "application/zip", write: bundle },
];

/// What files are written from.
struct Source {
    outcome: Arc<SceneOutcome>,
    model: ModelCard,
    layers: Vec<String>,
    style: SceneStyle,
}

pub async fn show(
    State(state): State<AppState>,
    Path((id, file)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let Some(&kind) = KINDS.iter().find(|kind| kind.name == file) else {
        return Err(AppError::unknown("file", &file, KINDS.map(|kind| kind.name)));
    };
    send(&state, &id, raw.as_deref(), &headers, &file, kind.media_type, kind.write).await
}

/// `/scenes/{id}/array/{name}.npy`: one array of `arrays.npz`, by its name there.
pub async fn array(
    State(state): State<AppState>,
    Path((id, file)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let wanted = file.clone();
    let write = move |source: &Source| member(&arrays(source)?, &wanted);
    send(&state, &id, raw.as_deref(), &headers, &file, "application/octet-stream", write).await
}

/// Parses the question, finds or computes its outcome, and writes a file from it.
async fn send(
    state: &AppState,
    id: &str,
    raw: Option<&str>,
    headers: &HeaderMap,
    file: &str,
    media_type: &'static str,
    write: impl FnOnce(&Source) -> Result<Vec<u8>, AppError> + Send + 'static,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(raw);
    parameters.only(&SceneQuery::names())?;
    let query = SceneQuery::read(id, &parameters, &state.catalog)?;
    let outcome = state.scene(&query).await?;
    let tag = EntityTag::of_result(&format!("{file} {}", query.page()), &outcome.provenance);
    if tag.is_known(headers) {
        return Ok(tag.not_modified());
    }
    let source = source(state, &query, outcome)?;
    let bytes = state.blocking(move || write(&source)).await?;
    let mut response = ([(CONTENT_TYPE, media_type)], bytes).into_response();
    if let Some(value) = attachment(&format!("{id}-{file}")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    Ok(tag.attach(response))
}

fn source(
    state: &AppState,
    query: &SceneQuery,
    outcome: Arc<SceneOutcome>,
) -> Result<Source, AppError> {
    let model = state.catalog.model(&query.request.model).ok_or(AppError::NoNetworks)?.clone();
    let (style, layers) = (query.style(&model), query.layers.clone());
    Ok(Source { outcome, model, layers, style })
}

fn arrays(source: &Source) -> Result<Vec<u8>, AppError> {
    Ok(export::npz(&source.outcome)?)
}

fn provenance(source: &Source) -> Result<Vec<u8>, AppError> {
    Ok(export::origin(&source.outcome)?)
}

fn citations(source: &Source) -> Result<Vec<u8>, AppError> {
    Ok(export::bibtex(&source.outcome, &source.model, &source.style).into_bytes())
}

fn bundle(source: &Source) -> Result<Vec<u8>, AppError> {
    let figures = SceneFigure::of(&source.outcome, &source.layers);
    Ok(export::bundle(&SceneBundle {
        outcome: &source.outcome,
        card: &source.model,
        figures: &figures,
        style: &source.style,
        dpi: BUNDLE_DPI,
    })?)
}
