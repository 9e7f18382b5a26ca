use serde_json::json;
use stormlens_data::score::PERSISTENCE;

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
    let [ours, theirs] = &scores.rows[0].forecasts[..] else { panic!("two forecasts") };
    (ours.cells[column].better, theirs.cells[column].better)
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
fn a_difference_below_the_digits_shown_is_no_win() {
    let csi = |ours, theirs| {
        let line = |forecast, csi| line(forecast, Some(csi), None, 0.0);
        marks(&scores(line("model", ours), line("persistence", theirs)), column("CSI"))
    };
    assert_eq!(csi(0.506_97, 0.506_90), (false, false), "both are 0.507");
    assert_eq!(csi(0.507, 0.505), (true, false));
}

#[test]
fn all_errors_of_a_table_have_one_unit() {
    let s = scores(line("model", None, None, 0.1), line("persistence", None, None, 0.3));
    let names: Vec<_> = s.errors.iter().map(|row| row.name.as_str()).collect();
    let expected =
        ["Root mean squared error, mm/h", "Mean absolute error, mm/h", "Mean error, mm/h"];
    assert_eq!(names, expected);
    // 0.01 (mm in 5 minutes)² is the square of 0.1 mm in 5 minutes, 1.2 mm/h.
    assert_eq!(s.errors[0].cells[0].text, "1.20");
}

#[test]
fn an_undefined_score_is_a_dash_and_never_better() {
    let s = scores(line("model", None, None, 0.0), line("persistence", Some(0.5), Some(0.2), 0.0));
    assert_eq!(s.rows[0].forecasts[0].cells[column("CSI")].text, "–");
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

mod of_results {
    use super::*;
    use crate::tasks::tests::{CLOUDS, SAMPLE, answered};

    const RAIN: [&str; 4] = [MODEL, PERSISTENCE, "lagrangian_persistence", "s_prog"];

    /// The maps of these forecasts, and what was observed where all of them know something.
    fn maps(outcome: &Outcome, names: &[&str], lead: usize) -> (Vec<Field>, Field) {
        let map = |name: &str| outcome.variable(name).expect(name).map(lead);
        let of_forecast = |name: &&str| map(if *name == MODEL { "prediction" } else { name });
        let maps: Vec<Field> = names.iter().map(of_forecast).collect();
        let known = known_everywhere(&maps, &map("observation"));
        (maps, known)
    }

    /// The table of these forecasts at these lead times.
    fn expected(
        outcome: &Outcome,
        field: NowcastField,
        names: &[&str],
        leads: &[u32],
    ) -> ScoreTable {
        let mut sums = Verification::new(field, names, leads, default_thresholds(field));
        for lead in 0..leads.len() {
            let (maps, known) = maps(outcome, names, lead);
            sums.add(lead, &maps.iter().collect::<Vec<_>>(), &known);
        }
        sums.finish()
    }

    #[test]
    fn one_lead_time_is_verified_as_its_maps_are() {
        let (_, outcome) = answered(&format!("sample={SAMPLE}&checkpoint=assumed&methods=none"));
        let table = of_outcome(&outcome).expect("it was observed");
        assert_eq!(table, expected(&outcome, NowcastField::Precipitation, &RAIN, &[30]));
        assert!(table.row(MODEL, Some(30), 0.5).is_some_and(|row| row.counts.hits > 0));
    }

    /// What was not observed does not count, neither by itself nor in what is taken together.
    #[test]
    fn lead_times_that_were_observed_are_verified() {
        let check = |query: &str, field, names: &[&str], leads: &[u32]| {
            let (_, outcome) = answered(query);
            let table = of_outcome(&outcome).expect("it was observed");
            assert_eq!(table, expected(&outcome, field, names, leads), "{query}");
            let found: Vec<_> = table.lead_times_min();
            let expected: Vec<_> = leads.iter().copied().map(Some).chain([None]).collect();
            assert_eq!(found, expected, "{query}");
        };
        let rain = format!("sample={SAMPLE}&methods=none");
        check(&rain, NowcastField::Precipitation, &RAIN, &[30, 60]);
        let clouds = format!("model=clouds&sample={CLOUDS}&methods=none");
        check(&clouds, NowcastField::CloudCover, &RAIN[..2], &[15, 30, 45, 60]);
    }

    /// The table of errors below those of lead times showed the first lead time's.
    #[test]
    fn errors_of_several_lead_times_are_those_of_all_together() {
        let (_, outcome) = answered(&format!("sample={SAMPLE}&methods=none"));
        let table = of_outcome(&outcome).expect("it was observed");
        let texts = |scores: &Scores| -> Vec<String> {
            scores.errors.iter().flat_map(|row| row.cells.iter().map(|c| c.text.clone())).collect()
        };
        let by_lead = Scores::by_lead(&table, 1.1).expect("there are two lead times");
        let [all, first] =
            [None, Some(30)].map(|lead| Scores::at_lead(&table, lead).expect("rows"));
        assert_eq!(texts(&by_lead), texts(&all));
        assert_ne!(texts(&by_lead), texts(&first));
        assert_eq!(by_lead.head, "Lead time, events above 1 mm/h");
        let own = of_outcome_above(&outcome, 1.1).expect("it was observed");
        assert!(own.rows.iter().all(|row| row.threshold == 1.1));
    }

    #[test]
    fn nothing_observed_has_no_scores() {
        let (question, outcome) = answered("sample=knmi-20100826T0735&methods=none");
        assert!(of_outcome(&outcome).is_none());
        assert!(question.task.tables(&outcome).is_empty());
    }

    #[test]
    fn the_table_of_a_result_is_a_file() {
        let (question, outcome) = answered(&format!("sample={SAMPLE}&methods=none"));
        let [file] = &question.task.tables(&outcome)[..] else { panic!() };
        assert_eq!(file.name, "scores.csv");
        let text = String::from_utf8(file.bytes.clone()).expect("it is text");
        assert!(text.starts_with("forecast,lead_time_min,threshold_mm_h,hits,"), "{text}");
        // Two lead times and both together, at five thresholds, of four forecasts.
        assert_eq!(text.lines().count(), 1 + 3 * 5 * 4);
    }

    #[test]
    fn pages_show_one_lead_time_or_one_threshold() {
        let (_, outcome) = answered(&format!("sample={SAMPLE}&methods=none"));
        let table = of_outcome(&outcome).expect("it was observed");
        let labels = |scores: Option<Scores>| -> Vec<String> {
            scores.expect("there are some").rows.into_iter().map(|row| row.label).collect()
        };
        let thresholds = ["0.5 mm/h", "1 mm/h", "2 mm/h", "5 mm/h", "10 mm/h"];
        assert_eq!(labels(Scores::at_lead(&table, Some(60))), thresholds);
        assert_eq!(labels(Scores::at_lead(&table, None)), thresholds);
        assert!(Scores::at_lead(&table, Some(180)).is_none(), "it was not observed");
        assert_eq!(labels(Scores::by_lead(&table, 1.4)), ["+30 min", "+60 min", "All together"]);
        let (_, one) = answered(&format!("sample={SAMPLE}&checkpoint=late&methods=none"));
        let one = of_outcome(&one).expect("it was observed");
        assert!(Scores::by_lead(&one, 1.4).is_none(), "there is nothing to compare");
    }
}
