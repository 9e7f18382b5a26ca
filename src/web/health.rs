//! Whether the server lives, and whether it can compute.

use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::task::spawn_blocking;

use super::AppState;
use crate::jobs::Readiness;

pub async fn healthz() -> &'static str {
    "ok\n"
}

/// What was found wrong with samples and weights since the start, and whether they are only those of the program.
#[derive(Debug, Default)]
pub struct Problems(Mutex<Vec<String>>);

impl Problems {
    pub fn add(&self, problem: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(problem);
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    version: &'static str,
    device: Option<Device>,
    /// Why it is not ready.
    reason: Option<String>,
    /// What cannot be read or was not found, though the rest can be asked about.
    problems: Vec<String>,
}

#[derive(Serialize)]
struct Device {
    kind: &'static str,
    name: String,
    reason: String,
}

/// Why something that is brought or found out cannot be kept.
fn trouble(state: &AppState) -> Option<String> {
    let of_pages = state.pages().find_map(|pages| pages.trouble()).map(str::to_owned);
    of_pages.or_else(|| state.jobs.trouble())
}

pub async fn readyz(State(state): State<AppState>) -> Response {
    let (device, mut reason) = match state.jobs.readiness() {
        Readiness::Ready(report) => {
            let reason = state.private.hide(report.reason);
            let (kind, name) = (report.kind, report.name);
            (Some(Device { kind, name, reason }), None)
        }
        Readiness::Starting => (None, Some("the worker is starting".to_owned())),
        Readiness::Unavailable(reason) => (None, Some(reason)),
    };
    if reason.is_none() {
        let disks = state.clone();
        // It may write a few bytes.
        reason = spawn_blocking(move || trouble(&disks)).await.unwrap_or_default();
    }
    let reason = reason.map(|reason| state.private.hide(reason));
    let ready = reason.is_none();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let (version, problems) = (env!("CARGO_PKG_VERSION"), state.problems.all());
    let body = Ready { ready, version, device, reason, problems };
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
