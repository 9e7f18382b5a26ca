//! Quantiles of all forecasts, as they are drawn.

use stormlens_data::score::downscaling::{QuantileCurve, QuantileCurves, RainHistogram};

use crate::tasks::downscaling::evaluate::counts::{Counted, Counts};
use crate::web::format;

/// Of all forecasts, against the nodes that were observed.
pub fn curves(counts: &Counts) -> QuantileCurves {
    let n_nodes = counts.forecasts.first().map_or(0, |first| first.verified.observation.n());
    let curve = |counted: &Counted| {
        let verified = &counted.verified;
        QuantileCurve {
            forecast: counted.label.to_owned(),
            points: RainHistogram::quantile_curve(&verified.observation, &verified.forecast),
        }
    };
    QuantileCurves {
        what: format!("rain in {} h", counts.refining.rain.hours),
        unit: "mm".to_owned(),
        details: format!(
            "{} nodes of {} tiles with rain",
            format::count(n_nodes as usize),
            format::count(counts.n_cases() as usize)
        ),
        curves: counts.forecasts.iter().map(curve).collect(),
    }
}
