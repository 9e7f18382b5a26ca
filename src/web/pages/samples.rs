//! `/samples`: all samples as thumbnails, to filter and to leaf through.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::render;
use crate::catalog::{Catalog, SampleEntry};
use crate::plot::Theme;
use crate::web::frames;
use crate::web::legend::Legend;
use crate::web::parameters::{Parameters, encode};
use crate::web::shell::{Section, Shell};
use crate::web::{AppError, AppState, format};

pub const N_ON_PAGE: usize = 24;
const NAMES: [&str; 5] = ["from", "to", "min-wet", "observed", "page"];

#[derive(Template)]
#[template(path = "pages/samples.html")]
struct SamplesPage {
    shell: Shell,
    legend: Legend,
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
    /// Empty where the last frame cannot be read.
    pub wet_share: String,
    pub observed: bool,
    pub alt: String,
    /// Addresses of the picture.
    pub light: String,
    pub dark: String,
}

/// What a visitor wants to see; the texts stand in the form again.
struct Filter {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    min_wet_percent: f64,
    observed: bool,
}

impl Filter {
    fn read(parameters: &Parameters) -> Result<Self, AppError> {
        let percent = |p: &f64| (0.0..=100.0).contains(p);
        Ok(Self {
            from: read_time(parameters, "from")?,
            to: read_time(parameters, "to")?,
            min_wet_percent: parameters
                .number("min-wet", "a percentage from 0 to 100", percent)?
                .unwrap_or(0.0),
            observed: match parameters.one("observed")? {
                None | Some("no") => false,
                Some("yes") => true,
                Some(_) => return Err(AppError::parameter("observed", "must be yes or no")),
            },
        })
    }

    fn admits(&self, sample: &SampleEntry, catalog: &Catalog) -> bool {
        self.from.is_none_or(|from| sample.time >= from)
            && self.to.is_none_or(|to| sample.time <= to)
            && (!self.observed || sample.observed)
            // Last, because it may have to read a file.
            && (self.min_wet_percent == 0.0
                || catalog
                    .wet_share(sample)
                    .is_ok_and(|share| share * 100.0 >= self.min_wet_percent))
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

    fn is_set(&self) -> bool {
        self.from.is_some() || self.to.is_some() || self.observed || self.min_wet_percent > 0.0
    }

    /// The address of one page of what it admits.
    fn page(&self, page: usize) -> String {
        let mut parts = Vec::new();
        parts.extend(self.from.map(|from| format!("from={}", encode(&form_time(from)))));
        parts.extend(self.to.map(|to| format!("to={}", encode(&form_time(to)))));
        parts.extend(
            (self.min_wet_percent > 0.0).then(|| format!("min-wet={}", self.min_wet_percent)),
        );
        parts.extend(self.observed.then(|| "observed=yes".to_owned()));
        parts.extend((page > 1).then(|| format!("page={page}")));
        if parts.is_empty() {
            "/samples".to_owned()
        } else {
            format!("/samples?{}", parts.join("&"))
        }
    }
}

pub async fn show(
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(query.as_deref());
    parameters.only(&NAMES)?;
    let filter = Filter::read(&parameters)?;
    let page = parameters.number("page", "a page number from 1", |&n: &usize| n >= 1)?.unwrap_or(1);
    let shell = Shell::new(&state, Section::Samples);
    let catalog = state.catalog.clone();
    let page = state.blocking(move || Ok(collect(shell, &catalog, filter, page))).await?;
    render(&headers, &page)
}

fn collect(shell: Shell, catalog: &Catalog, filter: Filter, page: usize) -> SamplesPage {
    let all = catalog.samples();
    let found: Vec<_> = all.iter().filter(|sample| filter.admits(sample, catalog)).collect();
    let n_pages = found.len().div_ceil(N_ON_PAGE).max(1);
    let page = page.min(n_pages);
    let on_page = found.iter().copied().skip((page - 1) * N_ON_PAGE).take(N_ON_PAGE);
    let time = |sample: Option<&SampleEntry>| sample.map(|s| form_time(s.time)).unwrap_or_default();
    SamplesPage {
        shell,
        legend: Legend::new(),
        samples: cards(catalog, on_page),
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

/// Samples as lists show them.
pub fn cards<'a>(
    catalog: &Catalog,
    samples: impl Iterator<Item = &'a SampleEntry>,
) -> Vec<SampleCard> {
    samples.map(|sample| card(catalog, sample)).collect()
}

fn card(catalog: &Catalog, sample: &SampleEntry) -> SampleCard {
    let wet_share = catalog.wet_share(sample).map(format::percent).unwrap_or_default();
    let time = format::date_time(sample.time);
    let alt = match wet_share.as_str() {
        "" => format!("The radar frame of {time} cannot be read"),
        share => format!("Radar at {time}: rain on {share} of the area"),
    };
    let last = catalog.window().n_input_frames - 1;
    let picture = |theme| frames::address(catalog, sample, last, theme);
    SampleCard {
        href: format!("/samples/{}", encode(&sample.id)),
        time_iso: format::iso(sample.time),
        clock: format::clock(sample.time),
        date: format::date(sample.time),
        observed: sample.observed,
        wet_share,
        alt,
        light: picture(Theme::Light),
        dark: picture(Theme::Dark),
    }
}

/// A time as forms write it: `2010-08-26T05:35`, always UTC.
fn form_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M").to_string()
}

fn read_time(parameters: &Parameters, name: &'static str) -> Result<Option<Timestamp>, AppError> {
    let Some(text) = parameters.one(name)? else { return Ok(None) };
    let time = text.trim_end_matches('Z').parse::<DateTime>().ok();
    match time.and_then(|time| TimeZone::UTC.to_timestamp(time).ok()) {
        Some(time) => Ok(Some(time)),
        None => Err(AppError::parameter(
            name,
            format!("is “{text}”, but must be a time in UTC such as 2010-08-26T05:35"),
        )),
    }
}
