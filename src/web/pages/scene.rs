//! `/scenes/{id}`: what the network says of a scene, and why; or the way there.

mod figures;
mod gradients;
mod notices;
mod question;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use stormlens_data::card::{Citation, ModelCard};
use stormlens_data::outcome::{Outcome, Provenance, SceneOutcome};
use stormlens_data::request::PathOptions;
use stormlens_data::scene::{Fit, Resampling};

use self::figures::Album;
use self::gradients::Gradients;
use self::notices::Notices;
use self::question::{Question, hidden, question};
pub use self::question::{Select, select};
use super::of_result;
use super::progress::{self, Subject};
use super::result::figures::FigureView;
use super::sample::{LayerGroup, layer_groups};
use super::scenes::label_text;
use crate::export;
use crate::jobs::JobState;
use crate::plot::scene::SceneFigure;
use crate::scenes::SceneEntry;
use crate::web::parameters::Parameters;
use crate::web::scenes::query::{SceneQuery, find_scene};
use crate::web::shell::{Section, Shell};
use crate::web::{AppError, AppState, format};

#[derive(Template)]
#[template(path = "pages/scene.html")]
struct ScenePage {
    shell: Shell,
    /// All parameters as they stand in the address.
    query: String,
    path: String,
    title: String,
    entry: SceneEntry,
    label: &'static str,
    model: String,
    model_page: String,
    checkpoint: String,
    /// The answer in a sentence.
    reading: String,
    classes: Vec<ClassRow>,
    notices: Notices,
    facts: Vec<(&'static str, String)>,
    picture: FigureView,
    preparation: String,
    seen: String,
    layers: Option<Layers>,
    gradients: Option<Gradients>,
    add_gradients: String,
    add_layers: String,
    default_steps: usize,
    /// Where the same question about each class leads.
    class_switch: Vec<ClassLink>,
    explained: &'static str,
    question: Question,
    provenance: Provenance,
    citations: &'static [Citation],
    bibtex: String,
}

struct ClassRow {
    label: &'static str,
    probability: String,
    /// For a bar: 0 to 1.
    value: f64,
    logit: String,
    most: bool,
}

struct ClassLink {
    label: &'static str,
    /// `None`: this one is explained.
    href: Option<String>,
}

/// The section on Grad-CAM.
struct Layers {
    figures: Vec<FigureView>,
    /// Names for people of the shown layers without positive evidence.
    empty: Vec<String>,
    /// Those that are one cell large.
    one_cell: Vec<String>,
    groups: Vec<LayerGroup>,
    n_shown: usize,
    n_all: usize,
    all: String,
    hidden: Vec<(String, String)>,
    opacity: String,
    opacity_percent: u8,
    choices: Vec<Select>,
}

pub async fn show(
    State(state): State<AppState>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(raw.as_deref());
    parameters.only(&SceneQuery::names())?;
    let query = SceneQuery::read(&id, &parameters, &state.catalog)?;
    if !query.is_written_as(&parameters) {
        return Ok((StatusCode::SEE_OTHER, [(LOCATION, query.page())]).into_response());
    }
    let entry = find_scene(&state.catalog, &id)?;
    let job = state.submit(query.to_request()).await?;
    match state.jobs.status(&job) {
        Some(JobState::Done(Outcome::Scene(outcome))) => {
            answer(&state, query, entry, outcome, &headers).await
        }
        Some(JobState::Failed(error)) => {
            // Said once; the next visit tries again.
            state.jobs.cancel(&job);
            Err(AppError::from_worker(error, &query.way()))
        }
        Some(standing) => progress::show(&state, subject(&query, entry), &job, &standing),
        None => Err(AppError::StillComputing { page: query.page() }),
    }
}

fn subject(query: &SceneQuery, entry: SceneEntry) -> Subject {
    Subject {
        section: Section::Scenes,
        list: ("/scenes", "Scenes"),
        name: entry.title,
        page: String::new(),
        model: query.request.model.clone(),
    }
}

async fn answer(
    state: &AppState,
    query: SceneQuery,
    entry: SceneEntry,
    outcome: Arc<SceneOutcome>,
    headers: &HeaderMap,
) -> Result<Response, AppError> {
    let shell = Shell::new(state, Section::Scenes);
    let (address, frame) = (query.page(), shell.clone());
    let (catalog, shown) = (state.catalog.clone(), outcome.clone());
    let render = move || {
        let (shell, outcome) = (frame, shown);
        let model = catalog.model(&query.request.model).ok_or(AppError::NoNetworks)?;
        Ok(describe(shell, model, &query, entry, &outcome).render()?)
    };
    of_result(state, headers, (&address, &shell, &outcome.provenance), render).await
}

fn describe(
    shell: Shell,
    model: &ModelCard,
    query: &SceneQuery,
    entry: SceneEntry,
    outcome: &SceneOutcome,
) -> ScenePage {
    let album = Album::new(query, model, outcome);
    let style = query.style(model);
    ScenePage {
        shell,
        query: query.to_query(),
        path: query.path(),
        title: entry.title.clone(),
        label: label_text(entry.label),
        model: model.title.to_owned(),
        model_page: format!("/models/{}", model.id),
        checkpoint: query.request.checkpoint.clone(),
        reading: reading(outcome, model),
        classes: classes(outcome),
        notices: Notices::new(query, &entry, outcome),
        facts: facts(outcome),
        picture: album.wide(&SceneFigure::Scene),
        preparation: preparation(outcome),
        seen: seen(outcome),
        layers: layers(&album, model, query, outcome),
        gradients: Gradients::new(&album, query, outcome),
        add_gradients: with_gradients(query).page(),
        add_layers: with_layers(query).page(),
        default_steps: PathOptions::default().n_steps,
        class_switch: class_switch(query, model),
        explained: outcome.explained().label,
        question: question(query),
        provenance: outcome.provenance.clone(),
        citations: model.citations,
        bibtex: export::scene::bibtex(outcome, model, &style),
        entry,
    }
}

/// The answer in a sentence, about the class that the network was made for.
fn reading(outcome: &SceneOutcome, model: &ModelCard) -> String {
    let class = model.scene_classification().map_or(0, |task| task.default_class);
    let class = outcome.classes.get(class).unwrap_or_else(|| outcome.explained());
    let (probability, label) = (format::probability(class.probability), class.label);
    format!("The network gives {probability} to a {label}")
}

fn classes(outcome: &SceneOutcome) -> Vec<ClassRow> {
    let most = outcome.predicted_class();
    let row = |(idx, class): (usize, &stormlens_data::outcome::ClassScore)| ClassRow {
        label: class.label,
        probability: format::probability(class.probability),
        value: class.probability,
        logit: format::number(class.logit),
        most: idx == most,
    };
    outcome.classes.iter().enumerate().map(row).rev().collect()
}

fn facts(outcome: &SceneOutcome) -> Vec<(&'static str, String)> {
    let view = &outcome.view;
    vec![
        ("Picture", format!("{} × {} pixels", view.width_px, view.height_px)),
        ("Without data", format::percent(outcome.statistics.no_data_share)),
        ("Computed on", outcome.provenance.device.clone()),
        ("Computed in", format!("{} s", format::number(outcome.duration_ms / 1e3))),
    ]
}

/// How the picture became the square, and whose way that is.
fn preparation(outcome: &SceneOutcome) -> String {
    let (view, request) = (&outcome.view, &outcome.request);
    let side = view.variant.input_px;
    if view.width_px == side && view.height_px == side {
        return format!("It has the {side} × {side} pixels of the network’s input already");
    }
    let resampling = resampling_text(request.resampling);
    let how = match request.fit {
        Fit::Stretch => "Stretched",
        Fit::Letterbox => "Fitted into a square of no data, without distortion,",
    };
    format!("{how} to {side} × {side} pixels: {resampling}")
}

fn resampling_text(resampling: Resampling) -> &'static str {
    match resampling {
        Resampling::Nearest => "nearest, as in the authors’ notebook",
        Resampling::Bilinear => "bilinear, as in their training",
    }
}

fn seen(outcome: &SceneOutcome) -> String {
    let variant = &outcome.view.variant;
    let share = (variant.crop_px as f64 / variant.input_px as f64).powi(2);
    format!(
        "The network sees the centre alone, {crop} × {crop} pixels or {share} of the square (dashed). \
         Nothing in the margin can change its answer",
        crop = variant.crop_px,
        share = format::percent(share)
    )
}

fn layers(
    album: &Album<'_>,
    model: &ModelCard,
    query: &SceneQuery,
    outcome: &SceneOutcome,
) -> Option<Layers> {
    let cam = outcome.grad_cam.as_ref()?;
    let shown = || cam.layers.iter().filter(|map| query.layers.contains(&map.layer));
    let label = |name: &str| model.layer(name).map_or_else(|| name.to_owned(), |l| l.label.clone());
    let every = model.layers.iter().map(|layer| layer.name.clone()).collect();
    let look = &query.look;
    Some(Layers {
        figures: shown()
            .map(|map| album.view(&SceneFigure::Attribution(map.layer.clone())))
            .collect(),
        empty: shown().filter(|map| map.is_empty()).map(|map| label(&map.layer)).collect(),
        one_cell: shown()
            .filter(|map| map.raw.values.len() == 1)
            .map(|map| label(&map.layer))
            .collect(),
        groups: layer_groups(model, |name| query.layers.iter().any(|layer| layer == name)),
        n_shown: query.layers.len(),
        n_all: model.layers.len(),
        all: SceneQuery { layers: every, ..query.clone() }.page(),
        hidden: hidden(query, &["layers", "opacity", "registration", "interpolation", "palette"]),
        opacity: (f64::from(look.opacity_percent) / 100.0).to_string(),
        opacity_percent: look.opacity_percent,
        choices: look.layer_selects(),
    })
}

fn with_gradients(query: &SceneQuery) -> SceneQuery {
    let mut more = query.clone();
    more.request.integrated_gradients = Some(PathOptions::default());
    more
}

fn with_layers(query: &SceneQuery) -> SceneQuery {
    let mut more = query.clone();
    more.request.grad_cam = true;
    more
}

fn class_switch(query: &SceneQuery, model: &ModelCard) -> Vec<ClassLink> {
    let task = model.scene_classification();
    let classes = task.map_or(&[][..], |task| task.classes);
    let link = |(idx, class): (usize, &stormlens_data::card::Class)| {
        let mut other = query.clone();
        (other.request.class, other.class) = (idx, class.name);
        let href = (idx != query.request.class).then(|| other.page());
        ClassLink { label: class.label, href }
    };
    classes.iter().enumerate().map(link).rev().collect()
}
