//! Every container, against what was written; real files; files that are damaged.

mod attributes;
mod bounds;

use netcdf_writer::{NcAttrValue, NcFileBuilder, NcWriteFormat, NcWriteOptions, NcWriteType};

use super::super::testing::{golden, kept, rounds};
use super::super::{FieldError, FieldFile, GriddedField, Wanted};
use super::times::TimeUnit;

fn forecast(name: &str) -> FieldFile {
    FieldFile::open(&kept("fields").join(name)).unwrap()
}

#[test]
fn every_container_holds_the_same_forecast() {
    for name in ["forecast_classic.nc", "forecast_64bit.nc", "forecast_netcdf4.nc"] {
        let file = forecast(name);
        let words: Vec<String> = file.contents().iter().map(ToString::to_string).collect();
        assert_eq!(
            words,
            [
                "tp (mm), sum from 2024-01-01 00:00 UTC to 2024-01-01 03:00 UTC",
                "tp (mm), sum from 2024-01-01 03:00 UTC to 2024-01-01 06:00 UTC",
            ]
        );
        let valid_time = Some("2024-01-01T06:00:00Z".parse().unwrap());
        let second = file.read_wanted(&Wanted { valid_time, ..Wanted::variable("tp") }).unwrap();
        assert_eq!(second.grid.latitudes, [49.0, 49.5, 50.0, 50.5], "{name}");
        assert_eq!(second.grid.longitudes, [-2.0, -1.0, 0.0, 1.0, 2.0], "{name}");
        for (row, column, expected) in [(3, 0, 10.0), (0, 0, 13.0), (0, 4, 13.4), (2, 2, 11.2)] {
            assert!((second.at(row, column) - expected).abs() < 1e-5, "{name}");
        }
        let first = file.read(0).unwrap();
        assert!(first.at(3, 1).is_nan() && first.n_missing() == 1, "{name}");
        assert!(first.source.starts_with("made for tests: tp"), "{}", first.source);
    }
}

#[test]
fn without_bounds_a_time_is_no_interval() {
    let file = forecast("no_bounds.nc");
    assert_eq!(file.contents()[0].to_string(), "tp (mm), at 2024-01-01 03:00 UTC");
}

#[test]
fn the_relief_of_the_earth_is_read() {
    let Some(folder) = golden("../data/stage4") else { return };
    let file = FieldFile::open(&folder.join("etopo20.cdf")).unwrap();
    let relief = file.read_wanted(&Wanted::variable("ROSE")).unwrap();
    // 1081 longitudes from 20 to 380: the last one repeats the first.
    assert_eq!(
        (relief.grid.height(), relief.grid.width(), relief.grid.is_global),
        (540, 1080, true)
    );
    // The Tibetan plateau and the Pacific.
    assert!(relief.linear(33.0, 88.0) > 4500.0 && relief.linear(0.0, -150.0) < -4000.0);
}

#[test]
fn units_of_time_are_those_of_cf() {
    let at = |text: &str, number: f64| TimeUnit::parse(text)?.moment(number).map(|t| t.to_string());
    let expected = Some("2016-09-21T12:00:00Z".to_owned());
    assert_eq!(at("hours since 2016-09-20 00:00:00", 36.0), expected);
    assert_eq!(at("days since 2016-9-20", 1.5), expected);
    assert_eq!(at("seconds since 1970-01-01T00:00:00Z", 1_474_459_200.0), expected);
    assert_eq!(at("minutes since 2016-09-20 00:00:00.0", 2160.0), expected);
    for same in [
        "hours since 2016-09-20 02:00:00 +02:00",
        "hours since 2016-09-19T18:00:00-6",
        "hours since 2016-9-20 5:30 +0530",
        "Hours since 2016-09-20 00:00:00.0 UTC",
        "h since 2016-09-20T00:00Z",
    ] {
        assert_eq!(at(same, 36.0), expected, "{same}");
    }
    for text in [
        "mm",
        "hours since 2016-09-20 00:00 +25",
        "hours since 2016-09-20 00:00 CET",
        "months since 2016-01-01",
        "hours since yesterday",
        "hours since é",
        "h since 2016-99-01",
    ] {
        assert_eq!(TimeUnit::parse(text), None, "{text}");
    }
}

/// Variables at so many times in a unit and a calendar, opened.
fn dated(
    names: &[String],
    n_times: usize,
    [unit, calendar]: [&str; 2],
) -> Result<FieldFile, FieldError> {
    let mut file = NcFileBuilder::new();
    let dimensions = [("time", n_times as u64), ("lat", 2), ("lon", 2)];
    let dimensions = dimensions.map(|(name, n)| file.add_dimension(name, n).unwrap());
    let units = [unit, "degrees_north", "degrees_east"];
    for ((name, on), unit) in ["time", "lat", "lon"].into_iter().zip(dimensions).zip(units) {
        let axis = file.add_variable::<f64>(name, &[on]).unwrap();
        let n = if name == "time" { n_times } else { 2 };
        file.write_variable(axis, &[36.0, 37.0][..n]).unwrap();
        for (name, value) in [("units", unit), ("calendar", calendar)] {
            let value = NcAttrValue::Chars(value.into());
            file.add_variable_attribute(axis, name, value).unwrap();
        }
    }
    for name in names {
        let field = file.add_variable::<f32>(name, &dimensions).unwrap();
        file.write_variable(field, &vec![1.0_f32; 4 * n_times]).unwrap();
    }
    let bytes = file.to_vec(NcWriteOptions { format: NcWriteFormat::Nc4 }).unwrap().1;
    FieldFile::from_bytes("dated.nc", bytes)
}

/// Axes are no maps by right: what is wrong with the maps comes first.
#[test]
fn of_a_file_without_a_map_the_cause_is_said_first() {
    let names = ["rain".to_owned()];
    let error = dated(&names, 1, ["hours since 2016-09-20", "hebrew"]).err().expect("refused");
    let error = error.to_string();
    let words = "that is read (rain: time: its calendar is hebrew";
    assert!(error.contains(words), "{error}");
    assert!(error.contains("; time, lat, lon: it has fewer than two dimensions"), "{error}");
}

/// A number of another calendar is another day, and one without a unit that is read is no time: neither passes for a field
/// without a time.
#[test]
fn times_that_are_not_read_are_said_with_their_unit_and_once_for_all_variables() {
    let names = ["tp", "cp"].map(str::to_owned);
    let unit = "hours since 2016-09-20 02:00:00 +02:00";
    let file = dated(&names, 1, [unit, "standard"]).unwrap();
    assert_eq!(file.contents()[0].to_string(), "tp, at 2016-09-21 12:00 UTC");
    for (unit, calendar, words) in [
        ("months since 2016-01-01", "standard", "the unit of time is “months since 2016-01-01”"),
        ("hours since 2016-09-20 00:00 CET", "standard", "“hours since 2016-09-20 00:00 CET”"),
        ("days since 2016-01-01", "noleap", "time: its calendar is noleap"),
        ("days since 0001-01-01", "standard", "time counts from a date before 15 October 1582"),
    ] {
        let said =
            dated(&names, 2, [unit, calendar]).err().expect("no such times are read").to_string();
        assert!(said.contains(words) && said.contains("tp, cp: "), "{said}");
        assert_eq!(said.matches(words).count(), 1, "{said}");
        // However many variables there are.
        let many: Vec<String> = (0..20).map(|n| format!("precipitation_flux_{n}")).collect();
        let said =
            dated(&many, 2, [unit, calendar]).err().expect("no such times are read").to_string();
        assert!(said.contains(words) && said.contains("_2 and 17 more: "), "{said}");
    }
    // Heights have a single time that says nothing; in a calendar that is even the year 1 is as good as any.
    let file = dated(&names, 1, ["months since 2016-01-01", "standard"]).unwrap();
    assert_eq!(file.contents()[0].interval, None);
    let file = dated(&names, 1, ["days since 0001-01-01", "proleptic_gregorian"]).unwrap();
    assert_eq!(file.contents()[0].to_string(), "tp, at 0001-02-06 00:00 UTC");
}

/// Rain at a moment, with the begin of its run as a scalar in a unit and a calendar.
fn of_a_run(number: f64, said: &[(&str, &str)]) -> Result<FieldFile, FieldError> {
    let mut file = NcFileBuilder::new();
    let sizes = [("time", 1), ("lat", 2), ("lon", 2)];
    let [time, lat, lon] = sizes.map(|(name, n)| file.add_dimension(name, n).unwrap());
    let mut add = |name: &str, on: &[_], values: &[f64], texts: &[(&str, &str)]| {
        let variable = file.add_variable::<f64>(name, on).unwrap();
        file.write_variable(variable, values).unwrap();
        for &(name, value) in texts {
            let value = NcAttrValue::Chars(value.into());
            file.add_variable_attribute(variable, name, value).unwrap();
        }
    };
    add("time", &[time], &[36.0], &[("units", "hours since 2020-06-01")]);
    add("run", &[], &[number], said);
    add("lat", &[lat], &[10.0, 11.0], &[("units", "degrees_north")]);
    add("lon", &[lon], &[10.0, 11.0], &[("units", "degrees_east")]);
    add("tp", &[time, lat, lon], &[1.0; 4], &[("units", "mm")]);
    let bytes = file.to_vec(NcWriteOptions { format: NcWriteFormat::Nc4 }).unwrap().1;
    FieldFile::from_bytes("run.nc", bytes)
}

/// As of the times of fields: without a word, a forecast would pass for an observation.
#[test]
fn the_begin_of_a_run_in_another_calendar_is_refused() {
    const RUN: (&str, &str) = ("standard_name", "forecast_reference_time");
    const UNIT: (&str, &str) = ("units", "hours since 2020-06-01");
    let begin = |number: f64, said: &[(&str, &str)]| {
        let file = of_a_run(number, said).expect("it is read");
        file.contents()[0].reference_time.map(|time| time.to_string())
    };
    assert_eq!(begin(24.0, &[RUN, UNIT]), Some("2020-06-02T00:00:00Z".to_owned()));
    // A run that nobody wrote down, and one that is no number of a unit of time.
    assert_eq!(begin(f64::NAN, &[RUN, UNIT]), None);
    assert_eq!(begin(20_200_601.0, &[RUN, ("units", "day as %Y%m%d.%f")]), None);
    let months = ("units", "months since 2016-01-01");
    for (number, said, words) in [
        (24.0, [RUN, UNIT, ("calendar", "noleap")], "tp: run: its calendar is noleap"),
        (24.0, [RUN, months, ("calendar", "standard")], "the unit of run is “months since"),
        (1e30, [RUN, UNIT, ("calendar", "standard")], ", which is no time: correct it"),
    ] {
        let error = of_a_run(number, &said).err().expect(words).to_string();
        assert!(error.contains(words), "{error}");
    }
}

/// Two rows of two columns of one type, without a `_FillValue`.
fn unfilled<T: NcWriteType>(values: [T; 4], packing: &[(&str, f64)]) -> Vec<f32> {
    let packing: Vec<(&str, NcAttrValue)> =
        packing.iter().map(|&(name, number)| (name, NcAttrValue::Doubles(vec![number]))).collect();
    described(values, &packing)
}

/// The same with attributes of any type.
fn described<T: NcWriteType>(values: [T; 4], attributes: &[(&str, NcAttrValue)]) -> Vec<f32> {
    read(values, attributes).unwrap().values
}

fn read<T: NcWriteType>(
    values: [T; 4],
    attributes: &[(&str, NcAttrValue)],
) -> Result<GriddedField, FieldError> {
    let mut file = NcFileBuilder::new();
    let [lat, lon] = ["lat", "lon"].map(|name| file.add_dimension(name, 2).unwrap());
    for (name, on, unit) in [("lat", lat, "degrees_north"), ("lon", lon, "degrees_east")] {
        let axis = file.add_variable::<f64>(name, &[on]).unwrap();
        file.write_variable(axis, &[10.0, 11.0]).unwrap();
        file.add_variable_attribute(axis, "units", NcAttrValue::Chars(unit.into())).unwrap();
    }
    let field = file.add_variable::<T>("tp", &[lat, lon]).unwrap();
    file.write_variable(field, &values).unwrap();
    for (name, value) in attributes {
        file.add_variable_attribute(field, *name, value.clone()).unwrap();
    }
    let bytes = file.to_vec(NcWriteOptions { format: NcWriteFormat::Nc4 }).unwrap().1;
    FieldFile::from_bytes("unfilled.nc", bytes).unwrap().read(0)
}

#[track_caller]
fn check(values: Vec<f32>, expected: [f32; 4]) {
    let is_same = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-3 || a.is_nan() && b.is_nan();
    assert!(values.iter().zip(&expected).all(is_same), "{values:?}, not {expected:?}");
}

/// What the library fills with is missing, whatever the type; of bytes every value is data.
#[test]
fn the_default_fill_value_of_each_type_is_missing() {
    let packed = [("scale_factor", 0.01), ("add_offset", 100.0)];
    let nan = f32::NAN;
    check(unfilled([0_i16, -32_767, 5, -32_766], &packed), [100.0, nan, 100.05, -227.66]);
    check(unfilled([0_i16, -32_767, 5, -32_766], &[]), [0.0, nan, 5.0, -32_766.0]);
    check(unfilled([0_i32, -2_147_483_647, 5, 6], &packed), [100.0, nan, 100.05, 100.06]);
    check(unfilled([0_u16, 65_535, 5, 65_534], &packed), [100.0, nan, 100.05, 755.34]);
    check(unfilled([0_i8, -127, 5, -128], &[]), [0.0, -127.0, 5.0, -128.0]);
    check(unfilled([0.5_f32, 9.969_21e36, 5.0, 6.0], &[]), [0.5, nan, 5.0, 6.0]);
    // What is stored is the same, whatever the factor makes of it.
    let turned = [("scale_factor", -1.0)];
    check(unfilled([0.5_f32, 9.969_21e36, 5.0, -6.0], &turned), [-0.5, nan, -5.0, 6.0]);
    check(unfilled([0_i16, -32_767, 5, 32_767], &turned), [0.0, nan, -5.0, -32_767.0]);
}

/// Infinity is no missing value, unless the file says so.
#[test]
fn infinite_values_are_refused_by_their_place() {
    for infinite in [f32::INFINITY, f32::NEG_INFINITY] {
        let error = read([0.5_f32, 1.0, infinite, 6.0], &[]).unwrap_err().to_string();
        let words = format!("tp holds {infinite} in row 1, column 0: write NaN");
        assert!(error.contains(&words), "{error}");
    }
    let declared = ("missing_value", NcAttrValue::Floats(vec![f32::INFINITY]));
    check(described([0.5_f32, 1.0, f32::INFINITY, 6.0], &[declared]), [0.5, 1.0, f32::NAN, 6.0]);
}

/// The type of an attribute says whether it is of stored numbers or of what they stand for.
#[test]
fn the_valid_range_is_of_stored_or_of_unpacked_values() {
    let nan = f32::NAN;
    let with = |values: [i16; 4], scale: f64, more: (&str, NcAttrValue)| {
        described(values, &[("scale_factor", NcAttrValue::Doubles(vec![scale])), more])
    };
    let stored = [0_i16, 100, 5000, 5001];
    let range = |ends: [f64; 2]| ("valid_range", NcAttrValue::Doubles(ends.to_vec()));
    check(with(stored, 0.01, range([0.0, 50.0])), [0.0, 1.0, 50.0, nan]);
    let floats = ("valid_range", NcAttrValue::Floats(vec![0.0, 50.0]));
    check(with(stored, 0.01, floats), [0.0, 1.0, 50.0, nan]);
    let shorts = ("valid_range", NcAttrValue::Shorts(vec![0, 100]));
    check(with(stored, 0.01, shorts), [0.0, 1.0, nan, nan]);
    // 3 * 0.1 is a little more than 0.3.
    check(with([0, 3, 4, -1], 0.1, range([0.0, 0.3])), [0.0, 0.3, nan, nan]);
    check(with([0, 5000, 5001, -1], -0.01, range([-50.0, 0.0])), [0.0, -50.0, nan, nan]);
    let ends = [("scale_factor", 0.01), ("add_offset", 100.0), ("valid_min", 99.0)];
    check(unfilled([0_i16, -100, -101, 5], &ends), [100.0, 99.0, nan, 100.05]);
    // Whole numbers that stand for themselves, and fractions, are compared as they are stored.
    let most = [("valid_max", 50.0)];
    check(unfilled([0_i16, 50, 51, -1], &most), [0.0, 50.0, nan, -1.0]);
    let of_fractions = [("scale_factor", 0.01), ("valid_max", 50.0)];
    check(unfilled([0.0_f32, 50.0, 51.0, -1.0], &of_fractions), [0.0, 0.5, nan, -0.01]);
}

/// Latitudes in hundredths of a degree, whose range is in degrees.
#[test]
fn the_valid_range_of_a_packed_axis_is_of_degrees() {
    let mut file = NcFileBuilder::new();
    let [lat, lon] = ["lat", "lon"].map(|name| file.add_dimension(name, 2).unwrap());
    for (name, on, unit) in [("lat", lat, "degrees_north"), ("lon", lon, "degrees_east")] {
        let axis = file.add_variable::<i16>(name, &[on]).unwrap();
        file.write_variable(axis, &[1000_i16, 1100]).unwrap();
        for (name, value) in [
            ("units", NcAttrValue::Chars(unit.into())),
            ("scale_factor", NcAttrValue::Doubles(vec![0.01])),
            ("valid_range", NcAttrValue::Doubles(vec![-90.0, 90.0])),
        ] {
            file.add_variable_attribute(axis, name, value).unwrap();
        }
    }
    let field = file.add_variable::<f32>("tp", &[lat, lon]).unwrap();
    file.write_variable(field, &[1.0_f32, 2.0, 3.0, 4.0]).unwrap();
    let bytes = file.to_vec(NcWriteOptions { format: NcWriteFormat::Nc4 }).unwrap().1;
    let read = FieldFile::from_bytes("packed.nc", bytes).unwrap().read(0).unwrap();
    assert_eq!(read.grid.latitudes, [10.0, 11.0]);
    assert_eq!(read.values, [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn damaged_files_end_in_an_error_and_never_in_a_panic() {
    let mut random = crate::simulate::Random::new(12);
    for name in ["forecast_classic.nc", "forecast_64bit.nc", "forecast_netcdf4.nc"] {
        let whole = std::fs::read(kept("fields").join(name)).unwrap();
        for length in [3, 8, 100, whole.len() / 2, whole.len() - 1] {
            let error =
                FieldFile::from_bytes(name, whole[..length].to_vec()).and_then(|f| f.read(1));
            assert!(error.is_err(), "{name} cut to {length}");
        }
        for _ in 0..rounds(150) {
            let mut bytes = whole.clone();
            let at = random.integer(0, whole.len() - 1);
            bytes[at] ^= 1 << random.integer(0, 7);
            let _ = FieldFile::from_bytes(name, bytes).map(|file| {
                (0..file.contents().len().min(2)).for_each(|place| {
                    let _ = file.read(place);
                });
            });
        }
    }
}
