//! `/samples`: all samples as thumbnails, to filter and to leaf through.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use stormlens_data::archive::Archive;
use stormlens_data::card::{NowcastField, Part};

use super::samples::{SampleEntry, Samples, Window};
use super::split::Memberships;
use super::{Nowcasts, SECTION, frames};
use crate::catalog::Catalog;
use crate::parameters::{Parameters, encode};
use crate::tasks::legend::Legend;
use crate::tasks::split::Seen;
use crate::web::layout::Layout;
use crate::web::pages::{page_number, render};
use crate::web::{AppError, AppState, format};
use stormlens_plot::Theme;

mod filter;
mod suggestions;
#[cfg(test)]
mod tests;

pub use suggestions::suggestions;

use filter::{Filter, NAMES, Order, form_time};

pub const N_ON_PAGE: usize = 24;
#[derive(Template)]
#[template(path = "tasks/nowcast/samples.html")]
struct SamplesPage {
    layout: Layout,
    /// Of rain; clouds are there or not.
    legend: Option<Legend>,
    /// Fields that there are samples of, with their names in addresses and whether they are chosen.
    fields: Vec<(String, &'static str, bool)>,
    /// Archives, with their names, where they are of and how many samples they have, and whether they are chosen.
    datasets: Vec<(String, String, bool)>,
    /// Events, with their ids, titles, and whether they are chosen.
    events: Vec<(String, String, bool)>,
    /// Orders, with their names in addresses and whether they are chosen.
    orders: Vec<(&'static str, &'static str, bool)>,
    samples: Vec<SampleCard>,
    n_found: String,
    n_all: usize,
    /// The same as people read it.
    all: String,
    filter: Filter,
    /// Times of the first and the last sample of all, for the form.
    first: String,
    last: String,
    page: usize,
    n_pages: usize,
    previous: Option<String>,
    next: Option<String>,
}

/// A sample as lists show it.
pub struct SampleCard {
    pub href: String,
    pub clock: String,
    pub date: String,
    pub time_iso: String,
    /// Rain or clouds, and on how much of the area; empty where the last frame cannot be read.
    pub covered: String,
    pub observed: bool,
    /// The event that it is of; empty where there is none.
    pub event: String,
    /// What the weights of the networks have seen of it; empty where there is no network for it.
    pub seen: Seen,
    pub alt: String,
    /// Addresses of the picture.
    pub light: String,
    pub dark: String,
}

pub async fn show(
    task: Arc<Nowcasts>,
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(query.as_deref());
    parameters.only(&NAMES)?;
    let filter = Filter::read(&parameters)?;
    let layout = Layout::new(&state, Some(SECTION));
    let catalog = state.catalog.clone();
    let collect = move || collect(layout, (&task.samples, &catalog), filter, &parameters);
    let page = state.blocking(collect).await?;
    render(&headers, &page)
}

/// Those that are admitted: first what the weights were not trained on, oldest first.
pub fn in_order<'a>(
    samples: &'a Samples,
    catalog: &Catalog,
    is_admitted: impl Fn(&SampleEntry) -> bool,
) -> Vec<&'a SampleEntry> {
    let memberships = Memberships::new(samples, catalog);
    let mut found: Vec<_> = samples.list().iter().filter(|sample| is_admitted(sample)).collect();
    found.sort_by_cached_key(|sample| order(memberships.worst(sample)));
    found
}

/// Test samples, then others that were not seen, then those that were.
fn order(part: Part) -> u8 {
    match part {
        Part::Test => 0,
        Part::Unused | Part::Unknown => 1,
        Part::Validation => 2,
        Part::Training => 3,
    }
}

fn collect(
    layout: Layout,
    (samples, catalog): (&Samples, &Catalog),
    filter: Filter,
    parameters: &Parameters,
) -> Result<SamplesPage, AppError> {
    let all = samples.list();
    let mut found = in_order(samples, catalog, |sample| filter.admits(sample, samples));
    sort(&mut found, samples, filter.order);
    let n_pages = found.len().div_ceil(N_ON_PAGE).max(1);
    let page = page_number(parameters, n_pages, |page| filter.page(page))?;
    let on_page = found.iter().copied().skip((page - 1) * N_ON_PAGE).take(N_ON_PAGE);
    let has_rain = on_page.clone().any(|sample| sample.field == NowcastField::Precipitation);
    let time = |sample: Option<&SampleEntry>| sample.map(|s| form_time(s.time)).unwrap_or_default();
    Ok(SamplesPage {
        layout,
        legend: has_rain.then(Legend::of_rate),
        fields: fields(samples, filter.field),
        datasets: datasets(samples, filter.dataset.as_deref()),
        events: events(samples, filter.event.as_deref()),
        orders: Order::ALL.iter().map(|o| (o.name(), o.label(), *o == filter.order)).collect(),
        samples: cards(samples, catalog, on_page),
        n_found: format::count(found.len()),
        n_all: all.len(),
        all: format::count(all.len()),
        first: time(all.first()),
        last: time(all.last()),
        previous: (page > 1).then(|| filter.page(page - 1)),
        next: (page < n_pages).then(|| filter.page(page + 1)),
        page,
        n_pages,
        filter,
    })
}

/// Samples come in the order of what networks have seen of them, and within that of time.
fn sort(found: &mut [&SampleEntry], samples: &Samples, order: Order) {
    let largest_first = |value: Option<f64>| {
        // Whole numbers can be compared, and those without a value come last.
        value.map_or(i64::MAX, |value| -((value * 1e6) as i64))
    };
    match order {
        Order::Unseen => {}
        Order::Time => found.sort_by_key(|sample| sample.time),
        Order::Latest => found.sort_by_key(|sample| std::cmp::Reverse(sample.time)),
        Order::Wettest => {
            found.sort_by_cached_key(|sample| largest_first(samples.listed_share(sample)))
        }
        Order::Heaviest => {
            found.sort_by_cached_key(|sample| largest_first(samples.maximum_mm_h(sample)));
        }
    }
}

/// `Germany, radklim: 2,867 samples`; nothing where there is one archive.
fn datasets(samples: &Samples, chosen: Option<&str>) -> Vec<(String, String, bool)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    samples.list().iter().for_each(|sample| *counts.entry(sample.archive()).or_default() += 1);
    let label = |name: &str, n: usize| {
        let archive = samples.archive_named(name);
        let places = archive.map(places).unwrap_or_default();
        format!("{places}, {name}: {}", format::plural(n, "sample"))
    };
    let row = |(name, n): (&str, usize)| (name.to_owned(), label(name, n), chosen == Some(name));
    let mut found: Vec<_> = counts.into_iter().map(row).collect();
    found.sort_by(|a, b| a.1.cmp(&b.1));
    if found.len() > 1 { found } else { Vec::new() }
}

/// The countries of an archive's events, or what its frames are of.
fn places(archive: &Archive) -> String {
    let all: BTreeSet<&str> = archive.events().iter().map(|event| event.place.as_str()).collect();
    match all.is_empty() {
        true => archive.field().label().to_owned(),
        false => all.into_iter().collect::<Vec<_>>().join(", "),
    }
}

/// Events to choose from.
fn events(samples: &Samples, chosen: Option<&str>) -> Vec<(String, String, bool)> {
    let is_chosen = |id: &str| chosen == Some(id);
    let all = samples.events().iter();
    all.map(|e| (e.id.clone(), e.title.clone(), is_chosen(&e.id))).collect()
}

/// Nothing where all are of one field.
fn fields(samples: &Samples, chosen: Option<NowcastField>) -> Vec<(String, &'static str, bool)> {
    let is_there = |field: &&NowcastField| samples.list().iter().any(|s| s.field == **field);
    let there = NowcastField::ALL.iter().filter(is_there);
    let fields: Vec<_> =
        there.map(|&field| (field.to_string(), field.label(), Some(field) == chosen)).collect();
    if fields.len() > 1 { fields } else { Vec::new() }
}

/// Samples as lists show them.
pub fn cards<'a>(
    samples: &Samples,
    catalog: &Catalog,
    listed: impl Iterator<Item = &'a SampleEntry>,
) -> Vec<SampleCard> {
    let memberships = Memberships::new(samples, catalog);
    listed.map(|sample| card(samples, &memberships, sample)).collect()
}

fn card(samples: &Samples, memberships: &Memberships<'_>, sample: &SampleEntry) -> SampleCard {
    let covered = covered(samples, sample).unwrap_or_default();
    let time = format::date_time(sample.time);
    let alt = match covered.as_str() {
        "" => format!("The frame of {time} cannot be read"),
        covered => format!("{time}: {} of the area", covered.to_lowercase()),
    };
    let last = Window::of(sample.field).n_input_frames - 1;
    let picture = |theme| frames::address(samples, sample, last, theme);
    SampleCard {
        href: format!("/samples/{}", encode(&sample.id)),
        time_iso: format::iso(sample.time),
        clock: format::clock(sample.time),
        date: format::date(sample.time),
        observed: sample.observed,
        event: sample.event.as_ref().map(|event| event.title.clone()).unwrap_or_default(),
        seen: memberships.seen(sample),
        covered,
        alt,
        light: picture(Theme::Light),
        dark: picture(Theme::Dark),
    }
}

/// `Rain on 12 %`; `None` where the last frame cannot be read.
pub fn covered(samples: &Samples, sample: &SampleEntry) -> Option<String> {
    let share = samples.covered_share(sample).ok()?;
    let what = match sample.field {
        NowcastField::Precipitation => "Rain",
        NowcastField::CloudCover => "Clouds",
    };
    Some(format!("{what} on {}", format::percent(share)))
}
