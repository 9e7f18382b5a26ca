//! A result's page while the answer is not there yet.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Instant;

use askama::Template;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};

use super::{HowFar, passing, told};
use crate::export::PROVENANCE;
use crate::jobs::{JobId, JobState};
use crate::question::Question;
use crate::web::layout::{Layout, Section};
use crate::web::{AppError, AppState, result};

#[derive(Template)]
#[template(path = "pages/progress.html")]
struct ProgressPage {
    layout: Layout,
    job: String,
    viewer: String,
    /// The address of this page for the same viewer.
    again: String,
    list: Section,
    /// What is looked at, and the page where that is asked.
    name: String,
    page: String,
    model: &'static str,
    phase: String,
    done: usize,
    /// 0 where the number of steps is not known yet.
    total: usize,
    elapsed: String,
    running: bool,
}

/// The parameter by which a page says who looks at it.
pub const VIEWER: &str = "viewer";

/// The name of one who looks at a page that waits, for as long as they do: 16 hexadecimal digits.
pub struct Viewer(pub String);

impl Viewer {
    /// One who comes for the first time.
    pub fn arrives() -> Self {
        // The standard library draws a key for it, which nobody can guess.
        Self(format!("{:016x}", RandomState::new().build_hasher().finish()))
    }

    /// One who was here before.
    pub fn read(name: String) -> Option<Self> {
        let is_name = name.len() == 16 && name.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_name.then_some(Self(name))
    }
}

/// The page that waits; it asks again by itself.
pub async fn show(
    state: &AppState,
    question: &Question,
    (id, job): (&JobId, &JobState),
    (Viewer(viewer), headers): (Viewer, &HeaderMap),
) -> Result<Response, AppError> {
    state.jobs.sees(id, &viewer);
    let (phase, done, total, since) = match job {
        JobState::Running { phase, done, total, since } => {
            let phase = if phase.is_empty() { "Starting" } else { phase };
            (phase.to_owned(), *done, *total, Some(*since))
        }
        JobState::Queued { position: 0 } => ("Waiting for its turn".to_owned(), 0, 0, None),
        JobState::Queued { position: 1 } => ("Waiting for one other run".to_owned(), 0, 0, None),
        JobState::Queued { position } => (format!("Waiting for {position} other runs"), 0, 0, None),
        _ => ("Finishing".to_owned(), 0, 0, None),
    };
    let pages = state.pages_of(&question.task)?;
    let subject = &question.request.subject;
    let page = ProgressPage {
        layout: Layout::new(state, Some(pages.section())),
        job: id.to_string(),
        again: format!("{}&{VIEWER}={viewer}", result::page(question)),
        viewer,
        list: pages.section(),
        name: question.task.title(subject),
        page: pages.asked_at(subject),
        model: question.cards.model.title,
        phase,
        done,
        total,
        elapsed: since.map(elapsed).unwrap_or_default(),
        running: since.is_some(),
    };
    let result = result::page(question);
    let how_far = match job {
        JobState::Queued { .. } => HowFar::queued(result),
        _ => HowFar::running(result),
    };
    let how_far = how_far.at(&page.phase, done, total);
    passing(headers, &page, how_far).await
}

/// What a program is told of a result that is there.
pub fn done(question: &Question) -> HowFar {
    let query = question.to_query();
    let numbers = format!("{}/{}?{query}", result::PATH, PROVENANCE);
    HowFar::done(result::page(question), Some(numbers))
}

#[derive(Template)]
#[template(path = "pages/stopped.html")]
struct StoppedPage {
    layout: Layout,
    list: Section,
    name: String,
    /// Where that is asked, and the address of the result.
    page: String,
    result: String,
    model: &'static str,
}

/// The page of a result that was stopped by those who waited for it; a button starts it again.
pub async fn show_stopped(
    state: &AppState,
    question: &Question,
    headers: &HeaderMap,
) -> Result<Response, AppError> {
    let pages = state.pages_of(&question.task)?;
    let subject = &question.request.subject;
    let page = StoppedPage {
        layout: Layout::new(state, Some(pages.section())),
        list: pages.section(),
        name: question.task.title(subject),
        page: pages.asked_at(subject),
        result: result::page(question),
        model: question.cards.model.title,
    };
    let page = async {
        let headers = [(CACHE_CONTROL, "no-store")];
        Ok((StatusCode::CONFLICT, headers, Html(page.render()?)).into_response())
    };
    told(headers, HowFar::stopped(result::page(question)), page).await
}

fn elapsed(since: Instant) -> String {
    format!("{} s", since.elapsed().as_secs())
}
