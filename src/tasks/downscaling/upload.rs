//! `POST /rain`: one file of fields from a form. It is opened once to prove that it holds rain; what it makes is
//! listed before anything is computed.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::multipart::Multipart;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use stormlens_data::field::FieldError;

use super::fields::AddError;
use super::list::page_of;
use super::{DownscalingTask, SECTION};
use crate::web::client::Client;
use crate::web::upload::{Halt, Meter};
use crate::web::{AppError, AppState, Link, Problem};

/// The field of the form that holds the file.
const FIELD: &str = "files";

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
    let (name, bytes) = read?;
    let taken = task.clone();
    let add = move || Ok(taken.fields.add(&name, bytes));
    let entries = state.blocking(add).await?.map_err(refused)?;
    let page = match &entries[..] {
        [only] => page_of(&only.id),
        [first, ..] => format!("{}/of/{}", SECTION.href, first.file_id()),
        [] => SECTION.href.to_owned(),
    };
    Ok((StatusCode::SEE_OTHER, [(LOCATION, page)]).into_response())
}

/// Name and bytes of the file.
async fn read(
    task: &DownscalingTask,
    headers: &HeaderMap,
    meter: &Arc<Meter>,
) -> Result<(String, Vec<u8>), AppError> {
    let busy = || {
        task.crowd.comes();
        let message = format!("{} other uploads are being read", task.limits.n_at_once);
        problem(message, StatusCode::TOO_MANY_REQUESTS, "Busy", "Try again in a few seconds")
    };
    let _share = task.uploads.take(Client::current(), 1).ok_or_else(busy)?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let announced = header(CONTENT_LENGTH.as_str()).and_then(|n| n.parse::<usize>().ok());
    let max_bytes = task.max_file_bytes;
    let most = task.limits.max_bytes(max_bytes);
    if announced.is_some_and(|n| n > most) {
        return Err(halted(Halt::TooLarge { max_bytes }));
    }
    let mut request = Request::builder()
        .header(CONTENT_TYPE, header(CONTENT_TYPE.as_str()).unwrap_or_default())
        .body(Body::from_stream(meter.clone().stream()))
        .map_err(|error| AppError::Internal(error.to_string()))?;
    // The meter has its own limits; axum's would cut every form at 2 MiB.
    DefaultBodyLimit::disable().apply(&mut request);
    let no_form = |_| halted(Halt::Form("is no form (multipart/form-data)".to_owned()));
    let mut form = Multipart::from_request(request, &()).await.map_err(no_form)?;
    let broken = |_| {
        let damaged = || Halt::Form("is no form that can be read, or broke off".to_owned());
        halted(meter.problem().unwrap_or_else(damaged))
    };
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        if field.name() != Some(FIELD) {
            let what = format!("has a field that is not “{FIELD}”");
            return Err(halted(Halt::Form(what)));
        }
        let name = clean(field.file_name().unwrap_or_default());
        let mut bytes = Vec::new();
        while let Some(piece) = field.chunk().await.map_err(broken)? {
            if bytes.len() + piece.len() > max_bytes {
                return Err(halted(Halt::TooLarge { max_bytes }));
            }
            bytes.extend_from_slice(&piece);
            meter.deliver(piece.len());
        }
        if !bytes.is_empty() {
            return Ok((name, bytes));
        }
    }
    Err(halted(Halt::Form("holds no file: choose one".to_owned())))
}

/// A name that may stand on a page, of at most so many characters.
fn clean(name: &str) -> String {
    const MAX_CHARS: usize = 100;
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = last.chars().filter(|c| !c.is_control()).take(MAX_CHARS).collect();
    if seen.trim().is_empty() { "a file".to_owned() } else { seen.trim().to_owned() }
}

fn halted(halt: Halt) -> AppError {
    let (status, title, remedy) = match halt {
        Halt::Form(_) => (
            StatusCode::BAD_REQUEST,
            "Upload not understood",
            "Send a form (multipart/form-data) with one file in the field “files”",
        ),
        Halt::TooLarge { .. } => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "Upload too large",
            "Cut out the variable and the region that you need, e.g. with cdo or wgrib2",
        ),
        Halt::TooSlow => (
            StatusCode::REQUEST_TIMEOUT,
            "Upload too slow",
            "Try again with a better connection, or a smaller file",
        ),
    };
    problem(halt.to_string(), status, title, remedy)
}

fn refused(error: AddError) -> AppError {
    let message = error.to_string();
    match error {
        AddError::Field(FieldError::Foreign { .. } | FieldError::Unsupported { .. }) => problem(
            message,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "File not taken",
            "Choose a GRIB or NetCDF file with rain on latitudes and longitudes",
        ),
        AddError::Field(_) => problem(
            message,
            StatusCode::UNPROCESSABLE_ENTITY,
            "File not taken",
            "Choose a file with a sum of three hours, or with all steps that make one",
        ),
        AddError::DiskFull => problem(
            message,
            StatusCode::INSUFFICIENT_STORAGE,
            "File not kept",
            "Upload it again when whoever runs the server has made room",
        ),
        AddError::Io(_) => AppError::Internal(message),
    }
}

fn problem(message: String, status: StatusCode, title: &'static str, remedy: &str) -> AppError {
    let back = Link { text: "To the rain fields", href: SECTION.href.to_owned() };
    Problem { message, status, title, remedy: remedy.to_owned(), back }.into()
}
