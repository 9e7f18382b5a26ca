//! One file a page: its struct holds exactly what its template shows.

pub mod about;
pub mod compare;
pub mod home;
pub mod models;
pub mod progress;
pub mod result;
pub mod sample;
pub mod samples;
pub mod scene;
pub mod scenes;

use askama::Template;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use stormlens_data::outcome::Provenance;

use super::caching::EntityTag;
use super::shell::Shell;
use super::{AppError, AppState};

/// The page as a response, or the word that the browser has it: a page is written in less time than a
/// browser takes to read it, so its tag is that of all that it says.
fn render(headers: &HeaderMap, page: &impl Template) -> Result<Response, AppError> {
    let text = page.render()?;
    let tag = EntityTag::of(&["page", &text]);
    if tag.is_known(headers) {
        return Ok(tag.not_modified());
    }
    Ok(tag.attach(Html(text).into_response()))
}

/// A page that says how far something is, and is wrong in the next moment.
fn passing(page: &impl Template) -> Result<Response, AppError> {
    let headers = [(CACHE_CONTROL, "no-store")];
    Ok((StatusCode::ACCEPTED, headers, Html(page.render()?)).into_response())
}

/// The page of a result at an address: as the browser has it, as it was rendered before, or rendered
/// now. What the frame of the page says of the device is part of the page.
async fn of_result(
    state: &AppState,
    headers: &HeaderMap,
    (address, shell, provenance): (&str, &Shell, &Provenance),
    render: impl FnOnce() -> Result<String, AppError> + Send + 'static,
) -> Result<Response, AppError> {
    let address = format!("{address}{} {}", shell.device, shell.device_reason);
    let tag = EntityTag::of_result(&address, provenance);
    if tag.is_known(headers) {
        return Ok(tag.not_modified());
    }
    let page = match state.result_pages.get(&tag) {
        Some(page) => page,
        None => {
            let (pages, key) = (state.result_pages.clone(), tag.clone());
            // Of many who wait for one new page the first renders it: the others look again once it
            // is their turn.
            let make = move || match pages.get(&key) {
                Some(page) => Ok(page),
                None => render().inspect(|page: &String| pages.put(key, page.clone())),
            };
            state.blocking(make).await?
        }
    };
    Ok(tag.attach(Html(page).into_response()))
}
