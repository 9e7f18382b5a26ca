//! `/samples/{id}`: what was measured, and the form that asks a network about it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use stormlens_data::card::{CheckpointCard, ModelCard, NowcastField};

use super::frames::{self, PICTURE_PX};
use super::list::covered;
use super::page::what;
use super::question::{HIDE_PERCENT, SAMPLE};
use super::samples::{SampleEntry, Samples, Window};
use super::split::Membership;
use super::{Nowcasts, SECTION};
use crate::catalog::Catalog;
use crate::parameters::to_query;
use crate::question::NO_METHOD;
use crate::tasks::legend::Legend;
use crate::web::forms::{LayerGroup, MethodChoice, layer_groups, method_choices};
use crate::web::layout::Layout;
use crate::web::pages::render;
use crate::web::result::PATH;
use crate::web::{AppError, AppState, format};
use stormlens_plot::Theme;

#[derive(Template)]
#[template(path = "tasks/nowcast/sample.html")]
struct SamplePage {
    layout: Layout,
    /// Of rain; clouds are there or not.
    legend: Option<Legend>,
    id: String,
    time: String,
    /// `One hour of rain, a frame every 5 minutes`
    seen: String,
    observed: bool,
    field: &'static str,
    covered: Option<String>,
    picture_px: usize,
    frames: Vec<Frame>,
    /// Addresses of the moving picture.
    moving: String,
    moving_dark: String,
    compare: String,
    models: Vec<Model>,
    /// Weights that rebuild hidden parts of the frames: their network and name, and where that is asked.
    rebuilds: Vec<(String, String)>,
}

struct Frame {
    idx: usize,
    clock: String,
    minutes_before: usize,
    light: String,
    dark: String,
}

/// Weights that can be asked, and what they have seen of the sample.
struct Weights {
    name: String,
    split: &'static str,
}

/// What the form offers for a model.
struct Model {
    id: &'static str,
    title: &'static str,
    summary: &'static str,
    checkpoints: Vec<Weights>,
    lead_times_min: Vec<u32>,
    what: &'static str,
    unit: &'static str,
    threshold: f64,
    max_threshold: f64,
    methods: Vec<MethodChoice>,
    groups: Vec<LayerGroup>,
}

pub async fn show(
    task: Arc<Nowcasts>,
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let sample = task.samples.find(&id)?;
    let layout = Layout::new(&state, Some(SECTION));
    let catalog = state.catalog.clone();
    let page = state.blocking(move || Ok(describe(layout, &task, &catalog, &sample))).await?;
    render(&headers, &page)
}

fn describe(
    layout: Layout,
    task: &Nowcasts,
    catalog: &Catalog,
    sample: &SampleEntry,
) -> SamplePage {
    let samples = &task.samples;
    let offers =
        catalog.models().iter().filter_map(|model| offer(catalog, model, (samples, sample)));
    SamplePage {
        layout,
        legend: (sample.field == NowcastField::Precipitation).then(Legend::of_rate),
        id: sample.id.clone(),
        time: format::date_time(sample.time),
        seen: seen(sample.field),
        observed: sample.observed,
        field: sample.field.label(),
        covered: covered(samples, sample),
        picture_px: PICTURE_PX,
        frames: describe_frames(task, sample),
        moving: frames::animation_address(samples, sample, Theme::Light),
        moving_dark: frames::animation_address(samples, sample, Theme::Dark),
        compare: super::compare::page_of(&sample.id),
        models: offers.collect(),
        rebuilds: rebuilding(catalog, sample),
    }
}

/// With a third of the patches hidden.
fn rebuilding(catalog: &Catalog, sample: &SampleEntry) -> Vec<(String, String)> {
    let of_model = |model: &Arc<ModelCard>| {
        let rebuilds = |card: &&Arc<CheckpointCard>| {
            let task = card.nowcasting.as_ref();
            task.is_some_and(|task| task.rebuilds() && task.field == sample.field)
        };
        let link = |card: &Arc<CheckpointCard>| {
            let asked = to_query(&[
                ("model", model.id.to_owned()),
                ("checkpoint", card.name.clone()),
                (SAMPLE, sample.id.clone()),
                (HIDE_PERCENT, "30".to_owned()),
                ("methods", NO_METHOD.to_owned()),
            ]);
            (format!("{} ({})", model.title, card.name), format!("{PATH}?{asked}"))
        };
        catalog.checkpoints(model.id).filter(rebuilds).map(link).collect::<Vec<_>>()
    };
    catalog.models().iter().flat_map(of_model).collect()
}

fn seen(field: NowcastField) -> String {
    let Window { n_input_frames, frame_step_min, .. } = Window::of(field);
    // A frame of rain is the sum since the frame before it; a map of clouds is of one moment.
    let (what, n_steps) = match field {
        NowcastField::Precipitation => ("rain", n_input_frames),
        NowcastField::CloudCover => ("clouds", n_input_frames.saturating_sub(1)),
    };
    let minutes = n_steps * frame_step_min as usize;
    format!("{minutes} minutes of {what}, a frame every {frame_step_min} minutes")
}

fn describe_frames(task: &Nowcasts, sample: &SampleEntry) -> Vec<Frame> {
    let samples = &task.samples;
    let Window { n_input_frames, frame_step_min, .. } = Window::of(sample.field);
    let frame = |idx| Frame {
        idx,
        clock: sample.frame_time(idx).map(format::clock).unwrap_or_default(),
        minutes_before: (n_input_frames - 1 - idx) * frame_step_min as usize,
        light: frames::address(samples, sample, idx, Theme::Light),
        dark: frames::address(samples, sample, idx, Theme::Dark),
    };
    (0..n_input_frames).map(frame).collect()
}

/// Those of a model's weights that forecast the field.
pub fn weights<'a>(
    catalog: &'a Catalog,
    model: &'a ModelCard,
    field: NowcastField,
) -> impl Iterator<Item = &'a Arc<CheckpointCard>> {
    let fits = move |card: &&Arc<CheckpointCard>| {
        card.nowcasting.as_ref().is_some_and(|task| task.field == field && !task.rebuilds())
    };
    catalog.checkpoints(model.id).filter(fits)
}

/// Those that each of the weights forecasts, so that none is asked for what it does not.
fn shared_lead_times(weights: &[&Arc<CheckpointCard>]) -> Vec<u32> {
    let mut leads =
        weights.iter().filter_map(|card| card.nowcasting.as_ref()).map(|task| &task.lead_times_min);
    let first = leads.next().cloned().unwrap_or_default();
    leads.fold(first, |shared, other| shared.into_iter().filter(|l| other.contains(l)).collect())
}

/// A model without weights for the field cannot be asked.
fn offer(
    catalog: &Catalog,
    model: &ModelCard,
    (samples, sample): (&Samples, &SampleEntry),
) -> Option<Model> {
    let field = sample.field;
    let weights: Vec<_> = weights(catalog, model, field).collect();
    let first = weights.first()?.nowcasting.as_ref()?;
    Some(Model {
        id: model.id,
        title: model.title,
        summary: model.summary,
        checkpoints: weights
            .iter()
            .map(|card| Weights {
                name: card.name.clone(),
                split: Membership::new(samples, card).part(sample).label(),
            })
            .collect(),
        lead_times_min: shared_lead_times(&weights),
        what: what(field),
        unit: first.field.unit(),
        threshold: first.field.default_threshold(),
        max_threshold: first.field.max_threshold(),
        methods: method_choices(&catalog.methods_of(model), model, None),
        groups: layer_groups(model, |name| model.default_layers.contains(&name)),
    })
}
