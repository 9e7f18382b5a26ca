//! The page of refined rain: maps, an ensemble, how good it was, how tiles were joined, and why.

use askama::Template;
use stormlens_data::downscale::{Blending, Conservation};
use stormlens_data::outcome::Outcome;
use stormlens_data::request::{RefinedPlace, Subject, Target};
use stormlens_data::score::downscaling::CONTINUOUS_SCORES;
use stormlens_plot::Figure;

use super::DownscalingTask;
use super::list::{ensemble_select, heading, page_of, registration_select};
use super::question::{
    ABOVE, BLENDING, CONSERVATION, DOMAIN, ENSEMBLE, MEMBERS, REGISTRATION, TARGET, place_of,
    rain_of,
};
use super::tilemap::TileMap;
use crate::question::Question;
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
    notes: Vec<String>,
    facts: Vec<(&'static str, String)>,
    rain: Vec<FigureView>,
    rivals: Vec<FigureView>,
    ensemble: Option<EnsembleView>,
    tables: Vec<Table>,
    gain: Vec<String>,
    by_tile: Vec<FigureView>,
    tiles: TileMap,
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
}

/// Members and what they say together.
pub struct EnsembleView {
    pub kind: &'static str,
    pub maps: Vec<FigureView>,
    pub stamps: FigureView,
    pub ranks: Vec<FigureView>,
    pub numbers: Vec<(String, String)>,
    pub hidden: Vec<(String, String)>,
    pub exceed: f64,
}

/// Numbers with names on both sides.
pub struct Table {
    pub title: &'static str,
    pub head: String,
    pub columns: Vec<String>,
    pub rows: Vec<(String, Vec<String>)>,
    pub hint: &'static str,
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
        notes: outcome.notes.iter().map(|note| sentence(&note.text)).collect(),
        facts: facts(outcome),
        rain: mark_first(views(&[
            "coarse",
            "prediction",
            "bilinear",
            "observation",
            "ratio",
            "elevation",
        ])),
        rivals: views(&["block_constant", "bilinear_reference", "rainfarm", "rainfarm_mean"]),
        ensemble: ensemble(question, outcome, &figures),
        tables: tables(outcome),
        gain: gain(outcome),
        by_tile: views(&["error_by_tile"]),
        tiles: TileMap::new(task, question)?,
        stitching: views(&["weight_sum", "conservation_ratio"]),
        seams: numbers(outcome, &["seam_index", "clipped_share"]),
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
    let ranks = ["ensemble/ranks", "rainfarm/ranks"].into_iter();
    let ranks = ranks.filter(|name| outcome.variable(name).is_some());
    Some(EnsembleView {
        kind: refinement.ensemble.label(),
        maps,
        stamps: figures.wide(&Figure::Strip(members.name.clone())),
        ranks: ranks.map(|name| figures.view(&Figure::Bars(name.to_owned()))).collect(),
        numbers: numbers(
            outcome,
            &[
                "ensemble/crps_fair",
                "rainfarm/crps_fair",
                "ensemble/spread",
                "ensemble/error",
                "rainfarm/spread",
                "rainfarm/error",
            ],
        ),
        hidden: question.hidden(&["exceed"]),
        exceed: question.style.exceed,
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

/// How much better than the rival, in sentences.
fn gain(outcome: &Outcome) -> Vec<String> {
    let words = |which: &str, unit: &str, less_is_better: bool| {
        let value = |part: &str| outcome.number(&format!("gain/{which}{part}"));
        let (value, low, high) = (value("")?, value("_low")?, value("_high")?);
        let is_clear = low > 0.0 || high < 0.0;
        let is_better = (value < 0.0) == less_is_better;
        let verdict = match (is_clear, is_better) {
            (false, _) => "the difference may be chance",
            (true, true) => "the network is better",
            (true, false) => "the network is worse",
        };
        Some(format!(
            "{which} minus that of bilinear interpolation: {}{unit} (95 % interval {} to {} over tiles): {verdict}",
            format::number(value),
            format::number(low),
            format::number(high)
        ))
    };
    [words("mse", " mm²", true), words("r", "", false)].into_iter().flatten().collect()
}

/// Each forecast beside the others.
fn tables(outcome: &Outcome) -> Vec<Table> {
    let mut tables = Vec::new();
    tables.extend(table(
        outcome,
        "scores",
        "Over all nodes, mm",
        "Forecast",
        "r is the correlation, wet are nodes with 0.1 mm or more",
    ));
    tables.extend(table(
        outcome,
        "quantiles",
        "Quantiles, mm",
        "Share of nodes below",
        "Rain that so many nodes do not exceed. Compare each forecast with the observation",
    ));
    tables.extend(fractions(outcome));
    tables.extend(table(
        outcome,
        "power_ratio",
        "Power for that of the observation, by wavelength",
        "Wavelength",
        "Below 1 a forecast is too smooth, above 1 too rough",
    ));
    tables.extend(table(
        outcome,
        "error_by_elevation",
        "Mean squared error by elevation, mm²",
        "Elevation",
        "",
    ));
    tables.extend(table(
        outcome,
        "scores_normalised",
        "Over all nodes, in the network's unit",
        "Forecast",
        "",
    ));
    tables
}

/// A table of two axes: forecasts in columns where there are fewer of them.
fn table(
    outcome: &Outcome,
    name: &str,
    title: &'static str,
    head: &str,
    hint: &'static str,
) -> Option<Table> {
    let variable = outcome.variable(name)?;
    let [forecasts, others] = &variable.axes[..] else { return None };
    let (n_rows, n_columns) = (others.len(), forecasts.len());
    let at = |row: usize, column: usize| variable.values.at(column * n_rows + row);
    let label = |axis: &stormlens_data::outcome::Axis, i: usize| plain(&axis.label(i));
    // Long lists of wavelengths: the first, the last, and those that double.
    let rows: Vec<usize> = match n_rows {
        0..=10 => (0..n_rows).collect(),
        n => (0..n).filter(|i| (i + 1).is_power_of_two() || i + 1 == n).collect(),
    };
    if others.name == "score" {
        let rows = (0..n_columns).map(|column| {
            let cells = (0..n_rows).map(|row| format::number(at(row, column))).collect();
            (label(forecasts, column), cells)
        });
        let columns = (0..n_rows).map(|row| score_label(&others.label(row))).collect();
        return Some(Table { title, head: head.to_owned(), columns, rows: rows.collect(), hint });
    }
    let rows = rows.into_iter().map(|row| {
        let cells = (0..n_columns).map(|column| format::number(at(row, column))).collect();
        (label(others, row), cells)
    });
    let columns = (0..n_columns).map(|column| label(forecasts, column)).collect();
    Some(Table { title, head: head.to_owned(), columns, rows: rows.collect(), hint })
}

fn score_label(name: &str) -> String {
    let found = CONTINUOUS_SCORES.iter().find(|score| score.name == name);
    found.map_or_else(|| plain(name), |score| score.label.to_owned())
}

fn plain(name: &str) -> String {
    name.replace('_', " ")
}

/// The Fractions Skill Score of the network, and of the first rival.
fn fractions(outcome: &Outcome) -> Option<Table> {
    let variable = outcome.variable("fractions_skill_score")?;
    let [forecasts, thresholds, scales] = &variable.axes[..] else { return None };
    let at = |forecast: usize, threshold: usize, scale: usize| {
        let place = (forecast * thresholds.len() + threshold) * scales.len() + scale;
        format::number(variable.values.at(place))
    };
    let mut rows = Vec::new();
    for threshold in 0..thresholds.len() {
        for forecast in 0..forecasts.len().min(2) {
            let cells = (0..scales.len()).map(|scale| at(forecast, threshold, scale)).collect();
            let name = format!(
                "{} mm, {}",
                thresholds.label(threshold).trim_end_matches(" mm"),
                plain(&forecasts.label(forecast))
            );
            rows.push((name, cells));
        }
    }
    let columns = (0..scales.len()).map(|scale| scales.label(scale)).collect();
    Some(Table {
        title: "Fractions Skill Score, by threshold and scale",
        head: "Threshold".to_owned(),
        columns,
        rows,
        hint: "1 where as much of each neighbourhood is wet as was observed. A dash: nobody has so much rain",
    })
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
