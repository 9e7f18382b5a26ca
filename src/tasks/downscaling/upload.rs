//! `POST /rain`: a file of fields from a form, with what its visitor says of it and heights of his own. Files are opened
//! once to prove that they hold rain and heights; what they make is listed before anything is computed.

mod form;
mod refusal;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{EXPECT, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use self::form::read;
use self::refusal::refused;
use super::fields::Entry;
use super::list::page_of;
use super::{DownscalingTask, SECTION};
use crate::web::upload::Meter;
use crate::web::{AppError, AppState, wants_page};

pub async fn receive(
    task: Arc<DownscalingTask>,
    State(state): State<AppState>,
    request: Request,
) -> Result<Response, AppError> {
    let (parts, body) = request.into_parts();
    let max_bytes = task.limits.max_bytes(task.max_file_bytes);
    let meter = Meter::new(body, task.limits, max_bytes, task.crowd.clone());
    let read = read(&task, &parts.headers, &meter).await;
    // Who asks first whether to send has not begun yet.
    if read.is_err() && !parts.headers.contains_key(EXPECT) {
        meter.drain().await;
    }
    let form = read?;
    let taken = task.clone();
    let add = move || Ok(taken.fields.add(form.rain, form.each_hours, form.heights));
    let entries = state.blocking(add).await?.map_err(refused)?;
    Ok(answer(&state, &entries, &parts.headers))
}

/// What a program is told of its upload.
#[derive(Serialize)]
struct Receipt {
    /// Where to go on.
    page: String,
    sums: Vec<ReceivedSum>,
}

#[derive(Serialize)]
struct ReceivedSum {
    id: String,
    variable: String,
    end: jiff::Timestamp,
    hours: i64,
    page: String,
}

/// 303 for a browser, 201 for a program. A single sum leads to its page, several to the list of them.
fn answer(state: &AppState, entries: &[Entry], headers: &HeaderMap) -> Response {
    let page = match entries {
        [only] => page_of(&only.id),
        [first, ..] => format!("{}/of/{}", SECTION.href, first.file_id()),
        [] => SECTION.href.to_owned(),
    };
    if wants_page(headers) {
        return (StatusCode::SEE_OTHER, [(LOCATION, page)]).into_response();
    }
    let sum = |entry: &Entry| ReceivedSum {
        id: entry.id.clone(),
        variable: entry.what.clone(),
        end: entry.end,
        hours: entry.hours,
        page: state.public_path(page_of(&entry.id)),
    };
    let sums = entries.iter().map(sum).collect();
    let receipt = Receipt { page: state.public_path(page.clone()), sums };
    (StatusCode::CREATED, [(LOCATION, page)], Json(receipt)).into_response()
}
