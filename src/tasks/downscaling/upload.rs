//! `POST /rain`: a file of fields from a form, with what its visitor says of it and heights of his own. Files are opened
//! once to prove that they hold rain and heights; what they make is listed before anything is computed.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;
use stormlens_data::field::FieldError;
use stormlens_plot::words::sentence;

use super::fields::{AddError, Entry, HOURS};
use super::list::page_of;
use super::{DownscalingTask, SECTION};
use crate::web::upload::{self, Form, Halt, Part, Words};
use crate::web::{AppError, AppState};

/// The fields of the form.
const RAIN: &str = "files";
const HEIGHTS: &str = "elevation";
const EACH_HOURS: &str = "each-hours";
/// What a number of hours may take.
const MAX_TEXT_BYTES: usize = 16;
const PARTS: [Part; 3] = [
    Part::files(RAIN, 1),
    Part::files(HEIGHTS, 1),
    Part::text(EACH_HOURS, MAX_TEXT_BYTES, "a number"),
];
/// How the form calls what states the interval.
const HOURS_LABEL: &str = "Hours of each field";

pub const WORDS: Words = Words {
    back: ("To the rain fields", SECTION.href),
    form: "Send a form (multipart/form-data) with one file of rain in the field “files”; “elevation” (a file of heights) \
           and “each-hours” may stand beside it",
    smaller: "Cut out the variable and the region that you need, e.g. with cdo or wgrib2",
    instead: "choose a GRIB or NetCDF file on latitudes and longitudes",
};

pub async fn receive(
    task: Arc<DownscalingTask>,
    State(state): State<AppState>,
    request: Request,
) -> Result<Response, AppError> {
    let (headers, mut form) = task.intake.receive(request, &PARTS).await?;
    let none = || WORDS.halted(Halt::Form("holds no file of rain: choose one".to_owned()));
    let rain = form.take(RAIN).pop().ok_or_else(none)?;
    let (heights, hours) = (form.take(HEIGHTS).pop(), hours(&form)?);
    let add = move || Ok(task.fields.add(rain, hours, heights));
    let entries = state.blocking(add).await?.map_err(refused)?;
    Ok(answer(&state, &entries, &headers))
}

/// Nothing, where nothing was typed.
fn hours(form: &Form) -> Result<Option<i64>, AppError> {
    let Some(text) = form.text(EACH_HOURS) else { return Ok(None) };
    let hours = text.parse().ok().filter(|hours| (1..=HOURS).contains(hours));
    let refuse = || {
        let message = format!("“{text}” is no number of hours that a field is the sum of");
        let remedy =
            format!("Type a whole number from 1 to {HOURS}, or nothing where the file says it");
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        WORDS.problem(message, status, "Hours not understood", &remedy)
    };
    hours.map(Some).ok_or_else(refuse)
}

fn refused(error: AddError) -> AppError {
    match error {
        AddError::Field(FieldError::Unstated { file, variable }) => unstated(&file, &variable),
        AddError::Field(FieldError::Parts { file, variable, unit }) => {
            only_parts(&file, &format!("{variable} ({unit})"))
        }
        AddError::Field(error) => {
            let usual = "choose a file with a sum of three hours, or with all steps that make one";
            WORDS.not_taken(&error, "", usual)
        }
        AddError::Heights(error) => {
            let usual = "choose a file with one field of heights in metres";
            WORDS.not_taken(&error, "the heights: ", usual)
        }
        AddError::NotKept(error) => WORDS.not_kept(&error),
    }
}

/// A sum of a file that was taken, for which a field cannot be used after all.
pub fn not_made(error: &FieldError) -> AppError {
    let (message, remedy) =
        upload::parted(&error.quoted(), "choose another sum of the file, or another file");
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    WORDS.problem(message, status, "Sum not made", &sentence(&remedy))
}

/// The words of the command line name its options.
fn unstated(file: &str, variable: &str) -> AppError {
    let message = format!(
        "the times of {variable} in {file} have no bounds, so nothing says which interval each field is of"
    );
    let remedy = format!("If you know it, choose the file again and fill in “{HOURS_LABEL}”");
    WORDS.problem(message, StatusCode::UNPROCESSABLE_ENTITY, "File not taken", &remedy)
}

/// The form has no field for the name of a variable.
fn only_parts(file: &str, part: &str) -> AppError {
    let message = format!("“{file}” has only parts of the rain, such as {part}");
    let remedy = "Choose a file that holds the total";
    WORDS.problem(message, StatusCode::UNPROCESSABLE_ENTITY, "File not taken", remedy)
}

/// What a program is told of its upload.
#[derive(Serialize)]
struct Receipt {
    /// Where to go on.
    page: String,
    sums: Vec<ReceivedSum>,
    /// What of the file could not be used, with the reasons.
    left_out: Option<String>,
}

#[derive(Serialize)]
struct ReceivedSum {
    id: String,
    variable: String,
    end: jiff::Timestamp,
    hours: i64,
    page: String,
}

/// A single sum leads to its page, several to the list of them.
fn answer(state: &AppState, entries: &[Entry], headers: &HeaderMap) -> Response {
    let page = match entries {
        [only] => page_of(&only.id),
        [first, ..] => format!("{}/of/{}", SECTION.href, first.file_id()),
        [] => SECTION.href.to_owned(),
    };
    let sum = |entry: &Entry| ReceivedSum {
        id: entry.id.clone(),
        variable: entry.what.clone(),
        end: entry.end,
        hours: entry.hours,
        page: state.public_path(page_of(&entry.id)),
    };
    let sums = entries.iter().map(sum).collect();
    let left_out = entries.first().and_then(|entry| entry.left_out.clone());
    let receipt = Receipt { page: state.public_path(page.clone()), sums, left_out };
    upload::answer(headers, page, receipt)
}
