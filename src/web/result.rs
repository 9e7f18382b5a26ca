//! `/v1/result`: what a network answers and why; or the way there. Everything about a result has the same
//! parameters, read by [`Question`].

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use stormlens_data::outcome::{Outcome, Role};

use super::caching::EntityTag;
use super::layout::Layout;
use super::pages::progress::{VIEWER, Viewer};
use super::pages::{Shown, progress, told};
use super::{AppError, AppState};
use crate::jobs::JobState;
use crate::parameters::{Parameters, QuestionError};
use crate::question::Question;
use stormlens_plot as plot;

/// Where results lie. The number is that of the addresses: old ones stay as they are.
pub const PATH: &str = "/v1/result";

/// The address of a result's page.
pub fn page(question: &Question) -> String {
    format!("{PATH}?{}", question.to_query())
}

pub async fn show(
    State(state): State<AppState>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let mut parameters = Parameters::parse(raw.as_deref());
    let viewer = parameters.take(VIEWER).and_then(Viewer::read);
    let question = Question::read(&parameters, &state.catalog, &[])?;
    if !question.is_written_as(&parameters) {
        return Ok(lead_to(&question));
    }
    if state.jobs.was_stopped(&question.request) {
        return progress::show_stopped(&state, &question, &headers).await;
    }
    let id = state.submit(question.request.clone()).await?;
    match state.jobs.status(&id) {
        // Who has waited here without scripts.
        Some(job) if job.is_final() && viewer.is_some() => Ok(lead_to(&question)),
        Some(JobState::Done(outcome)) => {
            check_region(&question, &outcome)?;
            let done = progress::done(&question);
            told(&headers, done, answer(&state, question, outcome, &headers)).await
        }
        Some(JobState::Failed(error)) => {
            // Said once; the next visit tries again.
            state.jobs.cancel(&id);
            Err(AppError::from_worker(error, &state.way(&question)))
        }
        Some(job) => {
            let viewer = viewer.unwrap_or_else(Viewer::arrives);
            progress::show(&state, &question, (&id, &job), (viewer, &headers)).await
        }
        None => Err(AppError::StillComputing { page: page(&question) }),
    }
}

/// The way to the address of a result as it is written in full.
fn lead_to(question: &Question) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, page(question))]).into_response()
}

/// Asks for a result, also where it was stopped before.
pub async fn start(
    State(state): State<AppState>,
    RawQuery(raw): RawQuery,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(raw.as_deref());
    let question = Question::read(&parameters, &state.catalog, &[])?;
    state.submit(question.request.clone()).await?;
    Ok(lead_to(&question))
}

/// Refuses a part of the map that holds nothing of it: every figure would be refused.
pub fn check_region(question: &Question, outcome: &Outcome) -> Result<(), QuestionError> {
    let input = outcome.variables.iter().find(|variable| variable.role == Role::Input);
    let (Some(input), Some(_)) = (input, question.style.region) else { return Ok(()) };
    let refuse = |error| QuestionError::parameter("region", format!("cannot be taken: {error}"));
    plot::shown_part(outcome, input, &question.style).map(|_| ()).map_err(refuse)
}

/// The page of a result: as the browser has it, as it was rendered before, or rendered now. What the
/// frame of the page says of the device is part of the page.
async fn answer(
    state: &AppState,
    question: Question,
    outcome: Arc<Outcome>,
    headers: &HeaderMap,
) -> Result<Response, AppError> {
    let pages = state.pages_of(&question.task)?.clone();
    let layout = Layout::new(state, Some(pages.section()));
    let foot = format!("{} {}", layout.device, layout.device_reason);
    let notice = layout.notice.as_deref().unwrap_or_default();
    let address = format!("{}{foot} {notice}", page(&question));
    let tag = EntityTag::of_result(&address, &outcome.provenance);
    if tag.is_known(headers) {
        return Ok(tag.not_modified());
    }
    let page = match state.result_pages.get(&tag) {
        Some(page) => page,
        None => {
            let (known, key) = (state.result_pages.clone(), tag.clone());
            // Of many who wait for one new page the first renders it: the others look again once it
            // is their turn.
            let make = move || match known.get(&key) {
                Some(page) => Ok(page),
                None => {
                    let shown = Shown { layout, question: &question, outcome: &outcome };
                    pages.result(&shown).inspect(|page| known.put(key, page.clone()))
                }
            };
            state.blocking(make).await?
        }
    };
    Ok(tag.attach(Html(page).into_response()))
}
