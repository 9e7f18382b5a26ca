//! Limits and headers that hold for every response.

use std::time::Duration;

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::AppError;

/// A whole result with every figure in three formats is the longest work of all.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// Everything comes from this server, nothing inline: injected text can never become a script.
const POLICY: &str = "default-src 'none'; img-src 'self' data:; style-src 'self'; \
    script-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'";

/// Stands in every answer that has [`HEADERS`].
pub const MARK: &str = "x-content-type-options";

pub const HEADERS: [(HeaderName, &str); 7] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

pub async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        // A figure downloaded as SVG carries its own, stricter policy.
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Gives up on a request, not on a stream: events go on for as long as the client listens. Uploads
/// have limits of their own, which count only what the client takes, and do without this one.
pub async fn time_limit(request: Request, next: Next) -> Response {
    match timeout(TIME_LIMIT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => AppError::TimedOut.into_response(),
    }
}
