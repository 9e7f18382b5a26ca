//! Fields that are no rain beside rain, and rain that is no field.

mod other_rain;

use netcdf_writer::{NcFileBuilder, NcWriteFormat, NcWriteOptions};

use super::*;
use crate::downscale::open_terrain;
use crate::field::grib::testing::Draft;
use crate::field::testing::add_variable;

mod hours;

fn opened(drafts: &[Draft]) -> Result<RainSource, FieldError> {
    of_bytes(&drafts.iter().flat_map(Draft::bytes).collect::<Vec<u8>>())
}

fn of_bytes(bytes: &[u8]) -> Result<RainSource, FieldError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("F.grib2");
    std::fs::write(&path, bytes).unwrap();
    RainSource::open(&path, None, None)
}

mod unread;

fn hour(hour: i64) -> Timestamp {
    let begin: Timestamp = "2024-05-01T00:00:00Z".parse().unwrap();
    begin + SignedDuration::from_hours(hour)
}

fn sum(from: u32, to: u32) -> Draft {
    Draft::rain([from, to], &[10 * to as u16; 4])
}

/// Of two ranges of time no interval follows.
fn unclear(from: u32, to: u32) -> Draft {
    Draft { n_ranges: 2, ..sum(from, to) }
}

fn maximum(from: u32, to: u32) -> Draft {
    Draft { process: 2, ..sum(from, to) }
}

#[test]
fn a_field_that_is_no_rain_does_not_spoil_the_others() {
    for other in [unclear(1, 3), maximum(1, 3), maximum(2, 3)] {
        let rain = opened(&[sum(0, 1), other, sum(1, 2), sum(2, 3)]).expect("three hours");
        assert_eq!(rain.ends(3), [hour(3)]);
        let made = rain.sum(hour(3), 3).expect("all of them").values;
        assert!(made.iter().all(|mm| (mm - 6.0).abs() < 1e-4), "{made:?}");
    }
}

/// What is left out is a step that is missing: no total stands for it.
#[test]
fn a_step_that_was_left_out_is_missing() {
    let refused = |drafts: &[Draft], end: i64, why: &str| {
        let rain = opened(drafts).expect("there is rain");
        let words = rain.sum(hour(end), 3).expect_err("a step is missing").to_string();
        assert!(words.contains(why), "{words}");
        assert!(words.contains("left out: apcp (kg m-2), surface "), "{words}");
    };
    refused(&[sum(0, 1), maximum(1, 2), sum(2, 3)], 3, "a step is missing");
    refused(&[sum(0, 3), unclear(0, 6), sum(0, 9)], 9, "a sum of 9 h cannot be divided into 3 h");
    refused(&[sum(0, 3), maximum(0, 6), sum(0, 9)], 6, "a step is missing");
}

#[test]
fn where_nothing_is_left_the_reasons_are_said() {
    let words = opened(&[unclear(0, 3), maximum(3, 6), unclear(6, 9)]).err().expect("no rain");
    let words = words.to_string();
    assert!(words.contains("F.grib2: apcp (kg m-2), surface has no time"), "{words}");
    assert!(words.contains("surface in kg m-2 is no sum and no mean"), "{words}");
    assert_eq!(words.matches("has no time").count(), 1, "{words}");
}

fn temperature() -> Draft {
    Draft { category: 0, number: 0, ..sum(0, 3) }
}

/// As refining takes it: nobody has to name the only rain of a file.
#[test]
fn the_only_rain_of_a_file_needs_no_name() {
    let rain = opened(&[temperature(), sum(0, 3)]).expect("the rain");
    assert_eq!((rain.ends(3), rain.why_left_out()), (vec![hour(3)], None));
    let pressure = Draft { category: 3, number: 0, ..sum(0, 3) };
    let words = opened(&[temperature(), pressure]).err().expect("no rain").to_string();
    assert!(
        words.contains("has no field that is known as rain (name one with --variable); it has: "),
        "{words}"
    );
}

/// A temperature that is a map, and rain and heights whose times count in another calendar.
fn beside_a_temperature() -> Vec<u8> {
    let mut file = NcFileBuilder::new();
    let sizes = [("time", 1), ("days", 1), ("lat", 2), ("lon", 2)];
    let [time, days, lat, lon] = sizes.map(|(name, n)| file.add_dimension(name, n).unwrap());
    let mut add = |name: &str, on: &[_], values: &[f64], attributes: &[(&str, &str)]| {
        add_variable(&mut file, name, (on, values), attributes);
    };
    let since = ("units", "hours since 2024-05-01 00:00:00");
    add("time", &[time], &[3.0], &[since]);
    add("days", &[days], &[3.0], &[since, ("calendar", "noleap")]);
    add("lat", &[lat], &[50.0, 51.0], &[("units", "degrees_north")]);
    add("lon", &[lon], &[7.0, 8.0], &[("units", "degrees_east")]);
    add("t2m", &[time, lat, lon], &[280.0; 4], &[("units", "K")]);
    add("tp", &[days, lat, lon], &[1.0; 4], &[("units", "mm"), ("cell_methods", "time: sum")]);
    add("orog", &[days, lat, lon], &[100.0; 4], &[("units", "m")]);
    file.to_vec(NcWriteOptions { format: NcWriteFormat::Nc4 }).unwrap().1
}

#[test]
fn rain_that_is_no_field_says_why_where_another_variable_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("F.nc");
    std::fs::write(&path, beside_a_temperature()).unwrap();
    for named in [None, Some("tp")] {
        let error = RainSource::open(&path, named, None).err().expect("no rain").to_string();
        let words = "F.nc: tp cannot be used: days: its calendar is noleap";
        assert!(error.contains(words), "{named:?}: {error}");
    }
    let error = HourlyRain::open(&path, "tp", Some(1)).err().expect("no hours").to_string();
    assert!(error.contains("tp cannot be used: days: its calendar"), "{error}");
    let error = open_terrain(&path, None).unwrap_err().to_string();
    assert!(error.contains("F.nc: orog cannot be used: days: its calendar"), "{error}");
    // Who names another variable wants that one, and reads what is wrong with it.
    let error = RainSource::open(&path, Some("t2m"), None).err().expect("no rain").to_string();
    assert!(error.contains("t2m (K) is in \"K\"") && !error.contains("calendar"), "{error}");
}
