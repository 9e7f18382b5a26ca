//! What lies in files.

use super::*;

fn verified() -> ProbabilityVerification {
    let pair = |i: u32| (f64::from(i % 17) / 17.0, i % 17 > i % 11);
    let c = cases(&(0..400).map(pair).collect::<Vec<_>>());
    ProbabilityVerification::of(&LABELS, &c, &Settings::default()).expect("cases")
}

#[test]
fn a_verification_survives_a_file_and_is_small() {
    let found = verified();
    let text = serde_json::to_string(&found).expect("JSON");
    assert!(text.len() < 30_000, "{} bytes", text.len());
    // Numbers of JSON are read to the last bit or beside it.
    let read: ProbabilityVerification = serde_json::from_str(&text).expect("it is one");
    let digits = |v: &ProbabilityVerification| {
        let numbers = serde_json::to_value(v).expect("JSON").to_string();
        let near =
            |part: &str| part.parse::<f64>().map_or(part.to_owned(), |v| format!("{v:.12e}"));
        let parts = numbers.split([',', ':', '[', ']', '{', '}']).map(near);
        parts.collect::<Vec<_>>().join(" ")
    };
    assert!(digits(&read) == digits(&found), "{text}");
    let brier = found.scores["brier"];
    assert!(brier.low < brier.value && brier.value < brier.high, "{brier:?}");
    assert!(found == verified(), "equal at every call");
}

#[test]
fn what_was_damaged_is_told() {
    let found = verified();
    assert_eq!(found.check(), Ok(()));
    let check = |words: &str, change: fn(&mut ProbabilityVerification)| {
        let mut damaged = found.clone();
        change(&mut damaged);
        let error = damaged.check().expect_err(words);
        assert!(error.contains(words), "{error}");
    };
    check("no cases", |v| v.n_cases = 0);
    check("more events", |v| v.n_events = v.n_cases + 1);
    check("base rate", |v| v.base_rate = 33.0);
    check("scores are missing", |v| v.scores.clear());
    check("reliability curve", |v| v.reliability.steps[0].frequency = -0.1);
    check("reliability curve", |v| v.reliability.steps.clear());
    check("consistency band", |v| v.reliability.band.iter_mut().for_each(|b| b.low.truncate(3)));
    check("Murphy", |v| v.murphy.clear());
}

#[test]
fn value_and_skill_are_read_off() {
    let found = verified();
    let [a, b, between] = [0.2, 0.21, 0.205].map(|at| found.value_at(at).expect("inside").as_said);
    near("between", Some(between), (a + b) / 2.0);
    assert_eq!((found.value_at(0.0), found.value_at(1.0)), (None, None));
    near("over itself", found.brier_skill_over(&found), 0.0);
    let other = ProbabilityVerification { n_cases: 3, ..found.clone() };
    assert_eq!(found.brier_skill_over(&other), None);
}

#[test]
fn a_calibration_survives_a_file_and_a_wrong_one_is_refused() {
    let map = Calibration::fit(&cases(&[(0.1, false), (0.3, true), (0.37, false), (0.9, true)]));
    let text = serde_json::to_string(&map).expect("JSON");
    assert_eq!(serde_json::from_str::<Option<Calibration>>(&text).expect("a map"), map);
    for (x, y, words) in [
        ("[]", "[]", "at least one"),
        ("[0.1]", "[0.1, 0.2]", "1 and 2"),
        ("[0.2, 0.1]", "[0.1, 0.2]", "point 1"),
        ("[0.1, 0.2]", "[0.3, 0.2]", "point 1"),
        ("[0.1]", "[1.5]", "point 0"),
    ] {
        let text = format!(r#"{{"x": {x}, "y": {y}, "n_cases": 1, "n_events": 1}}"#);
        let error = serde_json::from_str::<Calibration>(&text).expect_err("refused").to_string();
        assert!(error.contains(words), "{error}");
    }
}
