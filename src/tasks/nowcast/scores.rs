//! Score tables as pages show them: model beside persistence, the better one marked.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use stormlens_data::card::NowcastField;
use stormlens_data::outcome::{Outcome, Variable};
use stormlens_data::score::{
    SCORES, Score, ScoreRow, ScoreTable, Scored, Verification, default_thresholds,
};

use crate::web::format;

#[cfg(test)]
mod tests;

/// The table of one result as a file.
pub const FILE: &str = "scores.csv";

/// A table for a template.
pub struct Scores {
    /// What the rows differ in: `Rain above`, `Lead time`.
    pub head: String,
    pub names: Vec<Name>,
    pub rows: Vec<Row>,
    pub errors: Vec<ErrorRow>,
}

pub struct Name {
    pub short: &'static str,
    pub long: String,
}

/// Forecasts at one threshold or lead time.
pub struct Row {
    pub label: String,
    pub n_observed: String,
    /// The network, then persistence.
    pub forecasts: [Forecast; 2],
}

pub struct Forecast {
    pub title: &'static str,
    /// One for each name.
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

/// The scores of one forecast at all its lead times; `None` where nothing was observed.
pub fn of_outcome(outcome: &Outcome) -> Option<ScoreTable> {
    table(outcome, None)
}

/// The same at one threshold alone.
pub fn of_outcome_above(outcome: &Outcome, threshold: f64) -> Option<ScoreTable> {
    table(outcome, Some(&[threshold]))
}

fn table(outcome: &Outcome, thresholds: Option<&[f64]>) -> Option<ScoreTable> {
    let [model, persistence, observed] =
        ["prediction", "persistence", "observation"].map(|name| outcome.variable(name));
    let (model, persistence, observed) = (model?, persistence?, observed?);
    let axis = model.axis()?;
    let field = field_of(model);
    let thresholds = thresholds.unwrap_or_else(|| default_thresholds(field));
    let is_observed = |i: &usize| observed.map(*i).range().is_some();
    let leads: Vec<(usize, u32)> = (0..axis.len())
        .filter(is_observed)
        .filter_map(|i| Some((i, axis.lead_time_min(i)?)))
        .collect();
    let lead_times_min: Vec<u32> = leads.iter().map(|lead| lead.1).collect();
    let mut sums = Verification::new(field, &lead_times_min, thresholds);
    for (place, &(i, _)) in leads.iter().enumerate() {
        sums.add(place, &model.map(i), &persistence.map(i), &observed.map(i));
    }
    (!leads.is_empty()).then(|| sums.finish())
}

fn field_of(variable: &Variable) -> NowcastField {
    let is_it = |field: &&NowcastField| field.quantity() == variable.quantity;
    NowcastField::ALL.iter().find(is_it).copied().unwrap_or(NowcastField::Precipitation)
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
        let table = ScoreTable::deserialize(table).ok()?;
        Self::at_lead(&table, table.lead_times_min().into_iter().next_back()?)
    }

    /// All thresholds at one lead time; `None` is all lead times together.
    pub fn at_lead(table: &ScoreTable, lead: Option<u32>) -> Option<Self> {
        let is_it = |row: &ScoreRow| row.lead_time_min == lead;
        let label = |row: &ScoreRow| threshold_label(table.field, row.threshold);
        let head = match table.field {
            NowcastField::Precipitation => "Rain above",
            NowcastField::CloudCover => "Cloud cover above",
        };
        Self::of_rows(table, head.to_owned(), is_it, label)
    }

    /// All lead times at the threshold nearest to one; `None` where there is one lead time.
    pub fn by_lead(table: &ScoreTable, wanted: f64) -> Option<Self> {
        let distance = |threshold: f64| (threshold - wanted).abs();
        let thresholds = table.rows.iter().map(|row| row.threshold);
        let threshold = thresholds.min_by(|a, b| distance(*a).total_cmp(&distance(*b)))?;
        let is_it = |row: &ScoreRow| row.threshold == threshold;
        let label = |row: &ScoreRow| match row.lead_time_min {
            Some(minutes) => format!("+{minutes} min"),
            None => "All together".to_owned(),
        };
        let several = table.lead_times_min().len() > 1;
        let head = format!("Lead time, events above {}", threshold_label(table.field, threshold));
        several.then(|| Self::of_rows(table, head, is_it, label))?
    }

    fn of_rows(
        table: &ScoreTable,
        head: String,
        is_it: impl Fn(&ScoreRow) -> bool,
        label: impl Fn(&ScoreRow) -> String,
    ) -> Option<Self> {
        let mut pairs = Vec::new();
        let of_model = |row: &&ScoreRow| row.forecast == Scored::Model && is_it(row);
        for model in table.rows.iter().filter(of_model) {
            let other = table.row(Scored::Persistence, model.lead_time_min, model.threshold)?;
            pairs.push((model, other));
        }
        // Errors are the same at all thresholds; of several lead times they are those of all together.
        let all = pairs.iter().find(|(model, _)| model.lead_time_min.is_none());
        let (model, persistence) = all.or(pairs.first())?;
        let errors = shown(table.field).filter(|score| !score.depends_on_threshold());
        let line =
            |(model, other): &(&ScoreRow, &ScoreRow)| row(table.field, label(model), model, other);
        Some(Self {
            head,
            names: columns(table.field).map(name).collect(),
            rows: pairs.iter().map(line).collect(),
            errors: errors.map(|score| error_row(score, model, persistence)).collect(),
        })
    }
}

/// `0.5 mm/h`
pub fn threshold_label(field: NowcastField, threshold: f64) -> String {
    match field.unit() {
        "1" => threshold.to_string(),
        unit => format!("{threshold} {unit}"),
    }
}

/// The scores that pages show.
pub fn shown(field: NowcastField) -> impl Iterator<Item = &'static Score> {
    const ALL: &[Score] = &SCORES;
    ALL.iter().filter(move |score| score.is_of(field) && score.is_on_pages)
}

fn columns(field: NowcastField) -> impl Iterator<Item = &'static Score> {
    shown(field).filter(|score| score.depends_on_threshold())
}

fn name(score: &Score) -> Name {
    Name { short: score.label, long: format!("{}; best {}", score.meaning, score.best) }
}

fn row(field: NowcastField, label: String, model: &ScoreRow, persistence: &ScoreRow) -> Row {
    let pairs = columns(field).map(|score| pair(score, model, persistence));
    let (ours, theirs) = pairs.map(|[ours, theirs]| (ours, theirs)).unzip();
    Row {
        label,
        n_observed: format::count((model.counts.hits + model.counts.misses) as usize),
        forecasts: [
            Forecast { title: "Network", cells: ours },
            Forecast { title: "Persistence", cells: theirs },
        ],
    }
}

fn error_row(score: &Score, model: &ScoreRow, persistence: &ScoreRow) -> ErrorRow {
    ErrorRow { name: on_page(score).label(), cells: pair(score, model, persistence) }
}

/// A score as pages show it: all errors of a table in one unit.
pub struct OnPage {
    name: &'static str,
    pub meaning: &'static str,
    unit: &'static str,
    value: fn(f64) -> f64,
}

impl OnPage {
    /// `Mean absolute error, mm/h`
    pub fn label(&self) -> String {
        let comma = if self.unit.is_empty() { "" } else { ", " };
        format!("{}{comma}{}", self.name, self.unit)
    }

    pub fn text(&self, value: f64) -> String {
        format::number((self.value)(value))
    }
}

/// The squared error is published in (mm / 5 min)²; beside errors in mm/h its root in mm/h is shown.
pub fn on_page(score: &Score) -> OnPage {
    match score.name {
        "mse_mm2_per_5min2" => OnPage {
            name: "Root mean squared error",
            meaning: "Root of the mean squared error a pixel",
            unit: "mm/h",
            value: |squared| 12.0 * squared.sqrt(),
        },
        _ => OnPage {
            name: score.label,
            meaning: score.meaning,
            unit: score.unit,
            value: |value| value,
        },
    }
}

fn pair(score: &Score, model: &ScoreRow, persistence: &ScoreRow) -> [Cell; 2] {
    let values = [model, persistence].map(|row| row.score(score.name));
    let marks = best(score, &values);
    [cell(score, values[0], marks[0]), cell(score, values[1], marks[1])]
}

/// Which of the values are the best; none where all look alike in the digits that are shown.
pub fn best(score: &Score, values: &[Option<f64>]) -> Vec<bool> {
    let shown = |value: f64| on_page(score).text(score.distance(value));
    let distances = values.iter().flatten().map(|value| score.distance(*value));
    let least = distances.reduce(f64::min).map(|least| on_page(score).text(least));
    let is_best = |value: &Option<f64>| value.map(shown) == least && value.is_some();
    let marks: Vec<bool> = values.iter().map(is_best).collect();
    let n_there = values.iter().flatten().count();
    let n_best = marks.iter().filter(|mark| **mark).count();
    // One alone, or all alike, has nothing to be better than.
    if n_best < n_there { marks } else { vec![false; values.len()] }
}

fn cell(score: &Score, value: Option<f64>, better: bool) -> Cell {
    let text = value.map_or_else(|| "–".to_owned(), |value| on_page(score).text(value));
    Cell { text, better }
}
