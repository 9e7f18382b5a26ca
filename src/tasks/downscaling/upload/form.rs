//! The form: a file of rain, heights that may come with it, and of how many hours each field is.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};

use super::refusal::{halted, problem};
use crate::tasks::downscaling::DownscalingTask;
use crate::tasks::downscaling::fields::{HOURS, NamedBytes};
use crate::web::AppError;
use crate::web::client::Client;
use crate::web::upload::{Halt, Meter};

/// The fields of the form.
pub const RAIN: &str = "files";
pub const HEIGHTS: &str = "elevation";
pub const EACH_HOURS: &str = "each-hours";
/// What a number of hours may take.
const MAX_TEXT_BYTES: usize = 16;

/// What was sent.
pub struct Form {
    pub rain: NamedBytes,
    pub heights: Option<NamedBytes>,
    /// Hours of which each field of the rain is the sum, where they were stated.
    pub each_hours: Option<i64>,
}

#[derive(Default)]
struct Parts {
    rain: Option<NamedBytes>,
    heights: Option<NamedBytes>,
    each_hours: Option<i64>,
}

/// Reads the whole form.
///
/// # Errors
/// For what is no such form, is too large or too slow, and where others are being read.
pub async fn read(
    task: &DownscalingTask,
    headers: &HeaderMap,
    meter: &Arc<Meter>,
) -> Result<Form, AppError> {
    let busy = || {
        task.crowd.comes();
        let message = format!("{} other uploads are being read", task.limits.n_at_once);
        problem(message, StatusCode::TOO_MANY_REQUESTS, "Busy", "Try again in a few seconds")
    };
    let _share = task.uploads.take(Client::current(), 1).ok_or_else(busy)?;
    let mut form = open(task, headers, meter).await?;
    let (mut parts, max_bytes) = (Parts::default(), task.max_file_bytes);
    while let Some(mut field) = form.next_field().await.map_err(|_| broken(meter))? {
        match field.name() {
            Some(RAIN) => put(&mut parts.rain, &mut field, meter, max_bytes).await?,
            Some(HEIGHTS) => put(&mut parts.heights, &mut field, meter, max_bytes).await?,
            Some(EACH_HOURS) => parts.each_hours = hours(&text(&mut field, meter).await?)?,
            _ => {
                let what = format!("has a field that is none of {RAIN}, {HEIGHTS}, {EACH_HOURS}");
                return Err(halted(Halt::Form(what)));
            }
        }
    }
    let none = || halted(Halt::Form("holds no file of rain: choose one".to_owned()));
    let Parts { rain, heights, each_hours } = parts;
    Ok(Form { rain: rain.ok_or_else(none)?, heights, each_hours })
}

async fn open(
    task: &DownscalingTask,
    headers: &HeaderMap,
    meter: &Arc<Meter>,
) -> Result<Multipart, AppError> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let announced = header(CONTENT_LENGTH.as_str()).and_then(|n| n.parse::<usize>().ok());
    let max_bytes = task.max_file_bytes;
    if announced.is_some_and(|n| n > task.limits.max_bytes(max_bytes)) {
        return Err(halted(Halt::TooLarge { max_bytes }));
    }
    let mut request = Request::builder()
        .header(CONTENT_TYPE, header(CONTENT_TYPE.as_str()).unwrap_or_default())
        .body(Body::from_stream(meter.clone().stream()))
        .map_err(|error| AppError::Internal(error.to_string()))?;
    // The meter has its own limits; axum's would cut every form at 2 MiB.
    DefaultBodyLimit::disable().apply(&mut request);
    let no_form = |_| halted(Halt::Form("is no form (multipart/form-data)".to_owned()));
    Multipart::from_request(request, &()).await.map_err(no_form)
}

fn broken(meter: &Meter) -> AppError {
    let damaged = || Halt::Form("is no form that can be read, or broke off".to_owned());
    halted(meter.problem().unwrap_or_else(damaged))
}

/// A file into its place; one without bytes is none, as browsers send where nothing was chosen.
async fn put(
    place: &mut Option<NamedBytes>,
    field: &mut Field<'_>,
    meter: &Meter,
    max_bytes: usize,
) -> Result<(), AppError> {
    let name = clean(field.file_name().unwrap_or_default());
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(|_: MultipartError| broken(meter))? {
        if bytes.len() + piece.len() > max_bytes {
            return Err(halted(Halt::TooLarge { max_bytes }));
        }
        bytes.extend_from_slice(&piece);
        meter.deliver(piece.len());
    }
    match (bytes.is_empty(), &place) {
        (true, _) => Ok(()),
        (false, None) => {
            *place = Some(NamedBytes { name, bytes });
            Ok(())
        }
        (false, Some(_)) => {
            Err(halted(Halt::Form("holds a file twice: send one of each".to_owned())))
        }
    }
}

async fn text(field: &mut Field<'_>, meter: &Meter) -> Result<String, AppError> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(|_: MultipartError| broken(meter))? {
        if bytes.len() + piece.len() > MAX_TEXT_BYTES {
            return Err(halted(Halt::Form(format!("has more in {EACH_HOURS} than a number"))));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Nothing, where nothing was typed.
fn hours(text: &str) -> Result<Option<i64>, AppError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let hours = text.parse().ok().filter(|hours| (1..=HOURS).contains(hours));
    let refuse = || {
        let message = format!("“{text}” is no number of hours of which each field is the sum");
        let remedy =
            format!("Type a whole number from 1 to {HOURS}, or nothing where the file says it");
        problem(message, StatusCode::UNPROCESSABLE_ENTITY, "Hours not understood", &remedy)
    };
    hours.map(Some).ok_or_else(refuse)
}

/// A name that may stand on a page, of at most so many characters.
fn clean(name: &str) -> String {
    const MAX_CHARS: usize = 100;
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = last.chars().filter(|c| !c.is_control()).take(MAX_CHARS).collect();
    if seen.trim().is_empty() { "a file".to_owned() } else { seen.trim().to_owned() }
}
