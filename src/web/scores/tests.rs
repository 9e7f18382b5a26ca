use serde_json::json;

use super::*;

fn line(forecast: &str, csi: Option<f64>, far: Option<f64>, mean_error: f64) -> Value {
    json!({
        "forecast": forecast, "lead_time_min": 30, "threshold_mm_h": 0.5, "hits": 900,
        "misses": 334, "false_alarms": 20, "correct_negatives": 1000, "csi": csi,
        "recall": 0.5, "far": far, "hss": 0.4, "frequency_bias": 1.0,
        "mse_mm2_per_5min2": 0.01, "mae_mm_h": 0.2, "bias_mm_h": mean_error,
    })
}

fn table(rows: Value) -> Value {
    json!({ "field": "precipitation", "rows": rows })
}

fn scores(model: Value, persistence: Value) -> Scores {
    Scores::from_json(&table(json!([model, persistence]))).unwrap()
}

fn column(label: &str) -> usize {
    columns(NowcastField::Precipitation).position(|score| score.label == label).unwrap()
}

fn marks(scores: &Scores, column: usize) -> (bool, bool) {
    let cells = &scores.rows[0].cells[2 * column..];
    (cells[0].better, cells[1].better)
}

#[test]
fn the_better_one_is_marked() {
    let s = scores(
        line("model", Some(0.6), Some(0.3), -0.1),
        line("persistence", Some(0.5), Some(0.2), 0.3),
    );
    assert_eq!(marks(&s, column("CSI")), (true, false), "a high CSI is better");
    assert_eq!(marks(&s, column("FAR")), (false, true), "a low false alarm ratio is better");
    assert_eq!(marks(&s, column("POD")), (false, false), "equal scores have no mark");
    assert!(s.errors[2].cells[0].better, "a mean error near zero is better, whatever its sign");
}

#[test]
fn an_undefined_score_is_a_dash_and_never_better() {
    let s = scores(line("model", None, None, 0.0), line("persistence", Some(0.5), Some(0.2), 0.0));
    assert_eq!(s.rows[0].cells[2 * column("CSI")].text, "–");
    assert_eq!(marks(&s, column("CSI")), (false, false));
}

#[test]
fn observed_pixels_are_hits_and_misses() {
    let s = scores(line("model", None, None, 0.0), line("persistence", None, None, 0.0));
    assert_eq!(s.rows[0].n_observed, "1,234");
}

#[test]
fn a_table_may_stand_below_a_description() {
    let rows = json!([line("model", None, None, 0.0), line("persistence", None, None, 0.0)]);
    assert!(Scores::from_json(&json!({ "split": "test", "scores": table(rows) })).is_some());
    assert!(Scores::from_json(&json!({ "split": "test" })).is_none());
    assert!(Scores::from_json(&table(json!([1, 2]))).is_none());
    assert!(Scores::from_json(&table(json!([line("model", None, None, 0.0)]))).is_none());
}
