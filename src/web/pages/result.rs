//! `/result`: the forecast, how good it was, and why; or the way there.

pub mod figures;
mod gradients;
mod target;

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use stormlens_data::card::{Citation, ModelCard};
use stormlens_data::outcome::{NowcastOutcome, Outcome, Provenance};

use self::figures::{Album, FigureView};
use self::gradients::Gradients;
use self::target::TargetView;
use super::of_result;
use super::progress::{self, Subject};
use super::sample::{LayerGroup, layer_groups};
use crate::export;
use crate::jobs::JobState;
use crate::plot::{Figure, Overlay, RainPalette};
use crate::web::parameters::Parameters;
use crate::web::result_query::{self, DEFAULT_STEPS, ResultQuery, STEPS};
use crate::web::scores::{self, Scores};
use crate::web::shell::{Section, Shell};
use crate::web::{AppError, AppState, format};

#[derive(Template)]
#[template(path = "pages/result.html")]
struct ResultPage {
    shell: Shell,
    /// All parameters as they stand in the address.
    query: String,
    sample: String,
    sample_page: String,
    model: String,
    model_page: String,
    checkpoint: String,
    valid_time: String,
    start_time: String,
    lead_time_min: u32,
    facts: Vec<(&'static str, String)>,
    forecast: Vec<FigureView>,
    inputs: FigureView,
    scores: Option<Scores>,
    layers: Option<Layers>,
    gradients: Option<Gradients>,
    /// Where the same question with integrated gradients, or with Grad-CAM, leads.
    add_gradients: String,
    add_layers: String,
    default_steps: usize,
    view: View,
    question: Question,
    provenance: Provenance,
    citations: &'static [Citation],
    /// BibTeX of all that is to be cited: network, methods, colours, data.
    bibtex: String,
}

/// The section on Grad-CAM.
struct Layers {
    target: TargetView,
    figures: Vec<FigureView>,
    /// Names for people of the shown layers without positive evidence.
    empty: Vec<String>,
    groups: Vec<LayerGroup>,
    n_shown: usize,
    n_all: usize,
    all: String,
}

/// How the figures look; changing it draws again and computes nothing.
struct View {
    hidden: Vec<(String, String)>,
    opacity: String,
    opacity_percent: u8,
    palettes: Vec<(&'static str, &'static str, bool)>,
    overlays: Vec<(&'static str, &'static str, bool)>,
}

/// The same sample asked otherwise.
struct Question {
    hidden: Vec<(String, String)>,
    threshold_mm_h: f64,
    grad_cam: bool,
    integrated_gradients: bool,
    steps: Vec<(usize, bool)>,
}

pub async fn show(
    State(state): State<AppState>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(raw.as_deref());
    parameters.only(&result_query::NAMES)?;
    let query = ResultQuery::read(&parameters, &state.catalog)?;
    if !query.is_written_as(&parameters) {
        return Ok((StatusCode::SEE_OTHER, [(LOCATION, query.page())]).into_response());
    }
    let id = state.submit(query.to_request()).await?;
    match state.jobs.status(&id) {
        Some(JobState::Done(Outcome::Nowcast(outcome))) => {
            answer(&state, query, outcome, &headers).await
        }
        Some(JobState::Failed(error)) => {
            // Said once; the next visit tries again.
            state.jobs.cancel(&id);
            Err(AppError::from_worker(error, &query.way()))
        }
        Some(job) => progress::show(&state, subject(&query), &id, &job),
        None => Err(AppError::StillComputing { page: query.page() }),
    }
}

fn subject(query: &ResultQuery) -> Subject {
    Subject {
        section: Section::Samples,
        list: ("/samples", "Samples"),
        name: query.request.sample.clone(),
        page: query.sample_page(),
        model: query.request.model.clone(),
    }
}

async fn answer(
    state: &AppState,
    query: ResultQuery,
    outcome: Arc<NowcastOutcome>,
    headers: &HeaderMap,
) -> Result<Response, AppError> {
    let shell = Shell::new(state, Section::Samples);
    let (address, frame) = (query.page(), shell.clone());
    let (catalog, shown) = (state.catalog.clone(), outcome.clone());
    let render = move || {
        let (shell, outcome) = (frame, shown);
        let model = catalog.model(&query.request.model).ok_or(AppError::NoNetworks)?;
        Ok(describe(shell, model, &query, &outcome).render()?)
    };
    of_result(state, headers, (&address, &shell, &outcome.provenance), render).await
}

fn describe(
    shell: Shell,
    model: &ModelCard,
    query: &ResultQuery,
    outcome: &NowcastOutcome,
) -> ResultPage {
    let forecast = &outcome.forecast;
    let album = Album::new(query, model, outcome);
    let start = forecast.input_times.last().copied().unwrap_or(forecast.valid_time);
    let scores = scores::of_forecast(forecast).as_ref().and_then(Scores::new);
    ResultPage {
        shell,
        query: query.to_query(),
        sample: query.request.sample.clone(),
        sample_page: query.sample_page(),
        model: model.title.to_owned(),
        model_page: format!("/models/{}", model.id),
        checkpoint: query.request.checkpoint.clone(),
        valid_time: format::date_time(forecast.valid_time),
        start_time: format::clock(start),
        lead_time_min: forecast.lead_time_min,
        facts: facts(outcome),
        forecast: figures::mark_first(
            forecast_figures(outcome).iter().map(|figure| album.view(figure)).collect(),
        ),
        inputs: album.view(&Figure::Inputs),
        scores,
        layers: layers(&album, model, query, outcome),
        gradients: Gradients::new(&album, outcome),
        add_gradients: with_gradients(query).page(),
        add_layers: with_layers(query).page(),
        default_steps: DEFAULT_STEPS,
        view: view(query),
        question: question(query),
        provenance: outcome.provenance.clone(),
        citations: model.citations,
        bibtex: export::bibtex(outcome, model, &query.style(model)),
    }
}

fn forecast_figures(outcome: &NowcastOutcome) -> Vec<Figure> {
    match outcome.forecast.observation_mm_h {
        Some(_) => {
            vec![Figure::Prediction, Figure::Observation, Figure::Persistence, Figure::Difference]
        }
        None => vec![Figure::Prediction, Figure::Persistence],
    }
}

fn facts(outcome: &NowcastOutcome) -> Vec<(&'static str, String)> {
    let forecast = &outcome.forecast;
    let maximum = |field: &stormlens_data::field::Field| {
        field.range().map_or_else(
            || "–".to_owned(),
            |(_, high)| format!("{} mm/h", format::number(high.into())),
        )
    };
    let mut facts = vec![("Predicted maximum", maximum(&forecast.prediction_mm_h))];
    facts.extend(forecast.observation_mm_h.as_ref().map(|o| ("Observed maximum", maximum(o))));
    facts.push(("Computed on", outcome.provenance.device.clone()));
    facts.push(("Computed in", format!("{} s", format::number(forecast.duration_ms / 1e3))));
    facts
}

fn layers(
    album: &Album<'_>,
    model: &ModelCard,
    query: &ResultQuery,
    outcome: &NowcastOutcome,
) -> Option<Layers> {
    let grad_cam = outcome.grad_cam.as_ref()?;
    let shown = || grad_cam.layers.iter().filter(|map| query.layers.contains(&map.layer));
    let label = |name: &str| model.layer(name).map_or_else(|| name.to_owned(), |l| l.label.clone());
    let every = model.layers.iter().map(|layer| layer.name.clone()).collect();
    Some(Layers {
        target: TargetView::new(&grad_cam.target, &outcome.forecast),
        figures: shown().map(|map| album.view(&Figure::Attribution(map.layer.clone()))).collect(),
        empty: shown().filter(|map| map.is_empty()).map(|map| label(&map.layer)).collect(),
        groups: layer_groups(model, |name| query.layers.iter().any(|layer| layer == name)),
        n_shown: query.layers.len(),
        n_all: model.layers.len(),
        all: ResultQuery { layers: every, ..query.clone() }.page(),
    })
}

fn with_gradients(query: &ResultQuery) -> ResultQuery {
    let mut more = query.clone();
    more.request.ig_steps = Some(DEFAULT_STEPS);
    more
}

fn with_layers(query: &ResultQuery) -> ResultQuery {
    let mut more = query.clone();
    more.request.grad_cam = true;
    more
}

fn view(query: &ResultQuery) -> View {
    let palettes = RainPalette::ALL.iter().map(|&p| (p.name(), p.label(), p == query.palette));
    let overlays = Overlay::ALL.iter().map(|&o| (o.name(), o.label(), o == query.overlay));
    View {
        hidden: hidden(query, &["layers", "opacity", "palette", "overlay"]),
        opacity: (f64::from(query.opacity_percent) / 100.0).to_string(),
        opacity_percent: query.opacity_percent,
        palettes: palettes.collect(),
        overlays: overlays.collect(),
    }
}

fn question(query: &ResultQuery) -> Question {
    let chosen = query.request.ig_steps.unwrap_or(DEFAULT_STEPS);
    let mut offered = STEPS.to_vec();
    if !offered.contains(&chosen) {
        offered.push(chosen);
    }
    Question {
        hidden: hidden(query, &["threshold-mmh", "methods", "steps"]),
        threshold_mm_h: query.request.threshold_mm_h,
        grad_cam: query.request.grad_cam,
        integrated_gradients: query.request.ig_steps.is_some(),
        steps: offered.into_iter().map(|n| (n, n == chosen)).collect(),
    }
}

/// The parameters that a form passes on unseen: all but those it asks for.
fn hidden(query: &ResultQuery, asked: &[&str]) -> Vec<(String, String)> {
    let parameters = Parameters::parse(Some(&query.to_query()));
    let kept = parameters.pairs().filter(|(name, _)| !asked.contains(name));
    kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
