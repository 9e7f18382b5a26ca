//! `/scenes`: bring a picture, or take one of the samples.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use stormlens_data::scene::{Label, Limits};

use super::render;
use crate::scenes::SceneEntry;
use crate::web::scenes::query::{SceneQuery, classifiers};
use crate::web::scenes::thumbnail;
use crate::web::shell::{Section, Shell};
use crate::web::{AppError, AppState, format};

#[derive(Template)]
#[template(path = "pages/scenes.html")]
struct ScenesPage {
    shell: Shell,
    drop: Drop,
    samples: Vec<SceneCard>,
    models: Vec<Model>,
    max_side_px: String,
    max_pixels: String,
}

/// The form that takes pictures.
pub struct Drop {
    pub max_files: usize,
    pub max_file_bytes: usize,
    pub max_file_mb: usize,
}

impl Drop {
    pub fn new(state: &AppState) -> Self {
        let max_file_bytes = state.catalog.scenes().cache().max_file_bytes;
        let max_files = state.upload_limits.n_files;
        Self { max_files, max_file_bytes, max_file_mb: max_file_bytes / 1_000_000 }
    }
}

/// A sample as lists show it.
pub struct SceneCard {
    pub href: String,
    pub thumbnail: String,
    pub title: String,
    pub alt: String,
    /// What people found in it, where they have looked.
    pub label: &'static str,
    pub simulated: bool,
    pub attribution: String,
}

struct Model {
    id: &'static str,
    title: &'static str,
    summary: &'static str,
    /// Names, and whether they were trained on simulated scenes.
    checkpoints: Vec<(String, bool)>,
}

pub async fn show(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, AppError> {
    let limits = Limits::default();
    let page = ScenesPage {
        shell: Shell::new(&state, Section::Scenes),
        drop: Drop::new(&state),
        samples: cards(&state),
        models: models(&state),
        max_side_px: format::count(limits.max_side_px as usize),
        max_pixels: format::count(limits.max_pixels as usize / 1_000_000),
    };
    render(&headers, &page)
}

/// All sample scenes.
pub fn cards(state: &AppState) -> Vec<SceneCard> {
    state.catalog.scenes().samples().iter().map(|scene| card(state, scene)).collect()
}

fn card(state: &AppState, scene: &SceneEntry) -> SceneCard {
    SceneCard {
        href: SceneQuery::first_page(&state.catalog, &scene.id),
        thumbnail: thumbnail::address(&scene.id),
        title: scene.title.clone(),
        alt: format!("{}. {}", scene.title, scene.description),
        label: label_text(scene.label),
        simulated: scene.simulated,
        attribution: scene.attribution.clone(),
    }
}

/// What people found in a scene; empty where nobody has looked.
pub fn label_text(label: Option<Label>) -> &'static str {
    match label {
        Some(Label::Positive) => "Labelled: polar low",
        Some(Label::Negative) => "Labelled: no polar low",
        None => "",
    }
}

fn models(state: &AppState) -> Vec<Model> {
    let describe = |(model, _): (&stormlens_data::card::ModelCard, _)| Model {
        id: model.id,
        title: model.title,
        summary: model.summary,
        checkpoints: state
            .catalog
            .checkpoints(model.id)
            .map(|checkpoint| (checkpoint.name.clone(), checkpoint.is_simulated))
            .collect(),
    };
    classifiers(&state.catalog).map(describe).collect()
}
