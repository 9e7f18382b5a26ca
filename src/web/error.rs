//! The one error that handlers return, and the page or JSON it becomes.

mod render;

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

pub use self::render::{
    from_panic, method_not_allowed, page_not_found, render, wants_json, wants_page,
};
use super::state::Way;
use crate::export::ExportError;
use crate::jobs::{SubmitError, WorkerError};
use crate::parameters::QuestionError;
use stormlens_plot::PlotError;

#[cfg(test)]
mod tests;

/// What can go wrong between a request and its answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppError {
    #[error("there is no page at {path}")]
    PageNotFound { path: String },
    #[error("{path} does not answer {method}")]
    MethodNotAllowed { method: Method, path: String },
    #[error(transparent)]
    Asked(#[from] QuestionError),
    #[error("{what}")]
    NotInResult { what: String, remedy: String, back: String },
    /// Weights of which nothing was verified.
    #[error("there is no verification of probabilities beside the weights {checkpoint}")]
    NotVerified { checkpoint: String, back: String },
    /// What was verified cannot be read any more.
    #[error("the file evaluation.json beside the weights {checkpoint} is damaged: {what}")]
    DamagedVerification { checkpoint: String, what: String, back: String },
    /// The network cannot answer this question.
    #[error("{message}")]
    Question { message: String, remedy: String, back: String },
    #[error("{message}")]
    Failed { message: String, back: String },
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
    /// What only a task knows.
    #[error("{0}")]
    Task(Arc<Problem>),
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

/// An error that a task describes.
#[derive(Clone, Debug)]
pub struct Problem {
    pub message: String,
    pub status: StatusCode,
    pub title: &'static str,
    pub remedy: String,
    pub back: Link,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// Where to go from an error.
#[derive(Clone, Debug, Serialize)]
pub struct Link {
    pub text: &'static str,
    pub href: String,
}

impl AppError {
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

    /// Whether there is no room for a run now, but will be.
    pub fn is_busy(&self) -> bool {
        let is_over = matches!(self, Self::ShuttingDown);
        !is_over && self.describe().status == StatusCode::SERVICE_UNAVAILABLE
    }

    fn describe(&self) -> Described {
        use AppError as E;
        let to = |text, href: &str| Link { text, href: href.to_owned() };
        let home = to("To the start page", "/");
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
            E::Asked(error) => return describe_question(error),
            E::NotInResult { remedy, back, .. } => (
                StatusCode::NOT_FOUND,
                "Not part of this result",
                remedy.clone(),
                to("To the result", back),
            ),
            E::NotVerified { back, .. } => (
                StatusCode::NOT_FOUND,
                "Not verified",
                "Make one with `stormlens evaluate --output evaluation.json`".into(),
                to("To the network", back),
            ),
            E::DamagedVerification { back, .. } => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Verification is damaged",
                "Put a sound copy of the file into its place, or make it anew with `stormlens evaluate --output \
                 evaluation.json`"
                    .into(),
                to("To the network", back),
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
                to("Back", back),
            ),
            E::QueueFull { .. } => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Busy",
                "Try again in a few seconds, when one of them has finished".to_owned(),
                home,
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
                "Request less, or start the server with a larger --deadline-s".to_owned(),
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
                "Try again in a few seconds, or follow the progress on the page of the result"
                    .to_owned(),
                to("To the result", page),
            ),
            E::Data(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Sample cannot be read",
                "Choose another sample, or put a sound copy of the file into its place".to_owned(),
                home,
            ),
            E::Figure(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "File cannot be made",
                "Choose another figure or file; the log of the server says more".to_owned(),
                home,
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
            E::Task(problem) => {
                let Problem { status, title, remedy, back, .. } = (**problem).clone();
                return Described { status, title, remedy, back };
            }
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

fn describe_question(error: &QuestionError) -> Described {
    use QuestionError as Q;
    let to = |text, href: &str| Link { text, href: href.to_owned() };
    let (status, title, remedy, back) = match error {
        Q::Unknown { what, known, .. } => {
            (unknown_status(what), unknown_title(what), known_names(known), way_back(what))
        }
        Q::Parameter { .. } => (
            StatusCode::BAD_REQUEST,
            "Parameter not understood",
            "Correct the address, or choose again in a form".to_owned(),
            to("To the start page", "/"),
        ),
        Q::NoNetworks => (
            StatusCode::NOT_IMPLEMENTED,
            "No networks in this program",
            "You can look at samples, but you cannot run a network: build the program with its default \
             features to run networks"
                .to_owned(),
            to("To the start page", "/"),
        ),
        Q::NoWeights { model, .. } => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "No weights",
            format!(
                "Put a trained checkpoint into checkpoints/{model}/, with `stormlens train` or \
                 `stormlens import --from FILE --output checkpoints/{model}/NAME`, and start the \
                 server again"
            ),
            to("To the models", "/models"),
        ),
        Q::Gone { remedy, back, .. } => {
            (StatusCode::NOT_FOUND, "Not here any more", (*remedy).to_owned(), to("Back", back))
        }
    };
    Described { status, title, remedy, back }
}

/// A thing with its own page is missing; a choice in a form is merely wrong.
fn unknown_status(what: &str) -> StatusCode {
    match what {
        "sample" | "model" | "checkpoint" | "figure" | "file" | "variable" | "map" | "run"
        | "input frame" => StatusCode::NOT_FOUND,
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
        _ => ("To the start page", "/"),
    };
    Link { text, href: href.to_owned() }
}

/// All known names while a person can still read them.
fn known_names(known: &[String]) -> String {
    const MAX_NAMES: usize = 40;
    match known {
        [] => "There are none here".to_owned(),
        names if names.len() <= MAX_NAMES => format!("Choose one of: {}", names.join(", ")),
        names => {
            let first = names[..MAX_NAMES].join(", ");
            format!("Choose one of: {first} and {} more", names.len() - MAX_NAMES)
        }
    }
}

impl From<SubmitError> for AppError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::QueueFull { waiting } => Self::QueueFull { waiting },
            SubmitError::ShareFull { .. } | SubmitError::LongFull { .. } => Problem {
                message: error.to_string(),
                status: StatusCode::SERVICE_UNAVAILABLE,
                title: "Busy",
                remedy: "Try again when one of them has finished, or stop one".to_owned(),
                back: Link { text: "To the start page", href: "/".to_owned() },
            }
            .into(),
            SubmitError::ShuttingDown => Self::ShuttingDown,
        }
    }
}

impl From<Problem> for AppError {
    fn from(problem: Problem) -> Self {
        Self::Task(Arc::new(problem))
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
