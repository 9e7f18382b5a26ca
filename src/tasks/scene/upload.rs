//! `POST /scenes`: files from a form, or one picture by itself.
//!
//! Memory is bounded: no more than [`UploadLimits::n_at_once`](crate::web::upload::UploadLimits::n_at_once) bodies are read at a time, each holds
//! one file of at most the configured size and about a megabyte beside it, and the uploads decode one
//! picture at a time; the worker may be decoding another beside it. Whatever else comes is answered at once that the server is busy.

mod receipt;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::multipart::{Field, Multipart};
use axum::extract::{DefaultBodyLimit, FromRequest, RawQuery, Request, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use axum::response::Response;
use stormlens_data::scene::Coding;

use super::SceneTask;
use super::problem::UploadProblem;
use super::question::read_coding;
use super::refusals::RefusedFile;
use super::scenes::{SceneEntry, UploadError, clean_name};
use crate::parameters::Parameters;
use crate::web::client::Client;
use crate::web::upload::Meter;
use crate::web::{AppError, AppState};

/// The field of the form that holds the files.
const FIELD: &str = "files";
/// Those that say what the numbers of a TIFF are; they stand before the files.
const CODING: [&str; 2] = ["values", "bands"];
const MAX_TEXT_BYTES: usize = 64;
const PICTURES: [&str; 3] = ["image/png", "image/jpeg", "image/tiff"];

/// What an upload is taken in with.
#[derive(Clone, Copy)]
struct With<'a> {
    task: &'a Arc<SceneTask>,
    state: &'a AppState,
}

/// What came.
#[derive(Default)]
struct Received {
    accepted: Vec<SceneEntry>,
    refused: Vec<RefusedFile>,
}

pub async fn receive(
    task: Arc<SceneTask>,
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, AppError> {
    let (parts, body) = request.into_parts();
    let meter = Meter::new(body, task.limits, task.max_upload_bytes(), task.crowd.clone());
    let with = With { task: &task, state: &state };
    let received = read(with, &parts.headers, query.as_deref(), &meter).await;
    // Who asks first whether to send has not begun yet.
    if received.is_err() && !parts.headers.contains_key(EXPECT) {
        meter.drain().await;
    }
    receipt::answer(with, received?, &parts.headers)
}

async fn read(
    with: With<'_>,
    headers: &HeaderMap,
    query: Option<&str>,
    meter: &Arc<Meter>,
) -> Result<Received, AppError> {
    let task = with.task;
    let _share = task.uploads.take(Client::current(), 1).ok_or_else(|| {
        task.crowd.comes();
        UploadProblem::Busy { n_at_once: task.limits.n_at_once }
    })?;
    let announced = header(headers, CONTENT_LENGTH.as_str()).parse::<usize>().ok();
    let max_bytes = task.max_upload_bytes();
    if announced.is_some_and(|n_bytes| n_bytes > max_bytes) {
        return Err(UploadProblem::TooLarge { max_bytes }.into());
    }
    // A buffer that never grows is never copied; pages that nothing is written to take no memory.
    let room = announced.unwrap_or(usize::MAX).min(task.max_file_bytes());
    let media_type = header(headers, CONTENT_TYPE.as_str());
    match media_type.split(';').next().unwrap_or_default().trim() {
        "multipart/form-data" => read_form(with, media_type, meter, room).await,
        picture if PICTURES.contains(&picture) => read_picture(with, query, meter, room).await,
        other => Err(UploadProblem::MediaType { media_type: named_type(other) }.into()),
    }
}

fn named_type(media_type: &str) -> String {
    if media_type.is_empty() { "of no type".to_owned() } else { clean_name(media_type) }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A picture by itself; its name may stand in the address.
async fn read_picture(
    with: With<'_>,
    query: Option<&str>,
    meter: &Meter,
    room: usize,
) -> Result<Received, AppError> {
    let parameters = Parameters::parse(query);
    parameters.only(&["name", "values", "bands"])?;
    let coding = read_coding(&parameters)?;
    let name = parameters.one("name")?.unwrap_or_default();
    let mut file = File::new(with.task.max_file_bytes(), name, room);
    while let Some(piece) = meter.next().await.map_err(|_| broken(meter))? {
        file.add(&piece);
        meter.deliver(piece.len());
    }
    let mut received = Received::default();
    received.take(with, file, coding).await?;
    Ok(received)
}

async fn read_form(
    with: With<'_>,
    media_type: &str,
    meter: &Arc<Meter>,
    room: usize,
) -> Result<Received, AppError> {
    let mut request = Request::builder()
        .header(CONTENT_TYPE, media_type)
        .body(Body::from_stream(meter.clone().stream()))
        .map_err(|error| AppError::Internal(error.to_string()))?;
    // The meter has its own limits; axum's would cut every form at 2 MiB.
    DefaultBodyLimit::disable().apply(&mut request);
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| UploadProblem::Form("is a form without a boundary".to_owned()))?;
    let (mut received, mut n_files) = (Received::default(), 0);
    let mut said = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|_| broken(meter))? {
        if let Some(name) = check_field(&field, n_files)? {
            said.push((name.to_owned(), read_text(field, meter).await?));
            continue;
        }
        let Some(file) = read_file(with, field, meter, room).await? else { continue };
        n_files += 1;
        if n_files > with.task.limits.n_files {
            let max_files = with.task.limits.n_files;
            return Err(UploadProblem::TooManyFiles { max_files }.into());
        }
        let coding = read_coding(&Parameters::of(said.iter().cloned()))?;
        received.take(with, file, coding).await?;
    }
    if n_files == 0 {
        return Err(UploadProblem::Form("holds no file: choose one at least".to_owned()).into());
    }
    Ok(received)
}

/// The name of a field that is no file.
fn check_field(field: &Field<'_>, n_files: usize) -> Result<Option<&'static str>, UploadProblem> {
    let said = CODING.into_iter().find(|known| field.name() == Some(known));
    match (field.name(), said) {
        (Some(FIELD), _) => Ok(None),
        (_, Some(name)) if n_files == 0 => Ok(Some(name)),
        (_, Some(name)) => {
            Err(UploadProblem::Form(format!("has “{name}” behind the files it is about")))
        }
        (other, None) => {
            let name = clean_name(other.unwrap_or_default());
            Err(UploadProblem::Form(format!("has a field “{name}”, but files come in “{FIELD}”")))
        }
    }
}

/// A short text.
async fn read_text(mut field: Field<'_>, meter: &Meter) -> Result<String, AppError> {
    let mut text = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(|_| broken(meter))? {
        text.extend_from_slice(&piece);
        meter.deliver(piece.len());
        if text.len() > MAX_TEXT_BYTES {
            return Err(UploadProblem::Form("has a text that is too long".to_owned()).into());
        }
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// One file; `None` for the empty field that a browser sends where none was chosen.
async fn read_file(
    with: With<'_>,
    mut field: Field<'_>,
    meter: &Meter,
    room: usize,
) -> Result<Option<File>, AppError> {
    let name = field.file_name().unwrap_or_default().to_owned();
    let mut file = File::new(with.task.max_file_bytes(), &name, room);
    while let Some(piece) = field.chunk().await.map_err(|_| broken(meter))? {
        file.add(&piece);
        meter.deliver(piece.len());
    }
    Ok((!name.is_empty() || file.n_bytes > 0).then_some(file))
}

fn broken(meter: &Meter) -> UploadProblem {
    let damaged = || UploadProblem::Form("is no form that can be read, or broke off".to_owned());
    meter.problem().map_or_else(damaged, UploadProblem::from)
}

/// A file as it comes in; what is too much is counted but not kept.
struct File {
    max_bytes: usize,
    name: String,
    bytes: Vec<u8>,
    n_bytes: usize,
}

impl File {
    fn new(max_bytes: usize, name: &str, room: usize) -> Self {
        let bytes = Vec::with_capacity(room);
        Self { max_bytes, name: name.to_owned(), bytes, n_bytes: 0 }
    }

    fn add(&mut self, piece: &[u8]) {
        self.n_bytes += piece.len();
        if self.n_bytes <= self.max_bytes {
            self.bytes.extend_from_slice(piece);
        } else {
            self.bytes = Vec::new();
        }
    }
}

impl Received {
    /// Decodes and keeps a file, or takes down why not.
    async fn take(&mut self, with: With<'_>, file: File, coding: Coding) -> Result<(), AppError> {
        let (name, max_bytes) = (clean_name(&file.name), file.max_bytes);
        let added = if file.n_bytes > max_bytes {
            Err(UploadError::TooManyBytes { n_bytes: file.n_bytes, max_bytes })
        } else {
            let (task, bytes) = (with.task.clone(), file.bytes);
            with.state.decoding(move || Ok(task.scenes.add(&file.name, &bytes, coding))).await?
        };
        match added {
            Ok(entry) if self.accepted.contains(&entry) => {}
            Ok(entry) => self.accepted.push(entry),
            Err(error) => self.refused.push(RefusedFile::new(name, &error)),
        }
        Ok(())
    }
}
