//! Diagrams of probabilities as files: what they were made from, and their numbers.

use serde::Serialize;
use stormlens_data::score::downscaling::QuantileCurves;
use stormlens_data::score::probability::ProbabilityVerification;
use stormlens_plot::{Diagram, Style};

use super::csv::{cell, number, record};
use super::recipe::Stamp;

/// What a diagram was made from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiagramRecipe {
    /// Its name in addresses, e.g. `reliability`.
    pub diagram: String,
    /// What it shows, in words.
    pub description: String,
    pub model: String,
    pub checkpoint: String,
    pub weights_sha256: String,
    /// Of the `evaluation.json`.
    pub evaluation_sha256: String,
    pub event: String,
    pub forecasts: Vec<String>,
    pub cost_loss: Option<f64>,
    pub style: Style,
    pub program: String,
}

impl Stamp for DiagramRecipe {
    fn name(&self) -> &str {
        &self.diagram
    }

    fn description(&self) -> &str {
        &self.description
    }

    fn program(&self) -> &str {
        &self.program
    }

    fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a recipe holds text and finite numbers only")
    }
}

/// The numbers of a diagram, a line a point and forecast. A missing one is empty.
pub fn diagram_csv(diagram: Diagram, forecasts: &[&ProbabilityVerification]) -> String {
    let head = columns(diagram).iter().map(|name| cell(name));
    let mut text = record(std::iter::once(cell("forecast")).chain(head));
    for forecast in forecasts {
        for line in lines(diagram, forecast) {
            let numbers = line.numbers.into_iter().map(|v| v.map_or(String::new(), number));
            let part = line.part.map(cell);
            text += &record([cell(&forecast.forecast)].into_iter().chain(part).chain(numbers));
        }
    }
    text
}

/// The numbers of a Q–Q diagram, a line a share and forecast.
pub fn quantiles_csv(found: &QuantileCurves) -> String {
    let unit = &found.unit;
    let head = ["forecast".to_owned(), "share_below".to_owned()];
    let amounts = ["observed", "forecast"].map(|what| format!("{what}_{unit}"));
    let mut text = record(head.iter().chain(&amounts).map(|name| cell(name)));
    for curve in &found.curves {
        for point in &curve.points {
            text += &record([cell(&curve.forecast)].into_iter().chain(point.map(number)));
        }
    }
    text
}

fn columns(diagram: Diagram) -> &'static [&'static str] {
    match diagram {
        Diagram::Reliability => {
            &["part", "from", "to", "observed_frequency", "band_low", "band_high", "cases"]
        }
        Diagram::Roc | Diagram::Performance => &[
            "probability_from_which_forecast",
            "hit_rate",
            "false_alarm_rate",
            "success_ratio",
            "frequency_bias",
        ],
        Diagram::Value => &["cost_loss", "value_as_said", "value_at_best"],
        Diagram::Murphy => &["threshold", "mean_elementary_score"],
    }
}

struct Line {
    part: Option<&'static str>,
    numbers: Vec<Option<f64>>,
}

fn lines(diagram: Diagram, of: &ProbabilityVerification) -> Vec<Line> {
    let line = |numbers: Vec<Option<f64>>| Line { part: None, numbers };
    match diagram {
        Diagram::Reliability => reliability(of),
        Diagram::Roc | Diagram::Performance => {
            let rate = of.base_rate;
            let points = of.operating_points.iter().map(|point| {
                line(vec![
                    point.threshold,
                    Some(point.hit_rate),
                    Some(point.false_alarm_rate),
                    point.precision(rate),
                    point.frequency_bias(rate),
                ])
            });
            points.collect()
        }
        Diagram::Value => {
            let all =
                of.value.iter().map(|v| [v.cost_loss, v.as_said, v.envelope].map(Some).to_vec());
            all.map(line).collect()
        }
        Diagram::Murphy => {
            of.murphy.iter().map(|&(theta, score)| line(vec![Some(theta), Some(score)])).collect()
        }
    }
}

fn reliability(of: &ProbabilityVerification) -> Vec<Line> {
    let found = &of.reliability;
    let line =
        |part, numbers: [Option<f64>; 6]| Line { part: Some(part), numbers: numbers.to_vec() };
    let curve = found.steps.iter().map(|s| {
        line("curve", [Some(s.from), Some(s.to), Some(s.frequency), None, None, Some(s.weight)])
    });
    let band = found.band.iter().flat_map(|band| {
        let ends = band.low.iter().zip(&band.high);
        band.probability.iter().zip(ends).map(|(&p, (&low, &high))| {
            line("band", [Some(p), Some(p), None, Some(low), Some(high), None])
        })
    });
    let width = 1.0 / found.histogram.len().max(1) as f64;
    let bins = found.histogram.iter().enumerate().map(|(i, bin)| {
        let n = bin.occurred + bin.quiet;
        let frequency = (n > 0.0).then(|| bin.occurred / n);
        let [from, to] = [i, i + 1].map(|i| Some(i as f64 * width));
        line("histogram", [from, to, frequency, None, None, Some(n)])
    });
    curve.chain(band).chain(bins).collect()
}
