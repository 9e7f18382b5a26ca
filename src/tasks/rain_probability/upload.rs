//! `POST /probability`: files of fields of a weather model from a form. They are looked through before they are kept: what
//! was recognised is shown before anything is computed.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;
use stormlens_data::field::FieldError;
use stormlens_data::field::left_out::few_reasons;
use stormlens_data::probability::Found as FoundField;

use super::list::page_of;
use super::recognised::{files_page, with_weights};
use super::samples::{Upload, Uploads};
use super::weights::{self, Found, Weights};
use super::{RainProbabilityTask, SECTION};
use crate::web::upload::{self, Halt, NamedBytes, Part, Words};
use crate::web::{AppError, AppState};

/// The fields of the form.
const FILES: &str = "files";
pub const WEIGHTS: &str = "weights";
/// What the name of weights may take.
const MAX_NAME_BYTES: usize = 200;

pub const WORDS: Words = Words {
    back: ("To the model fields", SECTION.href),
    form: "Send a form (multipart/form-data) with files of one time in the field “files”; “weights” (the weights that they \
           are for) may stand beside it",
    smaller: "Cut out the variables, levels and the region that you need, e.g. with cdo or wgrib2",
    instead: "choose GRIB or NetCDF files on latitudes and longitudes",
};
pub async fn receive(
    task: Arc<RainProbabilityTask>,
    State(state): State<AppState>,
    request: Request,
) -> Result<Response, AppError> {
    let parts = [Part::files(FILES, task.max_files), Part::text(WEIGHTS, MAX_NAME_BYTES, "a name")];
    let (headers, mut form) = task.intake.receive(request, &parts).await?;
    let files = form.take(FILES);
    if files.is_empty() {
        let none = "holds no file of fields: choose one at least".to_owned();
        return Err(WORDS.halted(Halt::Form(none)));
    }
    let chosen = form.text(WEIGHTS).map(str::to_owned);
    let some = weights::named(&state.catalog, chosen.as_deref())?;
    // A few bytes can become hundreds of megabytes: one at a time.
    let taken = state.decoding(move || take(&task, files, some)).await?;
    Ok(answer(&state, &taken, chosen.as_deref(), &headers))
}

/// What came, and what the weights that find the most see in it; `None` where there are no weights.
struct Taken {
    upload: Arc<Upload>,
    found: Option<Found>,
}

fn take(
    task: &RainProbabilityTask,
    files: Vec<NamedBytes>,
    some: Vec<Weights>,
) -> Result<Taken, AppError> {
    if let Some(file) = files.iter().find(|file| is_array(file)) {
        return Err(array(file));
    }
    let upload = Uploads::open(&files).map_err(|error| refused(&error))?;
    let found = match weights::best(&upload, some) {
        Some(found) => Some(found.map_err(|error| refused(&error))?),
        None if upload.files.known().iter().any(Option::is_some) => None,
        None => return Err(refused(&weights::nothing(&upload, None))),
    };
    let kept = task.samples.uploads.keep(upload, files);
    let upload = kept.map_err(|error| WORDS.not_kept(&error))?;
    Ok(Taken { upload, found })
}

fn refused(error: &FieldError) -> AppError {
    let usual = usual(error);
    match beyond(error) {
        Some(error) => WORDS.not_taken(&error, "", usual),
        None => WORDS.not_taken(error, "", usual),
    }
}

/// What is wrong with fields for some weights, and what to do.
pub fn told(error: &FieldError) -> (String, String) {
    let words = beyond(error).map_or_else(|| error.quoted(), |error| error.to_string());
    upload::parted(&words, usual(error))
}

/// What is done about errors that do not say it.
fn usual(error: &FieldError) -> &'static str {
    match error {
        FieldError::Domains { .. } | FieldError::Unsupported { .. } => {
            "choose files with what the weights look at; the page of model fields lists it"
        }
        FieldError::Damaged { .. } => "fetch the file again, and choose it",
        _ => {
            "correct the file, or leave the variable out: what is missing is hidden from the network"
        }
    }
}

/// Nobody can choose another domain here: it is that of the weights.
fn beyond(error: &FieldError) -> Option<FieldError> {
    let FieldError::Domain { name, own, needed } = error else { return None };
    let what = format!(
        "“{name}” goes from {own}, which does not cover {needed}, where the weights look: choose fields that cover all of it"
    );
    Some(FieldError::Domains { what })
}

/// NumPy's `.npy`, and `.npz`, which is a ZIP.
fn is_array(file: &NamedBytes) -> bool {
    let name = file.name.to_lowercase();
    file.bytes.starts_with(b"\x93NUMPY") || name.ends_with(".npy") || name.ends_with(".npz")
}

fn array(file: &NamedBytes) -> AppError {
    let message = format!(
        "“{}” holds numbers, and nothing says their variables, units, levels, grid and time",
        file.name
    );
    let remedy = "Write them as NetCDF with standard names, units, latitudes, longitudes and a time, e.g. with xarray; numbers \
                  as the network takes them go to “stormlens predict --input” on the command line";
    WORDS.problem(message, StatusCode::UNSUPPORTED_MEDIA_TYPE, "File not taken", remedy)
}

/// What a program is told of its upload.
#[derive(Serialize)]
struct Receipt {
    /// Where to go on.
    page: String,
    /// The weights that were looked with.
    weights: Option<String>,
    samples: Vec<ReceivedSample>,
    /// At the time of the first sample with the most variables.
    variables: Vec<ReceivedVariable>,
    /// What of the files looks like what networks look at and cannot be used, with the reasons.
    left_out: Option<String>,
}

#[derive(Serialize)]
struct ReceivedSample {
    id: String,
    time: jiff::Timestamp,
    /// Variables that have a field then.
    variables: usize,
    page: String,
}

#[derive(Serialize)]
struct ReceivedVariable {
    name: String,
    label: String,
    hidden: bool,
    /// Where it came from, or why it is hidden.
    words: String,
    /// In the file.
    unit: Option<String>,
    grid: Option<String>,
    missing_nodes: Option<usize>,
}

/// A single time leads to its page, several to the list of them.
fn answer(state: &AppState, taken: &Taken, chosen: Option<&str>, headers: &HeaderMap) -> Response {
    let Taken { upload, found } = taken;
    let times = match found {
        Some(found) => found.times.clone(),
        None => upload.files.ends().into_iter().map(|time| (time, 0)).collect(),
    };
    let of_one = |time: jiff::Timestamp| with_weights(page_of(&upload.id(time)), chosen);
    let page = match times[..] {
        [(only, _)] => of_one(only),
        _ => with_weights(files_page(&upload.key), chosen),
    };
    let sample = |&(time, variables): &(jiff::Timestamp, usize)| ReceivedSample {
        id: upload.id(time),
        time,
        variables,
        page: state.public_path(of_one(time)),
    };
    let receipt = Receipt {
        page: state.public_path(page.clone()),
        weights: found.as_ref().map(|found| found.weights.name()),
        samples: times.iter().map(sample).collect(),
        variables: found.as_ref().map(variables).unwrap_or_default(),
        left_out: few_reasons(upload.files.left_out()),
    };
    upload::answer(headers, page, receipt)
}

fn variables(found: &Found) -> Vec<ReceivedVariable> {
    let fields = found.fullest.iter().flat_map(|loaded| loaded.found.clone());
    let both = found.weights.card.fields.variables.iter().zip(fields);
    let received = both.map(|(variable, field)| {
        let (name, label) = (variable.name.clone(), variable.label());
        let hidden = |words: String| ReceivedVariable {
            name,
            label,
            hidden: true,
            words,
            unit: None,
            grid: None,
            missing_nodes: None,
        };
        match field {
            FoundField::Hidden { why } => hidden(why),
            FoundField::Present { source, unit, grid, n_missing, .. } => ReceivedVariable {
                hidden: false,
                unit: Some(unit),
                grid: Some(grid),
                missing_nodes: Some(n_missing),
                ..hidden(source)
            },
        }
    });
    received.collect()
}
