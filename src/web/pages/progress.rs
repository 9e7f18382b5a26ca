//! A result's page while the answer is not there yet.

use std::time::Instant;

use askama::Template;
use axum::response::Response;

use super::passing;
use crate::jobs::{JobId, JobState};
use crate::question::Question;
use crate::web::layout::{Layout, Section};
use crate::web::{AppError, AppState};

#[derive(Template)]
#[template(path = "pages/progress.html")]
struct ProgressPage {
    layout: Layout,
    job: String,
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

/// The page that waits; it asks again by itself.
pub fn show(
    state: &AppState,
    question: &Question,
    id: &JobId,
    job: &JobState,
) -> Result<Response, AppError> {
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
    passing(&page)
}

fn elapsed(since: Instant) -> String {
    format!("{} s", since.elapsed().as_secs())
}
