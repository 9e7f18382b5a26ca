//! What a task's pages are to the dashboard, and how pages become responses.

pub mod about;
pub mod home;
pub mod models;
pub mod progress;

use std::path::Path;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use stormlens_data::card::{CheckpointCard, ModelCard};
use stormlens_data::outcome::Outcome;
use stormlens_data::request::Subject;

use super::caching::EntityTag;
use super::layout::{Layout, Section};
use super::{AppError, AppState, Pictures};
use crate::catalog::Catalog;
use crate::question::Question;

/// The pages of a task.
pub trait Pages: Send + Sync {
    /// Its entry of the navigation: the list of what can be looked at.
    fn section(&self) -> Section;

    /// Further entries, behind that.
    fn further_sections(&self) -> &'static [Section] {
        &[]
    }

    /// Whose data it shows, for the foot of every page; no full stop at its end.
    fn credits(&self) -> &'static str;

    /// Lists, uploads, pictures: whatever is not the page of a result.
    fn routes(self: Arc<Self>) -> Router<AppState>;

    /// What the start page says of it.
    ///
    /// # Errors
    /// If a template cannot be written.
    fn welcome(&self, state: &AppState) -> Result<Welcome, AppError>;

    /// The page where such a question is asked.
    fn asked_at(&self, subject: &Subject) -> String;

    /// The page of a result.
    ///
    /// # Errors
    /// If the template cannot be written.
    fn result(&self, shown: &Shown<'_>) -> Result<String, AppError>;

    /// What goes into a network and what comes out, in words.
    fn facts(&self, model: &ModelCard) -> Vec<(&'static str, String)>;

    /// The same for one set of weights.
    fn weight_facts(&self, checkpoint: &CheckpointCard) -> Vec<(&'static str, String)>;

    /// The `evaluation.json` beside weights, as HTML; `None` where there is none that can be read.
    fn evaluation(&self, file: &Path) -> Option<String>;

    /// Comparisons with others in which weights took part: address and title. It may look at the disk.
    fn comparisons(&self, _: &CheckpointCard) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Why it cannot take what visitors bring, if that is known. It may look at the disk.
    fn trouble(&self) -> Option<&'static str> {
        None
    }

    /// Draws what the first pages show, beside everything else.
    fn prepare_pictures(&self, pictures: &Pictures, catalog: &Catalog);
}

/// HTML for the start page.
pub struct Welcome {
    /// A panel that says what this is for.
    pub panel: String,
    /// Something to try at once; empty where there is nothing.
    pub suggestions: String,
}

/// A result on its way to its page.
pub struct Shown<'a> {
    pub layout: Layout,
    pub question: &'a Question,
    pub outcome: &'a Outcome,
}

/// The page as a response, or the word that the browser has it: a page is written in less time than a
/// browser takes to read it, so its tag is that of all that it says.
pub fn render(headers: &HeaderMap, page: &impl Template) -> Result<Response, AppError> {
    let text = page.render()?;
    let tag = EntityTag::of(&["page", &text]);
    if tag.is_known(headers) {
        return Ok(tag.not_modified());
    }
    Ok(tag.attach(Html(text).into_response()))
}

/// A page that says how far something is, and is wrong in the next moment.
pub fn passing(page: &impl Template) -> Result<Response, AppError> {
    let headers = [(CACHE_CONTROL, "no-store")];
    Ok((StatusCode::ACCEPTED, headers, Html(page.render()?)).into_response())
}
