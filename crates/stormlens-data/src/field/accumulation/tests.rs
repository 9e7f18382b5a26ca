//! The rules of the sources against the reference program, and what they refuse.

use serde_json::Value;

use super::super::grib::testing::Draft;
use super::super::testing::kept;
use super::super::{FieldFile, LatLonGrid};
use super::*;

fn hour(hour: i64) -> Timestamp {
    let begin: Timestamp = "2024-05-01T00:00:00Z".parse().unwrap();
    begin + SignedDuration::from_hours(hour)
}

/// Three points on a line.
fn field(variable: &str, unit: &str, interval: Interval, values: &[f32]) -> GriddedField {
    let longitudes: Vec<f64> = (0..values.len()).map(|i| i as f64).collect();
    GriddedField {
        storage_ends: Vec::new(),
        variable: variable.to_owned(),
        unit: unit.to_owned(),
        interval: Some(interval),
        reference_time: Some(hour(0)),
        grid: LatLonGrid::new(&[50.0], &longitudes).unwrap(),
        values: values.to_vec(),
        source: format!("{variable} {interval}"),
    }
}

fn sum(unit: &str, from: i64, to: i64, values: &[f32]) -> GriddedField {
    field("tp", unit, Interval::accumulation(hour(from), hour(to)), values)
}

fn numbers(golden: &Value, name: &str) -> Vec<Vec<f32>> {
    let rows = golden[name].as_array().unwrap().iter();
    rows.map(|row| row.as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect())
        .collect()
}

fn golden() -> Value {
    serde_json::from_slice(&std::fs::read(kept("fields/accumulation_rules.json")).unwrap()).unwrap()
}

fn check(fields: &[GriddedField], expected: &[Vec<f32>]) {
    for (step, expected) in expected.iter().enumerate() {
        let to = 3 * (step as i64 + 1);
        let found = accumulate(fields, hour(to - 3), hour(to)).unwrap();
        for (a, b) in found.field.values.iter().zip(expected) {
            assert!((a - b).abs() < 1e-6, "step {to}: {:?}, not {expected:?}", found.field.values);
        }
        found.field.check_rain_mm(3).unwrap();
    }
}

#[test]
fn buckets_of_gfs_become_sums_of_three_hours() {
    let golden = golden();
    let buckets = numbers(&golden, "gfs_apcp_mm");
    let fields: Vec<GriddedField> = [(0, 3), (0, 6), (6, 9), (6, 12)]
        .iter()
        .zip(&buckets)
        .map(|(&(from, to), values)| sum("kg m-2", from, to, values))
        .collect();
    check(&fields, &numbers(&golden, "gfs_3h_mm"));
    let second = accumulate(&fields, hour(3), hour(6)).unwrap();
    assert_eq!(second.n_clipped, 1);
    assert!((second.clipped_mm - 0.1).abs() < 1e-6);
    assert!(second.rule.contains("06:00 UTC minus sum"), "{}", second.rule);
    let half_a_day = accumulate(&fields, hour(0), hour(12)).unwrap();
    for (found, expected) in half_a_day.field.values.iter().zip([2.75, 4.9, 4.5]) {
        assert!((found - expected).abs() < 1e-6);
    }
}

#[test]
fn cumulative_metres_of_ecmwf_become_sums_of_three_hours() {
    let golden = golden();
    let totals = numbers(&golden, "ecmwf_tp_m");
    let fields = [3, 6, 9, 12].iter().zip(&totals).map(|(&to, values)| sum("m", 0, to, values));
    let mut fields: Vec<GriddedField> = fields.collect();
    // Some files hold the empty sum at step 0, too.
    fields.push(sum("m", 0, 0, &[0.0; 3]));
    check(&fields, &numbers(&golden, "ecmwf_3h_mm"));
}

/// The published programs take a total for a step here.
#[test]
fn a_missing_step_is_an_error() {
    let refused =
        |fields: &[GriddedField]| accumulate(fields, hour(3), hour(6)).unwrap_err().to_string();
    let error = refused(&[sum("kg m-2", 0, 3, &[1.0; 3]), sum("kg m-2", 6, 9, &[1.0; 3])]);
    assert!(error.contains("a step is missing: there is sum from"), "{error}");
    // Of a total alone nothing is known but that.
    for (from, to, length) in [(0, 6, 6), (-18, 6, 24)] {
        let error = refused(&[sum("m", from, to, &[0.01; 3])]);
        assert!(
            error.contains(&format!("a sum of {length} h cannot be divided into 3 h")),
            "{error}"
        );
        assert!(error.contains("or the sum until 2024-05-01 03:00 UTC"), "{error}");
    }
    // A step of another forecast is no step of this one.
    let mut other = sum("m", 0, 3, &[1.0; 3]);
    other.reference_time = Some(hour(-6));
    assert!(refused(&[sum("m", 0, 6, &[2.0; 3]), other]).contains("a step is missing"));
}

/// What is said to help does help.
#[test]
fn of_a_total_the_sums_that_are_needed_are_named() {
    let refused = |total: [i64; 2], wanted: [i64; 2]| {
        let fields = [sum("mm", total[0], total[1], &[1.0; 3])];
        accumulate(&fields, hour(wanted[0]), hour(wanted[1])).unwrap_err().to_string()
    };
    let error = refused([0, 6], [3, 6]);
    assert!(
        error.ends_with("of 3 h or less, or the sum until 2024-05-01 03:00 UTC, too"),
        "{error}"
    );
    let error = refused([0, 48], [0, 24]);
    assert!(
        error.ends_with("of 24 h or less, such as the sum until 2024-05-02 00:00 UTC"),
        "{error}"
    );
    let error = refused([0, 9], [3, 6]);
    let both = "or both sums from 2024-05-01 00:00 UTC, until 2024-05-01 03:00 UTC and until 2024-05-01 06:00 UTC";
    assert!(error.ends_with(both), "{error}");
    let three = [9, 3, 6].map(|to| sum("mm", 0, to, &[to as f32; 3]));
    assert_eq!(accumulate(&three, hour(3), hour(6)).unwrap().field.values, [3.0; 3]);
}

/// Below every record, in each field that a sum is made of and in the unit of its file.
#[test]
fn a_code_that_could_have_fallen_is_no_rain() {
    let hours = |middle: &[f32]| {
        let dry = [1.0; 5];
        let all = [sum("mm", 3, 4, &dry), sum("mm", 4, 5, middle), sum("mm", 5, 6, &dry)];
        accumulate(&all, hour(3), hour(6)).map_err(|error| error.to_string())
    };
    let error = hours(&[1.0, 99.99, 99.99, 2.0, 1.0]).expect_err("a code");
    assert!(error.contains("tp holds 99.99 mm at 2 places, the first in row 0"), "{error}");
    let storm = hours(&[60.0, 99.99, 70.0, 2.0, 1.0]).expect("a storm");
    assert!((storm.field.values[1] - 101.99).abs() < 1e-4);
    let of_a_day = [1.0, 999.0, 999.0, 2.0];
    let rate = field("pr", "mm/day", Interval::mean(hour(3), hour(6)), &of_a_day);
    let error = accumulate(&[rate], hour(3), hour(6)).expect_err("125 mm").to_string();
    assert!(error.contains("pr holds 999 mm/day at 2 places"), "{error}");
}

/// A missing value that the file does not declare, and another unit.
#[test]
fn what_no_gauge_ever_measured_is_no_rain() {
    let refused = |fields: &[GriddedField]| {
        let error = accumulate(fields, hour(3), hour(6)).expect_err("it is no rain");
        assert!(matches!(error, FieldError::Impossible { .. }), "{error}");
        error.to_string()
    };
    let error = refused(&[sum("kg m-2", 3, 6, &[9999.0; 3])]);
    assert!(error.contains("holds 9999 kg m-2 in row 0 from the south"), "{error}");
    assert!(error.contains("more than 915 mm in 3 h"), "{error}");
    let error = refused(&[sum("m", 0, 6, &[0.0, 60.0, 0.1]), sum("m", 0, 3, &[0.0, 60.0, 0.1])]);
    assert!(error.contains("60 m (60000 mm)") && error.contains("column 1"), "{error}");
    // What three hours of the record make is not refused.
    let hours: Vec<GriddedField> = (3..6).map(|h| sum("mm", h, h + 1, &[304.0; 3])).collect();
    assert!(accumulate(&hours, hour(3), hour(6)).is_ok());
    assert!(refused(&[sum("mm", 3, 6, &[0.0, -9999.0, 0.0])]).contains("rain is never negative"));
    assert!(refused(&[sum("mm", 3, 6, &[0.0, f32::INFINITY, 0.0])]).contains("holds inf mm"));
    let rate = field("prate", "kg m-2 s-1", Interval::mean(hour(3), hour(6)), &[0.0, 1.0, 0.0]);
    assert!(refused(&[rate]).contains("1 kg m-2 s-1 (10800 mm)"));
}

#[test]
fn hourly_sums_follow_one_another() {
    let hours: Vec<GriddedField> =
        (0..4).map(|h| sum("mm", h, h + 1, &[1.0, f32::NAN, h as f32])).collect();
    let found = accumulate(&hours, hour(1), hour(4)).unwrap();
    assert_eq!((found.field.values[0], found.field.values[2]), (3.0, 6.0));
    assert!(found.field.values[1].is_nan());
    assert!(found.rule.starts_with("3 fields, sum from 2024-05-01 01:00 UTC"), "{}", found.rule);
    let error = accumulate(&[&hours[..2], &hours[3..]].concat(), hour(1), hour(4)).unwrap_err();
    assert!(error.to_string().contains("a step is missing"), "{error}");
}

#[test]
fn rates_become_amounts() {
    let mean = |from, to, mm_s: f32| {
        field("prate", "kg m-2 s-1", Interval::mean(hour(from), hour(to)), &[mm_s; 2])
    };
    let found = accumulate(&[mean(0, 3, 0.001), mean(0, 6, 0.002)], hour(3), hour(6)).unwrap();
    assert!((found.field.values[0] - (43.2 - 10.8)).abs() < 1e-5);
    let minute = |minute: i64| hour(0) + SignedDuration::from_mins(minute);
    let frame =
        |at: i64| field("precip_rate", "mm h-1", Interval::at(minute(at)), &[30.0, at as f32]);
    let frames: Vec<GriddedField> = (0..=30).map(|i| frame(2 * i)).collect();
    let found = accumulate(&frames, hour(0), hour(1)).unwrap();
    // 30 frames of two minutes: 0 to 58, not 60.
    assert!(
        (found.field.values[0] - 30.0).abs() < 1e-5 && (found.field.values[1] - 29.0).abs() < 1e-5
    );
    let gap = [&frames[..7], &frames[8..]].concat();
    let error = accumulate(&gap, hour(0), hour(1)).unwrap_err().to_string();
    assert!(
        error.contains("the frame of 2024-05-01 00:14 UTC is missing: rates every 120 s"),
        "{error}"
    );
}

#[test]
fn what_is_no_rain_of_an_interval_is_refused_for_its_reason() {
    let check = |fields: &[GriddedField], what: &str| {
        let error = accumulate(fields, hour(0), hour(3)).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    };
    let rain = sum("mm", 0, 3, &[1.0; 3]);
    check(&[], "no field");
    check(&[sum("K", 0, 3, &[280.0; 3])], "is in \"K\", which is no amount of rain");
    check(&[sum("", 0, 3, &[1.0; 3])], "is in \"\"");
    check(&[field("tp", "mm", Interval::at(hour(3)), &[1.0; 3])], "of one moment");
    check(
        &[field("tp", "mm", Interval::mean(hour(0), hour(3)), &[1.0; 3])],
        "the mean of an amount",
    );
    check(&[GriddedField { interval: None, ..rain.clone() }], "does not say over which interval");
    check(&[sum("mm", 0, 3, &[f32::NAN; 3])], "all 3 values are missing");
    check(&[rain.clone(), sum("mm", 0, 3, &[2.0; 3])], "are of one time and differ");
    check(&[rain.clone(), sum("mm", 0, 3, &[2.0; 4])], "different grids");
    check(
        &[rain.clone(), GriddedField { variable: "acpcp".to_owned(), ..rain.clone() }],
        "choose one variable",
    );
    assert_eq!(
        accumulate(&[rain.clone(), rain.clone()], hour(0), hour(3)).unwrap().field.values,
        [1.0; 3]
    );
    let error = rain.check_rain_mm(1).unwrap_err().to_string();
    assert!(error.contains("where a sum of 1 h is needed"), "{error}");
    let metres = GriddedField { unit: "m".to_owned(), ..rain.clone() };
    assert!(metres.check_rain_mm(3).unwrap_err().to_string().contains("where mm are needed"));
}

/// Each of them would be rain of the right size, of other hours or of less than fell.
#[test]
fn what_would_pass_for_rain_of_an_interval_is_refused() {
    let refused = |fields: &[GriddedField], from: i64, to: i64, words: &str| {
        let error = accumulate(fields, hour(from), hour(to)).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    // A mean whose times have no bounds may be of the hours before each time or behind it.
    let open = |at: i64| field("pr", "kg m-2 s-1", Interval::mean(hour(at), hour(at)), &[0.001; 3]);
    refused(&[open(3), open(6)], 3, 6, "a mean of a time that is not said");
    let stated = open(6).of_hours(Some(3)).unwrap();
    let found = accumulate(&[stated], hour(3), hour(6)).unwrap();
    assert!((found.field.values[0] - 10.8).abs() < 1e-5, "{:?}", found.field.values);
    let moment = |at: i64| field("rate", "mm h-1", Interval::at(hour(at)), &[2.0; 3]);
    refused(&[moment(0), moment(3)], 0, 3, "the rate of one moment, 2024-05-01 00:00 UTC");
    let rule = accumulate(&[0, 1, 2, 3].map(moment), hour(0), hour(3)).unwrap().rule;
    assert!(rule.ends_with("each rate of a moment is taken until the next one"), "{rule}");
    // A total that becomes smaller is none.
    let totals = [sum("mm", 0, 3, &[10.0; 3]), sum("mm", 0, 6, &[4.0; 3])];
    refused(&totals, 3, 6, "leaves -6.0 mm in row 0");
}

#[test]
fn what_a_file_leaves_open_can_be_stated_and_nothing_else() {
    let open = field("tp", "mm", Interval::at(hour(3)), &[1.0; 3]);
    let interval = Interval::accumulation(hour(0), hour(3));
    let stated = open.clone().stated(None, Some(interval)).unwrap();
    assert_eq!(accumulate(&[stated], hour(0), hour(3)).unwrap().field.values, [1.0; 3]);
    assert!(open.stated(Some("m"), None).unwrap_err().to_string().contains("is in mm, not in m"));
    let rain = sum("mm", 0, 6, &[1.0; 3]);
    assert!(rain.stated(None, Some(interval)).is_err());
}

/// Through a file: heads, intervals and values together.
#[test]
fn messages_of_a_forecast_become_sums() {
    let drafts = [Draft::rain([0, 3], &[5, 20, 0, 7]), Draft::rain([0, 6], &[15, 19, 40, 7])];
    let bytes: Vec<u8> = drafts.iter().flat_map(Draft::bytes).collect();
    let file = FieldFile::from_bytes("gfs", bytes).unwrap();
    let fields: Vec<GriddedField> = (0..2).map(|place| file.read(place).unwrap()).collect();
    let found = accumulate(&fields, hour(3), hour(6)).unwrap();
    for (a, b) in found.field.values.iter().zip([4.0, 0.0, 1.0, 0.0]) {
        assert!((a - b).abs() < 1e-6, "{:?}", found.field.values);
    }
    assert_eq!(found.n_clipped, 1);
}

/// Wherever the interval is known, a unit of rain is converted; a unit may name the time itself.
#[test]
fn every_unit_of_rain_becomes_millimetres_of_its_interval() {
    let three = (hour(0), hour(3));
    let first = |fields: &[GriddedField]| {
        accumulate(fields, three.0, three.1).map(|found| (found.field.values[0], found.rule))
    };
    let mean = |unit: &str, value: f32| {
        let mean = Interval::mean(three.0, three.1);
        first(&[field("pr", unit, mean, &[value; 3])]).expect(unit).0
    };
    assert_eq!(mean("mm day-1", 8.0), 1.0);
    assert_eq!(mean("mm/24h", 8.0), 1.0);
    assert_eq!(mean("mm/h", 2.0), 6.0);
    assert!((mean("in/h", 1.0) - 76.2).abs() < 1e-4);
    assert!((mean("kg m-2 s-1", 0.001) - 10.8).abs() < 1e-5);
    assert_eq!(first(&[sum("in", 0, 3, &[1.0; 3])]).expect("inches").0, 25.4);
    assert_eq!(first(&[sum("mm/3h", 0, 3, &[7.0; 3])]).expect("with its time").0, 7.0);
    let whole = Interval::accumulation(hour(0), hour(3));
    let of = |unit: &str, statistic| field("pr", unit, Interval { statistic, ..whole }, &[7.0; 3]);
    for unit in ["mm", "kg m-2", "mm/3h"] {
        assert_eq!(first(&[of(unit, Statistic::Unstated)]).expect("an amount is a sum").0, 7.0);
        assert!(first(&[of(unit, Statistic::Other)]).is_err(), "a maximum");
    }
    let error = first(&[of("mm/h", Statistic::Unstated)]).expect_err("no mean").to_string();
    assert!(error.contains("does not say that it is a mean"), "{error}");
    // Without bounds of times the unit says how long, and the rule says what is taken.
    let (mm, rule) = first(&[field("pr", "mm/3h", Interval::at(three.1), &[7.0; 3])]).expect("3 h");
    assert_eq!(mm, 7.0);
    let taken =
        "sum from 2024-05-01 00:00 UTC to 2024-05-01 03:00 UTC; the unit mm/3h names the time";
    assert!(rule.starts_with(taken), "{rule}");
    let error = first(&[sum("mm/6h", 0, 3, &[7.0; 3])]).expect_err("two times").to_string();
    assert!(error.contains("its unit mm/6h names another time"), "{error}");
    let error = first(&[sum("mm/month", 0, 3, &[7.0; 3])]).expect_err("unknown").to_string();
    assert!(error.contains("units that are read are mm, cm, m, in or kg m-2"), "{error}");
}

/// A code in a rate is so little rain in a short time that it would pass for what packing makes.
#[test]
fn an_undeclared_code_is_no_rate() {
    let minute = |minute: i64| hour(0) + SignedDuration::from_mins(minute);
    let frame = |at: i64| field("rate", "mm h-1", Interval::at(minute(at)), &[0.0, -1.0, 2.0]);
    let frames: Vec<GriddedField> = (0..=12).map(|i| frame(5 * i)).collect();
    let error = accumulate(&frames, hour(0), hour(1)).expect_err("a code").to_string();
    assert!(
        error.contains("holds -1 mm h-1 (") && error.contains("declares its missing value"),
        "{error}"
    );
    let mean = Interval::mean(hour(0), hour(3));
    assert!(accumulate(&[field("pr", "mm day-1", mean, &[0.0, -1.0])], hour(0), hour(3)).is_err());
    // What interpolation makes is 0, and counted.
    let small = accumulate(&[field("pr", "mm day-1", mean, &[4.0, -0.4])], hour(0), hour(3));
    assert_eq!(small.map(|found| found.n_clipped).ok(), Some(1));
}

/// A file of daily means without bounds could be of the day before each of its times, or of the day after.
#[test]
fn rates_of_moments_that_are_far_apart_make_no_amount() {
    let day = |unit, i: i64| field("pr", unit, Interval::at(hour(24 * i)), &[24.0; 3]);
    for unit in ["mm/day", "mm day-1", "kg m-2 s-1"] {
        let error = accumulate(&[day(unit, 0), day(unit, 1)], hour(0), hour(24)).unwrap_err();
        assert!(error.to_string().contains("give a file with time bounds"), "{error}");
    }
}
