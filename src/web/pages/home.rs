//! `/`: what this is, and something to try at once.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::models::Entry;
use super::{Welcome, render};
use crate::web::layout::Layout;
use crate::web::{AppError, AppState};

#[derive(Template)]
#[template(path = "pages/home.html")]
struct HomePage {
    layout: Layout,
    models: Vec<Entry>,
    tasks: Vec<Welcome>,
}

pub async fn show(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, AppError> {
    let asked = state.clone();
    let welcomes = move || asked.pages().map(|pages| pages.welcome(&asked)).collect();
    let tasks: Vec<Welcome> = state.blocking(welcomes).await?;
    let (layout, models) = (Layout::new(&state, None), super::models::entries(&state));
    render(&headers, &HomePage { layout, models, tasks })
}
