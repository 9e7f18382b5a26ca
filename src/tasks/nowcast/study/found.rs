//! What a comparison found, as it is kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stormlens_data::archive::{Archive, Event};
use stormlens_data::field::Grid;
use stormlens_data::score::Score;
use stormlens_data::score::events::{CaseScores, EventReport, EventVerification};

use super::{Network, Plan};

/// What single samples are sorted by, the second at each threshold.
pub const CASE_SCORES: [&str; 2] = ["mse_mm2_per_5min2", "csi"];
/// Maps of errors are means over squares of so many pixels, so that they stay small.
pub const SQUARE_PX: usize = 4;

/// Everything that pages, tables and files say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// As an address asks for it.
    pub query: String,
    /// Of the data set.
    pub source: String,
    pub licence: String,
    pub notice: String,
    pub events: Vec<Event>,
    pub networks: Vec<Trained>,
    pub report: EventReport,
    pub cases: Vec<Case>,
    /// Of each forecast, all lead times together.
    pub maps: Vec<ErrorMap>,
    pub grid: Grid,
}

/// The weights of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trained {
    pub name: String,
    pub weights_sha256: String,
    pub training_data: String,
}

/// The scores of one sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Name in its archive.
    pub id: String,
    /// The event or block of time that it belongs to.
    pub part: String,
    pub wet_share: Option<f64>,
    /// By forecast: scores by name, those of events as `csi@2`. `None` where undefined.
    pub forecasts: Vec<BTreeMap<String, Option<f64>>>,
}

/// Errors by place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorMap {
    pub forecast: String,
    /// Rows and columns of squares of [`SQUARE_PX`] pixels.
    pub size: [usize; 2],
    /// Root mean squared error, mm/h; `None` where nothing is known.
    pub root_mean_squared_error: Vec<Option<f32>>,
    /// Mean of forecast minus observation, mm/h.
    pub bias: Vec<Option<f32>>,
}

impl Found {
    pub fn of(
        plan: &Plan,
        (archive, networks): (&Archive, Vec<Trained>),
        verification: &EventVerification,
    ) -> Self {
        let report = verification.report();
        let times: Vec<_> =
            verification.cases().iter().filter_map(|case| archive.place(&case.id).ok()).collect();
        let is_in = |event: &&Event| times.iter().any(|(_, time)| event.contains(*time));
        Self {
            query: plan.query(),
            source: archive.origin().to_owned(),
            licence: archive.licence().to_owned(),
            notice: archive.notice().to_owned(),
            events: archive.events().iter().filter(is_in).cloned().collect(),
            networks,
            cases: verification.cases().iter().map(|case| Case::of(case, &report)).collect(),
            maps: maps(verification),
            grid: archive.grid().clone(),
            report,
        }
    }

    /// The place of a forecast by its name.
    pub fn place(&self, forecast: &str) -> Option<usize> {
        self.report.settings.forecasts.iter().position(|name| name == forecast)
    }
}

impl Trained {
    pub fn of(network: &Network<'_>) -> Self {
        Self {
            name: network.name.clone(),
            weights_sha256: network.weights_sha256.clone(),
            training_data: network.training_data.clone(),
        }
    }
}

/// The name of a score of single samples.
pub fn case_score(score: &Score, threshold: f64) -> String {
    match score.depends_on_threshold() {
        true => format!("{}@{threshold}", score.name),
        false => score.name.to_owned(),
    }
}

impl Case {
    fn of(case: &CaseScores, report: &EventReport) -> Self {
        let thresholds = &report.settings.thresholds;
        let of_forecast = |forecast: usize| {
            let mut scores = BTreeMap::new();
            for score in CASE_SCORES.iter().filter_map(|name| Score::find(name)) {
                for (place, &threshold) in thresholds.iter().enumerate() {
                    let value = case.score(score, forecast, place).map(rounded);
                    scores.insert(case_score(score, threshold), value);
                }
            }
            scores
        };
        Self {
            id: case.id.clone(),
            part: case.part.clone(),
            wet_share: case.wet_share().map(rounded),
            forecasts: (0..report.settings.forecasts.len()).map(of_forecast).collect(),
        }
    }
}

fn maps(verification: &EventVerification) -> Vec<ErrorMap> {
    let settings = &verification.settings;
    let map = |(place, name): (usize, &String)| {
        let sums = verification.pixels(place).by_squares(settings.size, SQUARE_PX);
        let digits = |value: f32| (!value.is_nan()).then(|| (value * 1e4).round() / 1e4);
        let numbers = |values: Vec<f32>| values.into_iter().map(digits).collect();
        ErrorMap {
            forecast: name.clone(),
            size: settings.size.map(|n| n.div_ceil(SQUARE_PX)),
            root_mean_squared_error: numbers(sums.root_mean_squared_error()),
            bias: numbers(sums.bias()),
        }
    };
    settings.forecasts.iter().enumerate().map(map).collect()
}

/// Enough digits to sort by.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
