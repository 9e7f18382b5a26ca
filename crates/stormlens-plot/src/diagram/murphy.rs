//! The Murphy diagram.

use stormlens_data::score::probability::ProbabilityVerification;

use super::axes::{Axes, Axis};
use super::legend::Entry;
use super::roc::interval;
use super::series::Stroke;
use super::{Plan, Verified};
use crate::canvas::Pen;
use crate::{PlotError, Theme};

pub fn plan(verified: &Verified<'_>) -> Plan {
    let entry = |forecast: &&ProbabilityVerification| {
        let brier = interval(forecast, "brier", 4).map(|brier| format!("Brier score\u{a0}{brier}"));
        Entry::new(&forecast.forecast, brier)
    };
    let all = verified.forecasts.iter().flat_map(|forecast| &forecast.murphy);
    let highest = all.map(|&(_, score)| score).fold(0.0, f64::max);
    let up = Axis::around(0.0, highest, "mean elementary score");
    Plan {
        axes: Axes::new(Axis::unit("decision threshold θ (probability)"), up, 0.7),
        legend: verified.forecasts.iter().map(entry).collect(),
        notes: vec!["The area below a curve is its Brier score. Lower is better for the users of a threshold.".into()],
        has_histogram: false,
    }
}

pub fn draw(
    pen: &Pen,
    axes: &Axes,
    verified: &Verified<'_>,
    theme: Theme,
) -> Result<(), PlotError> {
    for (place, forecast) in verified.forecasts.iter().enumerate().rev() {
        let curve = axes.curve(&forecast.murphy);
        curve.iter().try_for_each(|part| Stroke::of(place, theme).draw(pen, part))?;
    }
    Ok(())
}
