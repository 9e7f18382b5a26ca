//! The `evaluation.json` beside weights, as the page of the network shows it: the network beside its rivals.

use std::path::Path;

use askama::Template;
use serde::Deserialize;
use stormlens_data::score::probability::{Matrix, PROBABILITY_SCORES, ProbabilityVerification};

use crate::web::format;

#[derive(Deserialize)]
struct File {
    n_cases: usize,
    split: String,
    thresholds_mm: Vec<f64>,
    forecasts: Vec<Forecast>,
}

#[derive(Deserialize)]
struct Forecast {
    label: String,
    rps: Option<f64>,
    rps_skill: Option<f64>,
    matrix: Matrix,
    events: Vec<ProbabilityVerification>,
}

#[derive(Template)]
#[template(path = "tasks/rain_probability/evaluation.html")]
struct Evaluation {
    n_cases: String,
    split: String,
    /// Names and meanings of the scores.
    scores: Vec<(&'static str, &'static str)>,
    events: Vec<Event>,
    /// Label, RPS, its skill.
    ranked: Vec<(String, String, String)>,
    matrices: Vec<Confusion>,
}

/// All forecasts of one event.
struct Event {
    name: String,
    n_cases: String,
    cases: String,
    n_drawn: String,
    drawn: String,
    base_rate: String,
    /// Label, a cell a score, share of the cases within the band of reliability.
    rows: Vec<(String, Vec<String>, String)>,
}

/// Observed classes against most likely ones.
struct Confusion {
    label: String,
    classes: Vec<String>,
    rows: Vec<(String, Vec<u64>)>,
}

/// As HTML; `None` where there is no such file, or it is of another kind.
pub fn html(file: &Path) -> Option<String> {
    let file: File = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    let text = |value: Option<f64>| value.map_or("–".to_owned(), format::number);
    let n_events = file.thresholds_mm.len();
    let ranked = |forecast: &Forecast| {
        (forecast.label.clone(), text(forecast.rps), text(forecast.rps_skill))
    };
    let page = Evaluation {
        n_cases: format::count(file.n_cases),
        split: file.split.clone(),
        scores: PROBABILITY_SCORES.iter().map(|score| (score.label, score.meaning)).collect(),
        events: (0..n_events).filter_map(|event| of_event(&file.forecasts, event)).collect(),
        ranked: file.forecasts.iter().map(ranked).collect(),
        matrices: file.forecasts.iter().map(|forecast| confusion(&file, forecast)).collect(),
    };
    page.render().ok()
}

fn of_event(forecasts: &[Forecast], event: usize) -> Option<Event> {
    let first = forecasts.first()?.events.get(event)?;
    let text = |value: Option<f64>| value.map_or("–".to_owned(), format::number);
    let row = |forecast: &Forecast| {
        let verified = forecast.events.get(event)?;
        let cells = PROBABILITY_SCORES.iter().map(|score| text(verified.score(score.name)));
        let within = verified.share_within_band.map_or("–".to_owned(), format::percent);
        Some((forecast.label.clone(), cells.collect(), within))
    };
    Some(Event {
        name: first.event.clone(),
        n_cases: format::count(first.n_cases),
        cases: first.cases.clone(),
        n_drawn: format::count(first.n_events),
        drawn: first.drawn.clone(),
        base_rate: format::percent(first.base_rate),
        rows: forecasts.iter().filter_map(row).collect(),
    })
}

fn confusion(file: &File, forecast: &Forecast) -> Confusion {
    let thresholds = &file.thresholds_mm;
    let name = |class: usize| match (class, thresholds.get(class)) {
        (0, Some(mm)) => format!("below {mm} mm"),
        (class, Some(mm)) => format!("{} to {mm} mm", thresholds[class - 1]),
        (class, None) => format!("{} mm and more", thresholds[class - 1]),
    };
    let classes: Vec<String> = (0..=thresholds.len()).map(name).collect();
    let rows = classes.iter().cloned().zip(forecast.matrix.counts.iter().cloned()).collect();
    Confusion { label: forecast.label.clone(), classes, rows }
}
