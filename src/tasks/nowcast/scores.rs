//! Score tables as pages show them: the model beside reference forecasts, the best one marked.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use stormlens_data::card::NowcastField;
use stormlens_data::field::Field;
use stormlens_data::files::read_text;
use stormlens_data::forecast;
use stormlens_data::outcome::{Outcome, Role, Variable};
use stormlens_data::score::events::known_everywhere;
use stormlens_data::score::{
    MODEL, SCORES, Score, ScoreRow, ScoreTable, Verification, default_thresholds,
};

use super::answer::rebuilt;
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
    /// Titles of the forecasts, the network first.
    pub forecasts: Vec<String>,
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
    /// The network first.
    pub forecasts: Vec<Forecast>,
}

pub struct Forecast {
    pub title: String,
    /// One for each name.
    pub cells: Vec<Cell>,
}

pub struct ErrorRow {
    pub name: String,
    /// One for each forecast.
    pub cells: Vec<Cell>,
}

pub struct Cell {
    pub text: String,
    pub better: bool,
}

/// The scores of one forecast at all its lead times, or of what was filled into gaps; `None` where nothing was observed.
pub fn of_outcome(outcome: &Outcome) -> Option<ScoreTable> {
    rebuilt::table(outcome).or_else(|| table(outcome, None))
}

/// The same at one threshold alone.
pub fn of_outcome_above(outcome: &Outcome, threshold: f64) -> Option<ScoreTable> {
    table(outcome, Some(&[threshold]))
}

fn table(outcome: &Outcome, thresholds: Option<&[f64]>) -> Option<ScoreTable> {
    let (model, observed) = (outcome.variable("prediction")?, outcome.variable("observation")?);
    let axis = model.axis()?;
    let field = field_of(model);
    let thresholds = thresholds.unwrap_or_else(|| default_thresholds(field));
    let is_observed = |i: &usize| observed.map(*i).range().is_some();
    let leads: Vec<(usize, u32)> = (0..axis.len())
        .filter(is_observed)
        .filter_map(|i| Some((i, axis.lead_time_min(i)?)))
        .collect();
    let lead_times_min: Vec<u32> = leads.iter().map(|lead| lead.1).collect();
    let forecasts: Vec<(&str, &Variable)> = std::iter::once((MODEL, model))
        .chain(references(outcome).map(|variable| (variable.name.as_str(), variable)))
        .collect();
    let names: Vec<&str> = forecasts.iter().map(|forecast| forecast.0).collect();
    let mut sums = Verification::new(field, &names, &lead_times_min, thresholds);
    for (place, &(i, _)) in leads.iter().enumerate() {
        let maps: Vec<Field> = forecasts.iter().map(|forecast| forecast.1.map(i)).collect();
        // What moves in from outside is known to none, so that all are compared on the same pixels.
        let known = known_everywhere(&maps, &observed.map(i));
        sums.add(place, &maps.iter().collect::<Vec<_>>(), &known);
    }
    (!leads.is_empty()).then(|| sums.finish())
}

/// The reference forecasts of a result.
pub fn references(outcome: &Outcome) -> impl Iterator<Item = &Variable> {
    outcome.variables.iter().filter(|variable| variable.role == Role::Reference)
}

fn field_of(variable: &Variable) -> NowcastField {
    let is_it = |field: &&NowcastField| field.quantity() == variable.quantity;
    NowcastField::ALL.iter().find(is_it).copied().unwrap_or(NowcastField::Precipitation)
}

impl Scores {
    /// Reads the `evaluation.json` beside a checkpoint; `None` where there is none or it holds
    /// something else.
    pub fn read(file: &Path) -> Option<Self> {
        let text = read_text(file).ok()?;
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
        let names = forecasts(table);
        let of_model = |row: &&ScoreRow| row.forecast == MODEL && is_it(row);
        let beside = |model: &ScoreRow| -> Option<Vec<&ScoreRow>> {
            let row = |name: &&str| table.row(name, model.lead_time_min, model.threshold);
            names.iter().map(row).collect()
        };
        let groups = table.rows.iter().filter(of_model).map(beside);
        let groups: Vec<Vec<&ScoreRow>> = groups.collect::<Option<_>>()?;
        // One forecast alone is not verified against anything.
        let is_whole = |group: &&Vec<&ScoreRow>| group.len() > 1;
        // Errors are the same at all thresholds; of several lead times they are those of all together.
        let all = groups.iter().find(|group| group[0].lead_time_min.is_none());
        let first = all.or(groups.first()).filter(is_whole)?;
        let errors = shown(table.field).filter(|score| !score.depends_on_threshold());
        Some(Self {
            head,
            names: columns(table.field).map(name).collect(),
            rows: groups.iter().map(|group| row(table.field, label(group[0]), group)).collect(),
            forecasts: names.iter().map(|name| forecast_title(name)).collect(),
            errors: errors.map(|score| error_row(score, first)).collect(),
        })
    }
}

/// Names of the forecasts of a table, the model first.
fn forecasts(table: &ScoreTable) -> Vec<&str> {
    let mut names = Vec::new();
    for row in &table.rows {
        if !names.contains(&row.forecast.as_str()) {
            names.push(row.forecast.as_str());
        }
    }
    names
}

/// The title of a forecast by its name in tables and variables.
pub fn forecast_title(name: &str) -> String {
    match name {
        MODEL => "Network".to_owned(),
        rebuilt::INTERPOLATED => "Filled by distance".to_owned(),
        rebuilt::DRY => "No rain".to_owned(),
        other => forecast::title(other).map_or_else(|| other.to_owned(), str::to_owned),
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

/// The scores of a group of forecasts, the model first.
fn row(field: NowcastField, label: String, group: &[&ScoreRow]) -> Row {
    let by_score: Vec<Vec<Cell>> = columns(field).map(|score| cells(score, group)).collect();
    let mut by_score: Vec<_> = by_score.into_iter().map(Vec::into_iter).collect();
    let forecast = |row: &&ScoreRow| Forecast {
        title: forecast_title(&row.forecast),
        cells: by_score.iter_mut().filter_map(Iterator::next).collect(),
    };
    let counts = &group[0].counts;
    Row {
        label,
        n_observed: format::count((counts.hits + counts.misses) as usize),
        forecasts: group.iter().map(forecast).collect(),
    }
}

fn error_row(score: &Score, group: &[&ScoreRow]) -> ErrorRow {
    ErrorRow { name: on_page(score).label(), cells: cells(score, group) }
}

/// A score as pages show it: all errors of a table in one unit.
pub struct OnPage {
    name: &'static str,
    pub meaning: &'static str,
    unit: &'static str,
    pub value: fn(f64) -> f64,
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

fn cells(score: &Score, group: &[&ScoreRow]) -> Vec<Cell> {
    let values: Vec<_> = group.iter().map(|row| row.score(score.name)).collect();
    let marks = best(score, &values);
    values.into_iter().zip(marks).map(|(value, mark)| cell(score, value, mark)).collect()
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
