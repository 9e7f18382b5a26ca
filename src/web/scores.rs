//! Score tables as pages show them: model beside persistence, the better one marked.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use stormlens_data::card::NowcastField;
use stormlens_data::outcome::Forecast;
use stormlens_data::score::{
    DEFAULT_THRESHOLDS_MM_H, SCORES, Score, ScoreRow, ScoreTable, Scored, verify,
};

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
    pub long: String,
}

pub struct Row {
    pub threshold: f64,
    pub n_observed: String,
    /// Model and persistence in turn, for each name.
    pub cells: Vec<Cell>,
}

pub struct ErrorRow {
    pub name: String,
    pub cells: [Cell; 2],
}

pub struct Cell {
    pub text: String,
    pub better: bool,
}

/// The scores of one forecast; `None` where nothing was observed.
pub fn of_forecast(forecast: &Forecast) -> Option<ScoreTable> {
    let observation = forecast.observation_mm_h.as_ref()?;
    let maps = [&forecast.prediction_mm_h, forecast.persistence_mm_h(), observation];
    let (field, lead_time_min) = (NowcastField::Precipitation, forecast.lead_time_min);
    Some(verify(field, lead_time_min, maps, &DEFAULT_THRESHOLDS_MM_H))
}

impl Scores {
    /// Reads the `evaluation.json` beside a checkpoint; `None` where there is none or it holds
    /// something else.
    pub fn read(file: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(file).ok()?;
        let value: Value = serde_json::from_str(&text)
            .inspect_err(|error| tracing::warn!(file = %file.display(), %error, "not JSON"))
            .ok()?;
        Self::from_json(&value)
    }

    /// The table may stand at the top, or one level below beside a description of the set.
    fn from_json(value: &Value) -> Option<Self> {
        let below = || value.as_object()?.values().find(|inner| inner.get("rows").is_some());
        let table = if value.get("rows").is_some() { value } else { below()? };
        Self::new(&ScoreTable::deserialize(table).ok()?)
    }

    /// The last lead time of a table, which is all of them together where there are several.
    pub fn new(table: &ScoreTable) -> Option<Self> {
        let lead = table.lead_times_min().into_iter().next_back()?;
        let of_model = |row: &&ScoreRow| (row.forecast, row.lead_time_min) == (Scored::Model, lead);
        let mut pairs = Vec::new();
        for model in table.rows.iter().filter(of_model) {
            pairs.push((model, table.row(Scored::Persistence, lead, model.threshold)?));
        }
        let (model, persistence) = pairs.first()?;
        let errors = shown(table.field).filter(|score| !score.depends_on_threshold());
        Some(Self {
            names: columns(table.field).map(name).collect(),
            rows: pairs.iter().map(|(model, other)| row(table.field, model, other)).collect(),
            errors: errors.map(|score| error_row(score, model, persistence)).collect(),
        })
    }
}

/// The scores that pages show.
fn shown(field: NowcastField) -> impl Iterator<Item = &'static Score> {
    const ALL: &[Score] = &SCORES;
    ALL.iter().filter(move |score| score.is_of(field) && score.is_on_pages)
}

fn columns(field: NowcastField) -> impl Iterator<Item = &'static Score> {
    shown(field).filter(|score| score.depends_on_threshold())
}

fn name(score: &Score) -> Name {
    Name { short: score.label, long: format!("{}; best {}", score.meaning, score.best) }
}

fn row(field: NowcastField, model: &ScoreRow, persistence: &ScoreRow) -> Row {
    Row {
        threshold: model.threshold,
        n_observed: format::count((model.counts.hits + model.counts.misses) as usize),
        cells: columns(field).flat_map(|score| pair(score, model, persistence)).collect(),
    }
}

fn error_row(score: &Score, model: &ScoreRow, persistence: &ScoreRow) -> ErrorRow {
    let unit = if score.unit.is_empty() { "" } else { ", " };
    ErrorRow {
        name: format!("{}{unit}{}", score.label, score.unit),
        cells: pair(score, model, persistence),
    }
}

fn pair(score: &Score, model: &ScoreRow, persistence: &ScoreRow) -> [Cell; 2] {
    let values = [model, persistence].map(|row| row.score(score.name));
    let [ours, theirs] = values.map(|value| value.map(|v| score.distance(v)));
    let nearer = |a: Option<f64>, b: Option<f64>| a.zip(b).is_some_and(|(a, b)| a < b);
    [cell(values[0], nearer(ours, theirs)), cell(values[1], nearer(theirs, ours))]
}

fn cell(score: Option<f64>, better: bool) -> Cell {
    Cell { text: score.map_or_else(|| "–".to_owned(), format::number), better }
}
