//! One file a page: its struct holds exactly what its template shows.

pub mod about;
pub mod compare;
pub mod home;
pub mod models;
pub mod progress;
pub mod result;
pub mod sample;
pub mod samples;
pub mod scene;
pub mod scenes;

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use super::AppError;

/// The page as a response.
fn render(page: &impl Template) -> Result<Response, AppError> {
    Ok(Html(page.render()?).into_response())
}
