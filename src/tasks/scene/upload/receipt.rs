//! The answer to an upload: a page to go to, or a receipt for programs.

use axum::Json;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::{Received, With};
use crate::tasks::scene::list::first_page;
use crate::tasks::scene::problem::UploadProblem;
use crate::tasks::scene::refusals::RefusedFile;
use crate::tasks::scene::scenes::SceneEntry;
use crate::web::{AppError, wants_page};

/// What a program is told.
#[derive(Serialize)]
struct Receipt {
    /// The page to look at.
    page: String,
    scenes: Vec<ReceivedScene>,
    refused: Vec<RefusedFile>,
}

#[derive(Serialize)]
struct ReceivedScene {
    id: String,
    sha256: String,
    title: String,
    width_px: usize,
    height_px: usize,
    page: String,
}

/// 303 for a browser, 201 for a program, an error where nothing was taken.
pub(super) fn answer(
    with: With<'_>,
    received: Received,
    headers: &HeaderMap,
) -> Result<Response, AppError> {
    let Received { accepted, mut refused } = received;
    if accepted.is_empty() {
        return Err(match refused.len() {
            1 => UploadProblem::File(refused.remove(0)).into(),
            _ => UploadProblem::Files(refused).into(),
        });
    }
    let page = page(with, &accepted, &refused);
    if wants_page(headers) {
        return Ok((StatusCode::SEE_OTHER, [(LOCATION, page)]).into_response());
    }
    let scenes = accepted.into_iter().map(|entry| receipt(with, entry)).collect();
    let location = page.clone();
    let receipt = Json(Receipt { page: with.state.public_path(page), scenes, refused });
    Ok((StatusCode::CREATED, [(LOCATION, location)], receipt).into_response())
}

/// A single scene leads to its result, several to the table of them.
fn page(with: With<'_>, accepted: &[SceneEntry], refused: &[RefusedFile]) -> String {
    if let ([entry], []) = (accepted, refused) {
        return first_page(&with.state.catalog, entry);
    }
    let ids: Vec<_> = accepted.iter().map(|entry| entry.id.as_str()).collect();
    let page = format!("/scenes/compare?scenes={}", ids.join(","));
    match refused {
        [] => page,
        _ => format!("{page}&refused={}", with.task.refusals.put(refused.to_vec())),
    }
}

fn receipt(with: With<'_>, entry: SceneEntry) -> ReceivedScene {
    let page = with.state.public_path(first_page(&with.state.catalog, &entry));
    let SceneEntry { id, sha256, title, width_px, height_px, .. } = entry;
    ReceivedScene { id, sha256, title, width_px, height_px, page }
}
