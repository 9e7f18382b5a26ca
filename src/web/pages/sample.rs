//! `/samples/{id}`: what the radar saw, and the form that asks a network about it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use stormlens_data::card::ModelCard;

use super::render;
use crate::catalog::{Catalog, DEFAULT_THRESHOLD_MM_H, SampleEntry};
use crate::plot::Theme;
use crate::web::frames::{self, PICTURE_PX};
use crate::web::legend::Legend;
use crate::web::result_query::{DEFAULT_STEPS, STEPS, find_sample};
use crate::web::shell::{Section, Shell};
use crate::web::{AppError, AppState, format};

#[derive(Template)]
#[template(path = "pages/sample.html")]
struct SamplePage {
    shell: Shell,
    legend: Legend,
    id: String,
    time: String,
    observed: bool,
    wet_share: Option<String>,
    lead_time_min: u32,
    picture_px: usize,
    frames: Vec<Frame>,
    /// Addresses of the moving picture.
    moving: String,
    moving_dark: String,
    models: Vec<Model>,
}

struct Frame {
    idx: usize,
    clock: String,
    minutes_before: usize,
    light: String,
    dark: String,
}

/// What the form offers for a model.
struct Model {
    id: &'static str,
    title: &'static str,
    summary: &'static str,
    checkpoints: Vec<String>,
    threshold_mm_h: f64,
    groups: Vec<LayerGroup>,
    steps: Vec<(usize, bool)>,
}

pub struct LayerGroup {
    pub name: &'static str,
    pub layers: Vec<LayerChoice>,
}

pub struct LayerChoice {
    pub name: String,
    pub label: String,
    pub chosen: bool,
}

pub async fn show(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let sample = find_sample(&state.catalog, &id)?.clone();
    let shell = Shell::new(&state, Section::Samples);
    let catalog = state.catalog.clone();
    let page = state.blocking(move || Ok(describe(shell, &catalog, &sample))).await?;
    render(&headers, &page)
}

fn describe(shell: Shell, catalog: &Catalog, sample: &SampleEntry) -> SamplePage {
    SamplePage {
        shell,
        legend: Legend::new(),
        id: sample.id.clone(),
        time: format::date_time(sample.time),
        observed: sample.observed,
        wet_share: catalog.wet_share(sample).ok().map(format::percent),
        lead_time_min: catalog.window().lead_time_min,
        picture_px: PICTURE_PX,
        frames: describe_frames(catalog, sample),
        moving: frames::animation_address(catalog, sample, Theme::Light),
        moving_dark: frames::animation_address(catalog, sample, Theme::Dark),
        models: catalog.models().iter().filter_map(|model| offer(catalog, model)).collect(),
    }
}

fn describe_frames(catalog: &Catalog, sample: &SampleEntry) -> Vec<Frame> {
    let window = catalog.window();
    (0..window.n_input_frames)
        .map(|idx| Frame {
            idx,
            clock: catalog.frame_time(sample, idx).map(format::clock).unwrap_or_default(),
            minutes_before: (window.n_input_frames - 1 - idx) * window.frame_step_min as usize,
            light: frames::address(catalog, sample, idx, Theme::Light),
            dark: frames::address(catalog, sample, idx, Theme::Dark),
        })
        .collect()
}

/// A model without weights cannot be asked.
fn offer(catalog: &Catalog, model: &ModelCard) -> Option<Model> {
    let checkpoints: Vec<_> = catalog.checkpoints(model.id).map(|c| c.name.clone()).collect();
    if checkpoints.is_empty() {
        return None;
    }
    model.is_nowcasting().then_some(())?;
    Some(Model {
        id: model.id,
        title: model.title,
        summary: model.summary,
        checkpoints,
        threshold_mm_h: DEFAULT_THRESHOLD_MM_H,
        groups: layer_groups(model, |name| model.default_layers.contains(&name)),
        steps: STEPS.map(|n| (n, n == DEFAULT_STEPS)).to_vec(),
    })
}

/// The layers of a model under their headings.
pub fn layer_groups(model: &ModelCard, chosen: impl Fn(&str) -> bool) -> Vec<LayerGroup> {
    let mut groups: Vec<LayerGroup> = Vec::new();
    for layer in &model.layers {
        if groups.last().is_none_or(|group| group.name != layer.group) {
            groups.push(LayerGroup { name: layer.group, layers: Vec::new() });
        }
        if let Some(group) = groups.last_mut() {
            let (name, label) = (layer.name.clone(), layer.label.clone());
            group.layers.push(LayerChoice { chosen: chosen(&name), name, label });
        }
    }
    groups
}
