//! Errors on their way out: a page or JSON, whichever the client accepts.

use std::any::Any;

use askama::Template;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;

use super::{AppError, Described, Link};
use crate::web::AppState;
use crate::web::layout::Layout;

pub async fn page_not_found(uri: Uri) -> AppError {
    AppError::PageNotFound { path: uri.path().to_owned() }
}

pub async fn method_not_allowed(method: Method, uri: Uri) -> AppError {
    AppError::MethodNotAllowed { method, path: uri.path().to_owned() }
}

/// The last net below every handler.
pub fn from_panic(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    AppError::Internal(text.unwrap_or_else(|| "the handler panicked".to_owned())).into_response()
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    layout: Layout,
    title: &'static str,
    message: String,
    remedy: String,
    back: Link,
    status: u16,
}

#[derive(Serialize)]
struct ErrorBody {
    status: u16,
    title: &'static str,
    message: String,
    remedy: String,
    back: Link,
}

/// Turns every error into a page or JSON, whichever the client accepts; also those refusals that
/// come from below the handlers.
pub async fn render(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let wants_page = wants_page(request.headers());
    let mut response = next.run(request).await;
    let status = response.status();
    let error = response.extensions_mut().remove::<AppError>();
    let is_plain = !response.headers().contains_key(CONTENT_TYPE) || is_text(&response);
    let error = match error {
        Some(error) => error,
        None if status == StatusCode::FORBIDDEN => AppError::CrossSite,
        None if (status.is_client_error() || status.is_server_error()) && is_plain => {
            AppError::Refused(status)
        }
        None => return response,
    };
    let allow = response.headers().get(ALLOW).cloned();
    let mut response = respond(&state, &error, wants_page);
    response.headers_mut().extend(allow.map(|value| (ALLOW, value)));
    response
}

fn respond(state: &AppState, error: &AppError, wants_page: bool) -> Response {
    let Described { status, title, remedy, back } = error.describe();
    if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE {
        tracing::error!(status = status.as_u16(), %error, "answered with an error");
    }
    let whole = error.to_string();
    let shown = state.private.hide(whole.clone());
    if shown != whole && !status.is_server_error() {
        tracing::warn!(%error, "answered without the folder");
    }
    let (message, remedy) = (sentence(&shown), state.private.hide(remedy));
    let code = status.as_u16();
    let mut response = if wants_page {
        let layout = Layout::new(state, None);
        ErrorPage { layout, title, message, remedy, back, status: code }.render().map_or_else(
            |error| error.to_string().into_response(),
            |page| Html(page).into_response(),
        )
    } else {
        Json(ErrorBody { status: code, title, message, remedy, back }).into_response()
    };
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

/// A browser names HTML before anything else; programs and `<img>` do not.
pub fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = accept.find("text/html");
    first.is_some_and(|html| accept.find("application/json").is_none_or(|json| html < json))
}

/// A program that names JSON, and not HTML before it.
pub fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !wants_page(headers)
}

fn is_text(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/plain"))
}

/// Errors begin lower case, a page does not; the name of a file or a variable stays as it is: `pr (mm/h)`, `tp, a.nc`.
fn sentence(text: &str) -> String {
    let mut words = text.split_whitespace();
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_file = first.trim_end_matches([':', '.']).contains('.');
    let is_variable = first.ends_with(',') || first.contains('_') || second.starts_with('(');
    if is_file || is_variable {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn names_at_the_begin_keep_their_case() {
        for (text, expected) in [
            ("the file is cut off", "The file is cut off"),
            ("pr (mm/h), mean of 3 h", "pr (mm/h), mean of 3 h"),
            ("tp, rain.nc in mm", "tp, rain.nc in mm"),
            ("rain_rate is in K", "rain_rate is in K"),
            ("rain.nc holds nothing", "rain.nc holds nothing"),
        ] {
            assert_eq!(sentence(text), expected);
        }
    }
}
