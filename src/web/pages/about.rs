//! `/about`: what is real here, how to read it, and where it ends.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::render;
use crate::web::layout::{Layout, Section};
use crate::web::{AppError, AppState};

#[derive(Template)]
#[template(path = "pages/about.html")]
struct AboutPage {
    layout: Layout,
}

pub async fn show(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, AppError> {
    render(&headers, &AboutPage { layout: Layout::new(&state, Some(Section::ABOUT)) })
}
