//! What weights recognise in files that somebody brought: of each variable where it was found and what was converted, or why
//! it is hidden. `/probability/of/{key}` lists the times of files that have several.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use stormlens_data::card::{FieldStatement, FieldVariable};
use stormlens_data::field::FieldError;
use stormlens_data::field::left_out::few_reasons;
use stormlens_data::probability::Found;
use stormlens_plot::words::sentence;

use super::ground::Ground;
use super::list::page_of;
use super::samples::{Loaded, Upload, gone, parse};
use super::upload::{WEIGHTS, told};
use super::weights::{self, Weights};
use super::{RainProbabilityTask, SECTION};
use crate::catalog::Catalog;
use crate::parameters::{Parameters, encode};
use crate::web::layout::Layout;
use crate::web::pages::render;
use crate::web::{AppError, AppState, format};

/// What weights look at, for the form that brings it.
pub struct Wanted {
    pub name: String,
    /// Name, label and unit.
    pub variables: Vec<(String, String, String)>,
    pub time: String,
    pub grid: String,
}

impl Wanted {
    pub fn new(weights: &Weights) -> Self {
        let fields = &weights.card.fields;
        let variable =
            |v: &FieldVariable| (v.name.clone(), v.label(), v.quantity.units_in_words().to_owned());
        Self {
            name: weights.name(),
            variables: fields.variables.iter().map(variable).collect(),
            time: interval(fields, "one time".to_owned()) + moments(fields),
            grid: Ground(fields).words(),
        }
    }
}

/// `means of 24 h until …, and rain of the 24 h before`
fn interval(fields: &FieldStatement, time: String) -> String {
    let until = match fields.mean_hours {
        None => format!("at {time}"),
        Some(hours) => format!("means of {hours} h until {time}"),
    };
    format!("{until}, and rain of the {} h before", fields.hours)
}

/// What may stand in the place of means.
fn moments(fields: &FieldStatement) -> &'static str {
    match fields.mean_hours {
        None => "",
        Some(_) => {
            "; fields of single moments are averaged: one at the start, then evenly spaced, at most 6 h apart"
        }
    }
}

/// What some weights see in an upload.
pub struct Recognised {
    pub weights: String,
    /// Other weights: name, and whether it is the one.
    pub choices: Vec<(String, bool)>,
    pub rows: Vec<Row>,
    pub n_found: usize,
    /// Why the weights cannot use it, and what to do.
    pub trouble: Option<(String, String)>,
    pub trained_on: String,
    facts: Vec<(&'static str, String)>,
}

/// A variable of the weights.
pub struct Row {
    pub name: String,
    pub label: String,
    pub found: Option<FoundRow>,
    /// Why it is hidden.
    pub why: String,
}

/// Where it was found.
pub struct FoundRow {
    pub source: String,
    /// `K`, or `m2 s-2 → m`.
    pub unit: String,
    /// Least and largest on the grid of the weights, in their unit.
    pub range: String,
    pub grid: String,
    pub missing: String,
}

impl Recognised {
    /// Whether it is of these weights.
    pub fn shows(&self, model: &str, checkpoint: &str) -> bool {
        self.weights == format!("{model}/{checkpoint}")
    }

    pub fn facts(&self) -> Vec<(&'static str, String)> {
        self.facts.clone()
    }
}

/// What the weights that a page names see in an upload; those that find the most, where it names none.
///
/// # Errors
/// For weights that there are not, and an upload that is not there.
pub fn recognise(
    task: &RainProbabilityTask,
    catalog: &Catalog,
    id: &str,
    parameters: &Parameters,
) -> Result<Recognised, AppError> {
    parameters.only(&[WEIGHTS])?;
    let some = weights::named(catalog, parameters.one(WEIGHTS)?)?;
    let (key, time) = parse(id).ok_or_else(|| gone(id))?;
    let upload = task.samples.uploads.find(key).ok_or_else(|| gone(id))?;
    let at = |weights: &Weights| {
        let times = upload.files.times(&weights.card.fields);
        times.into_iter().find(|(known, _)| *known == time).map_or(0, |(_, n)| n)
    };
    // The first of those that find the most.
    let best = some.into_iter().rev().max_by_key(at);
    let mut facts = vec![
        ("Files", upload.files.credit.files.join(", ")),
        ("Licence", "not stated in the files".to_owned()),
    ];
    let Some(best) = best else { return Ok(Recognised::nothing(facts)) };
    facts.push(("Time", interval(&best.card.fields, format::date_time(time))));
    let loaded = task.samples.load(id, &best.card);
    Ok(Recognised::new(catalog, &best, loaded, facts))
}

impl Recognised {
    /// Where there are no weights.
    fn nothing(facts: Vec<(&'static str, String)>) -> Self {
        let [weights, trained_on] = [const { String::new() }; 2];
        let (choices, rows) = (Vec::new(), Vec::new());
        Self { weights, choices, rows, n_found: 0, trouble: None, trained_on, facts }
    }

    fn new(
        catalog: &Catalog,
        weights: &Weights,
        loaded: Result<Arc<Loaded>, FieldError>,
        mut facts: Vec<(&'static str, String)>,
    ) -> Self {
        let fields = &weights.card.fields;
        let [rows, columns] = fields.size;
        let grid = format!("{rows} × {columns} nodes, {}", Ground(fields).words());
        facts.push(("Grid of the weights", format!("{grid}; fields are interpolated linearly")));
        let not_used = loaded.as_ref().ok().and_then(|loaded| loaded.not_used());
        facts.extend(not_used.map(|why| ("Left out", why)));
        let (rows, trouble) = match loaded {
            Ok(loaded) => (rows_of(fields, &loaded), None),
            Err(error) => (Vec::new(), Some(told(&error))),
        };
        let name = weights.name();
        let choice = |other: Weights| (other.name(), other.name() == name);
        Self {
            choices: weights::all(catalog).into_iter().map(choice).collect(),
            n_found: rows.iter().filter(|row: &&Row| row.found.is_some()).count(),
            trouble: trouble.map(|(what, remedy)| (sentence(&what), sentence(&remedy))),
            trained_on: weights.checkpoint.training_data.clone(),
            weights: name,
            rows,
            facts,
        }
    }
}

fn rows_of(fields: &FieldStatement, loaded: &Loaded) -> Vec<Row> {
    let n_nodes = fields.size[0] * fields.size[1];
    let maps = fields.variables.iter().zip(loaded.values.chunks_exact(n_nodes));
    let row = |((variable, map), found): ((&FieldVariable, &[f32]), &Found)| {
        let (found, why) = match found {
            Found::Hidden { why } => (None, why.clone()),
            Found::Present { source, unit, grid, n_missing, .. } => {
                let (source, grid) = (source.clone(), grid.clone());
                let missing = match n_missing {
                    0 => "none".to_owned(),
                    n => format!("{n} of {n_nodes}"),
                };
                let (unit, range) = (converted(unit, variable), range(map, variable));
                (Some(FoundRow { source, unit, range, grid, missing }), String::new())
            }
        };
        Row { name: variable.name.clone(), label: variable.label(), found, why }
    };
    maps.zip(&loaded.found).map(row).collect()
}

fn converted(unit: &str, variable: &FieldVariable) -> String {
    match unit == variable.unit {
        true => unit.to_owned(),
        false => format!("{unit} → {}", variable.unit),
    }
}

/// `271 to 289 K`
fn range(map: &[f32], variable: &FieldVariable) -> String {
    let present = || map.iter().copied().filter(|value| !value.is_nan()).map(f64::from);
    let [least, most] =
        [present().fold(f64::INFINITY, f64::min), present().fold(f64::NEG_INFINITY, f64::max)];
    format!("{} to {} {}", format::number(least), format::number(most), variable.unit)
}

/// The page of the files of that name.
pub fn files_page(key: &str) -> String {
    format!("{}/of/{}", SECTION.href, encode(key))
}

/// A page as the weights see it that somebody chose.
pub fn with_weights(page: String, chosen: Option<&str>) -> String {
    match chosen {
        Some(name) => format!("{page}?{WEIGHTS}={}", encode(name)),
        None => page,
    }
}

#[derive(Template)]
#[template(path = "tasks/rain_probability/files.html")]
struct FilesPage {
    layout: Layout,
    title: String,
    weights: Option<String>,
    n_variables: usize,
    times: Vec<TimeRow>,
    /// What of the files cannot be used, with the reasons.
    left_out: Option<String>,
}

/// A time at which files have something.
struct TimeRow {
    href: String,
    time: String,
    n_found: usize,
}

/// `/probability/of/{key}`: the times of files.
pub async fn of_files(
    task: Arc<RainProbabilityTask>,
    State(state): State<AppState>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(query.as_deref());
    parameters.only(&[WEIGHTS])?;
    let chosen = parameters.one(WEIGHTS)?.map(str::to_owned);
    let some = weights::named(&state.catalog, chosen.as_deref())?;
    let layout = Layout::new(&state, Some(SECTION));
    let page = move || {
        let upload = task.samples.uploads.find(&key).ok_or_else(|| gone(&key))?;
        Ok::<_, AppError>(list(layout, &upload, some, chosen.as_deref()))
    };
    render(&headers, &state.decoding(page).await?)
}

fn list(layout: Layout, upload: &Upload, some: Vec<Weights>, chosen: Option<&str>) -> FilesPage {
    let all = some.into_iter().map(|weights| {
        let times = upload.files.times(&weights.card.fields);
        (weights, times)
    });
    let n_found = |times: &[(jiff::Timestamp, usize)]| times.iter().map(|(_, n)| *n).max();
    let best = all.rev().max_by_key(|(_, times)| n_found(times));
    let (weights, times) = match best {
        Some((weights, times)) => (Some(weights), times),
        None => (None, upload.files.ends().into_iter().map(|time| (time, 0)).collect()),
    };
    let row = |(time, n_found): (jiff::Timestamp, usize)| TimeRow {
        href: with_weights(page_of(&upload.id(time)), chosen),
        time: format::date_time(time),
        n_found,
    };
    FilesPage {
        layout,
        title: upload.title(),
        n_variables: weights.as_ref().map_or(0, Weights::n_variables),
        weights: weights.map(|weights| weights.name()),
        times: times.into_iter().map(row).collect(),
        left_out: few_reasons(upload.files.left_out()),
    }
}
