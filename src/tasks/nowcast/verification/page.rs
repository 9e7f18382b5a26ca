//! The page of a comparison.

use std::sync::Arc;

use askama::Template;
use stormlens_data::card::Part;

use super::cases::Cases;
use super::chart::{Chart, Charts, Map};
use super::kept::is_same;
use super::published::{PUBLISHED, Published, REMARK, SOURCE};
use super::runs::Standing;
use super::table::{Table, tables};
use super::view::{View, scores};
use super::{FileKind, PATH, START, STOP, address};

use crate::tasks::legend::Legend;
use crate::tasks::nowcast::scores::{forecast_title, on_page};
use crate::tasks::nowcast::split::Membership;
use crate::tasks::nowcast::study::{Found, Plan};
use crate::tasks::nowcast::{Nowcasts, VERIFICATION};
use crate::web::layout::Layout;
use crate::web::pages::progress::VIEWER;
use crate::web::{AppState, format};

/// A comparison that is done.
#[derive(Template)]
#[template(path = "tasks/nowcast/verification.html")]
pub struct Page {
    layout: Layout,
    title: String,
    path: &'static str,
    /// Of the plan, for the form.
    plan: Vec<(&'static str, String)>,
    source: String,
    notice: String,
    n_samples: String,
    /// How many samples are left out, where some are.
    left_out: Option<String>,
    parts: String,
    events: Vec<String>,
    /// What is to be known of the weights.
    weights: Vec<Weights>,
    leads: Vec<(u32, bool)>,
    has_several_leads: bool,
    thresholds: Vec<(f64, bool)>,
    scores: Vec<(&'static str, String, bool)>,
    forecasts: Vec<(String, String, bool)>,
    tables: Vec<Table>,
    charts: Vec<Chart>,
    maps: Vec<Map>,
    legend: Legend,
    cases: Option<Cases>,
    published: &'static [Published],
    remark: &'static str,
    published_in: &'static str,
    files: Vec<(&'static str, String)>,
    command: String,
}

/// What weights have seen of the samples.
struct Weights {
    title: String,
    training_data: String,
    seen: String,
    is_seen: bool,
    /// Whether other weights of that name lie here now.
    has_changed: bool,
}

impl Page {
    pub fn new(
        state: &AppState,
        task: &Nowcasts,
        plan: &Plan,
        view: &View,
        found: &Arc<Found>,
    ) -> Self {
        let settings = &found.report.settings;
        let charts = Charts { plan, view, found };
        let leads = settings.lead_times_min.iter();
        let label = |score: &'static stormlens_data::score::Score| {
            (score.name, on_page(score).label(), score.name == view.score.name)
        };
        let name = |(place, name): (usize, &String)| {
            (name.clone(), forecast_title(name), place == view.forecast)
        };
        Self {
            layout: Layout::new(state, Some(VERIFICATION)),
            title: title(plan, Some(found)),
            path: PATH,
            plan: plan.pairs(),
            source: found.source.clone(),
            notice: found.notice.clone(),
            n_samples: format::count(found.report.n_samples),
            left_out: left_out(found.report.n_samples_without_input),
            parts: parts(found),
            events: found
                .events
                .iter()
                .map(|e| format!("{}, {}: {}", e.place, e.title, e.character))
                .collect(),
            weights: weights(state, task, plan, found),
            has_several_leads: settings.lead_times_min.len() > 1,
            leads: leads.map(|&lead| (lead, view.lead_time_min == Some(lead))).collect(),
            thresholds: settings.thresholds.iter().map(|&t| (t, t == view.threshold)).collect(),
            scores: scores().map(label).collect(),
            forecasts: settings.forecasts.iter().enumerate().map(name).collect(),
            tables: tables(&found.report, view),
            charts: charts.shown(),
            maps: charts.maps(),
            legend: Legend::of_rate(),
            cases: Cases::of(found, plan, view),
            published: &PUBLISHED,
            remark: REMARK,
            published_in: SOURCE,
            files: FileKind::ALL.map(|kind| (kind.label(), file(plan, kind))).into(),
            command: command(plan),
        }
    }
}

fn file(plan: &Plan, kind: FileKind) -> String {
    format!("{PATH}.{}?{}", kind.ending(), plan.query())
}

/// `Germany (radklim), test events, up to 60 min`; without what was found the folder's name and no lead time. Networks
/// of an hour and of half an hour are compared on the same events.
pub fn title(plan: &Plan, found: Option<&Found>) -> String {
    let mut places: Vec<&str> = found
        .into_iter()
        .flat_map(|found| &found.events)
        .map(|event| event.place.as_str())
        .collect();
    places.dedup();
    let place = match places.is_empty() {
        true => plan.dataset.clone(),
        false => format!("{} ({})", places.join(", "), plan.dataset),
    };
    let selection = &plan.selection;
    let which = match (&selection.events[..], selection.role) {
        ([], None) => "all events".to_owned(),
        ([], Some(role)) => format!("{} events", role.name()),
        (events, _) => events.join(", "),
    };
    let leads = found.map(|found| found.report.settings.lead_times_min.as_slice());
    match leads.unwrap_or_default() {
        [] => format!("{place}, {which}"),
        [only] => format!("{place}, {which}, {only} min"),
        [.., last] => format!("{place}, {which}, up to {last} min"),
    }
}

/// `3 samples are left out: …`
fn left_out(n: usize) -> Option<String> {
    let are = if n == 1 { "sample is" } else { "samples are" };
    let why = "too little of the input frames was measured for one of the forecasts";
    (n > 0).then(|| format!("{} {are} left out: {why}", format::count(n)))
}

/// `23 blocks of two hours`
pub fn parts(found: &Found) -> String {
    let parts = &found.report.parts;
    let is_block = parts.iter().any(|part| part.name.contains(" + "));
    let what = if is_block { "block of two hours" } else { "event" };
    match parts.len() {
        1 => format!("one {what}, too few for intervals"),
        n => format!("{n} {}", what.replace("block", "blocks").replace("event", "events")),
    }
}

fn weights(state: &AppState, task: &Nowcasts, plan: &Plan, found: &Found) -> Vec<Weights> {
    let of = |trained: &crate::tasks::nowcast::study::Trained| {
        let has_changed = !is_same(&trained.name, &trained.weights_sha256, &state.catalog);
        let card = trained.name.split_once('/').and_then(|(model, checkpoint)| {
            state.catalog.checkpoints(model).find(|card| card.name == checkpoint)
        });
        let membership = card.map(|card| Membership::new(&task.samples, card));
        let part = |id: &String| {
            let sample = task.samples.find(&format!("{}-{id}", plan.dataset)).ok()?;
            Some(membership.as_ref()?.part(&sample))
        };
        let parts: Vec<Option<Part>> = found.cases.iter().map(|case| part(&case.id)).collect();
        let n_seen = parts.iter().flatten().filter(|part| part.is_seen()).count();
        let is_known = parts.iter().all(|part| part.is_some_and(|part| part != Part::Unknown));
        Weights {
            title: forecast_title(&trained.name),
            training_data: trained.training_data.clone(),
            is_seen: n_seen > 0,
            seen: match (n_seen, is_known) {
                (0, true) => "trained on none of these samples".to_owned(),
                (0, false) => "it is not known whether these samples were trained on".to_owned(),
                (n, _) => format!("{n} of {} samples were trained on or chosen by", parts.len()),
            },
            has_changed,
        }
    };
    found.networks.iter().map(of).collect()
}

/// What makes the same numbers on the command line.
fn command(plan: &Plan) -> String {
    let option = |(name, value): (&str, String)| match name {
        "dataset" => format!("--dataset data/{value}"),
        name => format!("--{name} {value}"),
    };
    let options: Vec<String> = plan.pairs().into_iter().map(option).collect();
    format!("stormlens compare {} --output table.csv", options.join(" "))
}

/// A comparison that is being made, or has failed.
#[derive(Template)]
#[template(path = "tasks/nowcast/verification_waiting.html")]
pub struct Waiting {
    layout: Layout,
    title: String,
    forecasts: String,
    standing: Standing,
    plan: Vec<(&'static str, String)>,
    viewer: String,
    /// The address of this page for the same viewer.
    again: String,
    start: &'static str,
    stop: &'static str,
    /// Whether something was counted that can be discarded.
    is_begun: bool,
}

impl Waiting {
    pub fn new(
        state: &AppState,
        task: &Nowcasts,
        plan: &Plan,
        standing: Standing,
        viewer: String,
    ) -> Self {
        Self {
            layout: Layout::new(state, Some(VERIFICATION)),
            title: title(plan, None),
            forecasts: forecasts(plan),
            standing: standing.shown(|words| state.private.hide(words)),
            plan: plan.pairs(),
            again: format!("{}&{VIEWER}={viewer}", address(plan)),
            viewer,
            start: START,
            stop: STOP,
            is_begun: task.kept.is_begun(plan),
        }
    }
}

/// A comparison that nobody has made.
#[derive(Template)]
#[template(path = "tasks/nowcast/verification_unmade.html")]
pub struct Unmade {
    layout: Layout,
    title: String,
    forecasts: String,
    plan: Vec<(&'static str, String)>,
    start: &'static str,
    /// Whether it was begun before, so that it goes on.
    is_begun: bool,
}

impl Unmade {
    pub fn new(state: &AppState, task: &Nowcasts, plan: &Plan) -> Self {
        Self {
            layout: Layout::new(state, Some(VERIFICATION)),
            title: title(plan, None),
            forecasts: forecasts(plan),
            plan: plan.pairs(),
            start: START,
            is_begun: task.kept.is_begun(plan),
        }
    }
}

fn forecasts(plan: &Plan) -> String {
    plan.forecasts.iter().map(|name| forecast_title(name)).collect::<Vec<_>>().join(", ")
}
