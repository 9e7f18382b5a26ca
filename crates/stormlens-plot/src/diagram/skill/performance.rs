//! The performance diagram of forecasts of values: a mark for each forecast and threshold.

use super::{ShownForecast, Skill};
use crate::canvas::Pen;
use crate::diagram::axes::Axes;
use crate::diagram::performance::{axes, background, lines};
use crate::diagram::series::{Stroke, disc};
use crate::diagram::{Plan, decimals};
use crate::words::number;
use crate::{PlotError, Theme};

/// Radii of the marks at the chosen threshold and at the others.
const RADII_MM: [f64; 2] = [1.1, 0.6];

/// Success ratio and probability of detection at a threshold.
struct Mark {
    threshold: f64,
    success: f64,
    detection: f64,
}

/// Thresholds of the report from the lowest to the highest.
fn thresholds(skill: &Skill<'_>) -> Vec<f64> {
    let mut thresholds = skill.report.settings.thresholds.clone();
    thresholds.sort_by(f64::total_cmp);
    thresholds
}

fn score(skill: &Skill<'_>, forecast: &str, name: &str, threshold: f64) -> Option<f64> {
    skill.cells_at(forecast, name, skill.lead(), threshold).next()?.value
}

/// The marks of a forecast, by threshold; `None` where one of both ratios is not defined.
fn marks(skill: &Skill<'_>, forecast: &str) -> Vec<Option<Mark>> {
    let mark = |threshold: f64| {
        let [success, detection] =
            ["precision", "recall"].map(|name| score(skill, forecast, name, threshold));
        Some(Mark { threshold, success: success?, detection: detection? })
    };
    thresholds(skill).into_iter().map(mark).collect()
}

pub fn is_empty(skill: &Skill<'_>) -> bool {
    let has_none = |shown: &ShownForecast| marks(skill, &shown.name).iter().all(Option::is_none);
    skill.forecasts.iter().all(has_none)
}

pub fn plan(skill: &Skill<'_>) -> Plan {
    let numbers = |forecast: &str| {
        let of = |(name, label): (&str, &str)| {
            let value = score(skill, forecast, name, skill.threshold)?;
            Some(format!("{label}\u{a0}{}", decimals(value, 3)))
        };
        [("csi", "CSI"), ("frequency_bias", "bias")].into_iter().filter_map(of).collect()
    };
    Plan {
        axes: axes(),
        legend: skill.legend(numbers),
        notes: vec![format!("{} {}", what_marks_are(skill), lines())],
        has_histogram: false,
    }
}

fn what_marks_are(skill: &Skill<'_>) -> String {
    let all = thresholds(skill);
    let large = format!("Large marks and numbers: more than {}.", skill.amount(skill.threshold));
    let others: Vec<String> =
        all.iter().filter(|&&of| of != skill.threshold).map(|&of| number(of)).collect();
    match (others.is_empty(), all.last()) {
        (false, Some(&highest)) => format!(
            "{large} Small: {}, joined from threshold to threshold; open: the highest, {}.",
            others.join(", "),
            skill.amount(highest),
        ),
        _ => large,
    }
}

/// `more than 1 mm/h: POD 0.7, FAR 0.3, CSI 0.5, bias 1.1; more than 2 mm/h: …`
pub fn finding(skill: &Skill<'_>, forecast: &str) -> String {
    const SAID: [(&str, &str); 4] =
        [("recall", "POD"), ("far", "FAR"), ("csi", "CSI"), ("frequency_bias", "bias")];
    let at = |threshold: f64| {
        let of = |(name, label): (&str, &str)| {
            Some(format!("{label} {}", number(score(skill, forecast, name, threshold)?)))
        };
        let said: Vec<String> = SAID.into_iter().filter_map(of).collect();
        let said = (!said.is_empty()).then(|| said.join(", "))?;
        Some(format!("more than {}: {said}", skill.amount(threshold)))
    };
    thresholds(skill).into_iter().filter_map(at).collect::<Vec<_>>().join("; ")
}

pub fn draw(pen: &Pen, axes: &Axes, skill: &Skill<'_>, theme: Theme) -> Result<(), PlotError> {
    background(pen, axes)?;
    let highest = thresholds(skill).last().copied();
    for (place, shown) in skill.forecasts.iter().enumerate().rev() {
        let stroke = Stroke::of(place, theme);
        let marks = marks(skill, &shown.name);
        let at = |mark: &Mark| axes.at(mark.success, mark.detection);
        for run in marks.split(Option::is_none) {
            stroke.thin().draw(pen, &run.iter().flatten().map(at).collect::<Vec<_>>())?;
        }
        for mark in marks.iter().flatten() {
            let radius = RADII_MM[usize::from(mark.threshold != skill.threshold)];
            disc(pen, at(mark), radius, stroke.colour)?;
            if Some(mark.threshold) == highest && marks.len() > 1 {
                disc(pen, at(mark), radius - 0.3, pen.inks.paper)?;
            }
        }
    }
    Ok(())
}
