//! The page of a rain probability: maps, what was measured, what it came from, and the fields themselves.

use askama::Template;
use stormlens_data::card::Part;
use stormlens_data::outcome::Outcome;
use stormlens_data::request::{Blocks, EventPlace, Subject};
use stormlens_plot::Figure;
use stormlens_plot::words::sentence;

use super::RainProbabilityTask;
use super::answer::{CLASS, ENTROPY, EXCEEDANCE, MEAN, PROBABILITY, SPREAD};
use super::explained::EFFECT;
use super::fields::selects;
use super::gauges::{self, DENSITY_LABEL, HARD_LABEL, OBSERVATION, TRUTH, Table};
use super::list::{few_fields, page_of};
use super::panel::Panel;
use super::points::LENGTH;
use super::question::{
    BLOCKS, EVENT, HIDE, MASK_PERCENT, MASKS, OUTPUT, PLACE, POINTS, fields, subject_of, target_of,
};
use crate::question::Question;
use crate::tasks::split::{other_notes, part_in};
use crate::web::forms::Select;
use crate::web::layout::Layout;
use crate::web::pages::Shown;
use crate::web::report::Report;
use crate::web::views::{FigureView, Figures, map, mark_first};
use crate::web::{AppError, result};

#[derive(Template)]
#[template(path = "tasks/rain_probability/result.html")]
struct ResultPage {
    layout: Layout,
    report: Report,
    heading: String,
    fields_page: String,
    part: Part,
    notes: Vec<String>,
    panel: Option<Panel>,
    probabilities: Vec<FigureView>,
    memberships: Vec<FigureView>,
    others: Vec<FigureView>,
    masks: Vec<FigureView>,
    gauges: Option<Table>,
    variables: Vec<Variable>,
    occlusion: Vec<FigureView>,
    /// Of each level of the encoder.
    lengths: Vec<FigureView>,
    /// The node whose points are shown, as its parameter has it.
    points: String,
    points_hidden: Vec<(String, String)>,
    has_layers: bool,
    /// A node to begin with.
    middle: String,
    /// Of the form that asks again.
    selects: Vec<Select>,
    place: String,
    places: Vec<(String, String)>,
    ticks: Vec<(String, bool)>,
    masked: String,
    mask_percent: String,
}

/// A variable of the input: whole, as the network saw it behind a mask, and rebuilt.
pub struct Variable {
    pub name: String,
    pub views: Vec<FigureView>,
}

/// What the form to ask again asks for beside the methods.
const OWN: [&str; 8] = [EVENT, OUTPUT, PLACE, BLOCKS, HIDE, MASKS, MASK_PERCENT, POINTS];

/// The page as HTML.
pub fn html(task: &RainProbabilityTask, shown: &Shown<'_>) -> Result<String, AppError> {
    let Shown { question, outcome, layout } = shown;
    let figures = Figures::new(question, outcome);
    let (id, sight) = subject_of(&question.request.subject);
    let entry = task.samples.find(id)?;
    let (event, place, output) = target_of(&question.target);
    let of = |name: &str| of_variable(outcome, &figures, name);
    let page = ResultPage {
        layout: layout.clone(),
        report: Report::new(shown, &figures, &OWN, "maps"),
        heading: entry.title,
        fields_page: page_of(id),
        part: part_in(outcome),
        notes: notes(task, id, outcome),
        panel: Panel::new(question, outcome),
        probabilities: mark_first(match outcome.variable(PROBABILITY) {
            Some(_) => of(PROBABILITY),
            None => of(EXCEEDANCE),
        }),
        memberships: match outcome.variable(PROBABILITY) {
            Some(_) => of(EXCEEDANCE),
            None => Vec::new(),
        },
        others: [CLASS, ENTROPY, OBSERVATION, TRUTH, HARD_LABEL, DENSITY_LABEL]
            .iter()
            .flat_map(|name| of(name))
            .collect(),
        masks: [MEAN, SPREAD].iter().flat_map(|name| of(name)).collect(),
        gauges: gauges::table(outcome),
        variables: variables(question, outcome, &figures),
        occlusion: occlusion(outcome, &figures),
        lengths: lengths(outcome, &figures),
        points: sight.points.map_or_else(String::new, |place| place.to_string()),
        points_hidden: question.hidden(&[POINTS]),
        has_layers: sight.blocks == Blocks::Active,
        middle: middle(question).unwrap_or_else(|| "all".to_owned()),
        selects: selects(event, output, sight.blocks),
        place: place.to_string(),
        places: places(task, question),
        ticks: ticks(question),
        masked: if sight.n_masks > 0 { sight.n_masks.to_string() } else { String::new() },
        mask_percent: if sight.n_masks > 0 {
            sight.mask_percent.to_string()
        } else {
            String::new()
        },
    };
    Ok(page.render()?)
}

/// What the result says of itself, and what the archive lacks of its day.
fn notes(task: &RainProbabilityTask, id: &str, outcome: &Outcome) -> Vec<String> {
    let notes = other_notes(outcome).map(|note| sentence(&note.text));
    let day = task.samples.iberia().zip(task.samples.day(id));
    let few = day.and_then(|(iberia, day)| few_fields(iberia.days()[day]));
    notes.chain(few.map(str::to_owned)).collect()
}

/// The node in the middle of the grid, where that lies somewhere.
fn middle(question: &Question) -> Option<String> {
    let statement = &fields(&question.cards).ok()?.fields;
    let middle = |axis: &[f64]| axis.get(axis.len() / 2).copied();
    let place = [middle(&statement.latitudes)?, middle(&statement.longitudes)?];
    Some(EventPlace::Node(place.map(|degrees| (degrees * 1000.0).round() / 1000.0)).to_string())
}

/// All maps of a variable.
fn of_variable(outcome: &Outcome, figures: &Figures<'_>, name: &str) -> Vec<FigureView> {
    let n = outcome.variable(name).map_or(0, |variable| variable.n_maps());
    (0..n).map(|i| figures.view(&map(name, i))).collect()
}

/// How much each variable changes the answer, as bars.
fn occlusion(outcome: &Outcome, figures: &Figures<'_>) -> Vec<FigureView> {
    let is_of_it = |name: &str| {
        name.starts_with(EFFECT) && outcome.variable(name).is_some_and(|v| v.plane.is_none())
    };
    let named =
        outcome.variables.iter().map(|variable| &variable.name).filter(|name| is_of_it(name));
    named.map(|name| figures.wide(&Figure::Bars(name.clone()))).collect()
}

/// How far the encoder looks, with the points for the node that was asked about.
fn lengths(outcome: &Outcome, figures: &Figures<'_>) -> Vec<FigureView> {
    let maps = outcome.variables.iter().filter(|v| v.plane.is_some());
    let maps = maps.filter(|variable| variable.name.starts_with(LENGTH));
    maps.map(|variable| figures.view(&map(&variable.name, 0))).collect()
}

fn variables(question: &Question, outcome: &Outcome, figures: &Figures<'_>) -> Vec<Variable> {
    let Ok(card) = fields(&question.cards) else { return Vec::new() };
    let of = |name: &str| {
        let views = ["field", "seen", "rebuilt"].iter();
        let views = views.flat_map(|part| of_variable(outcome, figures, &format!("{part}/{name}")));
        Variable { name: name.to_owned(), views: views.collect() }
    };
    let all = card.fields.variables.iter().map(|variable| of(&variable.name));
    all.filter(|variable| !variable.views.is_empty()).collect()
}

/// Where else it could be explained: gauges, and the whole map.
fn places(task: &RainProbabilityTask, question: &Question) -> Vec<(String, String)> {
    let Ok(card) = fields(&question.cards) else { return Vec::new() };
    let (id, _) = subject_of(&question.request.subject);
    let Ok(loaded) = task.samples.load(id, card) else { return Vec::new() };
    let (event, _, output) = target_of(&question.target);
    let at = |name: &str, place: EventPlace| {
        let target = stormlens_data::request::Target::Event { event, place, output };
        (name.to_owned(), result::page(&question.with_target(target)))
    };
    let gauges = loaded.gauges.iter();
    let gauges =
        gauges.map(|gauge| at(gauge.name, EventPlace::Node([gauge.latitude, gauge.longitude])));
    std::iter::once(at("the whole map", EventPlace::All)).chain(gauges).collect()
}

/// Variables, and whether each is hidden.
fn ticks(question: &Question) -> Vec<(String, bool)> {
    let Subject::RainProbability { sight, .. } = &question.request.subject else {
        return Vec::new();
    };
    let Ok(card) = fields(&question.cards) else { return Vec::new() };
    let names = card.fields.variables.iter().map(|variable| variable.name.clone());
    names.map(|name| (name.clone(), sight.hidden.contains(&name))).collect()
}
