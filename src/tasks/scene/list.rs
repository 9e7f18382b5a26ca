//! `/scenes`: bring a picture, or take one of the samples.

use std::sync::Arc;

use askama::Template;
use axum::http::HeaderMap;
use axum::response::Response;
use stormlens_data::scene::{Bands, Coding, Label, Limits, Values};

use super::question::write_coding;
use super::scenes::SceneEntry;
use super::{SECTION, SceneTask, split, thumbnail};
use crate::catalog::Catalog;
use crate::parameters::{Parameters, encode};
use crate::question::Question;
use crate::task::Task;
use crate::tasks::split::Seen;
use crate::web::forms::{Select, select};
use crate::web::layout::Layout;
use crate::web::pages::render;
use crate::web::{AppError, AppState, format, result};

#[derive(Template)]
#[template(path = "tasks/scene/scenes.html")]
struct ScenesPage {
    layout: Layout,
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
    /// What the numbers of a TIFF are.
    pub selects: Vec<Select>,
}

impl Drop {
    pub fn new(task: &SceneTask) -> Self {
        let max_file_bytes = task.max_file_bytes();
        let max_files = task.limits.n_files;
        let selects = coding_selects(Coding::default()).into();
        Self { max_files, max_file_bytes, max_file_mb: max_file_bytes / 1_000_000, selects }
    }
}

/// What the numbers of a TIFF are, to choose from.
pub fn coding_selects(chosen: Coding) -> [Select; 2] {
    [
        select("values", "Numbers of a TIFF", chosen.values, Values::label),
        select("bands", "Its bands", chosen.bands, Bands::label),
    ]
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
    /// What the weights of the networks have seen of it.
    pub seen: Seen,
    pub attribution: String,
}

struct Model {
    id: &'static str,
    title: &'static str,
    summary: &'static str,
    /// Names, and whether they were trained on simulated scenes.
    checkpoints: Vec<(String, bool)>,
}

pub fn show(task: &SceneTask, state: &AppState, headers: &HeaderMap) -> Result<Response, AppError> {
    let limits = Limits::default();
    let page = ScenesPage {
        layout: Layout::new(state, Some(SECTION)),
        drop: Drop::new(task),
        samples: cards(task, &state.catalog),
        models: models(task, &state.catalog),
        max_side_px: format::count(limits.max_side_px as usize),
        max_pixels: format::count(limits.max_pixels as usize / 1_000_000),
    };
    render(headers, &page)
}

/// All sample scenes.
pub fn cards(task: &SceneTask, catalog: &Catalog) -> Vec<SceneCard> {
    task.scenes.samples().iter().map(|scene| card(catalog, scene)).collect()
}

/// The page of a scene's first result: the first network, explained as the task's pages do until the
/// visitor chooses.
pub fn first_page(catalog: &Catalog, scene: &SceneEntry) -> String {
    let id = &scene.id;
    let scene = [("scene", id.clone())].into_iter().chain(write_coding(scene.coding));
    let pairs = scene.map(|(name, value)| (name.to_owned(), value));
    let question = Question::read(&Parameters::of(pairs), catalog, &[]);
    question.map_or_else(
        |_| format!("{}?scene={}", result::PATH, encode(id)),
        |question| result::page(&question),
    )
}

fn card(catalog: &Catalog, scene: &SceneEntry) -> SceneCard {
    SceneCard {
        href: first_page(catalog, scene),
        thumbnail: thumbnail::address(&scene.id),
        title: scene.title.clone(),
        alt: format!("{}. {}", scene.title, scene.description),
        label: label_text(scene.label),
        simulated: scene.simulated,
        seen: split::seen(scene, catalog),
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

fn models(task: &SceneTask, catalog: &Catalog) -> Vec<Model> {
    let weights = |model: &str| {
        let described =
            catalog.checkpoints(model).map(|card| (card.name.clone(), card.is_simulated));
        described.collect()
    };
    let describe = |model: &Arc<stormlens_data::card::ModelCard>| Model {
        id: model.id,
        title: model.title,
        summary: model.summary,
        checkpoints: weights(model.id),
    };
    catalog.models().iter().filter(|model| task.runs(model)).map(describe).collect()
}
