//! The best and the worst samples of a comparison.

use stormlens_data::score::Score;

use super::view::View;
use crate::parameters::{encode, to_query};
use crate::tasks::nowcast::compare;
use crate::tasks::nowcast::page::sample_page;
use crate::tasks::nowcast::scores::{forecast_title, on_page};
use crate::tasks::nowcast::study::{CASE_SCORES, Case, Found, Plan, case_score};
use crate::web::format;
use crate::web::result;

/// Of each end.
const N_CASES: usize = 6;

/// The samples at both ends of one score of one forecast.
pub struct Cases {
    /// Name of the forecast that they are sorted by, for people.
    pub forecast: String,
    /// The score that they are sorted by: that of the view, or the mean squared error, for samples have few scores.
    pub score: String,
    pub forecasts: Vec<String>,
    /// `Worst` and `Best` with their samples.
    pub ends: [(&'static str, Vec<Row>); 2],
}

pub struct Row {
    pub name: String,
    /// The sample, its forecast by the network that the list is of, and all forecasts of it beside each other.
    pub sample: String,
    pub result: Option<String>,
    pub compare: String,
    pub part: String,
    pub wet: String,
    /// The score of each forecast.
    pub values: Vec<String>,
}

impl Cases {
    /// `None` where no sample has the score.
    pub fn of(found: &Found, plan: &Plan, view: &View) -> Option<Self> {
        let is_known = CASE_SCORES.contains(&view.score.name);
        let score = if is_known { view.score } else { Score::find(CASE_SCORES[0])? };
        let name = case_score(score, view.threshold);
        let value =
            |case: &Case, forecast: usize| case.forecasts.get(forecast)?.get(&name).copied()?;
        let mut sorted: Vec<(f64, &Case)> = found
            .cases
            .iter()
            .filter_map(|case| Some((score.distance(value(case, view.forecast)?), case)))
            .collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.id.cmp(&b.1.id)));
        let forecasts = &found.report.settings.forecasts;
        let row = |(_, case): &(f64, &Case)| {
            let text = |forecast: usize| {
                let value = value(case, forecast);
                value.map_or_else(|| "–".to_owned(), |value| on_page(score).text(value))
            };
            Row::of(case, plan, forecasts.get(view.forecast)?, view)
                .map(|row| Row { values: (0..forecasts.len()).map(text).collect(), ..row })
        };
        let best = sorted.iter().take(N_CASES).filter_map(row).collect();
        let worst = sorted.iter().skip(N_CASES).rev().take(N_CASES).filter_map(row).collect();
        let at = match score.depends_on_threshold() {
            true => format!(" at {} mm/h", view.threshold),
            false => String::new(),
        };
        (!sorted.is_empty()).then(|| Self {
            forecast: forecast_title(&forecasts[view.forecast]),
            score: format!("{}{at}", on_page(score).label()),
            forecasts: forecasts.iter().map(|name| forecast_title(name)).collect(),
            ends: [("Worst", worst), ("Best", best)],
        })
    }
}

impl Row {
    fn of(case: &Case, plan: &Plan, forecast: &str, view: &View) -> Option<Self> {
        let sample = format!("{}-{}", plan.dataset, case.id);
        let networks: Vec<&str> = plan.networks().take(compare::MAX_NETWORKS).collect();
        let lead = view.lead_time_min.map(|lead| format!("&lead-time={lead}")).unwrap_or_default();
        let tail = format!("{lead}&threshold={}", view.threshold);
        let result = forecast.split_once('/').map(|(model, checkpoint)| {
            let pairs = [("model", model), ("checkpoint", checkpoint), ("sample", &sample)];
            let pairs: Vec<_> = pairs.map(|(name, value)| (name, value.to_owned())).into();
            format!("{}?{}{tail}", result::PATH, to_query(&pairs))
        });
        let chosen = match networks.is_empty() {
            true => String::new(),
            false => format!("&networks={}", encode(&networks.join(","))),
        };
        Some(Self {
            name: case.id.clone(),
            compare: format!("{}{chosen}{tail}", compare::page_of(&sample)),
            sample: sample_page(&sample),
            result,
            part: case.part.clone(),
            wet: case.wet_share.map(format::percent).unwrap_or_default(),
            values: Vec::new(),
        })
    }
}
