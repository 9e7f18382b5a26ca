//! `/rain`: sums of rain that can be refined, as pictures; `/rain/{id}`: one of them, and the form that asks.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use stormlens_data::downscale::Domain;
use stormlens_data::field::degrees;
use stormlens_plot::Theme;
use stormlens_plot::words::sentence;

use self::form::Model;
pub use self::form::{ensemble_select, registration_select};
use self::pictures::picture_address;
pub use self::pictures::{picture, picture_of};
use super::fields::Entry;
use super::rain::Rain;
use super::terrain::Terrain;
use super::upload::not_made;
use super::{DownscalingTask, SECTION, extent, split};
use crate::catalog::Catalog;
use crate::parameters::{Parameters, encode};
use crate::tasks::legend::Legend;
use crate::tasks::split::Seen;
use crate::web::layout::Layout;
use crate::web::pages::{page_number, render};
use crate::web::{AppError, AppState, format};

mod form;
mod pictures;

pub const N_ON_PAGE: usize = 24;
/// One row of cards on a wide page.
const N_SUGGESTIONS: usize = 6;

#[derive(Template)]
#[template(path = "tasks/downscaling/list.html")]
struct ListPage {
    layout: Layout,
    /// Of sums over the hours of the samples on the page.
    legend: Option<Legend>,
    cards: Vec<Card>,
    n_all: usize,
    page: usize,
    n_pages: usize,
    previous: Option<String>,
    next: Option<String>,
    max_file_mb: usize,
}

/// A sum as lists show it.
pub struct Card {
    pub href: String,
    pub heading: String,
    /// Of what, and of how many hours.
    pub title: String,
    /// What the weights of the networks have seen of it.
    pub seen: Seen,
    pub alt: String,
    pub light: String,
    pub dark: String,
}

#[derive(Template)]
#[template(path = "tasks/downscaling/rain.html")]
struct RainPage {
    layout: Layout,
    id: String,
    heading: String,
    entry: Entry,
    facts: Vec<(&'static str, String)>,
    legend: Legend,
    light: String,
    dark: String,
    domain: String,
    models: Vec<Model>,
}

/// `Rain in 3 h to 22 September 2016, 00:00 UTC`
pub fn heading(entry: &Entry) -> String {
    format!("Rain in {} h to {}", entry.hours, format::date_time(entry.end))
}

pub fn page_of(id: &str) -> String {
    format!("/rain/{}", encode(id))
}

pub fn card(entry: &Entry, catalog: &Catalog) -> Card {
    Card {
        href: page_of(&entry.id),
        heading: format!("{} UTC, {}", format::clock(entry.end), format::date(entry.end)),
        title: format!("{}, {} h", entry.title, entry.hours),
        seen: split::seen(entry, catalog),
        alt: format!("{}, {}", heading(entry), entry.title),
        light: picture_address(&entry.id, Theme::Light),
        dark: picture_address(&entry.id, Theme::Dark),
    }
}

/// Those that a start page shows: the last ones, hours apart.
pub fn suggestions(task: &DownscalingTask, catalog: &Catalog) -> Vec<Card> {
    let samples = task.fields.samples();
    let chosen = samples.iter().rev().step_by(3).take(N_SUGGESTIONS);
    chosen.map(|entry| card(entry, catalog)).collect()
}

pub fn show(
    task: &DownscalingTask,
    state: &AppState,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(query);
    parameters.only(&["page"])?;
    let samples = task.fields.samples();
    let n_pages = samples.len().div_ceil(N_ON_PAGE).max(1);
    let address = |page: usize| match page {
        1 => SECTION.href.to_owned(),
        page => format!("{}?page={page}", SECTION.href),
    };
    let page = page_number(&parameters, n_pages, address)?;
    let shown = || samples.iter().rev().skip((page - 1) * N_ON_PAGE).take(N_ON_PAGE);
    let list = ListPage {
        layout: Layout::new(state, Some(SECTION)),
        legend: Legend::of_sums(shown().map(|entry| entry.hours)),
        cards: shown().map(|entry| card(entry, &state.catalog)).collect(),
        n_all: samples.len(),
        page,
        n_pages,
        previous: (page > 1).then(|| address(page - 1)),
        next: (page < n_pages).then(|| address(page + 1)),
        max_file_mb: task.intake.max_file_mb(),
    };
    render(headers, &list)
}

#[derive(Template)]
#[template(path = "tasks/downscaling/file.html")]
struct FilePage {
    layout: Layout,
    name: String,
    /// What was said of the file, what came with it, and what of it could not be used.
    facts: Vec<(&'static str, String)>,
    sums: Vec<Sum>,
}

/// A sum that a file makes.
struct Sum {
    href: String,
    variable: String,
    until: String,
    hours: i64,
}

/// `/rain/of/{key}`: what a file makes.
pub async fn of_file(
    task: Arc<DownscalingTask>,
    State(state): State<AppState>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let find = move || Ok(task.fields.of_file(&key)?);
    let entries = state.blocking(find).await?;
    let sum = |entry: &Entry| Sum {
        href: page_of(&entry.id),
        variable: entry.what.clone(),
        until: format::date_time(entry.end),
        hours: entry.hours,
    };
    let page = FilePage {
        layout: Layout::new(&state, Some(SECTION)),
        name: entries.first().map(|entry| entry.title.clone()).unwrap_or_default(),
        facts: entries.first().map(said).unwrap_or_default(),
        sums: entries.iter().map(sum).collect(),
    };
    render(&headers, &page)
}

/// What of the files of a sum could not be used.
fn not_used(entry: &Entry) -> Option<(&'static str, String)> {
    entry.left_out.clone().map(|why| ("Left out of the rain", why))
}

/// What whoever brought a file said of it, and brought with it; and what of it could not be used.
fn said(entry: &Entry) -> Vec<(&'static str, String)> {
    let stated = entry.stated.map(|stated| ("Interval stated", sentence(&stated.to_string())));
    let heights = entry.heights.clone().map(|name| ("Heights", name));
    stated.into_iter().chain(heights).chain(not_used(entry)).collect()
}

pub async fn one(
    task: Arc<DownscalingTask>,
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let entry = task.fields.find(&id)?;
    let layout = Layout::new(&state, Some(SECTION));
    let catalog = state.catalog.clone();
    let page = state.blocking(move || describe(layout, &task, &catalog, entry)).await?;
    render(&headers, &page)
}

/// The values of a sum. Samples belong to the server; what is wrong with an upload is for its visitor to mend.
fn loaded(task: &DownscalingTask, entry: &Entry) -> Result<Arc<Rain>, AppError> {
    task.fields.load(&entry.id).map_err(|error| match entry.is_sample {
        true => AppError::Data(error.to_string()),
        false => not_made(&error),
    })
}

fn describe(
    layout: Layout,
    task: &DownscalingTask,
    catalog: &Catalog,
    entry: Entry,
) -> Result<RainPage, AppError> {
    let rain = loaded(task, &entry)?;
    let [south, north, west, east] = rain.field.grid.bounds();
    let [step, _] = rain.field.grid.spacing_deg();
    let largest = rain.field.values.iter().copied().filter(|mm| !mm.is_nan()).fold(0.0, f32::max);
    let range = format!(
        "{} to {}° N, {} to {}° E, a node every {}°",
        degrees(south),
        degrees(north),
        degrees(west),
        degrees(east),
        degrees(step)
    );
    let mut facts = vec![
        ("Variable", format!("{} of {}", entry.what, entry.source)),
        ("Interval", rain.field.interval.map(|interval| interval.to_string()).unwrap_or_default()),
        ("How it was summed", rain.rule.clone()),
        ("Grid", range),
        ("Largest", format!("{} mm", format::number(largest.into()))),
        ("Licence", rain.credit.licence.clone()),
    ];
    facts.extend(entry.stated.map(|stated| ("Interval stated", sentence(&stated.to_string()))));
    facts.extend(rain.heights.as_ref().map(|own| ("Heights", heights(own))));
    facts.extend(not_used(&entry));
    let domain = entry.domain.unwrap_or_else(|| [west, south, east, north].map(degrees));
    let bounds = [south, north, west, east];
    let refined = entry.domain.map_or_else(
        || extent::whole(bounds),
        |[west, south, east, north]| Domain { south, north, west, east },
    );
    Ok(RainPage {
        layout,
        heading: heading(&entry),
        legend: Legend::of_sum(entry.hours),
        light: picture_address(&entry.id, Theme::Light),
        dark: picture_address(&entry.id, Theme::Dark),
        domain: entry.domain.map(|_| domain.map(|n| n.to_string()).join(",")).unwrap_or_default(),
        models: form::offers(catalog, &entry, domain, (refined, bounds)),
        id: entry.id.clone(),
        facts,
        entry,
    })
}

/// `dem.nc, 30 to 45° N, -120 to -100° E, a node every 0.25°`
fn heights(terrain: &Terrain) -> String {
    let [south, north, west, east] = terrain.field.grid.bounds().map(degrees);
    let every = terrain.resolution();
    format!("{}, {south} to {north}° N, {west} to {east}° E, a node every {every}", terrain.name)
}
