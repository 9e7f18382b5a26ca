use super::*;

fn scores(cases: &[(f64, bool)]) -> ClassificationScores {
    let mut classification = Classification::default();
    cases.iter().for_each(|&(p, is_positive)| classification.add(p, is_positive));
    classification.finish()
}

fn check(name: &str, found: Option<f64>, expected: f64) {
    assert!(found.is_some_and(|v| (v - expected).abs() < 1e-12), "{name}: {found:?}, {expected}");
}

#[test]
fn each_case_falls_in_one_of_four_cells() {
    let c = scores(&[(0.9, true), (0.8, false), (0.7, false), (0.2, true), (0.1, false)]).confusion;
    let cells = [c.true_positives, c.false_positives, c.false_negatives, c.true_negatives];
    assert_eq!(cells, [1, 2, 1, 1]);
}

#[test]
fn one_half_is_predicted_negative() {
    assert!(!is_predicted_positive(0.5) && is_predicted_positive(0.500_001));
}

/// The confusion matrix that another group published for the test scenes of Grahn and Bianchi, with
/// the scores that they print beside it.
#[test]
fn scores_follow_from_the_counts() {
    let c = Confusion {
        true_positives: 61,
        false_positives: 5,
        false_negatives: 3,
        true_negatives: 366,
    };
    for (name, score, printed) in [
        ("precision", c.precision(), 0.9242),
        ("recall", c.recall(), 0.9531),
        ("f1", c.f1(), 0.9385),
        ("accuracy", c.accuracy(), 0.9816),
    ] {
        assert!((score.expect(name) - printed).abs() < 5e-5, "{name}: {score:?}");
    }
}

#[test]
fn areas_count_pairs_and_steps() {
    let area = |cases: &[(f64, bool)], roc, precision| {
        let s = scores(cases);
        check("ROC", s.roc_auc, roc);
        check("average precision", s.average_precision, precision);
    };
    area(&[(0.9, true), (0.1, false)], 1.0, 1.0);
    area(&[(0.1, true), (0.9, false)], 0.0, 0.5);
    // All alike: no order at all.
    area(&[(0.3, true), (0.3, false), (0.3, false)], 0.5, 1.0 / 3.0);
    // Pairs: 0.8 beats both, 0.4 beats one of two and ties with the other.
    area(&[(0.8, true), (0.4, true), (0.4, false), (0.2, false)], 3.5 / 4.0, 0.5 + 0.5 * 2.0 / 3.0);
    // Neither depends on the order of the cases.
    area(&[(0.2, false), (0.4, false), (0.4, true), (0.8, true)], 3.5 / 4.0, 0.5 + 0.5 * 2.0 / 3.0);
}

#[test]
fn the_brier_score_is_a_mean_square() {
    check("Brier", scores(&[(1.0, true), (0.5, false)]).brier, 0.125);
}

#[test]
fn undefined_scores_are_none() {
    let none = scores(&[]);
    let all = [none.precision, none.recall, none.f1, none.accuracy, none.brier, none.roc_auc];
    assert_eq!((all, none.average_precision), ([None; 6], None));
    let quiet = scores(&[(0.1, false)]);
    assert_eq!((quiet.precision, quiet.recall, quiet.f1, quiet.roc_auc), (None, None, None, None));
    assert_eq!(quiet.accuracy, Some(1.0));
}

#[test]
fn scores_are_flat_in_json() {
    let json = serde_json::to_value(scores(&[(0.9, true), (0.2, false)])).expect("JSON");
    assert_eq!((&json["true_positives"], &json["n_cases"]), (&1.into(), &2.into()));
}
