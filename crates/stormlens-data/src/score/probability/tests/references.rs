//! Published packages on the same cases: `tools/probability/README.md` says which.

use serde::Deserialize;

use super::*;

/// Other programs add in another order; nothing here has more than a hundred terms of size one.
const ROUNDING: f64 = 1e-12;

#[derive(Deserialize)]
struct Reference {
    binary: Vec<Binary>,
    classes: Classes,
}

#[derive(Deserialize)]
struct Binary {
    name: String,
    probability: Vec<f64>,
    occurred: Vec<bool>,
    weight: Vec<f64>,
    isotonic: Isotonic,
    brier: f64,
    parts: Parts,
    roc_area: f64,
    average_precision: f64,
    roc: Roc,
    value: Value,
    murphy: Option<Murphy>,
    contingency: Vec<Table>,
}

#[derive(Deserialize)]
struct Isotonic {
    recalibrated: Vec<f64>,
    at: Vec<f64>,
    applied: Vec<f64>,
}

#[derive(Deserialize)]
struct Parts {
    miscalibration: f64,
    discrimination: f64,
    uncertainty: f64,
}

#[derive(Deserialize)]
struct Roc {
    threshold: Vec<f64>,
    pod: Vec<f64>,
    pofd: Vec<f64>,
}

#[derive(Deserialize)]
struct Value {
    cost_loss: Vec<f64>,
    as_said: Vec<f64>,
    envelope: Vec<f64>,
}

#[derive(Deserialize)]
struct Murphy {
    theta: Vec<f64>,
    score: Vec<f64>,
}

#[derive(Deserialize)]
struct Table {
    threshold: f64,
    scores: std::collections::BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Classes {
    probability: Vec<f64>,
    observed: Vec<usize>,
    rps: f64,
    rps_of_climatology: f64,
    confusion: Vec<Vec<u64>>,
}

fn reference() -> Reference {
    let text = include_str!("../../../../tests/probability/reference.json");
    serde_json::from_str(text).expect("the reference is of this form")
}

impl Binary {
    fn cases(&self) -> Cases {
        let outcomes: Vec<_> = self.occurred.iter().map(|&o| Some(o)).collect();
        let events: Vec<u64> = (0..outcomes.len() as u64).collect();
        let weights = Some(self.weight.as_slice());
        let all = Cases::together(&[&self.probability], &outcomes, &events, weights);
        all.expect("cases").remove(0)
    }
}

/// Pixels that were counted have the scores that packages find for single cases. `ties` has decimals enough for ties only.
#[test]
fn counted_cases_have_the_scores_of_single_ones() {
    let reference = reference();
    let case = reference.binary.iter().find(|case| case.name == "ties").expect("ties");
    let count = |event: u64, probability: f64| {
        let of = |occurred: bool| {
            let all = case.probability.iter().zip(&case.occurred);
            all.filter(|&(&p, &o)| p == probability && o == occurred).count() as u64
        };
        CaseCount { event, lead_h: None, probability, n_occurred: of(true), n_quiet: of(false) }
    };
    let mut distinct = case.probability.clone();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    assert!(distinct.len() < 12, "few decimals");
    let counts: Vec<_> = (0..).zip(distinct).map(|(event, p)| count(event, p)).collect();
    let cases = Cases::counted(&counts, 0).expect("cases");
    assert_eq!(cases.len(), case.probability.len());
    let found = ProbabilityVerification::of(&LABELS, &cases, &Settings::default()).expect("cases");
    same("Brier score", found.score("brier"), case.brier);
    same("MCB", found.score("miscalibration"), case.parts.miscalibration);
    same("DSC", found.score("discrimination"), case.parts.discrimination);
    same("ROC area", found.score("roc_area"), case.roc_area);
    same("average precision", found.score("average_precision"), case.average_precision);
    let table = case.contingency.iter().find(|table| table.threshold == 0.5).expect("a table");
    for (name, &expected) in &table.scores {
        same(name, found.score(name), expected);
    }
    for (&cost_loss, &expected) in case.value.cost_loss.iter().zip(&case.value.as_said) {
        let found = value_curve(&cases.ties()).expect("both outcomes");
        let at = found.iter().find(|v| (v.cost_loss - cost_loss).abs() < 1e-12);
        same("value", at.map(|v| v.as_said), expected);
    }
}

fn same(what: &str, found: Option<f64>, expected: f64) {
    let is_near = found.is_some_and(|found| (found - expected).abs() < ROUNDING);
    assert!(is_near, "{what}: {found:?} here, {expected} there");
}

#[test]
fn recalibration_is_that_of_scikit_learn() {
    for case in reference().binary {
        let map = Calibration::fit(&case.cases()).expect("cases");
        let pairs = case.probability.iter().zip(&case.isotonic.recalibrated);
        let beyond = case.isotonic.at.iter().zip(&case.isotonic.applied);
        for (&p, &expected) in pairs.chain(beyond) {
            same(&format!("{} at {p}", case.name), Some(map.apply(p)), expected);
        }
    }
}

#[test]
fn scores_are_those_of_others() {
    for case in reference().binary {
        let (cases, name) = (case.cases(), &case.name);
        let ties = cases.ties();
        same(name, brier(&ties), case.brier);
        same(name, roc_area(&ties), case.roc_area);
        same(name, average_precision(&ties), case.average_precision);
        let found = Reliability::of(&cases, &Settings { n_resamples: 0, ..Settings::default() });
        let Reliability { mcb, dsc, unc, .. } = found.expect("cases");
        same(name, Some(mcb), case.parts.miscalibration);
        same(name, Some(dsc), case.parts.discrimination);
        same(name, Some(unc), case.parts.uncertainty);
    }
}

#[test]
fn curves_go_through_the_points_of_others() {
    for case in reference().binary {
        let ties = case.cases().ties();
        let points = operating_points(&ties).expect("both outcomes");
        for (i, &threshold) in case.roc.threshold.iter().enumerate() {
            let acts = |p: &&OperatingPoint| p.threshold.is_none_or(|at| at >= threshold);
            let point = points.iter().rfind(acts).expect("never is one");
            same(&case.name, Some(point.hit_rate), case.roc.pod[i]);
            same(&case.name, Some(point.false_alarm_rate), case.roc.pofd[i]);
        }
        let value = value_curve(&ties).expect("both outcomes");
        for (i, &ratio) in case.value.cost_loss.iter().enumerate() {
            let point = value.iter().find(|v| v.cost_loss == ratio).expect("a hundredth");
            same(&case.name, Some(point.as_said), case.value.as_said[i]);
            same(&case.name, Some(point.envelope), case.value.envelope[i]);
        }
        let Some(Murphy { theta, score }) = case.murphy else { continue };
        for (theta, expected) in theta.into_iter().zip(score) {
            same(&case.name, murphy_score(&ties, theta), expected);
        }
    }
}

#[test]
fn decisions_are_scored_as_by_others() {
    let mut n = 0;
    for case in reference().binary {
        let ties = case.cases().ties();
        for table in case.contingency {
            for (name, expected) in table.scores {
                let score = ProbabilityScore::find(&name).expect("a score");
                same(&name, (score.of)(&ties, table.threshold), expected);
                n += 1;
            }
        }
    }
    assert_eq!(n, 2 * 3 * 8, "two sets, three thresholds, eight scores");
}

#[test]
fn classes_are_scored_as_by_others() {
    let Classes { probability, observed, rps, rps_of_climatology, confusion } = reference().classes;
    let classes: Vec<_> = observed.iter().map(|&class| Some(class)).collect();
    let events: Vec<u64> = (0..observed.len() as u64).collect();
    let cases = ClassCases::new(3, &probability, &classes, &events).expect("classes");
    same("RPS", cases.rps(), rps);
    same("RPS of climatology", cases.rps_of_climatology(), rps_of_climatology);
    assert_eq!(cases.matrix().counts, confusion);
}
