//! Relative economic value over the ratio of cost to loss.

use stormlens_data::score::probability::{ProbabilityVerification, ValuePoint};

use super::axes::{Axes, Axis};
use super::legend::Entry;
use super::series::Stroke;
use super::{Plan, Verified, decimals};
use crate::canvas::Pen;
use crate::words::number;
use crate::{PlotError, Theme};

/// Below this base rate most users are of small ratios, and the axis is logarithmic.
const RARE: f64 = 0.1;

pub fn plan(verified: &Verified<'_>) -> Plan {
    let entry = |forecast: &&ProbabilityVerification| {
        let marked = verified.cost_loss.and_then(|ratio| forecast.value_at(ratio));
        let words = marked.map(|v| {
            let as_said = format!("{} at C/L\u{a0}{}", decimals(v.as_said, 3), number(v.cost_loss));
            vec![as_said, format!("at best {}", decimals(v.envelope, 3))]
        });
        let none = || vec!["no value: the event never or always occurs".to_owned()];
        let all = words.or_else(|| forecast.value.is_empty().then(none)).unwrap_or_default();
        Entry::new(&forecast.forecast, all)
    };
    let marked = verified.cost_loss.map(|ratio| format!(" Upright line: C/L {}.", number(ratio)));
    let note = "Thick: acting from the probability C/L on. Thin: the best probability to act from, known only \
                afterwards.";
    Plan {
        axes: Axes::new(across(verified), up(verified), 0.7),
        legend: verified.forecasts.iter().map(entry).collect(),
        notes: vec![format!("{note}{}", marked.unwrap_or_default())],
        has_histogram: false,
    }
}

fn across(verified: &Verified<'_>) -> Axis {
    let label = "cost / loss";
    if verified.forecasts[0].base_rate >= RARE {
        return Axis::unit(label);
    }
    Axis::logarithmic(0.001, 1.0, label)
}

/// From 0, or from −0.4 where users lose by the forecast; what is worse is cut off.
fn up(verified: &Verified<'_>) -> Axis {
    let label = "relative economic value";
    let all = verified.forecasts.iter().flat_map(|forecast| &forecast.value);
    let lowest = all.map(|point| point.as_said).fold(0.0, f64::min);
    let unit = Axis::unit(label);
    if lowest >= -0.01 {
        return unit;
    }
    let ticks = (-2..=5).map(|i| f64::from(i) / 5.0).collect();
    Axis { low: -0.4, ticks, ..unit }
}

pub fn draw(
    pen: &Pen,
    axes: &Axes,
    verified: &Verified<'_>,
    theme: Theme,
) -> Result<(), PlotError> {
    let bottom = axes.up.low;
    if bottom < 0.0 {
        pen.line(
            &[axes.at(axes.across.low, 0.0), axes.at(axes.across.high, 0.0)],
            0.2,
            pen.inks.muted,
            1.0,
        )?;
    }
    if let Some(ratio) = verified.cost_loss.filter(|&ratio| ratio >= axes.across.low) {
        pen.line(&[axes.at(ratio, bottom), axes.at(ratio, 1.0)], 0.3, pen.inks.text, 0.8)?;
    }
    for (place, forecast) in verified.forecasts.iter().enumerate().rev() {
        let stroke = Stroke::of(place, theme);
        let of = |value: fn(&ValuePoint) -> f64| {
            let points: Vec<_> = forecast.value.iter().map(|v| (v.cost_loss, value(v))).collect();
            axes.curve(&points)
        };
        of(|v| v.envelope).iter().try_for_each(|part| stroke.thin().draw(pen, part))?;
        of(|v| v.as_said).iter().try_for_each(|part| stroke.draw(pen, part))?;
    }
    Ok(())
}
