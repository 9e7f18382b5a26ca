use super::*;
use crate::archive::Archive;
use crate::field::Field;
use crate::import::knmi::to_mm_h;

const GOLDEN: &str = include_str!("../../tests/golden/metrics_golden.json");

fn field(values: &[f32]) -> Field {
    Field::new(1, values.len(), values.to_vec())
}

const RAIN: NowcastField = NowcastField::Precipitation;

/// Of a model and of persistence.
fn reference(field: NowcastField, leads: &[u32], thresholds: &[f64]) -> Verification {
    Verification::new(field, &[MODEL, PERSISTENCE], leads, thresholds)
}

/// A table of one threshold, 1 mm/h.
fn counts(forecast: &[f32], observation: &[f32]) -> Counts {
    let mut counts = Counts::default();
    counts.add(1.0, &field(forecast), &field(observation));
    counts
}

fn of_counts(name: &str, counts: Counts) -> Option<f64> {
    Score::find(name).expect(name).of(&Tally { counts, ..Tally::default() })
}

fn of_errors(name: &str, moments: Moments) -> Option<f64> {
    Score::find(name).expect(name).of(&Tally { moments, ..Tally::default() })
}

fn check_counts(forecast: &[f32], observation: &[f32], expected: [u64; 4]) {
    let c = counts(forecast, observation);
    assert_eq!([c.hits, c.misses, c.false_alarms, c.correct_negatives], expected);
}

#[test]
fn each_pixel_falls_in_one_of_four_cells() {
    check_counts(&[2.0, 0.0, 2.0, 0.0], &[2.0, 2.0, 0.0, 0.0], [1, 1, 1, 1]);
}

#[test]
fn the_threshold_itself_is_no_event() {
    check_counts(&[1.0], &[1.0], [0, 0, 0, 1]);
}

#[test]
fn missing_pixels_count_nowhere() {
    check_counts(&[f32::NAN, 2.0, 2.0], &[2.0, f32::NAN, 2.0], [1, 0, 0, 0]);
}

/// Finley's tornado forecasts of 1884, the standard worked example of verification: 28 hits, 23
/// misses, 72 false alarms, 2680 correct negatives; POD 0.549, FAR 0.720, CSI 0.228, HSS 0.355.
#[test]
fn finley_1884() {
    let counts = Counts { hits: 28, misses: 23, false_alarms: 72, correct_negatives: 2680 };
    for (name, expected) in [
        ("recall", 0.549),
        ("far", 0.720),
        ("csi", 0.228),
        ("hss", 0.355),
        ("frequency_bias", 1.961),
        ("accuracy", 0.966),
    ] {
        let score = of_counts(name, counts);
        assert!((score.unwrap() - expected).abs() < 5e-4, "{name}: {score:?}");
    }
}

#[test]
fn undefined_scores_are_none() {
    let dry = counts(&[0.0, 0.0], &[0.0, 0.0]);
    for name in ["precision", "recall", "f1", "csi", "far", "hss", "hss_paper"] {
        assert_eq!(of_counts(name, dry), None, "{name}");
    }
    assert_eq!(of_counts("accuracy", dry), Some(1.0));
    for score in SCORES {
        assert_eq!(score.of(&Tally::default()), None, "{}", score.name);
    }
}

#[test]
fn without_a_hit_the_f1_score_is_zero() {
    for (forecast, observation) in [([0.0], [2.0]), ([2.0], [0.0])] {
        assert_eq!(of_counts("f1", counts(&forecast, &observation)), Some(0.0));
    }
}

#[test]
fn a_perfect_forecast_has_the_best_scores() {
    let (forecast, observation) = (field(&[2.0, 0.0]), field(&[2.0, 0.0]));
    let mut moments = Moments::default();
    moments.add_maps(&forecast, &observation);
    let tally = Tally { counts: counts(&[2.0, 0.0], &[2.0, 0.0]), moments };
    // So the value that the list calls best is what a perfect forecast gets.
    for score in SCORES {
        assert_eq!(score.of(&tally), Some(score.best), "{}", score.name);
    }
}

#[test]
fn errors_have_their_units() {
    let mut moments = Moments::default();
    moments.add_maps(&field(&[12.0, 0.0]), &field(&[0.0, 24.0]));
    // 12 mm/h are 1 mm in 5 minutes, 24 are 2: mean square (1 + 4) / 2.
    assert_eq!(of_errors("mse_mm2_per_5min2", moments), Some(2.5));
    assert_eq!(of_errors("mae_mm_h", moments), Some(18.0));
    assert_eq!(of_errors("bias_mm_h", moments), Some(-6.0));
    assert_eq!(of_errors("mse", moments), Some((144.0 + 576.0) / 2.0));
}

#[test]
fn merged_accumulators_equal_one() {
    let [a, b] = [field(&[2.0, 0.5]), field(&[0.0, 3.0])];
    let mut whole = reference(RAIN, &[15, 30], &[0.5, 1.0]);
    whole.add(0, &[&a, &b], &b);
    whole.add(1, &[&b, &a], &b);
    let mut first = reference(RAIN, &[15, 30], &[0.5, 1.0]);
    first.add(0, &[&a, &b], &b);
    let mut second = reference(RAIN, &[15, 30], &[0.5, 1.0]);
    second.add(1, &[&b, &a], &b);
    first.merge(&second);
    assert_eq!(first, whole);
}

#[test]
#[should_panic(expected = "one size")]
fn maps_of_two_sizes_are_a_mistake() {
    let (one, two) = (field(&[1.0]), field(&[1.0, 1.0]));
    verify(RAIN, 30, [&one, &two, &two], &[1.0]);
}

#[test]
fn csv_and_json_name_the_same_columns() {
    let (dry, wet) = (field(&[0.0]), field(&[2.0]));
    let table = verify(RAIN, 30, [&dry, &wet, &wet], &[0.5, 1.0]);
    let csv = table.to_csv();
    let mut lines = csv.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let json = serde_json::to_value(&table).unwrap();
    let keys: Vec<&String> = json["rows"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), names.len());
    assert!(names.iter().all(|name| json["rows"][0].get(name).is_some()), "{names:?} {keys:?}");
    assert_eq!(lines.count(), 4);
    assert!(csv.contains("\nmodel,30,0.5,0,1,0,0,1,,0,0,0,0,,0,0,0,"), "{csv}");
    assert!(json["rows"][0]["precision"].is_null());
    let again: ScoreTable = serde_json::from_value(json).unwrap();
    assert_eq!(again, table);
}

/// The reference programs' own numbers, on the six windows that they select from 04:00 to 05:55 of
/// the sample data, for the stand-in model `0.85 × last input + 0.0004` and for persistence.
#[test]
fn counts_and_scores_equal_the_reference_programs() {
    let table = reference_table();
    let golden: serde_json::Value = serde_json::from_str(GOLDEN).unwrap();
    for (scored, threshold) in [(MODEL, 0.5), (MODEL, 1.0), (MODEL, 5.0), (PERSISTENCE, 0.5)] {
        let name = if scored == MODEL { "model" } else { "persistence" };
        let expected = &golden[format!("smaat_head/{name}/batch1/thr{threshold:.1}/denorm")];
        check_row(table.row(scored, Some(30), threshold).unwrap(), expected);
    }
}

fn check_row(row: &ScoreRow, expected: &serde_json::Value) {
    let c = row.counts;
    let counts = [c.hits, c.misses, c.false_alarms, c.correct_negatives];
    for (key, count) in ["total_tp", "total_fn", "total_fp", "total_tn"].iter().zip(counts) {
        assert_eq!(expected[key].as_u64(), Some(count), "{key}");
    }
    // The reference holds its scores in float32, hence a tolerance of a few of its steps.
    for (key, name) in [
        ("precision", "precision"),
        ("recall", "recall"),
        ("accuracy", "accuracy"),
        ("f1", "f1"),
        ("csi", "csi"),
        ("far", "far"),
        ("hss", "hss_paper"),
        ("mse_pixel", "mse_mm2_per_5min2"),
    ] {
        let (found, wanted) = (row.score(name).unwrap(), expected[key].as_f64().unwrap());
        assert!((found / wanted - 1.0).abs() < 1e-6, "{key}: {found} against {wanted}");
    }
}

fn reference_table() -> ScoreTable {
    let archive = Archive::open(&crate::archive::sample_folder()).unwrap();
    let mut verification = reference(RAIN, &[30], &DEFAULT_THRESHOLDS_MM_H);
    for minute in (0..6).map(|i| 55 + 5 * i) {
        let id = format!("20100826T{:02}{:02}", 4 + minute / 60, minute % 60);
        let sample = archive.load(&id, 12, 5, &[30]).unwrap();
        let last = &sample.inputs_normalised[11 * 288 * 288..];
        let model = last.iter().map(|&x| to_mm_h(x * 0.85 + 0.0004)).collect();
        verification.add(
            0,
            &[&Field::new(288, 288, model), &sample.sequence.frames[11]],
            &sample.leads[0].observation.as_ref().unwrap().map,
        );
    }
    verification.finish()
}

#[test]
fn names_are_unique_and_lead_times_have_rows_of_their_own() {
    let names: std::collections::BTreeSet<_> = SCORES.iter().map(|score| score.name).collect();
    assert_eq!(names.len(), SCORES.len());
    let (dry, wet) = (field(&[0.0]), field(&[2.0]));
    let mut verification = reference(RAIN, &[5, 30], &[1.0]);
    verification.add(0, &[&wet, &wet], &wet);
    verification.add(1, &[&dry, &wet], &wet);
    let table = verification.finish();
    assert_eq!(table.lead_times_min(), [Some(5), Some(30), None]);
    let recall = |lead| table.row(MODEL, lead, 1.0).unwrap().score("recall");
    assert_eq!([Some(5), Some(30), None].map(recall), [Some(1.0), Some(0.0), Some(0.5)]);
    assert!(table.to_csv().contains("\nmodel,all,1,1,1,0,0,2,"), "{}", table.to_csv());
    let again: ScoreTable = serde_json::from_value(serde_json::to_value(&table).unwrap()).unwrap();
    assert_eq!(again, table);
}

mod clouds;
