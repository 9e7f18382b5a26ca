//! A sample's frames as plain pictures: thumbnails, and one picture that moves.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use stormlens_data::field::Field;
use tokio::task::spawn_blocking;

use super::Nowcasts;
use super::samples::{SampleEntry, Samples, Window};
use crate::parameters::{Parameters, QuestionError, encode};
use crate::web::caching::{EntityTag, VERSION, Version};
use crate::web::pictures::{self, Pictures};
use crate::web::{AppError, AppState};
use stormlens_plot::{RainPalette, Theme, thumbnail};

/// Pixels a side of every picture: one a radar pixel.
pub const PICTURE_PX: usize = 288;
/// How long the moving picture shows a frame, and the last one.
const FRAME_MS: u16 = 250;
const LAST_FRAME_MS: u16 = 1500;

/// `/samples/{id}/frames/{n}.png`, and `thumbnail.png` for the last one; `theme=dark` for dark pages.
pub async fn frame(
    task: Arc<Nowcasts>,
    State(state): State<AppState>,
    Path((id, file)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let sample = task.samples.find(&id)?;
    let frame_idx = frame_of(&file, &sample)?;
    let wanted = Wanted::read(query.as_deref())?;
    let key = |version: &str| key(&sample, frame_idx, version, wanted.theme);
    if let Some(known) = drawn_before(&state, &headers, wanted.version.as_deref().map(key)) {
        return Ok(known);
    }
    let (shown_task, shown) = (task.clone(), sample.clone());
    let version =
        beside_the_runtime(move || version(&shown_task.samples, &shown, frame_idx)).await?;
    let key = key(version.as_str());
    let tag = key.clone().lasting_if(wanted.version.as_deref(), &version);
    let picture = state.blocking(move || draw(&task.samples, &sample, frame_idx, wanted.theme));
    pictures::respond(&state, &headers, "image/png", (key, tag), picture).await
}

/// A picture in memory of the version that the address names: it stays that, whatever becomes of its
/// file, so the disk is not asked.
fn drawn_before(
    state: &AppState,
    headers: &HeaderMap,
    named: Option<EntityTag>,
) -> Option<Response> {
    let key = named?;
    let picture = state.pictures.get(&key)?;
    let tag = key.lasting();
    if tag.is_known(headers) {
        return Some(tag.not_modified());
    }
    Some(tag.attach(([(CONTENT_TYPE, "image/png")], picture).into_response()))
}

/// Asks the disk, which may be slow to answer, on the blocking pool. It takes no permit to draw, or a
/// picture that is known already would wait for others to be drawn.
async fn beside_the_runtime<T: Send + 'static>(
    ask: impl FnOnce() -> T + Send + 'static,
) -> Result<T, AppError> {
    spawn_blocking(ask).await.map_err(|error| AppError::Internal(error.to_string()))
}

/// What the address of a picture says of it.
struct Wanted {
    theme: Theme,
    version: Option<String>,
}

impl Wanted {
    fn read(query: Option<&str>) -> Result<Self, AppError> {
        let parameters = Parameters::parse(query);
        parameters.only(&["theme", VERSION])?;
        let theme = parameters.choice("theme", Theme::default())?;
        Ok(Self { theme, version: parameters.one(VERSION)?.map(str::to_owned) })
    }
}

/// The address of a frame in one theme, for as long as frame and program stay what they are. It looks
/// at the frame's file, so it is called beside the runtime.
pub fn address(samples: &Samples, sample: &SampleEntry, frame_idx: usize, theme: Theme) -> String {
    let (id, version) = (encode(&sample.id), version(samples, sample, frame_idx));
    format!("/samples/{id}/frames/{frame_idx}.png?theme={theme}&{VERSION}={}", version.as_str())
}

/// The version of a frame's pictures: its file's, and the program's. Looks at the file.
fn version(samples: &Samples, sample: &SampleEntry, frame_idx: usize) -> Version {
    let file = samples.frame_file(sample, frame_idx).unwrap_or_default();
    let state = std::fs::metadata(&file).map(|file| (file.len(), file.modified().ok()));
    Version::of(&["frame", &file.display().to_string(), &format!("{:?}", state.ok())])
}

fn key(sample: &SampleEntry, frame_idx: usize, version: &str, theme: Theme) -> EntityTag {
    EntityTag::of(&["frame", &sample.id, &frame_idx.to_string(), version, theme.name()])
}

/// Draws the thumbnail of a sample in both themes.
pub fn prepare(samples: &Samples, pictures: &Pictures, sample: &SampleEntry) {
    let last = Window::of(sample.field).n_input_frames - 1;
    for &theme in Theme::ALL {
        let key = key(sample, last, version(samples, sample, last).as_str(), theme);
        if pictures.get(&key).is_none()
            && let Ok(picture) = draw(samples, sample, last, theme)
        {
            pictures.put(key, picture);
        }
    }
}

fn frame_of(file: &str, sample: &SampleEntry) -> Result<usize, AppError> {
    let n_frames = Window::of(sample.field).n_input_frames;
    if file == "thumbnail.png" {
        return Ok(n_frames - 1);
    }
    let number = file.strip_suffix(".png").and_then(|number| number.parse().ok());
    match number.filter(|&n: &usize| n < n_frames) {
        Some(frame_idx) => Ok(frame_idx),
        None => {
            let known =
                (0..n_frames).map(|n| format!("{n}.png")).chain(["thumbnail.png".to_owned()]);
            Err(QuestionError::unknown("input frame", file, known).into())
        }
    }
}

fn read(samples: &Samples, sample: &SampleEntry, frame_idx: usize) -> Result<Field, AppError> {
    let missing = || AppError::Internal(format!("sample {} has no frame {frame_idx}", sample.id));
    let frame = samples.frame(sample, frame_idx).ok_or_else(missing)?;
    frame.map_err(|error| AppError::Data(error.to_string()))
}

fn draw(
    samples: &Samples,
    sample: &SampleEntry,
    frame_idx: usize,
    theme: Theme,
) -> Result<Vec<u8>, AppError> {
    let field = read(samples, sample, frame_idx)?;
    let colours = sample.field.quantity().colours;
    let grid = samples.grid(sample);
    Ok(thumbnail(&field, Some(&grid), colours, RainPalette::default(), theme, PICTURE_PX))
}

/// `/samples/{id}/animation.png`: all input frames, oldest first, over and over.
pub async fn animation(
    task: Arc<Nowcasts>,
    State(state): State<AppState>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let sample = task.samples.find(&id)?;
    let wanted = Wanted::read(query.as_deref())?;
    let key =
        |version: &str| EntityTag::of(&["animation", &sample.id, version, wanted.theme.name()]);
    if let Some(known) = drawn_before(&state, &headers, wanted.version.as_deref().map(key)) {
        return Ok(known);
    }
    let (shown_task, shown) = (task.clone(), sample.clone());
    let version =
        beside_the_runtime(move || animation_version(&shown_task.samples, &shown)).await?;
    let key = key(version.as_str());
    let tag = key.clone().lasting_if(wanted.version.as_deref(), &version);
    let picture = state.blocking(move || animate(&task.samples, &sample, wanted.theme));
    pictures::respond(&state, &headers, "image/png", (key, tag), picture).await
}

/// The address of the moving picture in one theme; called beside the runtime, like [`address`].
pub fn animation_address(samples: &Samples, sample: &SampleEntry, theme: Theme) -> String {
    let (id, version) = (encode(&sample.id), animation_version(samples, sample));
    format!("/samples/{id}/animation.png?theme={theme}&{VERSION}={}", version.as_str())
}

fn animation_version(samples: &Samples, sample: &SampleEntry) -> Version {
    let n_frames = Window::of(sample.field).n_input_frames;
    let versions: Vec<_> = (0..n_frames).map(|n| version(samples, sample, n)).collect();
    Version::of(&versions.iter().map(Version::as_str).collect::<Vec<_>>())
}

fn animate(samples: &Samples, sample: &SampleEntry, theme: Theme) -> Result<Vec<u8>, AppError> {
    let n_frames = Window::of(sample.field).n_input_frames;
    let pictures = (0..n_frames)
        .map(|frame_idx| draw(samples, sample, frame_idx, theme))
        .collect::<Result<Vec<_>, _>>()?;
    join(&pictures).map_err(|reason| AppError::Internal(format!("no moving picture: {reason}")))
}

/// One animated PNG from still ones of the same size.
fn join(pictures: &[Vec<u8>]) -> Result<Vec<u8>, image::ImageError> {
    let stills = pictures
        .iter()
        .map(|bytes| Ok(image::load_from_memory(bytes)?.into_rgb8()))
        .collect::<Result<Vec<_>, image::ImageError>>()?;
    let mut bytes = Vec::new();
    let failed = |error: png::EncodingError| {
        image::ImageError::IoError(std::io::Error::other(error.to_string()))
    };
    let (width, height) = stills.first().map_or((1, 1), |still| still.dimensions());
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_animated(stills.len() as u32, 0).map_err(failed)?;
    let mut writer = encoder.write_header().map_err(failed)?;
    for (i, still) in stills.iter().enumerate() {
        let ms = if i + 1 == stills.len() { LAST_FRAME_MS } else { FRAME_MS };
        writer.set_frame_delay(ms, 1000).map_err(failed)?;
        writer.write_image_data(still.as_raw()).map_err(failed)?;
    }
    writer.finish().map_err(failed)?;
    Ok(bytes)
}
