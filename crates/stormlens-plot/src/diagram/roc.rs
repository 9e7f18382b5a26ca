//! The receiver operating characteristic.

use stormlens_data::score::probability::{OperatingPoint, ProbabilityVerification};

use super::axes::{Axes, Axis};
use super::legend::Entry;
use super::series::{Stroke, dot};
use super::{Plan, Verified, decimals};
use crate::canvas::Pen;
use crate::words::number;
use crate::{PlotError, Theme};

pub fn plan(verified: &Verified<'_>) -> Plan {
    let entry = |forecast: &&ProbabilityVerification| {
        let area = interval(forecast, "roc_area", 3).map(|area| format!("area\u{a0}{area}"));
        Entry::new(
            &forecast.forecast,
            [area.unwrap_or_else(|| "no area: the event never or always occurs".into())],
        )
    };
    let decision = verified.forecasts[0].settings.decision;
    Plan {
        axes: Axes::new(
            Axis::unit("false alarm rate, F / (F + C)"),
            Axis::unit("probability of detection, H / (H + M)"),
            1.0,
        ),
        legend: verified.forecasts.iter().map(entry).collect(),
        notes: vec![format!(
            "Dots: the event is forecast from a probability of {} on. Diagonal: no skill.",
            number(decision)
        )],
        has_histogram: false,
    }
}

/// `0.912 (0.890–0.930)`: a score with the middle 95 % of resampling.
pub fn interval(forecast: &ProbabilityVerification, score: &str, digits: usize) -> Option<String> {
    let found = forecast.scores.get(score)?;
    let ends = found.low.zip(found.high);
    let words = |value| decimals(value, digits);
    let ends = ends.map(|(low, high)| format!(" ({}–{})", words(low), words(high)));
    Some(format!("{}{}", words(found.value?), ends.unwrap_or_default()))
}

pub fn draw(
    pen: &Pen,
    axes: &Axes,
    verified: &Verified<'_>,
    theme: Theme,
) -> Result<(), PlotError> {
    pen.line(&[axes.at(0.0, 0.0), axes.at(1.0, 1.0)], 0.2, pen.inks.muted, 1.0)?;
    for (place, forecast) in verified.forecasts.iter().enumerate().rev() {
        let stroke = Stroke::of(place, theme);
        let at = |point: &OperatingPoint| axes.at(point.false_alarm_rate, point.hit_rate);
        stroke.draw(pen, &forecast.operating_points.iter().map(at).collect::<Vec<_>>())?;
        if let Some(point) = decided(forecast) {
            dot(pen, at(&point), stroke)?;
        }
    }
    Ok(())
}

/// Rates at the probability of the decision, from its table, which is of all cases.
pub fn decided(forecast: &ProbabilityVerification) -> Option<OperatingPoint> {
    let table = &forecast.contingency;
    let quiet = table.false_alarms + table.correct_negatives;
    Some(OperatingPoint {
        threshold: Some(forecast.settings.decision),
        hit_rate: table.pod()?,
        false_alarm_rate: (quiet > 0.0).then(|| table.false_alarms / quiet)?,
    })
}
