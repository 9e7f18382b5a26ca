//! `/probability`: days by month with what was measured, and the form that brings others.

use askama::Template;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::civil::Date;
use stormlens_data::card::Part;
use stormlens_data::probability::iberia::{GAUGES, Iberia, part};

use super::recognised::Wanted;
use super::samples::{id_of, words};
use super::{RainProbabilityTask, SECTION, split, weights};
use crate::catalog::Catalog;
use crate::parameters::{Parameters, QuestionError, encode};
use crate::web::layout::Layout;
use crate::web::pages::render;
use crate::web::{AppError, AppState};

/// From here on it rained, mm in the day.
const WET_MM: f32 = 1.0;
/// From here on it rained much.
const HEAVY_MM: f32 = 10.0;
/// One row of cards on a wide page.
const N_SUGGESTIONS: usize = 6;

#[derive(Template)]
#[template(path = "tasks/rain_probability/list.html")]
struct ListPage {
    layout: Layout,
    /// Names of the gauges.
    gauges: Vec<&'static str>,
    days: Vec<Day>,
    /// `May 2007`; empty where there is no archive.
    month: String,
    /// As a field of a form has it, `2007-05`, with the first and the last one.
    value: String,
    first: String,
    last: String,
    /// What the weights have seen of the days, and what the archive lacks of them.
    used: String,
    previous: Option<String>,
    next: Option<String>,
    n_all: usize,
    drop: Drop,
}

/// What the form for files says.
struct Drop {
    max_file_mb: usize,
    max_files: usize,
    /// What each set of weights looks at.
    weights: Vec<Wanted>,
}

impl Drop {
    fn new(task: &RainProbabilityTask, state: &AppState) -> Self {
        let (max_file_mb, max_files) = (task.intake.max_file_mb(), task.max_files);
        let weights = weights::all(&state.catalog).iter().map(Wanted::new).collect();
        Self { max_file_mb, max_files, weights }
    }
}

/// A day as lists show it.
pub struct Day {
    pub href: String,
    pub title: String,
    /// Of each gauge: mm, and whether it rained there, much or at all.
    pub rain: Vec<(String, &'static str)>,
    /// In a sentence.
    pub summary: String,
}

pub fn page_of(id: &str) -> String {
    format!("{}/{}", SECTION.href, encode(id))
}

pub fn show(
    task: &RainProbabilityTask,
    state: &AppState,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<Response, AppError> {
    let parameters = Parameters::parse(query);
    parameters.only(&["month"])?;
    let layout = Layout::new(state, Some(SECTION));
    let drop = Drop::new(task, state);
    let Some(iberia) = task.samples.iberia() else {
        return render(headers, &empty(layout, drop));
    };
    let months = [iberia.days().first(), iberia.days().last()];
    let [first, last] = months.map(|day| day.map(|day| day.first_of_month()).unwrap_or_default());
    let month = match parameters.one("month")? {
        None => last_of_test(iberia).unwrap_or(last),
        Some(text) => read_month(text, [first, last])?,
    };
    let days = iberia.days();
    let of_month = (0..days.len()).filter(|&day| days[day].first_of_month() == month);
    let address = |month: Date| format!("{}?month={}", SECTION.href, month.strftime("%Y-%m"));
    let neighbour = |n: i64| {
        let other = month.checked_add(jiff::Span::new().months(n)).ok()?;
        (first..=last).contains(&other).then(|| address(other))
    };
    let page = ListPage {
        layout,
        gauges: GAUGES.iter().map(|gauge| gauge.name).collect(),
        days: of_month.map(|day| row(iberia, day)).collect(),
        month: month.strftime("%B %Y").to_string(),
        value: month.strftime("%Y-%m").to_string(),
        first: first.strftime("%Y-%m").to_string(),
        last: last.strftime("%Y-%m").to_string(),
        used: used(task, iberia, month, &state.catalog),
        previous: neighbour(-1),
        next: neighbour(1),
        n_all: days.len(),
        drop,
    };
    render(headers, &page)
}

fn empty(layout: Layout, drop: Drop) -> ListPage {
    let [month, value, first, last] = [const { String::new() }; 4];
    ListPage {
        layout,
        gauges: Vec::new(),
        days: Vec::new(),
        month,
        value,
        first,
        last,
        used: String::new(),
        previous: None,
        next: None,
        n_all: 0,
        drop,
    }
}

/// The last month all of whose days test.
fn last_of_test(iberia: &Iberia) -> Option<Date> {
    let last = iberia.days()[iberia.days_of(Part::Test).last().copied()?];
    match last == last.last_of_month() {
        true => Some(last.first_of_month()),
        false => last.first_of_month().yesterday().ok().map(Date::first_of_month),
    }
}

fn read_month(text: &str, [first, last]: [Date; 2]) -> Result<Date, QuestionError> {
    let found: Option<Date> = format!("{text}-01").parse().ok();
    found.filter(|month| (first..=last).contains(month)).ok_or_else(|| {
        let [first, last] = [first, last].map(|month| month.strftime("%Y-%m").to_string());
        let message = format!("is “{text}”, but must be a month from {first} to {last}");
        QuestionError::parameter("month", message)
    })
}

/// `Test sample (iberia-narrow). `, by the last day of a month that there is: blocks are of whole years.
fn used(task: &RainProbabilityTask, iberia: &Iberia, month: Date, catalog: &Catalog) -> String {
    let days = iberia.days();
    let last = (0..days.len()).rev().find(|&day| days[day].first_of_month() == month);
    let Some(last) = last else { return String::new() };
    let seen = split::in_words(&task.samples, &id_of(iberia, last), catalog);
    let all = [Some(seen), few_fields(days[last]).map(str::to_owned)].into_iter().flatten();
    all.filter(|words| !words.is_empty()).map(|words| words + ". ").collect()
}

/// What the archive lacks of a day.
pub fn few_fields(day: Date) -> Option<&'static str> {
    const FEW: &str = "From 26 November 2010 on the archive has only temperature at 2 m and rain; the other ten fields are \
                       hidden";
    part(day).is_none().then_some(FEW)
}

fn row(iberia: &Iberia, day: usize) -> Day {
    let rain = iberia.gauge_rain(day);
    let cell = |mm: f32| {
        let class = match mm {
            mm if mm >= HEAVY_MM => "heavy",
            mm if mm >= WET_MM => "wet",
            _ => "",
        };
        (amount(mm), class)
    };
    let wettest = GAUGES.iter().zip(rain).filter(|(_, mm)| !mm.is_nan());
    let wettest = wettest.max_by(|a, b| a.1.total_cmp(&b.1));
    let summary = match wettest {
        Some((gauge, mm)) if mm >= WET_MM => format!("{} in {}", amount(mm), gauge.name),
        Some(_) => "dry at all gauges".to_owned(),
        None => "nothing measured".to_owned(),
    };
    Day {
        href: page_of(&id_of(iberia, day)),
        title: words(iberia.days()[day]),
        rain: rain.map(cell).to_vec(),
        summary,
    }
}

/// `3.2 mm`: gauges are read to a tenth.
pub fn amount(mm: f32) -> String {
    if mm.is_nan() { "–".to_owned() } else { format!("{mm:.1} mm") }
}

/// Wet days of the years that are kept for scores, months apart, and a dry one.
pub fn suggestions(task: &RainProbabilityTask) -> Vec<Day> {
    let Some(iberia) = task.samples.iberia() else { return Vec::new() };
    let days = iberia.days_of(Part::Test);
    let most = |day: &usize| iberia.gauge_rain(*day).into_iter().fold(0.0, f32::max);
    let months = days
        .chunk_by(|a, b| iberia.days()[*a].first_of_month() == iberia.days()[*b].first_of_month());
    let wettest: Vec<usize> = months
        .filter_map(|month| month.iter().copied().max_by(|a, b| most(a).total_cmp(&most(b))))
        .collect();
    let step = wettest.len().div_ceil(N_SUGGESTIONS - 1).max(1);
    let wet = wettest.into_iter().step_by(step);
    let dry = days.iter().copied().find(|day| most(day) == 0.0);
    wet.chain(dry).take(N_SUGGESTIONS).map(|day| row(iberia, day)).collect()
}
