//! `/probability`: days by month with what was measured; `/probability/{id}`: one of them, and the form that asks.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::civil::Date;
use stormlens_data::card::{CheckpointCard, Part};
use stormlens_data::probability::iberia::{GAUGES, Iberia, NOTICE, part};
use stormlens_data::request::{Blocks, ClassOutput, RainEvent};

use super::samples::{Entry, id_of, words};
use super::{RainProbabilityTask, SECTION, question};
use crate::catalog::Catalog;
use crate::parameters::{Parameters, QuestionError, encode};
use crate::web::forms::{MethodChoice, Select, method_choices, select};
use crate::web::layout::Layout;
use crate::web::pages::render;
use crate::web::{AppError, AppState, format};

/// From here on it rained, mm in the day.
const WET_MM: f32 = 1.0;
/// From here on it rained much.
const HEAVY_MM: f32 = 10.0;
/// One row of cards on a wide page.
const N_SUGGESTIONS: usize = 6;

#[derive(Template)]
#[template(path = "tasks/rain_probability/list.html")]
struct ListPage {
    layout: Layout,
    /// Names of the gauges.
    gauges: Vec<&'static str>,
    days: Vec<Day>,
    /// `May 2007`; empty where there is no archive.
    month: String,
    /// As a field of a form has it, `2007-05`, with the first and the last one.
    value: String,
    first: String,
    last: String,
    /// What the days were used for.
    used: &'static str,
    previous: Option<String>,
    next: Option<String>,
    n_all: usize,
}

/// A day as lists show it.
pub struct Day {
    pub href: String,
    pub title: String,
    /// Of each gauge: mm, and whether it rained there, much or at all.
    pub rain: Vec<(String, &'static str)>,
    /// In a sentence.
    pub summary: String,
}

#[derive(Template)]
#[template(path = "tasks/rain_probability/fields.html")]
struct FieldsPage {
    layout: Layout,
    id: String,
    heading: String,
    facts: Vec<(&'static str, String)>,
    gauges: Vec<(&'static str, String)>,
    models: Vec<Model>,
}

/// What the form offers for a network.
struct Model {
    id: &'static str,
    title: &'static str,
    summary: &'static str,
    checkpoints: Vec<Arc<CheckpointCard>>,
    selects: Vec<Select>,
    methods: Vec<MethodChoice>,
}

pub fn page_of(id: &str) -> String {
    format!("{}/{}", SECTION.href, encode(id))
}

pub fn show(
    task: &RainProbabilityTask,
    state: &AppState,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(query);
    parameters.only(&["month"])?;
    let layout = Layout::new(state, Some(SECTION));
    let Some(iberia) = task.samples.iberia() else {
        return render(headers, &empty(layout));
    };
    let months = [iberia.days().first(), iberia.days().last()];
    let [first, last] = months.map(|day| day.map(|day| day.first_of_month()).unwrap_or_default());
    let month = match parameters.one("month")? {
        None => last_of_test(iberia).unwrap_or(last),
        Some(text) => read_month(text, [first, last])?,
    };
    let days = iberia.days();
    let of_month = (0..days.len()).filter(|&day| days[day].first_of_month() == month);
    let address = |month: Date| format!("{}?month={}", SECTION.href, month.strftime("%Y-%m"));
    let neighbour = |n: i64| {
        let other = month.checked_add(jiff::Span::new().months(n)).ok()?;
        (first..=last).contains(&other).then(|| address(other))
    };
    let page = ListPage {
        layout,
        gauges: GAUGES.iter().map(|gauge| gauge.name).collect(),
        days: of_month.map(|day| row(iberia, day)).collect(),
        month: month.strftime("%B %Y").to_string(),
        value: month.strftime("%Y-%m").to_string(),
        first: first.strftime("%Y-%m").to_string(),
        last: last.strftime("%Y-%m").to_string(),
        used: used(part(month.last_of_month())),
        previous: neighbour(-1),
        next: neighbour(1),
        n_all: days.len(),
    };
    render(headers, &page)
}

fn empty(layout: Layout) -> ListPage {
    let [month, value, first, last] = [const { String::new() }; 4];
    ListPage {
        layout,
        gauges: Vec::new(),
        days: Vec::new(),
        month,
        value,
        first,
        last,
        used: "",
        previous: None,
        next: None,
        n_all: 0,
    }
}

/// The last whole month that tests.
fn last_of_test(iberia: &Iberia) -> Option<Date> {
    let last = iberia.days_of(Part::Test).last().copied()?;
    Some(iberia.days()[last].first_of_month())
}

fn read_month(text: &str, [first, last]: [Date; 2]) -> Result<Date, QuestionError> {
    let found: Option<Date> = format!("{text}-01").parse().ok();
    found.filter(|month| (first..=last).contains(month)).ok_or_else(|| {
        let [first, last] = [first, last].map(|month| month.strftime("%Y-%m").to_string());
        let message = format!("is “{text}”, but must be a month from {first} to {last}");
        QuestionError::parameter("month", message)
    })
}

fn used(part: Option<Part>) -> &'static str {
    match part {
        Some(Part::Training) => "These days trained the shipped weights",
        Some(Part::Validation) => "These days chose and recalibrated the shipped weights",
        Some(Part::Test) => "The shipped weights have not seen these days",
        _ => {
            "The archive has no fields on pressure levels from 26 November 2010 on; they are hidden"
        }
    }
}

fn row(iberia: &Iberia, day: usize) -> Day {
    let rain = iberia.gauge_rain(day);
    let cell = |mm: f32| {
        let class = match mm {
            mm if mm >= HEAVY_MM => "heavy",
            mm if mm >= WET_MM => "wet",
            _ => "",
        };
        (amount(mm), class)
    };
    let wettest = GAUGES.iter().zip(rain).filter(|(_, mm)| !mm.is_nan());
    let wettest = wettest.max_by(|a, b| a.1.total_cmp(&b.1));
    let summary = match wettest {
        Some((gauge, mm)) if mm >= WET_MM => format!("{} in {}", amount(mm), gauge.name),
        Some(_) => "dry at all gauges".to_owned(),
        None => "nothing measured".to_owned(),
    };
    Day {
        href: page_of(&id_of(iberia, day)),
        title: words(iberia.days()[day]),
        rain: rain.map(cell).to_vec(),
        summary,
    }
}

/// `3.2 mm`
fn amount(mm: f32) -> String {
    if mm.is_nan() { "–".to_owned() } else { format!("{} mm", format::number(f64::from(mm))) }
}

/// Wet days that the shipped weights have not seen, months apart, and a dry one.
pub fn suggestions(task: &RainProbabilityTask) -> Vec<Day> {
    let Some(iberia) = task.samples.iberia() else { return Vec::new() };
    let days = iberia.days_of(Part::Test);
    let most = |day: &usize| iberia.gauge_rain(*day).into_iter().fold(0.0, f32::max);
    let months = days
        .chunk_by(|a, b| iberia.days()[*a].first_of_month() == iberia.days()[*b].first_of_month());
    let wettest: Vec<usize> = months
        .filter_map(|month| month.iter().copied().max_by(|a, b| most(a).total_cmp(&most(b))))
        .collect();
    let step = wettest.len().div_ceil(N_SUGGESTIONS - 1).max(1);
    let wet = wettest.into_iter().step_by(step);
    let dry = days.iter().copied().find(|day| most(day) == 0.0);
    wet.chain(dry).take(N_SUGGESTIONS).map(|day| row(iberia, day)).collect()
}

pub async fn one(
    task: Arc<RainProbabilityTask>,
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let layout = Layout::new(&state, Some(SECTION));
    let catalog = state.catalog.clone();
    let page = state.blocking(move || {
        let entry = task.samples.find(&id)?;
        Ok::<_, AppError>(describe(layout, &task, &catalog, entry))
    });
    render(&headers, &page.await?)
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
        facts.push(("Interval", "means and sums of the day, UTC".to_owned()));
        facts.push(("Use", used(part(iberia.days()[day])).to_owned()));
        facts.push(("Source", NOTICE.to_owned()));
        let both = iberia.gauge_rain(day).into_iter().zip(iberia.model_rain(day));
        gauges.extend(GAUGES.iter().zip(both).map(|(gauge, (measured, model))| {
            (gauge.name, format!("{} measured, {} by the model", amount(measured), amount(model)))
        }));
    }
    FieldsPage {
        layout,
        heading: entry.title.clone(),
        models: offers(task, catalog, &entry.id),
        id: entry.id,
        facts,
        gauges,
    }
}

fn offers(task: &RainProbabilityTask, catalog: &Catalog, id: &str) -> Vec<Model> {
    let fits = |card: &&Arc<CheckpointCard>| {
        card.fields
            .as_ref()
            .is_some_and(|card| card.n_classes.is_some() && task.samples.suits(id, card))
    };
    let offer = |model: &Arc<stormlens_data::card::ModelCard>| {
        let checkpoints: Vec<_> = catalog.checkpoints(model.id).filter(fits).cloned().collect();
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
        select(question::EVENT, "What is explained", event, RainEvent::label),
        select(question::OUTPUT, "As a number", output, ClassOutput::label),
        select(question::BLOCKS, "Layers of the encoder", blocks, Blocks::label),
    ]
}
