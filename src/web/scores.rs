//! Score tables as pages show them: model beside persistence, the better one marked.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use stormlens_data::outcome::Forecast;
use stormlens_data::score::{DEFAULT_THRESHOLDS_MM_H, ScoreTable, verify};

use super::format;

pub mod classes;
#[cfg(test)]
mod tests;

/// A table for a template.
pub struct Scores {
    pub names: Vec<Name>,
    pub rows: Vec<Row>,
    pub errors: Vec<ErrorRow>,
}

pub struct Name {
    pub short: &'static str,
    pub long: &'static str,
}

pub struct Row {
    pub threshold: f64,
    pub n_observed: String,
    /// Model and persistence in turn, for each name.
    pub cells: Vec<Cell>,
}

pub struct ErrorRow {
    pub name: &'static str,
    pub cells: [Cell; 2],
}

pub struct Cell {
    pub text: String,
    pub better: bool,
}

/// One forecast at one threshold, as `ScoreTable` and `evaluation.json` write it.
#[derive(Deserialize)]
struct Line {
    forecast: String,
    threshold_mm_h: f64,
    hits: u64,
    misses: u64,
    csi: Option<f64>,
    recall: Option<f64>,
    far: Option<f64>,
    hss: Option<f64>,
    frequency_bias: Option<f64>,
    mse_mm2_per_5min2: Option<f64>,
    mae_mm_h: Option<f64>,
    bias_mm_h: Option<f64>,
}

/// What makes a score better.
#[derive(Clone, Copy)]
enum Best {
    High,
    Low,
    Near(f64),
}

impl Best {
    /// How far a score is from the best there is; smaller is better.
    fn distance(self, score: f64) -> f64 {
        match self {
            Self::High => -score,
            Self::Low => score,
            Self::Near(ideal) => (score - ideal).abs(),
        }
    }
}

type Column = (&'static str, &'static str, Best, fn(&Line) -> Option<f64>);

const COLUMNS: [Column; 5] = [
    (
        "CSI",
        "Critical success index, hits / (hits + misses + false alarms); best 1",
        Best::High,
        |l| l.csi,
    ),
    ("POD", "Probability of detection, hits / (hits + misses); best 1", Best::High, |l| l.recall),
    ("FAR", "False alarm ratio, false alarms / (hits + false alarms); best 0", Best::Low, |l| {
        l.far
    }),
    ("HSS", "Heidke skill score, skill over chance; best 1", Best::High, |l| l.hss),
    ("Bias", "Frequency bias, predicted / observed events; best 1", Best::Near(1.0), |l| {
        l.frequency_bias
    }),
];

type ErrorLine = (&'static str, Best, fn(&Line) -> Option<f64>);

const ERRORS: [ErrorLine; 3] = [
    ("Mean squared error, (mm / 5 min)²", Best::Low, |l| l.mse_mm2_per_5min2),
    ("Mean absolute error, mm/h", Best::Low, |l| l.mae_mm_h),
    ("Mean error, mm/h", Best::Near(0.0), |l| l.bias_mm_h),
];

/// The scores of one forecast; `None` where nothing was observed.
pub fn of_forecast(forecast: &Forecast) -> Option<ScoreTable> {
    let observation = forecast.observation_mm_h.as_ref()?;
    Some(verify(
        &forecast.prediction_mm_h,
        forecast.persistence_mm_h(),
        observation,
        &DEFAULT_THRESHOLDS_MM_H,
    ))
}

impl Scores {
    pub fn new(table: &ScoreTable) -> Option<Self> {
        Self::from_json(&serde_json::to_value(table).ok()?)
    }

    /// Reads the `evaluation.json` beside a checkpoint; `None` where there is none or it holds
    /// something else.
    pub fn read(file: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(file).ok()?;
        let value: Value = serde_json::from_str(&text)
            .inspect_err(|error| tracing::warn!(file = %file.display(), %error, "not JSON"))
            .ok()?;
        Self::from_json(&value)
    }

    /// The rows may stand at the top, or one level below beside a description of the set.
    fn from_json(value: &Value) -> Option<Self> {
        let below = || value.as_object()?.values().find_map(|inner| inner.get("rows"));
        let rows = value.get("rows").or_else(below)?;
        Self::from_lines(&Vec::<Line>::deserialize(rows).ok()?)
    }

    fn from_lines(lines: &[Line]) -> Option<Self> {
        let of = |name: &'static str| lines.iter().filter(move |line| line.forecast == name);
        let mut rows = Vec::new();
        for model in of("model") {
            let is_same = |line: &&Line| line.threshold_mm_h == model.threshold_mm_h;
            let persistence = of("persistence").find(is_same)?;
            rows.push(row(model, persistence));
        }
        let (model, persistence) = (of("model").next()?, of("persistence").next()?);
        let errors = ERRORS.map(|(name, best, score)| ErrorRow {
            name,
            cells: pair(best, score(model), score(persistence)),
        });
        let names = COLUMNS.map(|(short, long, ..)| Name { short, long });
        Some(Self { names: names.into(), rows, errors: errors.into() })
    }
}

fn row(model: &Line, persistence: &Line) -> Row {
    let cells = COLUMNS
        .iter()
        .flat_map(|&(_, _, best, score)| pair(best, score(model), score(persistence)));
    Row {
        threshold: model.threshold_mm_h,
        n_observed: format::count((model.hits + model.misses) as usize),
        cells: cells.collect(),
    }
}

fn pair(best: Best, model: Option<f64>, persistence: Option<f64>) -> [Cell; 2] {
    let distances = [model, persistence].map(|score| score.map(|s| best.distance(s)));
    let better = |a: Option<f64>, b: Option<f64>| a.zip(b).is_some_and(|(a, b)| a < b);
    [
        cell(model, better(distances[0], distances[1])),
        cell(persistence, better(distances[1], distances[0])),
    ]
}

fn cell(score: Option<f64>, better: bool) -> Cell {
    Cell { text: score.map_or_else(|| "–".to_owned(), format::number), better }
}
