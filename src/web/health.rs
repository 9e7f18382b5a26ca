//! Whether the server lives, and whether it can compute.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::AppState;
use crate::jobs::Readiness;

pub async fn healthz() -> &'static str {
    "ok\n"
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    version: &'static str,
    device: Option<Device>,
    /// Why it is not ready.
    reason: Option<String>,
}

#[derive(Serialize)]
struct Device {
    kind: &'static str,
    name: String,
    reason: String,
}

pub async fn readyz(State(state): State<AppState>) -> Response {
    let (device, reason) = match state.jobs.readiness() {
        Readiness::Ready(report) => {
            let (kind, name, reason) = (report.kind, report.name, report.reason);
            (Some(Device { kind, name, reason }), None)
        }
        Readiness::Starting => (None, Some("the worker is starting".to_owned())),
        Readiness::Unavailable(reason) => (None, Some(reason)),
    };
    let ready = device.is_some();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = Ready { ready, version: env!("CARGO_PKG_VERSION"), device, reason };
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
