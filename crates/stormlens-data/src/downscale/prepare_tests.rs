//! Samples against the published `preprocess_data`, splits, and the sixty hours of 2016.

use std::path::Path;

use jiff::Timestamp;

use super::hourly::HourlyRain;
use super::prepare::*;
use super::testing::{check_near, e2e_field, f64s, field, json, small};
use super::*;
use crate::field::grib::testing::Draft;
use crate::field::testing::{golden, kept};
use crate::field::{FieldFile, GriddedField, Interval};

const V4: Geometry = Geometry::V4;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn hour_until(rain: &GriddedField, end: &str) -> GriddedField {
    let end = time(end);
    let start = end - jiff::SignedDuration::from_hours(1);
    GriddedField { interval: Some(Interval::accumulation(start, end)), ..rain.clone() }
}

/// Two times in May, of which one is all dry, and one in June, which is the test month there.
fn prepared(precision: Precision) -> Option<[Vec<Sample>; 2]> {
    let rain = e2e_field()?;
    let rows = rain.values.chunks(175).rev().flatten().copied().collect();
    let turned = GriddedField { values: rows, ..rain.clone() };
    let dry = GriddedField { values: vec![0.005; rain.values.len()], ..rain.clone() };
    let domain = Domain { south: 29.0, north: 35.0, west: -102.0, east: -96.0 };
    let tiles = tiles(&domain, &V4, Fit::Inside);
    let options = PrepareOptions { precision, ..PrepareOptions::default() };
    let of = |field: GriddedField| samples(&field, &tiles, &options).unwrap();
    let (may, _) = of(hour_until(&turned, "2019-05-31T21:00:00Z"));
    let (none, left_out) = of(hour_until(&dry, "2019-05-31T22:00:00Z"));
    assert_eq!((none.len(), left_out), (0, LeftOut { n_dry: 13, n_missing: 0 }));
    let (june, _) = of(hour_until(&rain, "2019-06-01T03:00:00Z"));
    Some([may, june])
}

fn scale(parts: &[Vec<Sample>; 2], precision: Precision) -> LogScale {
    let mut sums = LogSums::default();
    parts.iter().flatten().for_each(|sample| sums.add(sample, 1.0, precision));
    sums.scale().unwrap()
}

#[test]
fn samples_are_those_of_the_published_program() {
    let golden = json("prep");
    let number = |name: &str| golden[name].as_f64().unwrap();
    let Some(parts) = prepared(Precision::Float16) else { return };
    let ids = |samples: &[Sample]| samples.iter().map(|s| s.tile as u64).collect::<Vec<_>>();
    for (samples, name) in parts.iter().zip(["train_tile", "test_tile"]) {
        let expected: Vec<u64> =
            golden[name].as_array().unwrap().iter().map(|v| v.as_u64().unwrap()).collect();
        assert_eq!(ids(samples), expected, "{name}");
    }
    let scale = scale(&parts, Precision::Float16);
    assert!((scale.mean - number("precip_mean")).abs() < 2e-5, "{scale:?}");
    assert!((scale.std - number("precip_std")).abs() < 2e-5, "{scale:?}");
    let z = |mm: &[f32]| f64s(&to_z(mm, scale, Precision::Float16));
    for (samples, name) in parts.iter().zip(["prep_train_input", "prep_test_input"]) {
        let found: Vec<f64> = samples.iter().flat_map(|s| z(&s.coarse_mm)).collect();
        let expected = small(name);
        check_near(found.iter().copied(), &expected, 0.004, name);
        let n_equal = found.iter().zip(&expected).filter(|(a, b)| **a == f64::from(**b)).count();
        assert!(
            n_equal * 100 >= 95 * expected.len(),
            "{name}: {n_equal} of {} are equal",
            expected.len()
        );
    }
    check_near(z(&parts[1][0].fine_mm), &small("prep_test_target_first"), 0.004, "target");
    let sum: f64 = parts[0].iter().flat_map(|s| z(&s.fine_mm)).sum();
    assert!((sum - number("sum_train_target")).abs() < 0.3, "{sum}");
}

#[test]
fn without_float16_mean_and_deviation_are_those_of_float64() {
    let golden = json("prep");
    let Some(parts) = prepared(Precision::Float32) else { return };
    let scale = scale(&parts, Precision::Float32);
    assert!((scale.mean - golden["precip_mean_float64"].as_f64().unwrap()).abs() < 1e-7);
    assert!((scale.std - golden["precip_std_float64"].as_f64().unwrap()).abs() < 1e-7);
}

#[test]
fn what_is_no_rain_of_an_interval_makes_no_samples() {
    let rain = field([20, 20], [39.0, 9.0], 0.25, vec![1.0; 400], "mm");
    let tile = [Tile { id: 4, min_lat: 40.0, min_lon: 10.0, is_secondary: false }];
    let of = |rain: &GriddedField| samples(rain, &tile, &PrepareOptions::default());
    assert!(of(&rain).unwrap_err().to_string().contains("over which interval"));
    let hour = hour_until(&rain, "2020-01-01T01:00:00Z");
    let (found, _) = of(&hour).unwrap();
    assert_eq!(
        (found.len(), found[0].tile, found[0].coarse_mm.len(), found[0].fine_mm.len()),
        (1, 4, 100, 4096)
    );
    let mut gap = hour.clone();
    gap.values[20 * 8 + 8] = f32::NAN;
    assert_eq!(of(&gap).unwrap().1, LeftOut { n_dry: 0, n_missing: 1 });
    let missing = GriddedField { values: vec![f32::NAN; 400], ..hour.clone() };
    assert!(of(&missing).unwrap_err().to_string().contains("all 400 values are missing"));
    let metres = GriddedField { unit: "m".to_owned(), ..hour };
    assert!(of(&metres).unwrap_err().to_string().contains("where mm are needed"));
    assert_eq!(LogSums::default().scale(), None);
}

#[test]
fn a_split_keeps_times_and_places_apart() {
    let split = Split {
        longitude: -115.0,
        training_until: time("2016-09-21T12:00:00Z"),
        validation_until: time("2016-09-22T00:00:00Z"),
        interval_s: 3 * 3600,
    };
    let part = |min_lon: f64, end: &str| {
        let tile = Tile { id: 0, min_lat: 40.0, min_lon, is_secondary: false };
        split.part(&tile, &V4, time(end))
    };
    for (longitude, end, expected) in [
        (-117.0, "2016-09-21T12:00:00Z", Some(Part::Training)),
        (-117.0, "2016-09-21T13:00:00Z", None),
        (-117.0, "2016-09-21T15:00:00Z", Some(Part::Validation)),
        (-117.0, "2016-09-22T03:00:00Z", Some(Part::TestTime)),
        (-115.0, "2016-09-21T09:00:00Z", Some(Part::TestPlace)),
        (-115.0, "2016-09-22T03:00:00Z", Some(Part::TestBoth)),
        (-116.0, "2016-09-21T09:00:00Z", None),
    ] {
        assert_eq!(part(longitude, end), expected, "{longitude} {end}");
    }
}

#[test]
fn hours_are_summed_where_none_is_missing() {
    let error = HourlyRain::open(&kept("fields/forecast_classic.nc"), "tp", None)
        .err()
        .expect("refused")
        .to_string();
    assert!(error.contains("is no sum of an hour"), "{error}");
    let error = HourlyRain::open(&kept("fields/no_bounds.nc"), "rain", None)
        .err()
        .expect("refused")
        .to_string();
    assert!(error.contains("has no field rain"), "{error}");
    let rain = HourlyRain::open(&kept("fields/no_bounds.nc"), "tp", Some(1)).unwrap();
    // 3 and 6 o'clock only.
    assert_eq!(
        (rain.times().count(), rain.ends_of_sums(1).len(), rain.ends_of_sums(3).len()),
        (2, 2, 0)
    );
    let error = rain.sum(time("2024-01-01T06:00:00Z"), 3).unwrap_err().to_string();
    assert!(error.contains("a step is missing"), "{error}");
}

/// Amounts with times and no bounds could be sums of an hour, of three, or totals of a forecast: 3 and 6 o'clock here.
#[test]
fn the_interval_of_an_amount_is_stated_where_no_bounds_are() {
    let path = kept("fields/no_bounds.nc");
    let refused = |stated: Option<i64>| match RainSource::open(&path, Some("tp"), stated) {
        Ok(_) => panic!("{stated:?} is taken"),
        Err(error) => error.to_string(),
    };
    let hourly = HourlyRain::open(&path, "tp", None).err().expect("refused").to_string();
    for error in [refused(None), hourly] {
        assert!(error.contains("have no bounds") && error.contains("--each-hours"), "{error}");
    }
    let of_three = RainSource::open(&path, Some("tp"), Some(3)).expect("sums of three hours");
    let [three, six] = ["2024-01-01T03:00:00Z", "2024-01-01T06:00:00Z"].map(time);
    assert_eq!((of_three.ends(3), of_three.ends(6)), (vec![three, six], vec![six]));
    let sum = |end, hours| of_three.sum(end, hours).expect("whole").values;
    let parts = sum(three, 3).into_iter().zip(sum(six, 3)).map(|(a, b)| a + b);
    let same = |(whole, parts): (f32, f32)| whole == parts || whole.is_nan() && parts.is_nan();
    assert!(sum(six, 6).into_iter().zip(parts).all(same));
    let error = of_three.sum(six, 1).expect_err("no hour").to_string();
    assert!(error.contains("2024-01-01"), "{error}");
    let hours = RainSource::open(&path, Some("tp"), Some(1)).expect("sums of an hour");
    assert!(matches!(hours, RainSource::Hourly(_)) && hours.ends(3).is_empty());
}

/// Totals since one start make rain of the right size where somebody states that each is the sum of an hour.
#[test]
fn a_running_total_is_not_taken_for_sums_of_hours() {
    let folder = tempfile::tempdir().unwrap();
    let opened = |name: &str, fields: &[[u16; 4]]| {
        let path = folder.path().join(name);
        let drafts = (1..).zip(fields).map(|(hour, packed)| Draft::rain([hour, hour], packed));
        let bytes: Vec<u8> = drafts.flat_map(|draft| draft.bytes()).collect();
        std::fs::write(&path, bytes).unwrap();
        RainSource::open(&path, None, Some(1)).err().map(|error| error.to_string())
    };
    let total = [
        [1, 0, 0, 2],
        [1, 3, 0, 2],
        [4, 3, 0, 5],
        [4, 9, 0, 5],
        [6, 9, 1, 5],
        [6, 9, 2, 5],
        [7, 9, 2, 6],
        [7, 10, 2, 6],
    ];
    let error = opened("total.grib2", &total).expect("a total");
    assert!(error.contains("look like a total since one start, not like sums of 1 h"), "{error}");
    assert_eq!(opened("two.grib2", &total[..2]), None);
    let hours = [[3, 0, 1, 0], [0, 2, 4, 0], [1, 0, 5, 2], [0, 0, 6, 7], [2, 1, 0, 3]];
    assert_eq!(opened("hours.grib2", &hours), None);
}

/// A part of the rain is taken where somebody names it, and only there.
#[test]
fn the_only_variable_may_be_a_part_of_the_rain() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("convective.grib2");
    let draft = Draft { number: 10, ..Draft::rain([0, 3], &[10, 20, 30, 40]) };
    std::fs::write(&path, draft.bytes()).unwrap();
    let error = RainSource::open(&path, None, None).err().expect("a part").to_string();
    assert!(error.contains("has only parts of the rain, such as acpcp (kg m-2)"), "{error}");
    assert!(RainSource::open(&path, Some("acpcp"), None).is_ok());
}

/// One hour of the sixty is there in GRIB2 at 0.01°, too: reader, table, nodes and means agree to the hundredth of a
/// millimetre that the sixty are rounded to.
#[test]
fn an_hour_in_grib2_is_the_same_hour_in_netcdf() {
    let Some(folder) = golden("../data") else { return };
    let hours = "mrms_qpe_2016/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc";
    let hours = HourlyRain::open(&folder.join(hours), "tp", Some(1)).unwrap();
    let expected = hours.sum(time("2016-09-21T18:00:00Z"), 1).unwrap().rain.field;
    let file = FieldFile::open(&folder.join("grib/png_mrms_qpe_01h.grib2")).unwrap();
    let found = file.read(0).unwrap().block_mean(4).unwrap();
    assert_eq!(found.interval, expected.interval);
    let grid = &expected.grid;
    let at_nodes = found.nearest_nodes(&grid.latitudes, &grid.longitudes);
    let near = found.grid.nearest_column(grid.longitudes[0]).unwrap();
    assert!((found.grid.longitudes[near] - grid.longitudes[0]).abs() < 1e-4);
    let mut n = 0;
    for (found, expected) in at_nodes.iter().zip(&expected.values) {
        assert_eq!(found.is_nan(), expected.is_nan());
        assert!(found.is_nan() || (found - expected).abs() < 0.0051, "{found}, not {expected}");
        n += u32::from(*found > 0.1);
    }
    assert!(n > 1000, "{n} wet nodes");
}

/// Counts are those of the description of the data: 58 sums; 0.7 % without data; 52.5 mm at most in an hour.
#[test]
fn sixty_hours_of_2016_are_58_sums_of_three() {
    let Some(folder) = golden("../data/mrms_qpe_2016") else { return };
    let path = folder.join("mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc");
    let rain = HourlyRain::open(&path, "tp", Some(1)).unwrap();
    let ends = rain.ends_of_sums(3);
    assert_eq!((rain.times().count(), ends.len()), (60, 58));
    assert_eq!(ends[0], time("2016-09-20T02:00:00Z"));
    let last = rain.sum(ends[57], 3).unwrap();
    assert_eq!(last.n_screened, 0);
    let field = &last.rain.field;
    for (found, expected) in field.grid.bounds().iter().zip([32.5, 51.5, -126.5, -102.54]) {
        assert!((found - expected).abs() < 1e-9, "{found}");
    }
    let share = field.n_missing() as f64 / field.values.len() as f64;
    assert!((0.003..0.02).contains(&share), "{share}");
    field.check_rain_mm(3).unwrap();
    let domain = Domain { south: 33.0, north: 51.0, west: -126.0, east: -103.0 };
    let tiles = tiles(&domain, &V4, Fit::Inside);
    let (found, left_out) = samples(field, &tiles, &PrepareOptions::default()).unwrap();
    assert_eq!(tiles.len(), 9 * 11 + 8 * 10);
    assert_eq!(found.len() + left_out.n_dry + left_out.n_missing, tiles.len());
    assert!(found.len() > 60, "{} wet tiles", found.len());
}

/// Three-hourly buckets and hours of one run say how far ahead they are; of two runs, of which each has a part of the sum,
/// and of radar nobody can say it.
#[test]
fn the_lead_time_is_that_of_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let opened = |name: &str, drafts: &[Draft]| {
        let path = folder.path().join(name);
        let bytes: Vec<u8> = drafts.iter().flat_map(Draft::bytes).collect();
        std::fs::write(&path, bytes).unwrap();
        RainSource::open(&path, None, None).expect("rain")
    };
    let at = |hour: u32| format!("2024-05-01T{hour:02}:00:00Z").parse().unwrap();
    let of_run = |run: u32, hours: [u32; 2]| Draft {
        reference_time: at(run),
        ..Draft::rain(hours, &[10, 20, 30, 40])
    };
    let buckets = opened("buckets.grib2", &[of_run(0, [0, 3]), of_run(0, [3, 6])]);
    assert_eq!(buckets.ends(3), [at(3), at(6)]);
    let leads = [at(3), at(6)].map(|end| buckets.lead_min(end, 3));
    assert_eq!(leads, [Some(180), Some(360)]);
    let hours: Vec<Draft> = (0..4).map(|h| of_run(6, [h, h + 1])).collect();
    let hours = opened("hours.grib2", &hours);
    assert_eq!((hours.lead_min(at(10), 3), hours.lead_min(at(9), 3)), (Some(240), Some(180)));
    let mixed = opened("mixed.grib2", &[of_run(0, [0, 1]), of_run(0, [1, 2]), of_run(2, [0, 1])]);
    assert_eq!((mixed.lead_min(at(3), 3), mixed.lead_min(at(2), 2)), (None, Some(120)));
    let shipped = "data/mrms/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(shipped);
    let radar = RainSource::open(&path, Some("tp"), Some(1)).expect("hours");
    let ends = radar.ends(3);
    assert!(ends.len() > 50 && ends.iter().all(|end| radar.lead_min(*end, 3).is_none()));
}
