//! `/scenes/{id}/thumbnail.png`: a scene as a small picture, always encoded anew.

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};

use super::query::find_scene;
use crate::plot::scene::thumbnail;
use crate::web::caching::EntityTag;
use crate::web::recent::Recent;
use crate::web::{AppError, AppState};

/// Pixels of the longer side: twice what pages show, for fine screens.
const SIDE_PX: usize = 320;
/// About 100 kB each.
const N_THUMBNAILS: usize = 256;

/// The last thumbnails by the ids of their scenes: to decode a large picture takes a second.
pub struct Thumbnails(Recent<String, Vec<u8>>);

impl Default for Thumbnails {
    fn default() -> Self {
        Self(Recent::new(N_THUMBNAILS))
    }
}

pub async fn show(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let scene = find_scene(&state.catalog, &id)?;
    let tag = EntityTag::of(&["thumbnail", &scene.sha256]);
    if tag.is_known(&headers) {
        return Ok(tag.not_modified());
    }
    let picture = match state.thumbnails.0.get(&scene.id) {
        Some(picture) => picture,
        None => draw(&state, scene.id).await?,
    };
    let mut response = tag.attach(([(CONTENT_TYPE, "image/png")], picture).into_response());
    // The address holds the hash of what it shows.
    let day = HeaderValue::from_static("private, max-age=86400");
    response.headers_mut().insert(CACHE_CONTROL, day);
    Ok(response)
}

async fn draw(state: &AppState, id: String) -> Result<Vec<u8>, AppError> {
    let catalog = state.catalog.clone();
    let wanted = id.clone();
    let picture =
        state.decoding(move || Ok(thumbnail(&catalog.scenes().picture(&wanted)?, SIDE_PX))).await?;
    state.thumbnails.0.put(id, picture.clone());
    Ok(picture)
}
