//! The performance diagram (Roebber 2009, doi:10.1175/2008WAF2222159.1): detection over success, with lines of equal CSI
//! and equal frequency bias.

use stormlens_data::score::probability::{OperatingPoint, ProbabilityVerification};

use super::axes::{Axes, Axis};
use super::legend::Entry;
use super::roc::decided;
use super::series::{Stroke, dot};
use super::{Plan, Verified, decimals};
use crate::canvas::Pen;
use crate::words::number;
use crate::{PlotError, Theme};

const CSI: [f64; 4] = [0.2, 0.4, 0.6, 0.8];
const BIAS: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];

pub fn plan(verified: &Verified<'_>) -> Plan {
    let entry = |forecast: &&ProbabilityVerification| {
        let number = |score: &str| forecast.score(score).map(|value| decimals(value, 3));
        let csi = number("csi").map(|csi| format!("CSI\u{a0}{csi}"));
        let bias = number("frequency_bias").map(|bias| format!("bias\u{a0}{bias}"));
        Entry::new(&forecast.forecast, csi.into_iter().chain(bias))
    };
    let decision = verified.forecasts[0].settings.decision;
    Plan {
        axes: axes(),
        legend: verified.forecasts.iter().map(entry).collect(),
        notes: vec![format!(
            "Dots and numbers: the event is forecast from a probability of {} on. {}",
            number(decision),
            lines(),
        )],
        has_histogram: false,
    }
}

/// Success across, detection up.
pub fn axes() -> Axes {
    Axes::new(
        Axis::unit("success ratio, 1 − FAR = H / (H + F)"),
        Axis::unit("probability of detection, H / (H + M)"),
        1.0,
    )
}

/// What the lines of the background are.
pub fn lines() -> String {
    let [csi, bias] = [CSI.map(number).join(", "), BIAS.map(number).join(", ")];
    format!("Curved: CSI {csi}. Straight: frequency bias {bias}, from right to left.")
}

/// Lines of equal CSI and of equal frequency bias.
pub fn background(pen: &Pen, axes: &Axes) -> Result<(), PlotError> {
    for csi in CSI {
        // 1 / CSI = 1 / SR + 1 / POD − 1
        let pod = |success: f64| 1.0 / (1.0 / csi + 1.0 - 1.0 / success);
        let point = |i: u32| csi + (1.0 - csi) * f64::from(i) / 60.0;
        let points: Vec<_> = (0..=60).map(point).map(|s| axes.at(s, pod(s).min(1.0))).collect();
        pen.line(&points, 0.15, pen.inks.muted, 0.7)?;
        // Where it crosses the line of no bias.
        let place = axes.at(2.0 * csi / (1.0 + csi), 2.0 * csi / (1.0 + csi));
        axes.write(pen, place, &number(csi))?;
    }
    for bias in BIAS {
        let end = if bias > 1.0 { (1.0 / bias, 1.0) } else { (1.0, bias) };
        pen.line(&[axes.at(0.0, 0.0), axes.at(end.0, end.1)], 0.1, pen.inks.muted, 0.7)?;
    }
    Ok(())
}

pub fn draw(
    pen: &Pen,
    axes: &Axes,
    verified: &Verified<'_>,
    theme: Theme,
) -> Result<(), PlotError> {
    background(pen, axes)?;
    for (place, forecast) in verified.forecasts.iter().enumerate().rev() {
        let stroke = Stroke::of(place, theme);
        let at = |point: &OperatingPoint| {
            Some(axes.at(point.precision(forecast.base_rate)?, point.hit_rate))
        };
        let points: Vec<_> = forecast.operating_points.iter().filter_map(at).collect();
        stroke.draw(pen, &points)?;
        decided(forecast).as_ref().and_then(at).map_or(Ok(()), |place| dot(pen, place, stroke))?;
    }
    Ok(())
}
