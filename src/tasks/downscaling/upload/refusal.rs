//! Why an upload is not taken, in words.

use axum::http::StatusCode;
use stormlens_data::field::FieldError;

use crate::tasks::downscaling::SECTION;
use crate::tasks::downscaling::fields::AddError;
use crate::tasks::downscaling::remedy::parted;
use crate::web::upload::Halt;
use crate::web::{AppError, Link, Problem};

/// How the form calls what states the interval.
pub const HOURS_LABEL: &str = "Hours of each field";

pub fn halted(halt: Halt) -> AppError {
    let (status, title, remedy) = match halt {
        Halt::Form(_) => (
            StatusCode::BAD_REQUEST,
            "Upload not understood",
            "Send a form (multipart/form-data) with one file of rain in the field “files”; “elevation” (a file of heights) \
             and “each-hours” may stand beside it",
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

pub fn refused(error: AddError) -> AppError {
    match error {
        AddError::Field(error) => not_taken(&error, ""),
        AddError::Heights(error) => not_taken(&error, "the heights: "),
        AddError::DiskFull => problem(
            error.to_string(),
            StatusCode::INSUFFICIENT_STORAGE,
            "File not kept",
            "Upload it again when whoever runs the server has made room",
        ),
        AddError::Io(_) => AppError::Internal(error.to_string()),
    }
}

fn not_taken(error: &FieldError, which: &str) -> AppError {
    let is_foreign = matches!(error, FieldError::Foreign { .. } | FieldError::Unsupported { .. });
    let status = match is_foreign {
        true => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let usual = match which {
        "" => "choose a file with a sum of three hours, or with all steps that make one",
        _ => "choose a file with one field of heights in metres",
    };
    let (message, remedy) = match error {
        FieldError::Foreign { file } => {
            let remedy = "choose a GRIB or NetCDF file on latitudes and longitudes";
            (format!("{file} is no field that can be read"), remedy.to_owned())
        }
        // The words of the command line name its options.
        FieldError::Unstated { file, variable } => (
            format!(
                "the times of {variable} in {file} have no bounds, so nothing says which interval each field is the sum of"
            ),
            format!("if you know it, choose the file again and fill in “{HOURS_LABEL}”"),
        ),
        _ => parted(&error.to_string(), usual),
    };
    let remedy = stormlens_plot::words::sentence(&remedy);
    problem(format!("{which}{message}"), status, "File not taken", &remedy)
}

pub fn problem(message: String, status: StatusCode, title: &'static str, remedy: &str) -> AppError {
    let back = Link { text: "To the rain fields", href: SECTION.href.to_owned() };
    Problem { message, status, title, remedy: remedy.to_owned(), back }.into()
}
