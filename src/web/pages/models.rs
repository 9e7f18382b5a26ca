//! `/models` and `/models/{id}`: what a network is, and the weights there are for it.

use std::path::Path as FilePath;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use stormlens_data::card::{CheckpointCard, MethodCard, ModelCard};
use stormlens_data::files::read_text;

use super::{Pages, render};
use crate::parameters::QuestionError;
use crate::web::diagrams::damage;
use crate::web::layout::{Layout, Section};
use crate::web::{AppError, AppState, format};

#[derive(Template)]
#[template(path = "pages/models.html")]
struct ModelsPage {
    layout: Layout,
    models: Vec<Entry>,
    methods: Arc<[MethodCard]>,
}

/// A network as lists show it.
pub struct Entry {
    pub id: &'static str,
    pub title: &'static str,
    pub summary: &'static str,
    pub n_layers: usize,
    pub n_checkpoints: usize,
}

#[derive(Template)]
#[template(path = "pages/model.html")]
struct ModelPage {
    layout: Layout,
    model: Arc<ModelCard>,
    /// What goes in and comes out, in words.
    facts: Vec<(&'static str, String)>,
    checkpoints: Vec<Checkpoint>,
}

struct Checkpoint {
    name: String,
    training_data: String,
    /// Names of what the file holds beside the network; empty where there is nothing.
    left_over: String,
    n_parameters: String,
    facts: Vec<(&'static str, String)>,
    licence: String,
    weights_sha256: String,
    is_simulated: bool,
    /// HTML.
    evaluation: Option<String>,
    /// Comparisons with other forecasts: address and title.
    comparisons: Vec<(String, String)>,
    /// What is wrong with the file of the evaluation, as it follows its name; empty where nothing is.
    damage: String,
}

/// All networks, in their order.
pub fn entries(state: &AppState) -> Vec<Entry> {
    let entry = |model: &Arc<ModelCard>| Entry {
        id: model.id,
        title: model.title,
        summary: model.summary,
        n_layers: model.layers.len(),
        n_checkpoints: state.catalog.checkpoints(model.id).count(),
    };
    state.catalog.models().iter().map(entry).collect()
}

pub async fn list(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, AppError> {
    let layout = Layout::new(&state, Some(Section::MODELS));
    let methods = state.catalog.methods().clone();
    render(&headers, &ModelsPage { layout, models: entries(&state), methods })
}

pub async fn show(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let known = || state.catalog.models().iter().map(|model| model.id);
    let unknown = || QuestionError::unknown("model", &id, known());
    let model = state.catalog.model(&id).ok_or_else(unknown)?.clone();
    let task = state.catalog.task_of(&model).ok_or_else(unknown)?;
    let pages = state.pages_of(&task)?.clone();
    let facts = pages.facts(&model);
    let cards: Vec<_> = state.catalog.checkpoints(&id).cloned().collect();
    let (folder, catalog) = (state.checkpoints.clone(), state.catalog.clone());
    let describe = move || {
        let comparisons = pages.comparisons(&cards, &catalog);
        let all = cards.iter().zip(comparisons);
        Ok(all.map(|(card, compared)| describe(card, compared, &folder, &*pages)).collect())
    };
    let checkpoints = state.blocking(describe).await?;
    let layout = Layout::new(&state, Some(Section::MODELS));
    render(&headers, &ModelPage { layout, model, facts, checkpoints })
}

fn describe(
    card: &CheckpointCard,
    comparisons: Vec<(String, String)>,
    folder: &FilePath,
    pages: &dyn Pages,
) -> Checkpoint {
    let file = folder.join(&card.model).join(&card.name).join("evaluation.json");
    let foreign = foreign(&file, card);
    let evaluation = pages.evaluation(&file).filter(|_| foreign.is_none());
    let unknown = || "it is not of the form that this network's scores have".to_owned();
    let damage = damage(&file).or_else(|| (evaluation.is_none() && file.is_file()).then(unknown));
    Checkpoint {
        evaluation: evaluation.map(|html| named_after(&html, &card.name)),
        damage: foreign.or_else(|| damage.map(damaged)).unwrap_or_default(),
        facts: pages.weight_facts(card),
        comparisons,
        is_simulated: card.is_simulated,
        n_parameters: format::count(card.n_parameters),
        name: card.name.clone(),
        training_data: card.training_data.clone(),
        left_over: card.left_over.join(", "),
        licence: card.licence.clone(),
        weights_sha256: card.weights_sha256.clone(),
    }
}

/// Names the regions of an evaluation after its weights, so that those of several weights on one page are told apart.
fn named_after(evaluation: &str, weights: &str) -> String {
    let weights = weights.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    let start = r#"role="region" aria-label=""#;
    evaluation.replace(start, &format!("{start}{weights}: "))
}

fn damaged(what: String) -> String {
    format!("is damaged, so not all of their evaluation can be shown: {what}")
}

/// What is wrong with scores of other weights; `None` where they are of these, or say nothing of that.
fn foreign(file: &FilePath, card: &CheckpointCard) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Stated {
        weights_sha256: Option<String>,
    }
    let stated: Stated = serde_json::from_str(&read_text(file).ok()?).ok()?;
    let stated = stated.weights_sha256.filter(|stated| *stated != card.weights_sha256)?;
    let start: String = stated.chars().take(12).collect();
    Some(format!("is of other weights (SHA-256 {start}…), so it is not shown"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_of_an_evaluation_are_named_after_its_weights() {
        let evaluation = r#"<div role="region" aria-label="Scores"></div>"#;
        let named = named_after(evaluation, r#"a"b"#);
        assert_eq!(named, r#"<div role="region" aria-label="a&quot;b: Scores"></div>"#);
    }
}
