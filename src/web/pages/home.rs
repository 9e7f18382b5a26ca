//! `/`: what this is, and something to try at once.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::render;
use super::samples::{SampleCard, cards};
use super::scenes::{self, Drop, SceneCard};
use crate::catalog::{Catalog, SampleEntry};
use crate::web::shell::{Section, Shell};
use crate::web::{AppError, AppState};

/// One row of cards on a wide page.
const N_SUGGESTIONS: usize = 6;
const N_SCENES: usize = 3;

#[derive(Template)]
#[template(path = "pages/home.html")]
struct HomePage {
    shell: Shell,
    models: Vec<Model>,
    suggestions: Vec<SampleCard>,
    scenes: Vec<SceneCard>,
    drop: Drop,
    n_samples: usize,
}

struct Model {
    id: &'static str,
    title: &'static str,
    summary: &'static str,
    n_layers: usize,
    n_checkpoints: usize,
}

pub async fn show(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, AppError> {
    let catalog = state.catalog.clone();
    let suggestions =
        state.blocking(move || Ok(cards(&catalog, suggestions(&catalog).into_iter()))).await?;
    let page = HomePage {
        shell: Shell::new(&state, Section::None),
        models: models(&state.catalog),
        suggestions,
        scenes: scenes::cards(&state).into_iter().take(N_SCENES).collect(),
        drop: Drop::new(&state),
        n_samples: state.catalog.samples().len(),
    };
    render(&headers, &page)
}

fn models(catalog: &Catalog) -> Vec<Model> {
    let describe = |model: &stormlens_data::card::ModelCard| Model {
        id: model.id,
        title: model.title,
        summary: model.summary,
        n_layers: model.layers.len(),
        n_checkpoints: catalog.checkpoints(model.id).count(),
    };
    catalog.models().iter().map(describe).collect()
}

/// A few samples that can be verified, spread evenly over the archive's time.
pub fn suggestions(catalog: &Catalog) -> Vec<&SampleEntry> {
    let observed: Vec<_> = catalog.samples().iter().filter(|sample| sample.observed).collect();
    let step = (observed.len() / N_SUGGESTIONS).max(1);
    observed.into_iter().rev().step_by(step).take(N_SUGGESTIONS).collect()
}
