//! `/samples`: all samples as thumbnails, to filter and to leaf through.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use stormlens_data::card::{ModelCard, NowcastField, Part};
use stormlens_data::choice::choice;

use super::legend::Legend;
use super::samples::{SampleEntry, Samples, Window};
use super::split::Memberships;
use super::{Nowcasts, SECTION, frames};
use crate::catalog::Catalog;
use crate::parameters::{Parameters, QuestionError, encode};
use crate::web::layout::Layout;
use crate::web::pages::render;
use crate::web::{AppError, AppState, format};
use stormlens_plot::Theme;

#[cfg(test)]
mod tests;

pub const N_ON_PAGE: usize = 24;
/// One row of cards on a wide page.
const N_SUGGESTIONS: usize = 6;
const NAMES: [&str; 9] =
    ["field", "event", "from", "to", "min-wet", "min-maximum", "observed", "sort", "page"];

#[derive(Template)]
#[template(path = "tasks/nowcast/samples.html")]
struct SamplesPage {
    layout: Layout,
    /// Of rain; clouds are there or not.
    legend: Option<Legend>,
    /// Fields that there are samples of, with their names in addresses and whether they are chosen.
    fields: Vec<(String, &'static str, bool)>,
    /// Events, with their ids, titles, and whether they are chosen.
    events: Vec<(String, String, bool)>,
    /// Orders, with their names in addresses and whether they are chosen.
    orders: Vec<(&'static str, &'static str, bool)>,
    samples: Vec<SampleCard>,
    n_found: usize,
    n_all: usize,
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
    pub split: String,
    pub is_seen: bool,
    pub alt: String,
    /// Addresses of the picture.
    pub light: String,
    pub dark: String,
}

/// What a visitor wants to see; the texts stand in the form again.
struct Filter {
    field: Option<NowcastField>,
    /// Id of an event.
    event: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    min_wet_percent: f64,
    min_maximum_mm_h: f64,
    observed: bool,
    order: Order,
}

choice! {
    /// What comes first in the list.
    Order("order of samples") {
        /// What no network was trained on, then by time.
        #[default]
        Unseen = "unseen": "not trained on first",
        Time = "time": "oldest first",
        Latest = "latest": "latest first",
        Wettest = "wettest": "largest wet area first",
        Heaviest = "heaviest": "heaviest rain first",
    }
}

impl Filter {
    fn read(parameters: &Parameters) -> Result<Self, QuestionError> {
        let percent = |p: &f64| (0.0..=100.0).contains(p);
        let rate = |rate: &f64| (0.0..=1000.0).contains(rate);
        let field = match parameters.has("field") {
            true => Some(parameters.choice("field", NowcastField::Precipitation)?),
            false => None,
        };
        let (from, to) = (read_time(parameters, "from")?, read_time(parameters, "to")?);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(QuestionError::parameter("to", "must not be earlier than from"));
        }
        Ok(Self {
            field,
            event: parameters.one("event")?.filter(|id| !id.is_empty()).map(str::to_owned),
            min_maximum_mm_h: parameters
                .number("min-maximum", "a rain rate from 0 to 1000 mm/h", rate)?
                .unwrap_or(0.0),
            order: parameters.choice("sort", Order::default())?,
            from,
            to,
            min_wet_percent: parameters
                .number("min-wet", "a percentage from 0 to 100", percent)?
                .unwrap_or(0.0),
            observed: parameters.switch("observed", false)?,
        })
    }

    fn admits(&self, sample: &SampleEntry, samples: &Samples) -> bool {
        self.field.is_none_or(|field| sample.field == field)
            && self.event.as_deref().is_none_or(|id| sample.event.as_ref().is_some_and(|e| e.id == id))
            && self.from.is_none_or(|from| sample.time >= from)
            && self.to.is_none_or(|to| sample.time <= to)
            && (!self.observed || sample.observed)
            && (self.min_maximum_mm_h == 0.0
                || samples.maximum_mm_h(sample).is_some_and(|most| most >= self.min_maximum_mm_h))
            // Last, because it may have to read a file.
            && (self.min_wet_percent == 0.0
                || samples
                    .listed_share(sample)
                    .is_some_and(|share| share * 100.0 >= self.min_wet_percent))
    }

    fn form_from(&self) -> String {
        self.from.map(form_time).unwrap_or_default()
    }

    fn form_to(&self) -> String {
        self.to.map(form_time).unwrap_or_default()
    }

    fn form_min_wet(&self) -> String {
        if self.min_wet_percent == 0.0 { String::new() } else { self.min_wet_percent.to_string() }
    }

    fn form_min_maximum(&self) -> String {
        if self.min_maximum_mm_h == 0.0 { String::new() } else { self.min_maximum_mm_h.to_string() }
    }

    fn is_set(&self) -> bool {
        self.field.is_some()
            || self.from.is_some()
            || self.to.is_some()
            || self.observed
            || self.event.is_some()
            || self.order != Order::default()
            || self.min_maximum_mm_h > 0.0
            || self.min_wet_percent > 0.0
    }

    /// The address of one page of what it admits.
    fn page(&self, page: usize) -> String {
        let mut parts = Vec::new();
        parts.extend(self.field.map(|field| format!("field={field}")));
        parts.extend(self.event.iter().map(|id| format!("event={}", encode(id))));
        parts.extend(self.from.map(|from| format!("from={}", encode(&form_time(from)))));
        parts.extend(self.to.map(|to| format!("to={}", encode(&form_time(to)))));
        parts.extend(
            (self.min_wet_percent > 0.0).then(|| format!("min-wet={}", self.min_wet_percent)),
        );
        parts.extend(
            (self.min_maximum_mm_h > 0.0).then(|| format!("min-maximum={}", self.min_maximum_mm_h)),
        );
        parts.extend(self.observed.then(|| "observed=yes".to_owned()));
        parts.extend((self.order != Order::default()).then(|| format!("sort={}", self.order)));
        parts.extend((page > 1).then(|| format!("page={page}")));
        if parts.is_empty() {
            "/samples".to_owned()
        } else {
            format!("/samples?{}", parts.join("&"))
        }
    }
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
    let page = parameters.number("page", "a page number from 1", |&n: &usize| n >= 1)?.unwrap_or(1);
    let layout = Layout::new(&state, Some(SECTION));
    let catalog = state.catalog.clone();
    let collect = move || Ok(collect(layout, (&task.samples, &catalog), filter, page));
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
    page: usize,
) -> SamplesPage {
    let all = samples.list();
    let mut found = in_order(samples, catalog, |sample| filter.admits(sample, samples));
    sort(&mut found, samples, filter.order);
    let n_pages = found.len().div_ceil(N_ON_PAGE).max(1);
    let page = page.min(n_pages);
    let on_page = found.iter().copied().skip((page - 1) * N_ON_PAGE).take(N_ON_PAGE);
    let has_rain = on_page.clone().any(|sample| sample.field == NowcastField::Precipitation);
    let time = |sample: Option<&SampleEntry>| sample.map(|s| form_time(s.time)).unwrap_or_default();
    SamplesPage {
        layout,
        legend: has_rain.then(Legend::new),
        fields: fields(samples, filter.field),
        events: events(samples, filter.event.as_deref()),
        orders: Order::ALL.iter().map(|o| (o.name(), o.label(), *o == filter.order)).collect(),
        samples: cards(samples, catalog, on_page),
        n_found: found.len(),
        n_all: all.len(),
        first: time(all.first()),
        last: time(all.last()),
        previous: (page > 1).then(|| filter.page(page - 1)),
        next: (page < n_pages).then(|| filter.page(page + 1)),
        page,
        n_pages,
        filter,
    }
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

/// Events to choose from.
fn events(samples: &Samples, chosen: Option<&str>) -> Vec<(String, String, bool)> {
    let is_chosen = |id: &str| chosen == Some(id);
    let all = samples.events().into_iter();
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
        split: memberships.words(sample),
        is_seen: memberships.worst(sample).is_seen(),
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

/// A few samples that can be verified and that some weights are for, spread evenly over time: test samples
/// where there are enough of them.
pub fn suggestions<'a>(samples: &'a Samples, catalog: &Catalog) -> Vec<&'a SampleEntry> {
    let of = |model: &Arc<ModelCard>| catalog.checkpoints(model.id).cloned().collect::<Vec<_>>();
    let weights: Vec<_> = catalog.models().iter().flat_map(of).collect();
    let fields: Vec<_> =
        weights.iter().filter_map(|w| Some(w.nowcasting.as_ref()?.field)).collect();
    let can_be_asked =
        |s: &&SampleEntry| s.observed && (fields.is_empty() || fields.contains(&s.field));
    let mut observed: Vec<_> = samples.list().iter().filter(can_be_asked).collect();
    let memberships = Memberships::new(samples, catalog);
    let is_test = |sample: &&SampleEntry| memberships.worst(sample) == Part::Test;
    if observed.iter().copied().filter(|sample| is_test(sample)).count() >= N_SUGGESTIONS {
        observed.retain(is_test);
    }
    let step = (observed.len() / N_SUGGESTIONS).max(1);
    observed.into_iter().rev().step_by(step).take(N_SUGGESTIONS).collect()
}

/// A time as forms write it: `2010-08-26T05:35`, always UTC.
fn form_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M").to_string()
}

fn read_time(
    parameters: &Parameters,
    name: &'static str,
) -> Result<Option<Timestamp>, QuestionError> {
    let Some(text) = parameters.one(name)? else { return Ok(None) };
    let time = text.trim_end_matches('Z').parse::<DateTime>().ok();
    match time.and_then(|time| TimeZone::UTC.to_timestamp(time).ok()) {
        Some(time) => Ok(Some(time)),
        None => Err(QuestionError::parameter(
            name,
            format!("is “{text}”, but must be a time in UTC such as 2010-08-26T05:35"),
        )),
    }
}
