//! Means of a day from fields of moments, and what is no moment.

use netcdf_writer::{NcFileBuilder, NcWriteFormat, NcWriteOptions};

use super::*;
use crate::field::testing::add_variable;

/// A file of moments makes the mean of a day where they are evenly spaced from its start on; nothing else does.
#[test]
fn moments_make_the_mean_of_a_day() {
    let at =
        |hour: u32, reference: f32| Draft { hours: [hour, hour], ..draft(T, HPA_850, reference) };
    let moments = [at(0, 2_800.0), at(6, 2_810.0), at(12, 2_830.0), at(18, 2_840.0)];
    let daily = FieldStatement { mean_hours: Some(24), ..statement(vec![variable("T850")]) };
    let end: Timestamp = "2024-05-02T00:00:00Z".parse().unwrap();
    assert_eq!(times(&files(&moments), &daily), [(end, 1)]);
    let mean = gather(&files(&moments), &daily, end).unwrap();
    let moment = gather(&files(&moments[..1]), &statement(vec![variable("T850")]), moment_of(0));
    for (mean, at_midnight) in mean.values.iter().zip(moment.unwrap().values) {
        assert!((mean - at_midnight - 2.0).abs() < 1e-3, "{mean} and {at_midnight}");
    }
    let Found::Present { source, .. } = &mean.found[0] else { panic!("{:?}", mean.found) };
    let words = "mean of 4 moments from 2024-05-01 00:00 UTC to 2024-05-02 00:00 UTC";
    assert!(source.contains(words), "{source}");
    // Each in a file of its own, in any order.
    let apart: Vec<_> =
        moments.iter().rev().flat_map(|one| files(std::slice::from_ref(one))).collect();
    assert_eq!(gather(&apart, &daily, end).unwrap().values, mean.values);
    // Three of four; not from the start on; too far apart: no day, and what would make it one is said.
    let [a, b, c, d] = moments.clone();
    let e = at(24, 2_840.0);
    for part in [vec![a.clone(), b.clone(), c.clone()], vec![b, c.clone(), d, e], vec![a, c]] {
        assert_eq!(times(&files(&part), &daily), []);
        let why = error(gather(&files(&part), &daily, end));
        assert!(why.contains("evenly spaced and at most 6 h apart, would make it up"), "{why}");
    }
    // For all variables once.
    let both = FieldStatement {
        mean_hours: Some(24),
        ..statement(vec![variable("T850"), variable("RH850")])
    };
    let part = [0, 6].map(|hour| at(hour, 2_800.0));
    let dry = [0, 6].map(|hour| Draft { hours: [hour, hour], ..draft(RH, HPA_850, 600.0) });
    let why = error(gather(&files(&[part, dry].concat()), &both, end));
    assert_eq!(why.matches("would make it up").count(), 1, "{why}");
    assert!(why.contains("T850: ") && why.contains("; RH850: "), "{why}");
    // Two runs hold the same moment.
    let twice: Vec<Draft> = moments.iter().chain(&moments[..1]).cloned().collect();
    let why = error(gather(&files(&twice), &daily, end));
    assert!(why.contains("two fields are"), "{why}");
    // Another grid at one of them.
    let mut other = moments;
    other[2].north_west = [40.5, 10.0];
    let why = error(gather(&files(&other), &daily, end));
    assert!(why.contains("in other units or on other grids"), "{why}");
}

fn moment_of(hour: i64) -> Timestamp {
    "2024-05-01T00:00:00Z".parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_hours(hour)
}

/// Temperature at 850 hPa at 00, 06, 12 and 18 UTC; the times are called as `time` says, and their bounds descend with them.
fn with_methods(time: &str, methods: &str, has_bounds: bool) -> FieldFile {
    with_runs(time, methods, has_bounds, None)
}

/// The same, with the hour at which the run of each time began.
fn with_runs(time: &str, methods: &str, has_bounds: bool, runs: Option<[f64; 4]>) -> FieldFile {
    let mut file = NcFileBuilder::new();
    let sizes = [(time, 4), ("ends", 2), ("lat", 2), ("lon", 2)];
    let [t, ends, lat, lon] = sizes.map(|(name, n)| file.add_dimension(name, n).unwrap());
    let mut add = |name: &str, on: &[_], values: &[f64], attributes: &[(&str, &str)]| {
        add_variable(&mut file, name, (on, values), attributes);
    };
    let since = ("units", "hours since 2024-05-01 00:00:00");
    let of_time = [since, ("standard_name", "time"), ("bounds", "time_ends")];
    let n_said = if has_bounds { 3 } else { 2 };
    add(time, &[t], &[18.0, 12.0, 6.0, 0.0], &of_time[..n_said]);
    if has_bounds {
        let bounds = [24.0, 18.0, 18.0, 12.0, 12.0, 6.0, 6.0, 0.0];
        add("time_ends", &[t, ends], &bounds, &[]);
    }
    if let Some(runs) = runs {
        add("run", &[t], &runs, &[since, ("standard_name", "forecast_reference_time")]);
    }
    add("lat", &[lat], &[37.0, 40.0], &[("units", "degrees_north")]);
    add("lon", &[lon], &[10.0, 13.0], &[("units", "degrees_east")]);
    add("p", &[], &[850.0], &[("units", "hPa"), ("standard_name", "air_pressure")]);
    let said = [
        ("units", "K"),
        ("standard_name", "air_temperature"),
        ("coordinates", "p"),
        ("cell_methods", methods),
    ];
    add("ta", &[t, lat, lon], &[280.0; 16], &said);
    let options = NcWriteOptions { format: NcWriteFormat::Nc4 };
    FieldFile::from_bytes("a.nc", file.to_vec(options).unwrap().1).unwrap()
}

/// What a file says was done over time is found under every name that the time has; what it says of space is not that.
#[test]
fn cell_methods_of_time_are_told_from_those_of_space() {
    use crate::field::Statistic::{
        Accumulation, Instantaneous, Maximum, Mean, Minimum, Other, Unstated,
    };
    let check = |time: &str, methods: &str, [bare, bounded]: [crate::field::Statistic; 2]| {
        for (has_bounds, expected) in [(false, bare), (true, bounded)] {
            let file = with_methods(time, methods, has_bounds);
            let found = file.contents()[0].interval.unwrap();
            assert_eq!(found.statistic, expected, "{time}, {methods}, {has_bounds}");
            assert_eq!(found.duration_s(), if has_bounds { 6 * 3600 } else { 0 });
        }
    };
    for time in ["time", "valid_time", "t"] {
        check(time, "time: mean", [Mean; 2]);
        check(time, "area: mean time: maximum (interval: 1 hour)", [Maximum; 2]);
        check(time, "time: minimum", [Minimum; 2]);
        check(time, "time: standard_deviation", [Other; 2]);
        check(time, "lat: lon: mean time: sum", [Instantaneous, Accumulation]);
        let remark = "area: mean (interval: 0.25 degree comment: from time: mean)";
        check(time, remark, [Instantaneous, Unstated]);
        check(time, "realization: maximum", [Other; 2]);
    }
    check("valid_time", "valid_time: point", [Instantaneous; 2]);
}

/// Maxima and means of six hours are no moments, though their times have no bounds.
#[test]
fn only_moments_make_the_mean_of_a_day() {
    let daily = FieldStatement { mean_hours: Some(24), ..statement(vec![variable("T850")]) };
    let end: Timestamp = "2024-05-02T00:00:00Z".parse().unwrap();
    let made = |methods: &str| {
        let files = [with_methods("time", methods, false)];
        assert_eq!(
            times(&files, &daily).len(),
            usize::from(methods.contains("point")),
            "{methods}"
        );
        gather(&files, &daily, end)
    };
    assert!(made("time: point").is_ok());
    for methods in ["time: maximum", "time: mean"] {
        assert!(error(made(methods)).contains("no file has"), "{methods}");
    }
    // One moment is no mean, however short the hours are.
    let short = FieldStatement { mean_hours: Some(6), ..daily };
    let at_six: Timestamp = "2024-05-01T06:00:00Z".parse().unwrap();
    let files = [with_methods("time", "time: point", false)];
    assert!(error(gather(&files, &short, at_six)).contains("there is 1"), "one moment");
}

/// Of just the hours that are wanted, and without a method: the reason says what to write.
#[test]
fn a_mean_that_does_not_say_so_is_hidden_and_told_what_is_missing() {
    let of_6h = FieldStatement { mean_hours: Some(6), ..statement(vec![variable("T850")]) };
    let why = |methods: &str| {
        let files = [with_methods("time", methods, true)];
        let at: Timestamp = "2024-05-01T12:00:00Z".parse().unwrap();
        gather(&files, &of_6h, at).err().map(|error| error.to_string())
    };
    assert_eq!(why("time: mean"), None);
    let unsaid = why("area: mean").expect("it is hidden");
    assert!(unsaid.contains("if it is the mean, write cell_methods = \"time: mean\""), "{unsaid}");
    // Another field that is as near is not that one.
    let files = ["time: maximum", "area: mean"].map(|methods| with_methods("time", methods, true));
    let both = error(gather(&files, &of_6h, "2024-05-01T12:00:00Z".parse().unwrap()));
    assert!(both.contains("the nearest is maximum from"), "{both}");
    let named = "the cell_methods of ta (K), 850 hPa, field from 2024-05-01 06:00 UTC to 2024-05-01 12:00 UTC do not";
    assert!(both.contains(named), "{both}");
    let other = why("time: maximum").expect("it is hidden");
    assert!(other.contains("the nearest is maximum from") && !other.contains("write"), "{other}");
}

/// Fields of several runs make no day, unless each is of the begin of its own.
#[test]
fn moments_of_different_runs_are_not_averaged() {
    let daily = FieldStatement { mean_hours: Some(24), ..statement(vec![variable("T850")]) };
    let end: Timestamp = "2024-05-02T00:00:00Z".parse().unwrap();
    let made = |runs: Option<[f64; 4]>| {
        gather(&[with_runs("time", "time: point", false, runs)], &daily, end)
    };
    for runs in [None, Some([-24.0; 4]), Some([18.0, 12.0, 6.0, 0.0])] {
        assert!(made(runs).is_ok(), "{runs:?}");
    }
    let why = error(made(Some([0.0, 0.0, -24.0, -24.0])));
    assert!(why.contains("are of different runs"), "{why}");
}

/// A mean hides a moment that cannot be right.
#[test]
fn each_moment_is_looked_at() {
    let at =
        |hour: u32, reference: f32| Draft { hours: [hour, hour], ..draft(T, HPA_850, reference) };
    let daily = FieldStatement { mean_hours: Some(24), ..statement(vec![variable("T850")]) };
    let end: Timestamp = "2024-05-02T00:00:00Z".parse().unwrap();
    let drafts = [at(0, 2_800.0), at(6, 0.0), at(12, 2_830.0), at(18, 2_840.0)];
    let why = error(gather(&files(&drafts), &daily, end));
    assert!(why.contains("its unit or its level is another one"), "{why}");
}

/// As programs that read GRIB write it: along the begin of runs, with the time of the fields beside it.
#[test]
fn the_begin_of_a_run_is_not_the_time_of_its_fields() {
    let read = |has_valid_time: bool| {
        let mut file = NcFileBuilder::new();
        let sizes = [("time", 2), ("lat", 2), ("lon", 2)];
        let [time, lat, lon] = sizes.map(|(name, n)| file.add_dimension(name, n).unwrap());
        let mut add = |name: &str, on: &[_], values: &[f64], attributes: &[(&str, &str)]| {
            add_variable(&mut file, name, (on, values), attributes);
        };
        let since = ("units", "hours since 2024-05-01 00:00:00");
        let runs = [since, ("standard_name", "forecast_reference_time")];
        add("time", &[time], &[0.0, 6.0], &runs);
        if has_valid_time {
            add("valid_time", &[time], &[48.0, 54.0], &[since, ("standard_name", "time")]);
        }
        add("lat", &[lat], &[37.0, 40.0], &[("units", "degrees_north")]);
        add("lon", &[lon], &[10.0, 13.0], &[("units", "degrees_east")]);
        add("t", &[time, lat, lon], &[280.0; 8], &[("units", "K")]);
        let options = NcWriteOptions { format: NcWriteFormat::Nc4 };
        FieldFile::from_bytes("a.nc", file.to_vec(options).unwrap().1)
    };
    let file = read(true).unwrap();
    let content = &file.contents()[1];
    let (time, run) = (content.interval.unwrap().end, content.reference_time.unwrap());
    assert_eq!(
        (time.to_string(), run.to_string()),
        ("2024-05-03T06:00:00Z".into(), "2024-05-01T06:00:00Z".into())
    );
    let why = read(false).err().expect("of no time").to_string();
    assert!(why.contains("when its runs began"), "{why}");
}
