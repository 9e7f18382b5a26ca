//! `/scenes/{id}/thumbnail.jpg`: a scene as a small picture, always encoded anew. Speckle does not pack
//! without losses: as a PNG it is six times as large.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use image::codecs::jpeg::JpegEncoder;
use image::{ImageError, ImageFormat};

use super::SceneTask;
use super::question::find;
use super::scenes::{SceneEntry, Scenes};
use crate::parameters::{Parameters, encode};
use crate::web::caching::{EntityTag, VERSION, Version};
use crate::web::pictures::{self, Pictures};
use crate::web::{AppError, AppState};
use stormlens_plot::picture_thumbnail;

/// Pixels of the longer side: more than pages show, for fine screens.
const SIDE_PX: usize = 320;
/// Of a JPEG, from 1 to 100. Nothing is read off a picture this small.
const QUALITY: u8 = 85;

pub async fn show(
    task: Arc<SceneTask>,
    State(state): State<AppState>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(query.as_deref());
    parameters.only(&[VERSION])?;
    let scene = find(&task.scenes, &id)?;
    let key = key(&scene);
    let tag = key.clone().lasting_if(parameters.one(VERSION)?, &version());
    let picture = state.decoding(move || draw(&task.scenes, &scene));
    pictures::respond(&state, &headers, "image/jpeg", (key, tag), picture).await
}

/// The address of a scene's small picture. The id is the beginning of a hash of what it shows.
pub fn address(id: &str) -> String {
    format!("/scenes/{}/thumbnail.jpg?{VERSION}={}", encode(id), version().as_str())
}

fn version() -> Version {
    Version::of(&["scene"])
}

fn key(SceneEntry { sha256, coding, .. }: &SceneEntry) -> EntityTag {
    EntityTag::of(&["scene", sha256, coding.values.name(), coding.bands.name()])
}

fn draw(scenes: &Scenes, SceneEntry { id, coding, .. }: &SceneEntry) -> Result<Vec<u8>, AppError> {
    let small = picture_thumbnail(&scenes.picture(id, *coding)?.picture, SIDE_PX);
    pack(&small).map_err(|error| AppError::Internal(format!("no thumbnail of {id}: {error}")))
}

/// A PNG as a JPEG.
fn pack(png: &[u8]) -> Result<Vec<u8>, ImageError> {
    let picture = image::load_from_memory_with_format(png, ImageFormat::Png)?.into_rgb8();
    let mut jpeg = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY))?;
    Ok(jpeg)
}

/// Draws the picture of a sample.
pub fn prepare(scenes: &Scenes, pictures: &Pictures, scene: &SceneEntry) {
    if let Ok(picture) = draw(scenes, scene) {
        pictures.put(key(scene), picture);
    }
}
