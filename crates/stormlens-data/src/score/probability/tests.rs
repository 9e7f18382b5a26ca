//! Numbers that follow from the definitions; `references` compares with other programs, `bands` with laws.

mod bands;
mod counted;
mod leads;
mod references;
mod stored;

use super::*;

const LABELS: Labels<'static> =
    Labels { forecast: "raw", event: "rain", cases: "gauges", drawn: "days" };

/// Cases of one event id each.
fn cases(pairs: &[(f64, bool)]) -> Cases {
    let (probabilities, outcomes): (Vec<_>, Vec<_>) =
        pairs.iter().map(|&(p, occurred)| (p, Some(occurred))).unzip();
    let events: Vec<u64> = (0..pairs.len() as u64).collect();
    Cases::new(&probabilities, &outcomes, &events).expect("cases")
}

fn near(name: &str, found: Option<f64>, expected: f64) {
    assert!(found.is_some_and(|v| (v - expected).abs() < 1e-12), "{name}: {found:?}, {expected}");
}

#[test]
fn what_is_missing_is_counted_and_what_is_wrong_is_refused() {
    let nan = f64::NAN;
    let outcomes = [Some(true), None, Some(false), Some(true)];
    let events = [7, 7, 3, 9];
    let [a, b]: [Cases; 2] =
        Cases::together(&[&[0.1, 0.2, 0.3, nan], &[0.5, nan, 0.7, 0.8]], &outcomes, &events, None)
            .expect("two forecasts")
            .try_into()
            .expect("two");
    assert_eq!((a.len(), a.n_missing(), a.n_events()), (2, 2, 2));
    assert_eq!((a.probabilities(), b.probabilities()), (&[0.1, 0.3][..], &[0.5, 0.7][..]));
    assert_eq!(a.events(), [1, 0], "ids are counted in their order");
    assert!(a.is_beside(&b));
    let refused = |p: &[f64], weights: Option<&[f64]>| {
        Cases::together(&[p], &outcomes[..1], &events[..1], weights).unwrap_err().to_string()
    };
    assert!(refused(&[22.0], None).contains("from 0 to 1 (not percent)"));
    assert!(refused(&[0.2, 0.3], None).contains("2 probabilities, 1 outcomes"));
    assert!(refused(&[0.2], Some(&[-1.0])).contains("positive"));
    assert!(refused(&[0.2], Some(&[nan])).contains("positive"));
    assert!(a.with_probabilities(vec![0.1]).is_err() && a.with_constant(nan).is_err());
    // Sums in single precision are a bit beyond 1.
    assert_eq!(a.with_constant(1.000_001).expect("rounding").probabilities(), [1.0, 1.0]);
}

#[test]
fn a_calibration_is_flat_in_blocks_and_straight_between() {
    // The first two are out of order.
    let c = cases(&[(0.1, true), (0.2, false), (0.6, false), (0.6, true), (0.8, true)]);
    let map = Calibration::fit(&c).expect("a map");
    assert_eq!(map.points(), (&[0.1, 0.6, 0.8][..], &[0.5, 0.5, 1.0][..]));
    for (p, expected) in [(0.0, 0.5), (0.1, 0.5), (0.3, 0.5), (0.7, 0.75), (0.8, 1.0), (1.0, 1.0)] {
        near("applied", Some(map.apply(p)), expected);
    }
    assert!(map.apply(f64::NAN).is_nan());
    assert_eq!((map.n_cases(), map.n_events()), (5, 5));
    assert_eq!(Calibration::fit(&cases(&[])), None);
}

#[test]
fn amounts_are_calibrated_too() {
    let rain = [0.0, 0.0, 4.0, f64::NAN, 9.0, 2.0];
    let occurred = [Some(false), Some(true), Some(false), Some(true), Some(true), None];
    let map = Calibration::fit_values(&rain, &occurred, &[1, 2, 3, 4, 4, 5]).expect("a map");
    assert_eq!(map.points(), (&[0.0, 4.0, 9.0][..], &[1.0 / 3.0, 1.0 / 3.0, 1.0][..]));
    assert_eq!((map.n_cases(), map.n_events()), (4, 4));
}

#[test]
fn exceedance_falls_with_the_threshold_and_the_rps_is_not_worse() {
    for (given, expected) in [
        ([0.7, 0.4, 0.1], [0.7, 0.4, 0.1]),
        ([0.4, 0.6, 0.1], [0.5, 0.5, 0.1]),
        ([0.1, 0.2, 0.6], [0.3, 0.3, 0.3]),
    ] {
        let mut found = given;
        monotone_exceedance(&mut found);
        for (found, expected) in found.iter().zip(expected) {
            near("monotone", Some(*found), expected);
        }
        for class in 0..=3 {
            let rps = |p: &[f64; 3]| -> f64 {
                let outcome = |i: usize| f64::from(u8::from(class > i));
                p.iter().enumerate().map(|(i, p)| (p - outcome(i)).powi(2)).sum()
            };
            assert!(rps(&found) <= rps(&given) + 1e-12, "{given:?}, class {class}");
        }
    }
    let mut gap = [0.2, f64::NAN, 0.4];
    monotone_exceedance(&mut gap);
    assert!(gap[1].is_nan() && (gap[0] - 0.3).abs() < 1e-12 && gap[0] == gap[2]);
}

#[test]
fn the_parts_make_the_brier_score() {
    let c =
        cases(&[(0.1, true), (0.2, false), (0.6, false), (0.6, true), (0.8, true), (0.9, false)]);
    let found = Reliability::of(&c, &Settings::default()).expect("a diagram");
    near("parts", brier(&c.ties()).map(|b| b - found.mcb + found.dsc - found.unc), 0.0);
    assert!(found.mcb >= 0.0 && found.dsc >= 0.0);
    // A climatology knows nothing and is right.
    let rate = c.with_constant(0.5).expect("a climatology");
    let found = Reliability::of(&rate, &Settings::default()).expect("a diagram");
    assert_eq!((found.mcb, found.dsc, found.unc), (0.0, 0.0, 0.25));
    near("skill", brier_skill(&rate.ties()), 0.0);
}

#[test]
fn perfect_forecasts_have_perfect_scores() {
    let c = cases(&[(0.0, false), (1.0, true), (0.0, false), (1.0, true), (0.0, false)]);
    let found = ProbabilityVerification::of(&LABELS, &c, &Settings::default()).expect("cases");
    for score in PROBABILITY_SCORES.iter().filter(|score| score.best.is_some()) {
        near(score.name, found.score(score.name), score.best.expect("one"));
    }
    assert!(found.value.iter().all(|v| (v.as_said - 1.0).abs() < 1e-6), "{:?}", found.value);
    assert!(found.murphy.iter().all(|&(_, score)| score == 0.0));
}

#[test]
fn the_area_of_the_murphy_diagram_is_the_brier_score() {
    let c = cases(&[(0.15, true), (0.3, false), (0.62, false), (0.62, true), (0.83, true)]);
    // Between two probabilities the score is a straight line, so the middle of short steps is exact but for the five
    // steps that hold a jump of at most 2/5.
    let n = 100_000;
    let theta = |i: u32| (f64::from(i) + 0.5) / f64::from(n);
    let area: f64 = (0..n).filter_map(|i| murphy_score(&c.ties(), theta(i))).sum();
    let brier = brier(&c.ties()).expect("cases");
    assert!((area / f64::from(n) - brier).abs() < 5.0 * 0.4 / f64::from(n));
}

#[test]
fn scores_without_denominator_are_none() {
    let never = cases(&[(0.1, false), (0.3, false)]).ties();
    assert_eq!(
        (roc_area(&never), average_precision(&never), brier_skill(&never)),
        (None, None, None)
    );
    assert_eq!((operating_points(&never), value_curve(&never)), (None, None));
    let table = Contingency::at(&never, 0.5);
    let all =
        [table.pod(), table.far(), table.csi(), table.frequency_bias(), table.hss(), table.ets()];
    assert_eq!(all, [None; 6]);
    assert_eq!(table.accuracy(), Some(1.0));
    assert_eq!((brier(&[]), base_rate(&[]), murphy_score(&[], 0.5)), (None, None, None));
}

#[test]
fn classes_that_cannot_be_are_refused() {
    let error = |n, p: &[f64], class| {
        ClassCases::new(n, p, &[class], &[0]).expect_err("refused").to_string()
    };
    assert!(error(3, &[0.5, 0.5], Some(0)).contains("2 probabilities for 1 cases of 3 classes"));
    assert!(error(3, &[0.5, 0.5, 0.5], Some(0)).contains("make 1.5"));
    assert!(error(3, &[-0.5, 0.5, 1.0], Some(0)).contains("case 0"));
    assert!(error(3, &[0.5, 0.5, 0.0], Some(3)).contains("counted from 0 to 2"));
    let missing = ClassCases::new(2, &[f64::NAN, 0.5, 0.2, 0.8], &[Some(0), None], &[0, 1]);
    let missing = missing.expect("both are missing");
    assert_eq!((missing.len(), missing.n_missing(), missing.rps()), (0, 2, None));
}

#[test]
fn the_rps_is_the_sum_of_the_brier_scores_of_exceedance() {
    let said = [0.2, 0.5, 0.3, 0.7, 0.2, 0.1, 0.1, 0.1, 0.8];
    let c = ClassCases::new(3, &said, &[Some(0), Some(1), Some(2)], &[0, 1, 1]).expect("classes");
    let brier_from = |class| brier(&c.exceeding(class).expect("cases").ties()).expect("one");
    near("RPS", c.rps(), brier_from(1) + brier_from(2));
    assert_eq!(c.exceeding(1).expect("cases").n_events(), 2);
    let matrix = c.matrix();
    assert_eq!(matrix.counts, [[0, 1, 0], [1, 0, 0], [0, 0, 1]]);
    assert_eq!(matrix.exceeding(2).csi(), Some(1.0));
    assert_eq!(matrix.exceeding(1).csi(), Some(1.0 / 3.0));
    near("accuracy", matrix.accuracy(), 1.0 / 3.0);
}
