//! Pictures of sums of rain.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use stormlens_data::field::{Field, GriddedField};
use stormlens_data::outcome::Colours;
use stormlens_plot::{RainPalette, Theme, thumbnail};

use super::{loaded, page_of};
use crate::parameters::Parameters;
use crate::tasks::downscaling::DownscalingTask;
use crate::tasks::downscaling::fields::Entry;
use crate::tasks::downscaling::map::{Ground, from_north};
use crate::web::caching::{EntityTag, VERSION, Version};
use crate::web::{AppError, AppState, pictures};

const PICTURE_PX: usize = 288;

pub fn picture_address(id: &str, theme: Theme) -> String {
    let version = Version::of(&["rain", id]);
    format!("{}/picture.png?theme={theme}&{VERSION}={}", page_of(id), version.as_str())
}

pub async fn picture(
    task: Arc<DownscalingTask>,
    State(state): State<AppState>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(query.as_deref());
    parameters.only(&["theme", VERSION])?;
    let theme = parameters.choice("theme", Theme::default())?;
    let entry = task.fields.find(&id)?;
    let version = Version::of(&["rain", &id]);
    let key = EntityTag::of(&["rain", &id, version.as_str(), theme.name()]);
    let tag = key.clone().lasting_if(parameters.one(VERSION)?, &version);
    let picture = state.blocking(move || draw(&task, &entry, theme));
    pictures::respond(&state, &headers, "image/png", (key, tag), picture).await
}

/// The part that is refined until somebody chooses, or all of it.
fn draw(task: &DownscalingTask, entry: &Entry, theme: Theme) -> Result<Vec<u8>, AppError> {
    let rain = loaded(task, entry)?;
    let [south, north, west, east] = rain.field.grid.bounds();
    Ok(png(&rain.field, entry.domain.unwrap_or([west, south, east, north]), theme))
}

/// A picture of a part of a field for the address of an image.
pub fn picture_of(field: &GriddedField, domain: [f64; 4], theme: Theme) -> String {
    format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png(field, domain, theme)))
}

fn png(rain: &GriddedField, [west, south, east, north]: [f64; 4], theme: Theme) -> Vec<u8> {
    let step = (east - west).max(north - south) / PICTURE_PX as f64;
    let nodes = |from: f64, to: f64| {
        let n = ((to - from) / step).round().max(1.0) as usize;
        (0..n).map(|k| from + (k as f64 + 0.5) * step).collect::<Vec<f64>>()
    };
    let ground = Ground::new(nodes(south, north), nodes(west, east), step);
    let values = rain.linear_nodes(&ground.latitudes, &ground.longitudes);
    let values: Vec<f32> = values.into_iter().map(|mm| mm as f32).collect();
    let width = ground.width();
    let field = Field::new(ground.latitudes.len(), width, from_north(&values, width));
    let domain = ground.domain();
    let grid = match &domain {
        stormlens_data::outcome::Domain::Earth(grid) => Some(grid),
        _ => None,
    };
    thumbnail(&field, grid, Colours::Rain, RainPalette::default(), theme, PICTURE_PX)
}
