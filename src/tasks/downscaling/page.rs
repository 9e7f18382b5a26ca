//! The page of refined rain: maps, an ensemble, how good it was, how tiles were joined, and why.

pub(super) mod tables;

use askama::Template;
use stormlens_data::card::Part;
use stormlens_data::downscale::{Blending, Conservation};
use stormlens_data::outcome::Outcome;
use stormlens_data::request::{RefinedPlace, Subject, Target};
use stormlens_plot::Figure;

use self::tables::{Table, ensembles, gain, tables};
use super::DownscalingTask;
use super::answer::SHARE_OF_COARSE;
use super::list::{ensemble_select, heading, page_of, registration_select};
use super::question::{
    ABOVE, BLENDING, CONSERVATION, DOMAIN, ENSEMBLE, MEMBERS, MOST_MM, REGISTRATION, TARGET,
    place_of, rain_of, refining,
};
use super::tilemap::TileMap;
use crate::question::Question;
use crate::tasks::legend::Legend;
use crate::tasks::split::{other_notes, part_in};
use crate::web::forms::{Select, select};
use crate::web::layout::Layout;
use crate::web::pages::Shown;
use crate::web::report::Report;
use crate::web::views::{FigureView, Figures, map, mark_first};
use crate::web::{AppError, format, result};

#[derive(Template)]
#[template(path = "tasks/downscaling/result.html")]
struct ResultPage {
    layout: Layout,
    report: Report,
    heading: String,
    title: String,
    rain_page: String,
    part: Part,
    notes: Vec<String>,
    facts: Vec<(&'static str, String)>,
    rain: Vec<FigureView>,
    rivals: Vec<FigureView>,
    ensemble: Option<EnsembleView>,
    tables: Vec<Table>,
    gain: Vec<String>,
    by_tile: Vec<FigureView>,
    tiles: TileMap,
    /// Of the picture under the tiles.
    legend: Legend,
    stitching: Vec<FigureView>,
    seams: Vec<(String, String)>,
    gates: Vec<FigureView>,
    corrections: Vec<FigureView>,
    shares: Vec<(String, String)>,
    /// Of the form that asks again.
    selects: Vec<Select>,
    domain: String,
    target: String,
    above: String,
    members: String,
    /// What a threshold may be.
    most_mm: f64,
    /// How far nodes lie apart, degrees.
    fine_deg: f64,
}

/// Members and what they say together.
pub struct EnsembleView {
    pub kind: &'static str,
    pub maps: Vec<FigureView>,
    pub stamps: FigureView,
    pub ranks: Vec<FigureView>,
    /// How good they are, where there is an observation.
    pub table: Option<Table>,
    pub hidden: Vec<(String, String)>,
    pub exceed: f64,
    /// What that may be, mm.
    pub most_mm: f64,
}

/// What the form to ask again asks for beside the methods.
const OWN: [&str; 8] =
    [DOMAIN, REGISTRATION, BLENDING, CONSERVATION, ENSEMBLE, MEMBERS, TARGET, ABOVE];

/// The page as HTML.
pub fn html(task: &DownscalingTask, shown: &Shown<'_>) -> Result<String, AppError> {
    let Shown { question, outcome, layout } = shown;
    let figures = Figures::new(question, outcome);
    let id = rain_of(&question.request.subject);
    let entry = task.fields.find(id)?;
    let view = |name: &str| has_map(outcome, name).then(|| figures.view(&map(name, 0)));
    let views = |names: &[&str]| names.iter().filter_map(|name| view(name)).collect::<Vec<_>>();
    let page = ResultPage {
        layout: layout.clone(),
        report: Report::new(shown, &figures, &OWN, "rain"),
        heading: heading(&entry),
        title: entry.title.clone(),
        rain_page: page_of(id),
        part: part_in(outcome),
        notes: other_notes(outcome).map(|note| sentence(&note.text)).collect(),
        facts: facts(outcome),
        rain: mark_first(views(&[
            "coarse",
            "prediction",
            "bilinear",
            "observation",
            "ratio",
            "elevation",
        ])),
        rivals: views(&[
            "block_constant",
            "bilinear_reference",
            "rainfarm",
            "rainfarm_mean",
            "rainfarm_orographic",
            "rainfarm_orographic_mean",
        ]),
        ensemble: ensemble(question, outcome, &figures),
        tables: tables(outcome),
        gain: gain(outcome),
        by_tile: views(&["error_by_tile"]),
        tiles: TileMap::new(task, question)?,
        legend: Legend::of_sum(entry.hours),
        stitching: views(&["weight_sum", "conservation_ratio"]),
        seams: numbers(outcome, &["seam_index", "clipped_share", SHARE_OF_COARSE]),
        gates: of_prefix(outcome, "gate/").iter().filter_map(|name| view(name)).collect(),
        corrections: of_prefix(outcome, "corrections/")
            .iter()
            .filter_map(|name| view(name))
            .collect(),
        shares: shares(outcome),
        selects: selects(question),
        domain: domain(question),
        target: place_of(Some(&question.target)).0.to_string(),
        above: place_of(Some(&question.target)).1.map(|mm| mm.to_string()).unwrap_or_default(),
        members: members(question),
        most_mm: MOST_MM,
        fine_deg: refining(&question.cards)?.geometry().fine_deg,
    };
    Ok(page.render()?)
}

fn has_map(outcome: &Outcome, name: &str) -> bool {
    outcome.variable(name).is_some_and(|variable| variable.plane.is_some())
}

fn of_prefix(outcome: &Outcome, prefix: &str) -> Vec<String> {
    let named = outcome.variables.iter().map(|variable| variable.name.clone());
    named.filter(|name| name.starts_with(prefix)).collect()
}

fn sentence(text: &str) -> String {
    stormlens_plot::words::sentence(text)
}

fn facts(outcome: &Outcome) -> Vec<(&'static str, String)> {
    let maximum = |name: &str| {
        let (_, high) = outcome.variable(name)?.map(0).range()?;
        Some(format!("{} mm", format::number(high.into())))
    };
    let mut facts = Vec::new();
    facts.extend(maximum("coarse").map(|high| ("Coarse maximum", high)));
    facts.extend(maximum("prediction").map(|high| ("Refined maximum", high)));
    facts.extend(maximum("observation").map(|high| ("Observed maximum", high)));
    if let Some(share) = outcome.number(SHARE_OF_COARSE) {
        facts.push(("Refined of coarse rain", format!("{} %", format::number(100.0 * share))));
    }
    if let (Some(wet), Some(all)) = (outcome.number("tiles/wet"), outcome.number("tiles/all")) {
        facts.push(("Tiles with rain", format!("{wet} of {all}")));
    }
    facts.push(("Computed on", outcome.provenance.device.clone()));
    facts.push(("Computed in", format!("{} s", format::number(outcome.duration_ms / 1e3))));
    facts
}

fn ensemble(question: &Question, outcome: &Outcome, figures: &Figures<'_>) -> Option<EnsembleView> {
    let members = outcome.variable("members")?;
    let Subject::Downscaling { refinement, .. } = question.request.subject else { return None };
    let exceedance = figures.view(&Figure::Exceedance(members.name.clone()));
    let mut maps = vec![exceedance];
    maps.extend(["mean", "spread"].iter().map(|name| figures.view(&map(name, 0))));
    let ranks = ["ensemble/ranks", "rainfarm/ranks", "rainfarm_orographic/ranks"].into_iter();
    let ranks = ranks.filter(|name| outcome.variable(name).is_some());
    Some(EnsembleView {
        kind: refinement.ensemble.label(),
        maps,
        stamps: figures.wide(&Figure::Strip(members.name.clone())),
        ranks: ranks.map(|name| figures.view(&Figure::Bars(name.to_owned()))).collect(),
        table: ensembles(outcome),
        hidden: question.hidden(&["exceed"]),
        exceed: question.style.exceed,
        most_mm: MOST_MM,
    })
}

/// Names as people read them, with the meaning behind.
fn numbers(outcome: &Outcome, names: &[&str]) -> Vec<(String, String)> {
    let found = names.iter().filter_map(|name| outcome.numbers.iter().find(|n| n.name == *name));
    let pair = |number: &stormlens_data::outcome::Number| {
        let unit = if number.unit == "1" { String::new() } else { format!(" {}", number.unit) };
        let name = number.name.replace(['_', '/'], " ");
        let text = format!("{}{unit} – {}", format::number(number.value), number.meaning);
        (sentence(&name), text)
    };
    found.map(pair).collect()
}

/// How much of the target came from each input.
fn shares(outcome: &Outcome) -> Vec<(String, String)> {
    let of = |part: &str| outcome.numbers.iter().find(|n| n.name.ends_with(part));
    let text =
        |number: &stormlens_data::outcome::Number| format!("{} mm", format::number(number.value));
    [("/from_rain", "From coarse rain"), ("/from_terrain", "From terrain")]
        .into_iter()
        .filter_map(|(part, label)| Some((label.to_owned(), text(of(part)?))))
        .collect()
}

fn selects(question: &Question) -> Vec<Select> {
    let Subject::Downscaling { refinement, .. } = question.request.subject else {
        return Vec::new();
    };
    let has_epochs = question.cards.checkpoint.members.len() > 1;
    vec![
        registration_select(refinement.registration),
        select(BLENDING, "Tiles are joined", refinement.blending, Blending::label),
        select(CONSERVATION, "Coarse cells", refinement.conservation, Conservation::label),
        ensemble_select(refinement.ensemble, has_epochs),
    ]
}

fn domain(question: &Question) -> String {
    match question.request.subject {
        Subject::Downscaling { domain, .. } => domain.map(|n| n.to_string()).join(","),
        _ => String::new(),
    }
}

fn members(question: &Question) -> String {
    match question.request.subject {
        Subject::Downscaling { refinement, .. } if refinement.n_members > 0 => {
            refinement.n_members.to_string()
        }
        _ => String::new(),
    }
}

/// The page that explains another place.
pub fn explain_at(question: &Question, place: RefinedPlace) -> String {
    let (_, above_mm) = place_of(Some(&question.target));
    result::page(&question.with_target(Target::Refined { place, above_mm }))
}
