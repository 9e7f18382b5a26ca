//! Published packages on the same maps: `tools/verification/README.md` says which.

use std::path::Path;

use serde::Deserialize;

use super::*;
use crate::files::npy::npz_array;
use crate::score::downscaling::{Fractions, Missing};
use crate::score::{MODEL, SCORES};

/// Relative; other programs add in another order.
const ROUNDING: f64 = 1e-6;
/// Absolute, where zero is expected.
const ZERO: f64 = 1e-12;

#[derive(Deserialize)]
struct Reference {
    thresholds_mm_h: Vec<f64>,
    scales_px: Vec<usize>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    /// By threshold: hits, misses, false alarms, correct negatives.
    counts: Vec<[u64; 4]>,
    events: BTreeMap<String, Numbers>,
    errors: BTreeMap<String, Numbers>,
    fractions_dry: Numbers,
    fractions_left_out: Numbers,
    /// Of maps with a dry row and column more.
    fractions_one_more: Option<Numbers>,
    structure: Option<[f64; 3]>,
    /// Of forecast and observation, from one wave in a side on.
    spectra: Option<[Vec<f64>; 2]>,
}

#[derive(Deserialize)]
struct Numbers {
    /// By threshold, then scale.
    values: Vec<Option<f64>>,
}

fn kept(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verification");
    std::fs::read(folder.join(name)).unwrap()
}

fn reference() -> Reference {
    serde_json::from_slice(&kept("reference.json")).expect("the reference is of this form")
}

/// Forecast and observation in mm/h.
fn maps(name: &str) -> [Field; 2] {
    let (shape, values) =
        npz_array("fields.npz", &kept("fields.npz"), &name.replace(' ', "_"), 1 << 20).unwrap();
    let [2, height, width] = shape[..] else { panic!("two maps, not {shape:?}") };
    let half = |values: &[f32]| Field::new(height, width, values.to_vec());
    let (forecast, observation) = values.split_at(height * width);
    [half(forecast), half(observation)]
}

impl Reference {
    /// The maps of a case; those of all cases of 64 × 64 pixels for `together`.
    fn pairs(&self, case: &Case) -> Vec<[Field; 2]> {
        if case.name != "together" {
            return vec![maps(&case.name)];
        }
        let single = self.cases.iter().filter(|case| case.name != "together");
        let is_square = |pair: &[Field; 2]| (pair[0].height, pair[0].width) == (64, 64);
        single.map(|case| maps(&case.name)).filter(is_square).collect()
    }

    fn verified(&self, case: &Case) -> EventReport {
        self.verified_of(&self.pairs(case))
    }

    fn verified_of(&self, pairs: &[[Field; 2]]) -> EventReport {
        let mut verification = EventVerification::new(Settings {
            field: NowcastField::Precipitation,
            forecasts: vec![MODEL.to_owned()],
            lead_times_min: vec![5],
            thresholds: self.thresholds_mm_h.clone(),
            scales_px: self.scales_px.clone(),
            size: [pairs[0][0].height, pairs[0][0].width],
            spacing_km: 1.0,
        });
        for (i, [forecast, observation]) in pairs.iter().enumerate() {
            let forecasts = std::slice::from_ref(forecast);
            verification.add(&i.to_string(), "all", &[Some(Pair { forecasts, observation })]);
        }
        verification.report()
    }

    fn fractions(&self, maps: &[[Field; 2]], missing: Missing) -> Vec<Option<f64>> {
        let mut sums = Fractions::new(&self.thresholds_mm_h, &self.scales_px, missing);
        for [forecast, observation] in maps {
            sums.add(forecast.width, &forecast.values, &observation.values);
        }
        let scales = 0..self.scales_px.len();
        let places =
            (0..self.thresholds_mm_h.len()).flat_map(|t| scales.clone().map(move |s| (t, s)));
        places.map(|(threshold, scale)| sums.score(threshold, scale)).collect()
    }
}

/// Values of a score in the order of thresholds and scales.
fn values(report: &EventReport, score: &str) -> Vec<Option<f64>> {
    let cells = report.cells.iter().filter(|cell| cell.score == score);
    cells.map(|cell| cell.value).collect()
}

fn same(what: &str, found: &[Option<f64>], expected: &[Option<f64>]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, pair) in found.iter().zip(expected).enumerate() {
        let is_near = match pair {
            (None, None) => true,
            (Some(found), Some(expected)) => {
                (found - expected).abs() <= (ROUNDING * expected.abs()).max(ZERO)
            }
            _ => false,
        };
        assert!(is_near, "{what}, {i}: {:?} here, {:?} there", pair.0, pair.1);
    }
}

#[test]
fn scores_of_events_and_errors_are_those_of_others() {
    let (reference, mut n) = (reference(), 0);
    for case in &reference.cases {
        let report = reference.verified(case);
        for (score, expected) in case.events.iter().chain(&case.errors) {
            assert!(SCORES.iter().any(|known| known.name == score), "{score}");
            same(&format!("{} of {}", score, case.name), &values(&report, score), &expected.values);
            n += expected.values.len();
        }
    }
    assert_eq!(n, 8 * (9 * 6 + 4), "eight cases, nine scores at six thresholds, four errors");
}

#[test]
fn events_are_counted_as_by_others() {
    let reference = reference();
    for case in &reference.cases {
        for (threshold, expected) in reference.thresholds_mm_h.iter().zip(&case.counts) {
            let mut counts = crate::score::Counts::default();
            for [forecast, observation] in reference.pairs(case) {
                counts.add(*threshold, &forecast, &observation);
            }
            let found = [counts.hits, counts.misses, counts.false_alarms, counts.correct_negatives];
            assert_eq!(&found, expected, "{} above {threshold}", case.name);
        }
    }
}

/// A map with a dry row and column more.
fn one_more(map: &Field) -> Field {
    let (height, width) = (map.height, map.width);
    let mut values: Vec<f32> = Vec::new();
    for row in map.values.chunks_exact(width) {
        values.extend(row.iter().chain(&[0.0]));
    }
    values.extend(vec![0.0; width + 1]);
    Field::new(height + 1, width + 1, values)
}

/// By our own rule, by that of pysteps, and by that of `scores`, which counts neighbourhoods beyond two edges.
#[test]
fn fractions_are_those_of_others() {
    let reference = reference();
    for case in &reference.cases {
        let (name, pairs) = (&case.name, reference.pairs(case));
        same(name, &values(&reference.verified(case), "fss"), &case.fractions_left_out.values);
        same(name, &reference.fractions(&pairs, Missing::Dry), &case.fractions_dry.values);
        let Some(expected) = &case.fractions_one_more else { continue };
        let more: Vec<_> = pairs
            .into_iter()
            .map(|[forecast, observation]| [one_more(&forecast), one_more(&observation)])
            .collect();
        same(name, &reference.fractions(&more, Missing::Dry), &expected.values);
    }
}

#[test]
fn structure_amount_and_location_are_those_of_others() {
    let reference = reference();
    let mut n = 0;
    for case in &reference.cases {
        let report = reference.verified(case);
        for (place, name) in ["structure", "amount", "location"].into_iter().enumerate() {
            let expected = case.structure.map(|components| components[place]);
            same(&format!("{name} of {}", case.name), &values(&report, name), &[expected]);
            n += usize::from(expected.is_some());
        }
    }
    assert_eq!(n, 6 * 3, "six cases with rain on both sides, three components");
}

#[test]
fn spectra_are_those_of_others() {
    let (reference, mut n) = (reference(), 0);
    for case in &reference.cases {
        let mut pairs = reference.pairs(case);
        if case.name == "together" {
            // Packages take whole maps only.
            let is_known = |map: &Field| map.values.iter().all(|value| !value.is_nan());
            pairs.retain(|pair| pair.iter().all(is_known));
        }
        let report = reference.verified_of(&pairs);
        let points = &report.spectra[0].points;
        let Some(expected) = &case.spectra else {
            // No package takes missing pixels; here they are dry in both maps.
            assert!(!points.is_empty(), "{} has missing pixels", case.name);
            continue;
        };
        for (side, expected) in [1, 2].into_iter().zip(expected) {
            let found: Vec<_> = points.iter().map(|point| Some(point[side])).collect();
            let expected: Vec<_> = expected.iter().copied().map(Some).collect();
            same(&case.name, &found, &expected);
        }
        n += 1;
    }
    assert_eq!(n, 7, "all cases but that with missing pixels");
}
