use super::*;
use crate::score::{MODEL, PERSISTENCE};

const SIDE: usize = 8;

fn settings() -> Settings {
    Settings {
        field: NowcastField::Precipitation,
        forecasts: vec![MODEL.to_owned(), PERSISTENCE.to_owned()],
        lead_times_min: vec![5, 30],
        thresholds: vec![0.5, 2.0],
        scales_px: vec![1, 3],
        size: [SIDE, SIDE],
        spacing_km: 1.0,
    }
}

/// Rain that moves one column a step.
fn rain(step: usize) -> Field {
    let value = |i: usize| if i % SIDE == step % SIDE { 3.0 + (i / SIDE) as f32 } else { 0.0 };
    Field::new(SIDE, SIDE, (0..SIDE * SIDE).map(value).collect())
}

/// A network that is right but for a tenth, and persistence.
fn counted(n_parts: usize, n_samples: usize) -> EventVerification {
    let mut verification = EventVerification::new(settings());
    for i in 0..n_samples {
        let pair = |lead: usize| (rain(i + lead), [rain(i + lead).map(|v| 0.9 * v), rain(i)]);
        let pairs = [pair(1), pair(2)];
        let pairs =
            pairs.each_ref().map(|(observation, forecasts)| Some(Pair { forecasts, observation }));
        verification.add(&format!("s{i}"), &format!("p{}", i % n_parts), &pairs);
    }
    verification
}

fn cell<'a>(report: &'a EventReport, forecast: &str, score: &str, lead: Option<u32>) -> &'a Cell {
    let is_it = |c: &&Cell| {
        (c.forecast.as_str(), c.score.as_str(), c.lead_time_min) == (forecast, score, lead)
    };
    report.cells.iter().find(is_it).unwrap()
}

#[test]
fn the_better_forecast_is_best_beyond_chance() {
    let report = counted(4, 16).report();
    assert_eq!((report.n_samples, report.parts.len(), report.n_rounds), (16, 4, N_ROUNDS));
    for (score, lead) in [("mse_mm2_per_5min2", Some(5)), ("csi", Some(30)), ("csi", None)] {
        let (model, other) =
            (cell(&report, MODEL, score, lead), cell(&report, PERSISTENCE, score, lead));
        assert!(model.is_best && model.is_worse.is_none(), "{model:?}");
        assert!(!other.is_best && other.is_worse == Some(true), "{other:?}");
    }
    assert_eq!(cell(&report, MODEL, "csi", None).value, Some(1.0));
    assert_eq!(cell(&report, PERSISTENCE, "csi", None).value, Some(0.0));
}

/// What is left out is done, and changes no number.
#[test]
fn what_is_left_out_counts_nowhere() {
    let (whole, mut other) = (counted(2, 6), counted(2, 6));
    other.leave_out("s6");
    assert!(other.has("s6") && !whole.has("s6") && other.has("s5"));
    let (before, after) = (whole.report(), other.report());
    assert_eq!((after.n_samples, after.n_samples_without_input), (6, 1));
    assert_eq!(EventReport { n_samples_without_input: 0, ..after.clone() }, before);
    let text = |report: &EventReport| serde_json::to_string(report).unwrap();
    assert!(text(&after).contains("\"n_samples_without_input\":1"));
    assert!(!text(&before).contains("without_input"), "nothing is said of nothing");
    let read: EventReport = serde_json::from_str(&text(&before)).unwrap();
    assert_eq!((read.n_samples, read.n_samples_without_input), (6, 0));
}

#[test]
fn one_part_has_no_interval() {
    let report = counted(1, 5).report();
    assert_eq!(report.n_rounds, 0);
    assert!(report.cells.iter().all(|cell| cell.interval.is_none() && cell.is_worse.is_none()));
}

#[test]
fn a_large_neighbourhood_forgives_a_displacement() {
    let report = counted(2, 4).report();
    let score = |scale_km: f64| {
        let is_it = |c: &&Cell| {
            c.forecast == PERSISTENCE
                && c.lead_time_min == Some(5)
                && (c.threshold, c.scale_km) == (Some(0.5), Some(scale_km))
        };
        report.cells.iter().find(is_it).unwrap().value.unwrap()
    };
    assert!(score(1.0) == 0.0 && score(3.0) > 0.5, "{} {}", score(1.0), score(3.0));
}

/// Where one forecast knows nothing, none is scored.
#[test]
fn all_forecasts_are_compared_on_the_same_pixels() {
    let mut verification = EventVerification::new(settings());
    let (observation, model) = (rain(0), rain(0).map(|v| v + 1.0));
    let mut persistence = rain(0);
    persistence.values[..SIDE].fill(f32::NAN);
    let mut other = observation.clone();
    other.values[SIDE * SIDE - 1] = f32::NAN;
    let forecasts = [model, persistence];
    let pair = || Some(Pair { forecasts: &forecasts, observation: &other });
    verification.add("a", "p", &[pair(), None]);
    let n = |forecast: usize| verification.cases()[0].forecasts_n(forecast);
    assert_eq!([n(0), n(1)], [(SIDE * (SIDE - 1) - 1) as u64; 2]);
    assert!(verification.pixels(0).bias()[0].is_nan());
    let report = verification.report();
    assert_eq!(cell(&report, MODEL, "bias_mm_h", Some(5)).value, Some(1.0));
    assert_eq!(cell(&report, MODEL, "csi", Some(30)).value, None, "nothing was observed");
    let text = serde_json::to_string(&report).unwrap();
    assert!(!text.contains("NaN"), "undefined scores are null");
}

#[test]
fn what_was_counted_is_kept_whole() {
    let whole = counted(3, 9);
    let text = serde_json::to_string(&whole).unwrap();
    let read: EventVerification = serde_json::from_str(&text).unwrap();
    assert!(read.has("s8") && !read.has("s9"));
    // Text may change the last digit of a number.
    for (found, expected) in read.report().cells.iter().zip(&whole.report().cells) {
        let [found, expected] = [found, expected].map(|cell| cell.value.unwrap_or(-9.0));
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }
}

#[test]
fn nothing_at_all_and_nothing_known_are_no_numbers() {
    let dry = Field::new(SIDE, SIDE, vec![0.0; SIDE * SIDE]);
    let missing = dry.map(|_| f32::NAN);
    for (observation, n) in [(dry.clone(), (SIDE * SIDE) as u64), (missing, 0)] {
        let mut verification = EventVerification::new(settings());
        let forecasts = [dry.clone(), dry.clone()];
        let pair = || Some(Pair { forecasts: &forecasts, observation: &observation });
        verification.add("a", "p", &[pair(), pair()]);
        verification.add("b", "q", &[pair(), pair()]);
        let report = verification.report();
        assert_eq!(cell(&report, MODEL, "csi", None).value, None);
        let mse = cell(&report, MODEL, "mse_mm2_per_5min2", None).value;
        assert_eq!(mse, (n > 0).then_some(0.0));
        let mut fractions = report.cells.iter().filter(|cell| cell.score == "fss");
        assert!(fractions.all(|cell| cell.value.is_none()));
    }
}

/// A block moved, doubled and flattened, by hand.
#[test]
fn structure_amount_and_location_say_what_is_wrong() {
    let block = |left: usize, width: usize, value: f32| {
        let inside = |i: usize| (left..left + width).contains(&(i % 64)) && i / 64 < 4;
        let values = (0..64 * 64).map(|i| if inside(i) { value } else { 0.0 }).collect();
        Field::new(64, 64, values)
    };
    let observed = block(8, 4, 6.0);
    let same = structure(&observed, &observed, 1.0).unwrap();
    assert_eq!((same.structure, same.amount, same.location), (0.0, 0.0, 0.0));
    let moved = structure(&block(24, 4, 6.0), &observed, 1.0).unwrap();
    assert!((moved.location - 16.0 / 64_f64.hypot(64.0)).abs() < 1e-12 && moved.amount == 0.0);
    let doubled = structure(&block(8, 4, 12.0), &observed, 1.0).unwrap();
    assert!((doubled.amount - 2.0 / 3.0).abs() < 1e-12 && doubled.structure == 0.0);
    // As much rain on twice the area: volume over maximum doubles.
    let flat = structure(&block(6, 8, 3.0), &observed, 1.0).unwrap();
    assert!((flat.structure - 2.0 / 3.0).abs() < 1e-12 && flat.amount == 0.0, "{flat:?}");
    assert_eq!(structure(&observed, &observed.map(|_| 0.0), 1.0), None);
    assert_eq!(structure(&observed, &observed, 10.0), None, "a domain of 640 km");
}
