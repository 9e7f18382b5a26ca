//! Radial power spectra of forecasts and of what was observed.

use stormlens_data::score::events::SpectrumCurve;

use super::{ShownForecast, Skill};
use crate::canvas::Pen;
use crate::diagram::Plan;
use crate::diagram::axes::{Axes, Axis};
use crate::diagram::series::Stroke;
use crate::words::{count, number};
use crate::{PlotError, Theme};

/// Wavelengths whose power is said in words, where a curve has one that is near.
const SAID_KM: [f64; 4] = [64.0, 16.0, 8.0, 4.0];
/// How near, as a ratio.
const NEAR: f64 = 1.15;

/// `None` without a map in which every pixel is known.
fn curve<'a>(skill: &Skill<'a>, forecast: &str) -> Option<&'a SpectrumCurve> {
    let lead = skill.lead();
    let is_it = |curve: &&SpectrumCurve| curve.forecast == forecast && curve.lead_time_min == lead;
    skill.report.spectra.iter().find(is_it)
}

fn curves<'a>(skill: &Skill<'a>) -> Vec<Option<&'a SpectrumCurve>> {
    skill.forecasts.iter().map(|ShownForecast { name, .. }| curve(skill, name)).collect()
}

/// Wavelength and power of the forecast (1) or the observation (2), in pieces where power is not zero, which has no
/// logarithm.
fn pieces(curve: &SpectrumCurve, column: usize) -> Vec<Vec<(f64, f64)>> {
    let has_power = |point: &[f64; 3]| point[column] > 0.0 && point[column].is_finite();
    let pieces = curve.points.split(|point| !has_power(point));
    let piece = |piece: &[[f64; 3]]| piece.iter().map(|p| (p[0], p[column])).collect();
    pieces.map(piece).collect()
}

fn all_points(skill: &Skill<'_>) -> Vec<(f64, f64)> {
    let of = |curve: &SpectrumCurve| [pieces(curve, 1), pieces(curve, 2)].concat().concat();
    curves(skill).into_iter().flatten().flat_map(of).collect()
}

pub fn is_empty(skill: &Skill<'_>) -> bool {
    all_points(skill).is_empty()
}

pub fn plan(skill: &Skill<'_>) -> Plan {
    let numbers = |forecast: &str| {
        let said = |(km, ratio): (f64, f64)| format!("{} at {}\u{a0}km", number(ratio), number(km));
        ratios(skill, forecast).into_iter().map(said).collect()
    };
    let left_out = curves(skill).into_iter().flatten().map(|curve| curve.n_left_out).max();
    let left_out = left_out
        .filter(|&n| n > 0)
        .map(|n| format!(" {} maps with a missing pixel are left out.", count(n as usize)));
    let note = "Thick: observation. Numbers: power of the forecast over that of the observation.";
    Plan {
        axes: axes(skill),
        legend: skill.legend(numbers),
        notes: vec![format!("{note}{}", left_out.unwrap_or_default())],
        has_histogram: false,
    }
}

/// Long waves on the left.
fn axes(skill: &Skill<'_>) -> Axes {
    let range = |all: &mut dyn Iterator<Item = f64>| {
        all.fold((f64::INFINITY, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)))
    };
    let points = all_points(skill);
    let (short, long) = range(&mut points.iter().map(|point| point.0));
    let (weak, strong) = range(&mut points.iter().map(|point| point.1));
    let unit = match skill.unit() {
        "" => String::new(),
        unit => format!("({unit})²"),
    };
    Axes::new(
        Axis::logarithmic(long * 1.05, short / 1.05, "wavelength, km"),
        Axis::logarithmic(weak / 1.5, strong * 1.5, "power").in_unit(unit),
        0.9,
    )
}

/// Wavelengths, and power of the forecast over that of the observation there; of the shortest wave where no other is said.
fn ratios(skill: &Skill<'_>, forecast: &str) -> Vec<(f64, f64)> {
    let Some(curve) = curve(skill, forecast) else { return Vec::new() };
    let observed = || curve.points.iter().filter(|point| point[2] > 0.0);
    let off = |km: f64, said: f64| (km / said).ln().abs();
    let near = |said: f64| {
        let nearest = observed().min_by(|a, b| off(a[0], said).total_cmp(&off(b[0], said)));
        nearest.filter(|point| off(point[0], said) < NEAR.ln())
    };
    let ratio = |point: &[f64; 3]| (point[0], point[1] / point[2]);
    let said: Vec<_> = SAID_KM.into_iter().filter_map(near).map(ratio).collect();
    if said.is_empty() { observed().next_back().map(ratio).into_iter().collect() } else { said }
}

/// `its power over that of the observation is 0.9 at 64 km, 0.3 at 4 km`
pub fn finding(skill: &Skill<'_>, forecast: &str) -> String {
    let said = |(km, ratio): (f64, f64)| format!("{} at {} km", number(ratio), number(km));
    let said: Vec<String> = ratios(skill, forecast).into_iter().map(said).collect();
    if said.is_empty() {
        return String::new();
    }
    format!("its power over that of the observation is {}", said.join(", "))
}

pub fn draw(pen: &Pen, axes: &Axes, skill: &Skill<'_>, theme: Theme) -> Result<(), PlotError> {
    let curves = curves(skill);
    // All forecasts are compared on the same maps, so that all have one observation.
    let on_sheet = |curve: &SpectrumCurve, column| {
        pieces(curve, column).iter().flat_map(|piece| axes.curve(piece)).collect::<Vec<_>>()
    };
    let observed = curves.iter().flatten().map(|curve| on_sheet(curve, 2)).next();
    for piece in observed.into_iter().flatten() {
        pen.line(&piece, 1.1, pen.inks.text, 0.35)?;
    }
    for (place, curve) in curves.iter().enumerate().rev() {
        let pieces = curve.map_or(Vec::new(), |curve| on_sheet(curve, 1));
        pieces.iter().try_for_each(|piece| Stroke::of(place, theme).draw(pen, piece))?;
    }
    Ok(())
}
