//! Why an upload is not taken, in words.

use axum::http::StatusCode;
use stormlens_data::field::FieldError;

use super::{Halt, KeepError, parted};
use crate::web::{AppError, Link, Problem};

/// What a task says where it refuses.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// Where to go on: a text and an address.
    pub back: (&'static str, &'static str),
    /// What to send instead of something that is no such form.
    pub form: &'static str,
    /// How files become smaller.
    pub smaller: &'static str,
    /// What to choose instead of a file that is no field.
    pub instead: &'static str,
}

impl Words {
    pub fn problem(
        &self,
        message: String,
        status: StatusCode,
        title: &'static str,
        remedy: &str,
    ) -> AppError {
        let (text, href) = self.back;
        let back = Link { text, href: href.to_owned() };
        Problem { message, status, title, remedy: remedy.to_owned(), back }.into()
    }

    /// A body that was not read to its end.
    pub fn halted(&self, halt: Halt) -> AppError {
        let (status, title, remedy) = match halt {
            Halt::Form(_) => (StatusCode::BAD_REQUEST, "Upload not understood", self.form),
            Halt::TooLarge { .. } => {
                (StatusCode::PAYLOAD_TOO_LARGE, "Upload too large", self.smaller)
            }
            Halt::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "Upload too slow",
                "Try again with a better connection, or a smaller file",
            ),
        };
        self.problem(halt.to_string(), status, title, remedy)
    }

    pub(super) fn busy(&self, n_at_once: usize) -> AppError {
        let message = format!("{n_at_once} other uploads are being read");
        let remedy = "Try again in a few seconds";
        self.problem(message, StatusCode::TOO_MANY_REQUESTS, "Busy", remedy)
    }

    /// A file that cannot be kept.
    pub fn not_kept(&self, error: &KeepError) -> AppError {
        match error {
            KeepError::DiskFull => self.problem(
                error.to_string(),
                StatusCode::INSUFFICIENT_STORAGE,
                "File not kept",
                "Upload it again when whoever runs the server has made room",
            ),
            KeepError::TooMany { .. } => {
                let status = StatusCode::PAYLOAD_TOO_LARGE;
                self.problem(error.to_string(), status, "Upload too large", self.smaller)
            }
            KeepError::Io(_) => AppError::Internal(error.to_string()),
        }
    }

    /// A file that holds nothing that can be used. `which` file it is stands before the message; `usual` is what is done
    /// about errors that do not say it themselves.
    pub fn not_taken(&self, error: &FieldError, which: &str, usual: &str) -> AppError {
        let (message, remedy) = match error {
            FieldError::Foreign { file } => {
                (format!("“{file}” is no field that can be read"), self.instead.to_owned())
            }
            _ => parted(&error.quoted(), usual),
        };
        let is_foreign =
            matches!(error, FieldError::Foreign { .. } | FieldError::Unsupported { .. });
        let status = match is_foreign {
            true => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            false => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let remedy = stormlens_plot::words::sentence(&remedy);
        self.problem(format!("{which}{message}"), status, "File not taken", &remedy)
    }
}
