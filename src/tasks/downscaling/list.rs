//! `/rain`: sums of rain that can be refined, as pictures; `/rain/{id}`: one of them, and the form that asks.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use stormlens_data::card::CheckpointCard;
use stormlens_data::downscale::{Domain, EnsembleKind, Registration};
use stormlens_data::field::{Field, GriddedField, degrees};
use stormlens_data::outcome::Colours;
use stormlens_plot::words::sentence;
use stormlens_plot::{RainPalette, Theme, thumbnail};

use super::fields::Entry;
use super::map::{Ground, from_north};
use super::rain::Rain;
use super::terrain::Terrain;
use super::upload::not_made;
use super::{DownscalingTask, SECTION, extent, split};
use crate::catalog::Catalog;
use crate::parameters::{Parameters, encode};
use crate::tasks::legend::Legend;
use crate::tasks::split::Seen;
use crate::web::caching::{EntityTag, VERSION, Version};
use crate::web::forms::{MethodChoice, Select, method_choices, select};
use crate::web::layout::Layout;
use crate::web::pages::{page_number, render};
use crate::web::{AppError, AppState, format, pictures};

pub const N_ON_PAGE: usize = 24;
const PICTURE_PX: usize = 288;
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

/// What the form offers for a network.
struct Model {
    id: &'static str,
    title: &'static str,
    summary: &'static str,
    /// How large the tiles of its weights are, in words.
    tiles: String,
    /// What of the domain that is refined until somebody chooses no tile reaches.
    left_out: Vec<String>,
    /// Names, and what they have seen of the rain.
    checkpoints: Vec<(String, &'static str)>,
    selects: Vec<Select>,
    methods: Vec<MethodChoice>,
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
        models: offers(catalog, &entry, domain, (refined, bounds)),
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

/// What each network offers. `refined` is the domain until somebody chooses, `bounds` are those of the field.
fn offers(
    catalog: &Catalog,
    entry: &Entry,
    domain: [f64; 4],
    (refined, bounds): (Domain, [f64; 4]),
) -> Vec<Model> {
    let seen =
        |card: &Arc<CheckpointCard>| (card.name.clone(), split::part(entry, domain, card).label());
    let offer = |model: &Arc<stormlens_data::card::ModelCard>| {
        let checkpoints: Vec<_> = catalog
            .checkpoints(model.id)
            .filter(|card| split::fits(card, entry))
            .cloned()
            .collect();
        let first = checkpoints.first()?;
        let has_epochs = first.members.len() > 1;
        Some(Model {
            id: model.id,
            title: model.title,
            summary: model.summary,
            tiles: tiles_in_words(&checkpoints),
            left_out: left_out(&checkpoints, refined, bounds),
            selects: selects(first.refining.map(|own| own.rain.registration), has_epochs),
            methods: method_choices(&catalog.methods_of(model), model, None),
            checkpoints: checkpoints.iter().map(seen).collect(),
        })
    };
    catalog.models().iter().filter_map(offer).collect()
}

/// `Tiles have 2°`, or by weights where these differ; and how far nodes lie apart.
fn tiles_in_words(checkpoints: &[Arc<CheckpointCard>]) -> String {
    let mut sizes: Vec<([f64; 2], Vec<&str>)> = Vec::new();
    for card in checkpoints {
        let Some(geometry) = card.refining.map(|own| own.geometry()) else { continue };
        let size = [geometry.tile_deg(), geometry.fine_deg];
        match sizes.iter_mut().find(|(known, _)| *known == size) {
            Some((_, names)) => names.push(&card.name),
            None => sizes.push((size, vec![&card.name])),
        }
    }
    let words = |([side, every], _): &([f64; 2], Vec<&str>)| {
        format!("have {side}°, with a node (a point of the fine grid) every {every}°")
    };
    match &sizes[..] {
        [only] => format!("Tiles of these weights {}", words(only)),
        several => {
            let of =
                |size: &([f64; 2], Vec<&str>)| format!("of {} {}", size.1.join(", "), words(size));
            format!("Tiles {}", several.iter().map(of).collect::<Vec<_>>().join("; "))
        }
    }
}

/// What of a domain no tile of the weights reaches, by weights where these differ.
fn left_out(checkpoints: &[Arc<CheckpointCard>], domain: Domain, field: [f64; 4]) -> Vec<String> {
    let mut said: Vec<(String, Vec<&str>)> = Vec::new();
    for card in checkpoints {
        let geometry = card.refining.map(|own| own.geometry());
        let words = geometry.and_then(|own| extent::left_out_of(domain, &own, field));
        let Some(words) = words else { continue };
        match said.iter_mut().find(|(known, _)| *known == words) {
            Some((_, names)) => names.push(&card.name),
            None => said.push((words, vec![&card.name])),
        }
    }
    let of_weights = |(words, names): (String, Vec<&str>)| match names.len() == checkpoints.len() {
        true => words,
        false => format!("by {}, {words}", names.join(", ")),
    };
    said.into_iter().map(of_weights).collect()
}

fn selects(registration: Option<Registration>, has_epochs: bool) -> Vec<Select> {
    let registration = registration.unwrap_or_default();
    vec![registration_select(registration), ensemble_select(EnsembleKind::default(), has_epochs)]
}

pub fn registration_select(chosen: Registration) -> Select {
    let label = |registration| match registration {
        Registration::Aligned => "aligned: at its coordinates",
        Registration::Reference => "reference: as published, 3.5 nodes aside",
    };
    let entry = |registration: Registration| {
        let name = registration.name().to_owned();
        (name, label(registration).to_owned(), registration == chosen)
    };
    Select {
        name: super::question::REGISTRATION.to_owned(),
        label: "Coarse rain on the fine grid",
        choices: Registration::ALL.map(entry).into(),
    }
}

/// Without what the weights do not have.
pub fn ensemble_select(chosen: EnsembleKind, has_epochs: bool) -> Select {
    let mut ensemble = select(super::question::ENSEMBLE, "Ensemble", chosen, EnsembleKind::label);
    ensemble.choices.retain(|(name, ..)| has_epochs || name != EnsembleKind::Epochs.name());
    ensemble
}

fn picture_address(id: &str, theme: Theme) -> String {
    let version = Version::of(&["rain", id]);
    format!("{}/picture.png?theme={theme}&{VERSION}={}", page_of(id), version.as_str())
}

pub async fn picture(
    task: Arc<DownscalingTask>,
    State(state): State<AppState>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(query.as_deref());
    parameters.only(&["theme", VERSION])?;
    let theme = parameters.choice("theme", Theme::default())?;
    let entry = task.fields.find(&id)?;
    let version = Version::of(&["rain", &id]);
    let key = EntityTag::of(&["rain", &id, version.as_str(), theme.name()]);
    let tag = key.clone().lasting_if(parameters.one(VERSION)?, &version);
    let picture = state.blocking(move || draw(&task, &entry, theme));
    pictures::respond(&state, &headers, "image/png", (key, tag), picture).await
}

/// The part that is refined until somebody chooses, or all of it.
fn draw(task: &DownscalingTask, entry: &Entry, theme: Theme) -> Result<Vec<u8>, AppError> {
    let rain = loaded(task, entry)?;
    let [south, north, west, east] = rain.field.grid.bounds();
    Ok(png(&rain.field, entry.domain.unwrap_or([west, south, east, north]), theme))
}

/// A picture of a part of a field for the address of an image.
pub fn picture_of(field: &GriddedField, domain: [f64; 4], theme: Theme) -> String {
    format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png(field, domain, theme)))
}

fn png(rain: &GriddedField, [west, south, east, north]: [f64; 4], theme: Theme) -> Vec<u8> {
    let step = (east - west).max(north - south) / PICTURE_PX as f64;
    let nodes = |from: f64, to: f64| {
        let n = ((to - from) / step).round().max(1.0) as usize;
        (0..n).map(|k| from + (k as f64 + 0.5) * step).collect::<Vec<f64>>()
    };
    let ground = Ground::new(nodes(south, north), nodes(west, east), step);
    let values = rain.linear_nodes(&ground.latitudes, &ground.longitudes);
    let values: Vec<f32> = values.into_iter().map(|mm| mm as f32).collect();
    let width = ground.width();
    let field = Field::new(ground.latitudes.len(), width, from_north(&values, width));
    let domain = ground.domain();
    let grid = match &domain {
        stormlens_data::outcome::Domain::Earth(grid) => Some(grid),
        _ => None,
    };
    thumbnail(&field, grid, Colours::Rain, RainPalette::default(), theme, PICTURE_PX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An address and a command line that name no ensemble mean the default, too.
    #[test]
    fn the_form_chooses_the_ensemble_that_an_address_means() {
        for has_epochs in [false, true] {
            let selects = selects(None, has_epochs);
            let is_ensemble =
                |select: &&Select| select.name == crate::tasks::downscaling::question::ENSEMBLE;
            let ensemble = selects.iter().find(is_ensemble).expect("it can be chosen");
            let chosen = ensemble.choices.iter().filter(|(.., is_chosen)| *is_chosen);
            let names: Vec<&str> = chosen.map(|(name, ..)| name.as_str()).collect();
            assert_eq!(names, [EnsembleKind::default().name()]);
        }
    }
}
