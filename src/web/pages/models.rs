//! `/models` and `/models/{id}`: what a network is, and the weights there are for it.

use std::path::Path as FilePath;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use stormlens_data::card::{CheckpointCard, ModelCard, Task};
use stormlens_data::scene::Variant;

use super::render;
use crate::web::scores::Scores;
use crate::web::scores::classes::ClassScores;
use crate::web::shell::{Section, Shell};
use crate::web::{AppError, AppState, format};

#[derive(Template)]
#[template(path = "pages/models.html")]
struct ModelsPage {
    shell: Shell,
    models: Vec<Entry>,
}

struct Entry {
    id: &'static str,
    title: &'static str,
    summary: &'static str,
    n_layers: usize,
    n_checkpoints: usize,
}

#[derive(Template)]
#[template(path = "pages/model.html")]
struct ModelPage {
    shell: Shell,
    model: ModelCard,
    /// What goes in and comes out, in words.
    task: Vec<(&'static str, String)>,
    checkpoints: Vec<Checkpoint>,
}

struct Checkpoint {
    name: String,
    training_data: String,
    n_parameters: String,
    licence: String,
    weights_sha256: String,
    is_simulated: bool,
    evaluation: Option<Scores>,
    classes: Option<ClassScores>,
}

pub async fn list(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, AppError> {
    let entry = |model: &ModelCard| Entry {
        id: model.id,
        title: model.title,
        summary: model.summary,
        n_layers: model.layers.len(),
        n_checkpoints: state.catalog.checkpoints(model.id).count(),
    };
    let models = state.catalog.models().iter().map(entry).collect();
    render(&headers, &ModelsPage { shell: Shell::new(&state, Section::Models), models })
}

pub async fn show(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let known = || state.catalog.models().iter().map(|model| model.id);
    let model = state.catalog.model(&id).ok_or_else(|| AppError::unknown("model", &id, known()))?;
    let cards: Vec<_> = state.catalog.checkpoints(&id).cloned().collect();
    let folder = state.checkpoints.clone();
    let checkpoints = state
        .blocking(move || Ok(cards.into_iter().map(|card| describe(card, &folder)).collect()))
        .await?;
    let shell = Shell::new(&state, Section::Models);
    let page = ModelPage { shell, task: task(&model.task), model: model.clone(), checkpoints };
    render(&headers, &page)
}

fn task(task: &Task) -> Vec<(&'static str, String)> {
    match task {
        Task::Nowcasting => {
            vec![
                ("Input", "A sequence of frames".into()),
                ("Answer", "The frames that follow".into()),
            ]
        }
        Task::SceneClassification(task) => {
            let classes: Vec<_> = task.classes.iter().map(|class| class.label).collect();
            let Variant { input_px, crop_px } = task.default_variant;
            vec![
                ("Input", format!("A scene of {input_px} × {input_px} pixels")),
                ("Seen by the network", format!("Its centre, {crop_px} × {crop_px} pixels")),
                ("Answer", classes.join(" or ")),
            ]
        }
    }
}

fn describe(card: CheckpointCard, folder: &FilePath) -> Checkpoint {
    let file = folder.join(&card.model).join(&card.name).join("evaluation.json");
    Checkpoint {
        evaluation: Scores::read(&file),
        classes: ClassScores::read(&file),
        is_simulated: card.is_simulated,
        n_parameters: format::count(card.n_parameters),
        name: card.name,
        training_data: card.training_data,
        licence: card.licence,
        weights_sha256: card.weights_sha256,
    }
}
