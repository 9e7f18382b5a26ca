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
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Response};
use stormlens_data::outcome::Provenance;

use super::caching::EntityTag;
use super::shell::Shell;
use super::{AppError, AppState};

/// The page as a response.
fn render(page: &impl Template) -> Result<Response, AppError> {
    Ok(Html(page.render()?).into_response())
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
            let page = state.blocking(render).await?;
            state.result_pages.put(tag.clone(), page.clone());
            page
        }
    };
    Ok(tag.attach(Html(page).into_response()))
}
