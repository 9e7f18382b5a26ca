//! `/verification` and `/v1/verification`: networks and reference forecasts verified beside each other on all samples
//! of a data set that are asked for, with intervals.

mod asked;
mod cases;
pub mod chart;
mod kept;
mod list;
mod page;
mod published;
mod runs;
mod table;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;

use axum::extract::{RawForm, RawQuery, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use stormlens_data::card::NowcastField;

pub use self::kept::{KEPT_IN, Kept};
pub use self::list::{of, show as list};
use self::runs::Run;
pub use self::runs::Runs;
use self::view::View;
use super::Nowcasts;
use super::study::{Found, Plan, plan, write};
use crate::parameters::{Parameters, QuestionError};
use crate::web::figures::attachment;
use crate::web::pages::progress::{VIEWER, Viewer};
use crate::web::pages::{HowFar, made, passing, render};
use crate::web::{AppError, AppState, Link, Problem, wants_json};

/// Where comparisons are listed and begun.
pub const LIST: &str = "/verification";
/// Where one is shown.
pub const PATH: &str = "/v1/verification";
/// Where one is begun, and where it is stopped.
pub const START: &str = "/v1/verification/start";
pub const STOP: &str = "/v1/verification/stop";
/// Whether what was counted before is discarded.
const ANEW: &str = "anew";

/// The page of a comparison: what it found, how far it is, or a button that begins it.
pub async fn show(
    task: Arc<Nowcasts>,
    State(state): State<AppState>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let mut parameters = Parameters::parse(raw.as_deref());
    let viewer = parameters.take(VIEWER).and_then(Viewer::read);
    parameters.only(&plan::NAMES.into_iter().chain(view::NAMES).collect::<Vec<_>>())?;
    let plan = checked(&parameters, &task)?;
    let Some(found) = find(&task, &state, &plan).await? else {
        return match task.runs.standing(&plan) {
            Some(standing) => {
                let Viewer(viewer) = viewer.unwrap_or_else(Viewer::arrives);
                task.runs.sees(&plan, &viewer);
                let page = page::Waiting::new(&state, &task, &plan, standing, viewer);
                passing(&headers, &page, HowFar::running(address(&plan))).await
            }
            None => {
                asked::check(&plan, &state.catalog)?;
                if wants_json(&headers) {
                    return Err(unmade(&plan));
                }
                render(&headers, &page::Unmade::new(&state, &task, &plan))
            }
        };
    };
    if viewer.is_some() {
        // Who has waited here without scripts.
        return Ok(see(&address(&plan)));
    }
    let view = View::read(&parameters, &found)?;
    let catalog_state = state.clone();
    let numbers = format!("{PATH}.{}?{}", FileKind::Json.ending(), plan.query());
    let how_far = HowFar::done(address(&plan), Some(numbers));
    let write = move || Ok(page::Page::new(&catalog_state, &task, &plan, &view, &found));
    let page = state.blocking(write).await?;
    made(&headers, &page, how_far).await
}

/// Begins a comparison and leads to its page.
pub async fn start(
    task: Arc<Nowcasts>,
    State(state): State<AppState>,
    RawForm(body): RawForm,
) -> Result<Response, AppError> {
    let parameters = form(&body);
    parameters.only(&plan::NAMES.into_iter().chain([ANEW]).collect::<Vec<_>>())?;
    let is_anew = parameters.switch(ANEW, false)?;
    let plan = checked(&parameters, &task)?;
    if find(&task, &state, &plan).await?.is_none() {
        asked::check(&plan, &state.catalog)?;
        let networks = asked::networks(&plan, &state, &task)?;
        let own = task.clone();
        let of_plan = plan.clone();
        let work = move |run: &Run| {
            let archive = own.samples.archive_named(&of_plan.dataset);
            let archive = archive.ok_or_else(|| anyhow::anyhow!("the data set has gone"))?;
            let networks = networks.iter().map(|network| network.forecasts(run)).collect();
            if is_anew {
                own.kept.discard(&of_plan)?;
            }
            let state = own.kept.state_file(&of_plan)?;
            let found = super::study::run(&of_plan, archive, networks, (Some(&state), run))?;
            own.kept.keep(&of_plan, found)
        };
        task.runs.start(&plan, work)?;
    }
    Ok(see(&address(&plan)))
}

/// Ends a viewer's interest in a comparison, which stops if nobody else has any; what was counted stays, so that it can go
/// on. Where it does not stop, its page would make a viewer of who has left, so the list is shown.
pub fn stop(task: &Nowcasts, RawForm(body): RawForm) -> Result<Response, AppError> {
    let mut parameters = form(&body);
    let viewer = parameters.take(VIEWER).and_then(Viewer::read);
    parameters.only(&plan::NAMES)?;
    let plan = checked(&parameters, task)?;
    let goes_on = task.runs.leave(&plan, viewer.as_ref().map(|viewer| viewer.0.as_str()));
    Ok(if goes_on { see(LIST) } else { see(&address(&plan)) })
}

/// `.csv`, `.json`, `.tex`: all numbers; `.bib`: what to cite for them.
pub async fn file(
    task: Arc<Nowcasts>,
    State(state): State<AppState>,
    kind: FileKind,
    RawQuery(raw): RawQuery,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(raw.as_deref());
    parameters.only(&plan::NAMES)?;
    let plan = checked(&parameters, &task)?;
    let found = find(&task, &state, &plan).await?.ok_or_else(|| unmade(&plan))?;
    let name = format!("verification-{}-{}.{}", plan.dataset, plan.id(), kind.ending());
    let text = state.writing(move || kind.write(&found)).await?;
    let mut response = ([(CONTENT_TYPE, kind.media_type())], text).into_response();
    if let Some(value) = attachment(&name) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// A file of all numbers.
#[derive(Clone, Copy, Debug)]
pub enum FileKind {
    Csv,
    Json,
    Latex,
    Bibtex,
}

impl FileKind {
    pub const ALL: [Self; 4] = [Self::Csv, Self::Json, Self::Latex, Self::Bibtex];

    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Latex => "tex",
            Self::Bibtex => "bib",
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Csv => "All scores with intervals, CSV",
            Self::Json => "Everything, JSON",
            Self::Latex => "A table for a paper, LaTeX with booktabs",
            Self::Bibtex => "What to cite for forecasts without a network and for scores, BibTeX",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
            Self::Latex => "application/x-tex; charset=utf-8",
            Self::Bibtex => "text/plain; charset=utf-8",
        }
    }

    fn write(self, found: &Found) -> Result<String, AppError> {
        let failed = |error: serde_json::Error| AppError::Internal(error.to_string());
        Ok(match self {
            Self::Csv => write::csv(&found.report),
            Self::Latex => write::latex(&found.report),
            Self::Bibtex => write::bibtex(&found.report),
            Self::Json => serde_json::to_string(found).map_err(failed)?,
        })
    }
}

/// The plan, if data set and events exist. What was found of networks that have gone since can be looked at.
fn checked(parameters: &Parameters, task: &Nowcasts) -> Result<Plan, QuestionError> {
    let plan = Plan::read(parameters)?;
    let names = || task.samples.datasets(NowcastField::Precipitation);
    let archive = task.samples.archive_named(&plan.dataset);
    let unknown = || QuestionError::unknown(plan::DATASET, &plan.dataset, names());
    let archive = archive.filter(|_| names().any(|name| name == plan.dataset));
    let events = archive.ok_or_else(unknown)?.events();
    let is_event = |id: &&String| events.iter().any(|event| event.id == **id);
    if let Some(other) = plan.selection.events.iter().find(|id| !is_event(id)) {
        let known = events.iter().map(|event| event.id.as_str());
        return Err(QuestionError::unknown("event", other, known));
    }
    Ok(plan)
}

/// What a comparison found, if it is kept and of the present weights.
async fn find(
    task: &Arc<Nowcasts>,
    state: &AppState,
    plan: &Plan,
) -> Result<Option<Arc<Found>>, AppError> {
    let (task, plan, catalog) = (task.clone(), plan.clone(), state.catalog.clone());
    state.blocking(move || task.kept.find(&plan, &catalog)).await
}

fn form(body: &[u8]) -> Parameters {
    Parameters::parse(std::str::from_utf8(body).ok())
}

fn see(address: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response()
}

/// The address of a comparison.
pub fn address(plan: &Plan) -> String {
    format!("{PATH}?{}", plan.query())
}

fn unmade(plan: &Plan) -> AppError {
    let problem = Problem {
        message: "these forecasts have not been compared yet".to_owned(),
        status: StatusCode::NOT_FOUND,
        title: "Not compared yet",
        remedy: "Open the page of the comparison and begin it".to_owned(),
        back: Link { text: "The comparison", href: address(plan) },
    };
    AppError::Task(Arc::new(problem))
}
