//! A job's progress as server-sent events, and the button that stops it.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt};
use serde::Serialize;

use super::access::crowded;
use super::client::Client;
use super::pages::progress::{VIEWER, Viewer};
use super::{AppError, AppState};
use crate::jobs::{JobId, JobState};
use crate::parameters::{Parameters, QuestionError};

/// A state as the script of the progress page reads it.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
enum StateBody {
    Queued { position: usize },
    Running { phase: String, done: usize, total: usize, elapsed_ms: u64 },
    Done,
    Failed,
    Cancelled,
}

impl From<JobState> for StateBody {
    fn from(state: JobState) -> Self {
        match state {
            JobState::Queued { position } => Self::Queued { position },
            JobState::Running { phase, done, total, since } => {
                let elapsed_ms = since.elapsed().as_millis() as u64;
                Self::Running { phase, done, total, elapsed_ms }
            }
            JobState::Done(_) => Self::Done,
            JobState::Failed(_) => Self::Failed,
            JobState::Cancelled => Self::Cancelled,
        }
    }
}

pub async fn stream(
    State(state): State<AppState>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<impl IntoResponse, AppError> {
    let (job, viewer) = (JobId::from_address(&id), viewer(raw.as_deref()));
    let subscription = match viewer {
        Some(viewer) => state.jobs.subscribe_as(&job, &viewer),
        None => state.jobs.subscribe(&job),
    };
    let subscription = subscription.ok_or_else(|| unknown(&id))?;
    let share = state.limits.events.take(Client::current(), 1).ok_or_else(crowded)?;
    let events = subscription.into_stream().map(move |state| {
        let _until_the_end = &share;
        Ok(event(state))
    });
    Ok(([(CACHE_CONTROL, "no-store")], keep_alive(events)))
}

fn event(state: JobState) -> Event {
    // Plain numbers and texts always become JSON.
    Event::default().json_data(StateBody::from(state)).unwrap_or_default()
}

/// A comment every few seconds, so that a listener who has left is noticed.
fn keep_alive<S>(events: S) -> impl IntoResponse
where
    S: Stream<Item = Result<Event, Infallible>> + Send + 'static,
{
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(5)))
}

/// Who looks, as the page says it.
fn viewer(raw: Option<&str>) -> Option<String> {
    Parameters::parse(raw).take(VIEWER).and_then(Viewer::read).map(|viewer| viewer.0)
}

/// Ends a viewer's interest in a run, which stops if nobody else has any, and leads back to where it was asked for.
pub async fn cancel(
    State(state): State<AppState>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, AppError> {
    let (job, viewer) = (JobId::from_address(&id), viewer(raw.as_deref()));
    let request = state.jobs.leave(&job, viewer.as_deref()).ok_or_else(|| unknown(&id))?;
    let task = state.catalog.task(&request);
    let pages = task.and_then(|task| state.pages_of(&task).ok());
    let page = pages.map_or_else(|| "/".to_owned(), |pages| pages.asked_at(&request.subject));
    Ok((StatusCode::SEE_OTHER, [(LOCATION, page)]).into_response())
}

fn unknown(id: &str) -> AppError {
    QuestionError::unknown("run", id, [""; 0]).into()
}
