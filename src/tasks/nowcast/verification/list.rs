//! `/verification`: comparisons that there are, and a form for another one.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use stormlens_data::archive::EventRole;
use stormlens_data::card::{CheckpointCard, NowcastField};

use super::kept::Listed;
use super::{START, address};
use crate::catalog::Catalog;
use crate::tasks::nowcast::compare::{NetworkChoice, choices};
use crate::tasks::nowcast::scores::forecast_title;
use crate::tasks::nowcast::study::references;
use crate::tasks::nowcast::{Nowcasts, VERIFICATION};
use crate::web::layout::Layout;
use crate::web::pages::render;
use crate::web::{AppError, AppState, format};

#[derive(Template)]
#[template(path = "tasks/nowcast/verifications.html")]
struct ListPage {
    layout: Layout,
    start: &'static str,
    comparisons: Vec<Line>,
    datasets: Vec<DataSet>,
    roles: [&'static str; 3],
    /// Name in addresses, title, and whether it is chosen until somebody chooses.
    forecasts: Vec<(String, String, bool)>,
}

struct Line {
    href: String,
    title: String,
    /// What was compared, and on how many samples.
    forecasts: String,
    samples: String,
}

struct DataSet {
    name: String,
    /// Where it is from.
    origin: String,
}

pub async fn show(
    task: Arc<Nowcasts>,
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let own = state.clone();
    let write = move || Ok(ListPage::new(&own, &task));
    let page = state.blocking(write).await?;
    render(&headers, &page)
}

impl ListPage {
    fn new(state: &AppState, task: &Nowcasts) -> Self {
        let dataset = |name: &str| {
            let archive = task.samples.archive_named(name)?;
            Some(DataSet { name: name.to_owned(), origin: archive.origin().to_owned() })
        };
        let networks = choices(&state.catalog, NowcastField::Precipitation).into_iter();
        let networks = networks.map(|NetworkChoice { name, title, .. }| (name, title, false));
        use crate::tasks::nowcast::study::Forecasts as _;
        let others = references().map(|reference| {
            // An ensemble takes much longer than the others.
            let (name, is_quick) = (reference.name().to_owned(), reference.name() != "steps-mean");
            (name.clone(), forecast_title(&name), is_quick)
        });
        let comparisons = task.kept.list(&state.catalog);
        Self {
            layout: Layout::new(state, Some(VERIFICATION)),
            start: START,
            comparisons: comparisons.iter().map(|listed| Line::of(listed)).collect(),
            datasets: task
                .samples
                .datasets(NowcastField::Precipitation)
                .filter_map(dataset)
                .collect(),
            roles: [EventRole::Test, EventRole::Validation, EventRole::Train].map(EventRole::name),
            forecasts: networks.chain(others).collect(),
        }
    }
}

/// Of each set of weights the comparisons in which these weights took part: address and title.
pub fn of(
    task: &Nowcasts,
    checkpoints: &[Arc<CheckpointCard>],
    catalog: &Catalog,
) -> Vec<Vec<(String, String)>> {
    let all = task.kept.list(catalog);
    let of_one = |card: &Arc<CheckpointCard>| {
        let name = format!("{}/{}", card.model, card.name);
        let own = all.iter().filter(|listed| listed.has(&name, &card.weights_sha256));
        own.map(|listed| (address(&listed.plan), listed.title.clone())).collect()
    };
    checkpoints.iter().map(of_one).collect()
}

impl Line {
    fn of(listed: &Listed) -> Self {
        let names = listed.forecasts.iter().map(|name| forecast_title(name));
        Self {
            href: address(&listed.plan),
            title: listed.title.clone(),
            forecasts: names.collect::<Vec<_>>().join(", "),
            samples: format!("{} in {}", format::plural(listed.n_samples, "sample"), listed.parts),
        }
    }
}
