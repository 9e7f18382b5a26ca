//! What a task's pages are to the dashboard, and how pages become responses.

pub mod about;
pub mod home;
mod how_far;
pub mod models;
pub mod progress;

use std::path::Path;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use stormlens_data::card::{CheckpointCard, ModelCard};
use stormlens_data::outcome::Outcome;
use stormlens_data::request::Subject;

pub use self::how_far::HowFar;
use super::caching::EntityTag;
use super::layout::{Layout, Section};
use super::{AppError, AppState, Link, Pictures, Problem, wants_json};
use crate::catalog::Catalog;
use crate::parameters::Parameters;
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

    /// Of each set of weights the comparisons with others in which these weights took part: address and title. It may look
    /// at the disk, which is why it is asked of all of a page together.
    fn comparisons(
        &self,
        checkpoints: &[Arc<CheckpointCard>],
        _: &Catalog,
    ) -> Vec<Vec<(String, String)>> {
        vec![Vec::new(); checkpoints.len()]
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

/// Which page of a list is meant, the first one until somebody chooses. `address` is that of a page of it.
///
/// # Errors
/// For what is none of its pages, with the way to the nearest one.
pub fn page_number(
    parameters: &Parameters,
    n_pages: usize,
    address: impl Fn(usize) -> String,
) -> Result<usize, AppError> {
    let expected = format!("a page number from 1 to {n_pages}");
    let fits = |page: &usize| (1..=n_pages).contains(page);
    let refused = match parameters.number("page", &expected, fits) {
        Ok(page) => return Ok(page.unwrap_or(1)),
        Err(refused) => refused,
    };
    let asked = parameters.one("page")?.and_then(|text| text.trim().parse::<usize>().ok());
    let nearest = if asked.is_some_and(|page| page > n_pages) { n_pages } else { 1 };
    Err(Problem {
        message: refused.to_string(),
        status: StatusCode::BAD_REQUEST,
        title: "Parameter not understood",
        remedy: "Go to the nearest page that there is".to_owned(),
        back: Link { text: "To that page", href: address(nearest) },
    }
    .into())
}

/// A page that says how far something is, and is wrong in the next moment; for a program the same as JSON.
pub async fn passing(
    headers: &HeaderMap,
    page: &impl Template,
    how_far: HowFar,
) -> Result<Response, AppError> {
    let page = async {
        let headers = [(CACHE_CONTROL, "no-store")];
        Ok((StatusCode::ACCEPTED, headers, Html(page.render()?)).into_response())
    };
    told(headers, how_far, page).await
}

/// The page of what others waited for; for a program the same as JSON.
pub async fn made(
    headers: &HeaderMap,
    page: &impl Template,
    how_far: HowFar,
) -> Result<Response, AppError> {
    told(headers, how_far, async { render(headers, page) }).await
}

/// What people and programs are told at one address: a page, or how far something is as JSON.
pub async fn told(
    headers: &HeaderMap,
    how_far: HowFar,
    page: impl Future<Output = Result<Response, AppError>>,
) -> Result<Response, AppError> {
    let mut response = match wants_json(headers) {
        true => how_far.respond(),
        false => page.await?,
    };
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_page_of_a_list_leads_to_the_nearest_one() {
        let read = |query: &str| {
            let parameters = Parameters::parse(Some(query));
            page_number(&parameters, 7, |page| format!("/list?page={page}"))
        };
        for (query, page) in [("", 1), ("page=1", 1), ("page=7", 7)] {
            assert_eq!(read(query).ok(), Some(page), "{query}");
        }
        for (query, nearest) in [("page=8", 7), ("page=0", 1), ("page=-1", 1), ("page=x", 1)] {
            let Err(AppError::Task(problem)) = read(query) else { panic!("{query} is taken") };
            assert_eq!(problem.status, StatusCode::BAD_REQUEST);
            assert!(problem.message.ends_with("must be a page number from 1 to 7"), "{problem}");
            assert_eq!(problem.back.href, format!("/list?page={nearest}"), "{query}");
        }
        assert!(matches!(read("page=1&page=2"), Err(AppError::Asked(_))));
    }
}
