//! `/probability/{id}`: fields of one time, and the form that asks about them.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use stormlens_data::card::CheckpointCard;
use stormlens_data::probability::iberia::{GAUGES, Iberia, NOTICE};
use stormlens_data::request::{Blocks, ClassOutput, RainEvent};

use super::list::{amount, few_fields};
use super::recognised::{Recognised, recognise};
use super::samples::{self, Entry, Samples};
use super::{RainProbabilityTask, SECTION, question, split};
use crate::catalog::Catalog;
use crate::parameters::Parameters;
use crate::web::forms::{MethodChoice, Select, method_choices, select};
use crate::web::layout::Layout;
use crate::web::pages::render;
use crate::web::{AppError, AppState};

#[derive(Template)]
#[template(path = "tasks/rain_probability/fields.html")]
struct FieldsPage {
    layout: Layout,
    id: String,
    heading: String,
    facts: Vec<(&'static str, String)>,
    /// Of files that somebody brought.
    recognised: Option<Recognised>,
    gauges: Vec<(&'static str, String)>,
    models: Vec<Model>,
}

impl FieldsPage {
    /// Whether somebody's files cannot be used, which stands above.
    fn has_trouble(&self) -> bool {
        self.recognised.as_ref().is_some_and(|recognised| recognised.trouble.is_some())
    }
}

/// What the form offers for a network.
struct Model {
    id: &'static str,
    title: &'static str,
    summary: &'static str,
    /// Names, and what they have seen of the fields.
    checkpoints: Vec<(String, &'static str)>,
    selects: Vec<Select>,
    methods: Vec<MethodChoice>,
}

pub async fn one(
    task: Arc<RainProbabilityTask>,
    State(state): State<AppState>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let layout = Layout::new(&state, Some(SECTION));
    let catalog = state.catalog.clone();
    let parameters = Parameters::parse(query.as_deref());
    let is_upload = samples::parse(&id).is_some();
    let page = move || {
        let entry = task.samples.find(&id)?;
        match is_upload {
            true => describe_upload(layout, &task, &catalog, entry, &parameters),
            false => Ok(describe(layout, &task, &catalog, entry)),
        }
    };
    // Files of others are decoded one at a time: a few bytes can become hundreds of megabytes.
    let page = match is_upload {
        true => state.decoding(page).await,
        false => state.blocking(page).await,
    };
    render(&headers, &page?)
}

/// What was brought, as some weights see it, and the form that asks these.
fn describe_upload(
    layout: Layout,
    task: &RainProbabilityTask,
    catalog: &Catalog,
    entry: Entry,
    parameters: &Parameters,
) -> Result<FieldsPage, AppError> {
    let recognised = recognise(task, catalog, &entry.id, parameters)?;
    let is_shown = |card: &CheckpointCard| {
        recognised.trouble.is_none() && recognised.shows(&card.model, &card.name)
    };
    Ok(FieldsPage {
        layout,
        heading: entry.title.clone(),
        models: offers(catalog, (&task.samples, &entry.id), is_shown),
        id: entry.id,
        facts: recognised.facts(),
        recognised: Some(recognised),
        gauges: Vec::new(),
    })
}

fn describe(
    layout: Layout,
    task: &RainProbabilityTask,
    catalog: &Catalog,
    entry: Entry,
) -> FieldsPage {
    let mut facts = Vec::new();
    let mut gauges = Vec::new();
    if let (Some(iberia), Some(day)) = (task.samples.iberia(), task.samples.day(&entry.id)) {
        facts.push(("Fields", Iberia::names().join(", ")));
        facts.push((
            "Interval",
            "means and sums of the day, UTC; when the gauges’ day begins is not known".to_owned(),
        ));
        facts.extend(few_fields(iberia.days()[day]).map(|words| ("Hidden", words.to_owned())));
        facts.push(("Source", NOTICE.to_owned()));
        let both = iberia.gauge_rain(day).into_iter().zip(iberia.model_rain(day));
        gauges.extend(GAUGES.iter().zip(both).map(|(gauge, (measured, model))| {
            (gauge.name, format!("{} measured, {} by the model", amount(measured), amount(model)))
        }));
    }
    let fits = |card: &CheckpointCard| {
        let card = card.fields.as_ref();
        card.is_some_and(|card| card.n_classes.is_some() && task.samples.suits(&entry.id, card))
    };
    FieldsPage {
        layout,
        heading: entry.title.clone(),
        models: offers(catalog, (&task.samples, &entry.id), fits),
        id: entry.id,
        facts,
        recognised: None,
        gauges,
    }
}

fn offers(
    catalog: &Catalog,
    (samples, id): (&Samples, &str),
    fits: impl Fn(&CheckpointCard) -> bool,
) -> Vec<Model> {
    let seen =
        |card: &Arc<CheckpointCard>| (card.name.clone(), split::part(samples, id, card).label());
    let offer = |model: &Arc<stormlens_data::card::ModelCard>| {
        let all = catalog.checkpoints(model.id);
        let checkpoints: Vec<_> = all.filter(|card| fits(card)).map(seen).collect();
        (!checkpoints.is_empty()).then(|| Model {
            id: model.id,
            title: model.title,
            summary: model.summary,
            selects: selects(RainEvent::default(), ClassOutput::default(), Blocks::default()),
            methods: method_choices(&catalog.methods_of(model), model, None),
            checkpoints,
        })
    };
    catalog.models().iter().filter_map(offer).collect()
}

/// What is chosen from few.
pub fn selects(event: RainEvent, output: ClassOutput, blocks: Blocks) -> Vec<Select> {
    vec![
        select(question::EVENT, "Target of the explanation", event, RainEvent::label),
        select(question::OUTPUT, "As a number", output, ClassOutput::label),
        select(question::BLOCKS, "Layers of the encoder", blocks, Blocks::label),
    ]
}
