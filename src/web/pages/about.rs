//! `/about`: what is real here, how to read it, and where it ends.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::render;
use crate::web::shell::{Section, Shell};
use crate::web::{AppError, AppState};

#[derive(Template)]
#[template(path = "pages/about.html")]
struct AboutPage {
    shell: Shell,
}

pub async fn show(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, AppError> {
    render(&headers, &AboutPage { shell: Shell::new(&state, Some(Section::ABOUT)) })
}
