//! Small pictures that lists show by the dozen: drawn once, and kept while there is room.

use std::thread;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::caching::EntityTag;
use super::recent::Recent;
use super::{AppError, AppState};
use crate::threads;

/// A radar frame takes some 5 kB, a scene some 20 kB.
const MAX_BYTES: usize = 32 << 20;

/// The last pictures by the tags of what they show.
pub struct Pictures(Recent<EntityTag, Bytes>);

impl Default for Pictures {
    fn default() -> Self {
        Self(Recent::with_room(MAX_BYTES, Bytes::len))
    }
}

impl Pictures {
    pub fn get(&self, key: &EntityTag) -> Option<Bytes> {
        self.0.get(key)
    }

    pub fn put(&self, key: EntityTag, picture: Vec<u8>) -> Bytes {
        let picture = Bytes::from(picture);
        self.0.put(key, picture.clone());
        picture
    }
}

/// A picture as a response: as the browser has it, as it was drawn before, or drawn now. The tag
/// `key` is that of what it shows, `tag` the same with what the address promises.
pub async fn respond(
    state: &AppState,
    headers: &HeaderMap,
    media_type: &'static str,
    (key, tag): (EntityTag, EntityTag),
    draw: impl Future<Output = Result<Vec<u8>, AppError>>,
) -> Result<Response, AppError> {
    if tag.is_known(headers) {
        return Ok(tag.not_modified());
    }
    let picture = match state.pictures.get(&key) {
        Some(picture) => picture,
        None => state.pictures.put(key, draw.await?),
    };
    Ok(tag.attach(([(CONTENT_TYPE, media_type)], picture).into_response()))
}

impl AppState {
    /// Draws what the first pages show, beside everything else, so that the first visitor does not
    /// wait for it. What cannot be drawn is left to whoever asks for it.
    pub fn prepare_pictures(&self) {
        let (pages, pictures) = (self.pages().cloned().collect::<Vec<_>>(), self.pictures.clone());
        let catalog = self.catalog.clone();
        let prepare = move || {
            threads::stand_behind();
            pages.iter().for_each(|pages| pages.prepare_pictures(&pictures, &catalog));
        };
        if let Err(error) = thread::Builder::new().name("pictures".to_owned()).spawn(prepare) {
            tracing::warn!(%error, "no pictures are prepared");
        }
    }
}
