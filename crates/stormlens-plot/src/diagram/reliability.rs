//! The CORP reliability diagram: curve, consistency band, and below it how often which probability is said.

use stormlens_data::score::probability::{Band, ProbabilityVerification, Reliability};

use super::axes::{Axes, Axis, Frames};
use super::legend::Entry;
use super::series::{Stroke, colour, dot};
use super::{Plan, Verified, decimals, histogram};
use crate::canvas::Pen;
use crate::words::{count, percent};
use crate::{PlotError, Theme};

pub fn plan(verified: &Verified<'_>) -> Plan {
    let entry = |forecast: &&ProbabilityVerification| {
        let Reliability { mcb, dsc, unc, .. } = &forecast.reliability;
        let part = |name: &str, value: f64| format!("{name}\u{a0}{}", decimals(value, 4));
        let brier = forecast.score("brier").map(|brier| part("Brier score", brier));
        let parts = [part("MCB", *mcb), part("DSC", *dsc), part("UNC", *unc)];
        let within = forecast.share_within_band;
        let within = within.map(|share| format!("{} within the band", percent(share)));
        Entry::new(&forecast.forecast, brier.into_iter().chain(parts).chain(within))
    };
    Plan {
        axes: Axes::new(
            Axis::unit("forecast probability"),
            Axis::unit("observed frequency (CORP)"),
            1.0,
        ),
        legend: verified.forecasts.iter().map(entry).collect(),
        notes: notes(verified),
        has_histogram: true,
    }
}

/// Bands of more than two forecasts hide each other.
fn n_shaded(verified: &Verified<'_>) -> usize {
    if verified.forecasts.len() > 2 { 1 } else { 2 }
}

fn notes(verified: &Verified<'_>) -> Vec<String> {
    let parts =
        "Brier score = MCB − DSC + UNC: miscalibration, discrimination, uncertainty.".to_owned();
    let first = verified.forecasts[0];
    let whose = match n_shaded(verified) < verified.forecasts.len() {
        true => format!(", for {}", first.forecast),
        false => String::new(),
    };
    let band = first.reliability.band.as_ref().map(|band| {
        format!(
            "Shaded{}: {} of the curves of reliable forecasts at each probability ({} {} drawn {} times).",
            whose,
            percent(band.level),
            count(band.n_events),
            first.drawn,
            count(band.n_resamples),
        )
    });
    std::iter::once(parts).chain(band).collect()
}

pub fn draw(
    pen: &Pen,
    axes: &Axes,
    below: Option<&Frames>,
    verified: &Verified<'_>,
    theme: Theme,
) -> Result<(), PlotError> {
    for (place, forecast) in verified.forecasts.iter().enumerate().take(n_shaded(verified)) {
        if let Some(band) = &forecast.reliability.band {
            shade(pen, axes, band, place, theme)?;
        }
    }
    pen.line(&[axes.at(0.0, 0.0), axes.at(1.0, 1.0)], 0.2, pen.inks.muted, 1.0)?;
    for (place, forecast) in verified.forecasts.iter().enumerate().rev() {
        curve(pen, axes, &forecast.reliability, Stroke::of(place, theme))?;
    }
    below.map_or(Ok(()), |frames| histogram::draw(pen, axes, frames, verified, theme))
}

fn shade(pen: &Pen, axes: &Axes, band: &Band, place: usize, theme: Theme) -> Result<(), PlotError> {
    let at = |(&p, &y): (&f64, &f64)| axes.at(p, y);
    let low = band.probability.iter().zip(&band.low).map(at);
    let high = band.probability.iter().zip(&band.high).map(at);
    let around: Vec<(f64, f64)> = low.chain(high.rev()).collect();
    let opacity = if place == 0 { 0.2 } else { 0.13 };
    if around.len() > 4 { pen.polygon(&around, colour(place, theme), opacity) } else { Ok(()) }
}

/// Straight between blocks; forecasts that are always the same are one point.
fn curve(pen: &Pen, axes: &Axes, found: &Reliability, stroke: Stroke) -> Result<(), PlotError> {
    let ends =
        found.steps.iter().flat_map(|s| [axes.at(s.from, s.frequency), axes.at(s.to, s.frequency)]);
    let points: Vec<(f64, f64)> = ends.collect();
    stroke.draw(pen, &points)?;
    let [step] = found.steps.as_slice() else { return Ok(()) };
    let (x, y) = axes.at((step.from + step.to) / 2.0, step.frequency);
    dot(pen, (x, y), stroke)
}
