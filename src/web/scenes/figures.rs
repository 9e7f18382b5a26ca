//! `/scenes/{id}/figure/{figure}.{svg|png|pdf}`: one figure of a scene, drawn on request.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use stormlens_data::outcome::SceneOutcome;

use super::query::SceneQuery;
use crate::export::Recipe;
use crate::plot::scene::{self, SceneFigure, SceneStyle};
use crate::web::figures::{Kind, SHEET_NAMES, Sheet, parse_file, refuse, respond, write};
use crate::web::parameters::Parameters;
use crate::web::{AppError, AppState};

pub async fn show(
    State(state): State<AppState>,
    Path((id, file)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let (figure, kind) = parse_file::<SceneFigure>(&file, &SceneFigure::NAMES)?;
    let parameters = Parameters::parse(raw.as_deref());
    parameters.only(&[&SceneQuery::names()[..], &SHEET_NAMES].concat())?;
    let query = SceneQuery::read(&id, &parameters, &state.catalog)?;
    let sheet = Sheet::read(&parameters)?;
    let outcome = state.scene(&query).await?;
    let style = style(&state, &query, &sheet)?;
    let address = format!("{file} {} {style:?} {}", query.page(), sheet.medium());
    let tag = sheet.tag(&address, &outcome.provenance);
    if tag.is_known(&headers) {
        return Ok(tag.not_modified());
    }
    let name = sheet.download.then(|| format!("{id}-{file}"));
    let page = query.page();
    let bytes = state.blocking(move || draw(&outcome, &figure, &style, kind, &sheet, page)).await?;
    Ok(tag.attach(respond(kind, bytes, name)))
}

fn style(state: &AppState, query: &SceneQuery, sheet: &Sheet) -> Result<SceneStyle, AppError> {
    let model = state.catalog.model(&query.request.model).ok_or(AppError::NoNetworks)?;
    let style = query.style(model);
    let width_mm = sheet.width_mm.unwrap_or(style.width_mm);
    Ok(SceneStyle { width_mm, theme: sheet.theme, ..style })
}

fn draw(
    outcome: &Arc<SceneOutcome>,
    figure: &SceneFigure,
    style: &SceneStyle,
    kind: Kind,
    sheet: &Sheet,
    page: String,
) -> Result<Vec<u8>, AppError> {
    let svg = scene::draw(outcome, figure, style).map_err(|error| refuse(error, page))?;
    write(kind, &svg, sheet, &Recipe::of_scene(outcome, figure, style))
}
