//! The one error that handlers return, and the page or JSON it becomes.

mod render;
mod upload;

use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use stormlens_data::dataset::DatasetError;

pub use self::render::{from_panic, method_not_allowed, page_not_found, render, wants_page};
pub use self::upload::UploadProblem;
use super::state::Way;
use crate::export::ExportError;
use crate::jobs::{SubmitError, WorkerError};
use crate::plot::PlotError;
use crate::scenes::SceneError;

/// What can go wrong between a request and its answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppError {
    #[error("there is no page at {path}")]
    PageNotFound { path: String },
    #[error("{path} does not answer {method}")]
    MethodNotAllowed { method: Method, path: String },
    /// A name that is none of those to choose from.
    #[error("there is no {what} called “{name}”")]
    Unknown { what: &'static str, name: String, known: Vec<String> },
    #[error("the parameter {name} {message}")]
    Parameter { name: &'static str, message: String },
    #[error("this result holds no {what}")]
    NotInResult { what: String, remedy: String, back: String },
    /// The network cannot answer this question.
    #[error("{message}")]
    Question { message: String, remedy: String, back: String },
    #[error("{message}")]
    Failed { message: String, back: String },
    #[error("this program was built without networks")]
    NoNetworks,
    #[error("there are no weights for {model}")]
    NoCheckpoint { model: String },
    #[error("the queue is full: {} waiting already", super::format::plural(*.waiting, "run"))]
    QueueFull { waiting: usize },
    /// The run was taken, and there was no time for it.
    #[error("the server is too busy: {message}")]
    TooBusy { message: String, page: String },
    /// The run had the time that there is for one, and was not done.
    #[error("{message}")]
    TooSlow { message: String, back: String },
    #[error("the server is shutting down")]
    ShuttingDown,
    #[error("the result is still being computed")]
    StillComputing { page: String },
    #[error("{0}")]
    Data(String),
    #[error("{0}")]
    Figure(String),
    #[error("the request came from another site")]
    CrossSite,
    #[error("the answer took too long")]
    TimedOut,
    #[error("{0}")]
    Internal(String),
    #[error(transparent)]
    Upload(#[from] UploadProblem),
    /// A refusal by a part of the server that knows no pages.
    #[error("the request was refused: {0}")]
    Refused(StatusCode),
}

/// An error as a visitor reads it.
struct Described {
    status: StatusCode,
    title: &'static str,
    remedy: String,
    back: Link,
}

#[derive(Clone, Serialize)]
struct Link {
    text: &'static str,
    href: String,
}

impl AppError {
    pub fn unknown<N: Into<String>>(
        what: &'static str,
        name: &str,
        known: impl IntoIterator<Item = N>,
    ) -> Self {
        let known = known.into_iter().map(Into::into).collect();
        Self::Unknown { what, name: name.to_owned(), known }
    }

    pub fn parameter(name: &'static str, message: impl Into<String>) -> Self {
        Self::Parameter { name, message: message.into() }
    }

    /// What the worker said about the question of that page.
    pub fn from_worker(error: WorkerError, way: &Way) -> Self {
        let Way { page, back } = way.clone();
        match error {
            WorkerError::Invalid { message, remedy } => Self::Question { message, remedy, back },
            WorkerError::Failed(message) => Self::Failed { message, back },
            WorkerError::TooBusy(message) => Self::TooBusy { message, page },
            WorkerError::TooSlow(message) => Self::TooSlow { message, back },
            WorkerError::Cancelled => Self::StillComputing { page },
        }
    }

    fn describe(&self) -> Described {
        use AppError as E;
        let to = |text, href: &str| Link { text, href: href.to_owned() };
        let home = to("To the start page", "/");
        let samples = to("To the samples", "/samples");
        let (status, title, remedy, back) = match self {
            E::PageNotFound { .. } => (
                StatusCode::NOT_FOUND,
                "Page not found",
                "Check the address, or begin at the start page".to_owned(),
                home,
            ),
            E::MethodNotAllowed { .. } => (
                StatusCode::METHOD_NOT_ALLOWED,
                "Method not allowed",
                "Follow the links and forms of the pages".to_owned(),
                home,
            ),
            E::Unknown { what, known, .. } => {
                (unknown_status(what), unknown_title(what), known_names(known), way_back(what))
            }
            E::Parameter { .. } => (
                StatusCode::BAD_REQUEST,
                "Parameter not understood",
                "Correct the address, or choose again in the form of a sample".to_owned(),
                samples,
            ),
            E::NotInResult { remedy, back, .. } => (
                StatusCode::NOT_FOUND,
                "Not part of this result",
                remedy.clone(),
                to("To the result", back),
            ),
            E::Question { remedy, back, .. } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "Question cannot be answered",
                remedy.clone(),
                to("Choose again", back),
            ),
            E::Failed { back, .. } => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Run failed",
                "Try again; if it fails again, the log of the server says more".to_owned(),
                to("Back to the sample", back),
            ),
            E::NoNetworks => (
                StatusCode::NOT_IMPLEMENTED,
                "No networks in this program",
                "Samples can be looked at, but not computed with: build the program with its \
                 default features to run networks"
                    .to_owned(),
                samples,
            ),
            E::NoCheckpoint { .. } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "No weights",
                "Put a trained checkpoint into the checkpoints folder, with `stormlens train` or \
                 `stormlens import`, and start the server again"
                    .to_owned(),
                to("To the models", "/models"),
            ),
            E::QueueFull { .. } => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Busy",
                "Try again in a few seconds, when one of them has finished".to_owned(),
                samples,
            ),
            E::TooBusy { page, .. } => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Busy",
                "Try again in a few seconds, or when others have finished".to_owned(),
                to("Try again", page),
            ),
            // No `Retry-After`: the same run would take as long again.
            E::TooSlow { back, .. } => (
                StatusCode::GATEWAY_TIMEOUT,
                "Takes too long",
                "Ask for less, or start the server with a larger --deadline-s".to_owned(),
                to("Choose again", back),
            ),
            E::ShuttingDown => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Shutting down",
                "Try again when the server is back".to_owned(),
                home,
            ),
            E::StillComputing { page } => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Still computing",
                "Ask again in a few seconds, or follow the progress on the page of the result"
                    .to_owned(),
                to("To the result", page),
            ),
            E::Data(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Sample cannot be read",
                "Choose another sample, or put a sound copy of the file into its place".to_owned(),
                samples,
            ),
            E::Figure(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "File cannot be made",
                "Choose another figure or file; the log of the server says more".to_owned(),
                samples,
            ),
            E::CrossSite => (
                StatusCode::FORBIDDEN,
                "Refused",
                "Open the page on this server and use the button there".to_owned(),
                home,
            ),
            E::TimedOut => (
                StatusCode::GATEWAY_TIMEOUT,
                "Took too long",
                "Try again when the server is less busy".to_owned(),
                home,
            ),
            E::Internal(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong",
                "This is an error in the program; the log of the server says more".to_owned(),
                home,
            ),
            E::Upload(problem) => return problem.describe(),
            E::Refused(status) => (
                *status,
                status.canonical_reason().unwrap_or("Refused"),
                "Check the address, or begin at the start page".to_owned(),
                home,
            ),
        };
        Described { status, title, remedy, back }
    }
}

/// A thing with its own page is missing; a choice in a form is merely wrong.
fn unknown_status(what: &str) -> StatusCode {
    match what {
        "sample" | "model" | "checkpoint" | "figure" | "file" | "array" | "run" | "input frame" => {
            StatusCode::NOT_FOUND
        }
        "parameter" => StatusCode::BAD_REQUEST,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn unknown_title(what: &str) -> &'static str {
    match what {
        "sample" => "Unknown sample",
        "model" => "Unknown model",
        "checkpoint" => "Unknown checkpoint",
        "layer" => "Unknown layer",
        "method" => "Unknown method",
        "figure" => "Unknown figure",
        "parameter" => "Unknown parameter",
        "run" => "Unknown run",
        _ => "Unknown name",
    }
}

fn way_back(what: &str) -> Link {
    let (text, href) = match what {
        "model" | "checkpoint" | "layer" => ("To the models", "/models"),
        _ => ("To the samples", "/samples"),
    };
    Link { text, href: href.to_owned() }
}

/// All known names while a person can still read them.
fn known_names(known: &[String]) -> String {
    const MAX_NAMES: usize = 40;
    match known {
        [] => "There is none at all".to_owned(),
        names if names.len() <= MAX_NAMES => format!("Known are {}", names.join(", ")),
        names => {
            let first = names[..MAX_NAMES].join(", ");
            format!("Known are {first} and {} more", names.len() - MAX_NAMES)
        }
    }
}

impl From<SubmitError> for AppError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::QueueFull { waiting } => Self::QueueFull { waiting },
            SubmitError::ShuttingDown => Self::ShuttingDown,
        }
    }
}

impl From<DatasetError> for AppError {
    fn from(error: DatasetError) -> Self {
        Self::Data(error.to_string())
    }
}

impl From<SceneError> for AppError {
    fn from(error: SceneError) -> Self {
        match error {
            SceneError::Unknown { id } => UploadProblem::UnknownScene { id }.into(),
            other => Self::Data(other.to_string()),
        }
    }
}

impl From<PlotError> for AppError {
    fn from(error: PlotError) -> Self {
        Self::Figure(error.to_string())
    }
}

impl From<ExportError> for AppError {
    fn from(error: ExportError) -> Self {
        Self::Figure(error.to_string())
    }
}

impl From<askama::Error> for AppError {
    fn from(error: askama::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl IntoResponse for AppError {
    /// The status and the error itself; the middleware makes a page or JSON of it.
    fn into_response(self) -> Response {
        let mut response = self.describe().status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
