//! `/v1/compare`: networks, weights and persistence side by side on one sample, in one table and one
//! set of maps; `/v1/compare.csv` and `/v1/compare.json`: the scores as files.

mod choices;
mod file;
mod page;

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use stormlens_data::outcome::Outcome;
use stormlens_data::request::Target;

pub use self::choices::{NetworkChoice, choices};
use self::choices::{read_networks, read_question};
pub use self::file::{FileKind, show as file};
use self::page::describe;
use super::question::{
    LEAD_TIME, SAMPLE, STEPS_MEAN, THRESHOLD, has_steps_mean, lead_time_min, threshold,
};
use super::samples::SampleEntry;
use super::{Nowcasts, SECTION};
use crate::catalog::Catalog;
use crate::jobs::JobState;
use crate::parameters::{Parameters, QuestionError, encode, to_query};
use crate::question::Question;
use crate::web::layout::Layout;
use crate::web::pages::{HowFar, made, passing};
use crate::web::result::check_region;
use crate::web::{AppError, AppState};

#[cfg(test)]
mod tests;

pub const PATH: &str = "/v1/compare";
const NETWORKS: &str = "networks";
const REGION: &str = "region";
const NAMES: [&str; 6] = [SAMPLE, NETWORKS, LEAD_TIME, THRESHOLD, STEPS_MEAN, REGION];
/// As many as one page asks for.
pub const MAX_NETWORKS: usize = 12;

/// The comparison of all networks on a sample.
pub fn page_of(sample: &str) -> String {
    format!("{PATH}?{SAMPLE}={}", encode(sample))
}

/// The question, checked against the catalogue: the same one of each network.
struct Comparison {
    sample: SampleEntry,
    /// `model/checkpoint`
    names: Vec<String>,
    questions: Vec<Question>,
    target: Target,
    /// The part that all maps show, as it stands in addresses; `None`: all of it.
    region: Option<String>,
}

impl Comparison {
    fn read(
        parameters: &Parameters,
        task: &Nowcasts,
        catalog: &Catalog,
    ) -> Result<Self, QuestionError> {
        parameters.only(&NAMES)?;
        let missing = || QuestionError::parameter(SAMPLE, "is missing: choose one of the samples");
        let sample = task.samples.find(parameters.one(SAMPLE)?.ok_or_else(missing)?)?;
        let names = read_networks(parameters, catalog, &sample)?;
        let ask = |name: &String| read_question(parameters, catalog, &sample, name);
        let questions: Vec<Question> = names.iter().map(ask).collect::<Result<_, _>>()?;
        let no_weights = || {
            let field = sample.field.label();
            let message = format!("cannot be chosen: no network here has weights for {field}");
            QuestionError::parameter(NETWORKS, message)
        };
        let Question { target, style, .. } = questions.first().ok_or_else(no_weights)?;
        let (target, region) = (target.clone(), style.region.map(|region| region.to_string()));
        Ok(Self { sample, names, questions, target, region })
    }

    fn to_query(&self) -> String {
        let mut pairs = vec![
            (SAMPLE, self.sample.id.clone()),
            (NETWORKS, self.names.join(",")),
            (LEAD_TIME, lead_time_min(&self.target).to_string()),
            (THRESHOLD, threshold(&self.target).to_string()),
        ];
        if self.has_steps_mean() {
            pairs.push((STEPS_MEAN, "yes".to_owned()));
        }
        pairs.extend(self.region.iter().map(|region| (REGION, region.clone())));
        to_query(&pairs)
    }

    fn has_steps_mean(&self) -> bool {
        self.questions.iter().any(|question| has_steps_mean(&question.request.subject))
    }

    fn page(&self) -> String {
        format!("{PATH}?{}", self.to_query())
    }
}

pub async fn show(
    task: Arc<Nowcasts>,
    State(state): State<AppState>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(raw.as_deref());
    let comparison = Comparison::read(&parameters, &task, &state.catalog)?;
    if Parameters::parse(Some(&comparison.to_query())) != parameters {
        return Ok((StatusCode::SEE_OTHER, [(LOCATION, comparison.page())]).into_response());
    }
    let (mut outcomes, mut failures, mut n_waiting) = (Vec::new(), Vec::new(), 0);
    for (question, name) in comparison.questions.iter().zip(&comparison.names) {
        let id = match state.submit(question.request.clone()).await {
            Ok(id) => id,
            // It is asked for once those before it are ready, when the page asks again.
            Err(error) if error.is_busy() && n_waiting + outcomes.len() > 0 => {
                n_waiting += 1;
                continue;
            }
            Err(error) => return Err(error),
        };
        match state.jobs.status(&id) {
            Some(JobState::Done(outcome)) => {
                check_region(question, &outcome)?;
                outcomes.push((question.clone(), outcome));
            }
            Some(JobState::Failed(error)) => {
                failures.push((id, state.private.hide(format!("{name}: {error}"))));
            }
            _ => n_waiting += 1,
        }
    }
    if n_waiting == 0 {
        // Said once; the next visit tries again.
        failures.iter().for_each(|(id, _)| drop(state.jobs.cancel(id)));
    }
    let failures = failures.into_iter().map(|failure| failure.1).collect();
    let (layout, address) = (Layout::new(&state, Some(SECTION)), comparison.page());
    let numbers = FileKind::Json.address(&comparison);
    let catalog = state.catalog.clone();
    let found = Found { outcomes, failures, n_waiting };
    let describe = move || Ok(describe(layout, (&task.samples, &catalog), &comparison, found));
    let page = state.blocking(describe).await?;
    if page.n_waiting > 0 {
        passing(&headers, &page, HowFar::running(address)).await
    } else {
        let numbers = page.is_verified.then_some(numbers);
        made(&headers, &page, HowFar::done(address, numbers)).await
    }
}

/// What is known so far.
struct Found {
    outcomes: Vec<(Question, Arc<Outcome>)>,
    failures: Vec<String>,
    n_waiting: usize,
}
