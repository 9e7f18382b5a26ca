//! Bounds of times in units of their own, and times outside of them.

use super::*;

/// Two sums of three hours that end at `times`, hours since 1 June 2020, with bounds as they are given.
fn bounded(
    times: [f64; 2],
    bounds: [f64; 4],
    said: &[(&str, &str)],
) -> Result<FieldFile, FieldError> {
    written::<f64>("hours since 2020-06-01 00:00:00", times, bounds, said)
}

/// The same with times of another type and unit.
fn written<T: NcWriteType>(
    unit: &str,
    times: [T; 2],
    bounds: [f64; 4],
    said: &[(&str, &str)],
) -> Result<FieldFile, FieldError> {
    laid(unit, times, (&["time", "ends"][..], &bounds[..]), said)
}

/// The same with bounds along other dimensions.
fn laid<T: NcWriteType>(
    unit: &str,
    times: [T; 2],
    (along, bounds): (&[&str], &[f64]),
    said: &[(&str, &str)],
) -> Result<FieldFile, FieldError> {
    let mut file = NcFileBuilder::new();
    let sizes = [("time", 2), ("ends", 2), ("lat", 2), ("lon", 2), ("thirds", 3)];
    let [time, ends, lat, lon, thirds] =
        sizes.map(|(name, n)| file.add_dimension(name, n).unwrap());
    let axis = file.add_variable::<T>("time", &[time]).unwrap();
    file.write_variable(axis, &times).unwrap();
    for (name, value) in [("units", unit), ("bounds", "time_bnds")] {
        file.add_variable_attribute(axis, name, NcAttrValue::Chars(value.into())).unwrap();
    }
    let mut add = |name: &str, on: &[_], values: &[f64], texts: &[(&str, &str)]| {
        let variable = file.add_variable::<f64>(name, on).unwrap();
        file.write_variable(variable, values).unwrap();
        for &(name, value) in texts {
            let value = NcAttrValue::Chars(value.into());
            file.add_variable_attribute(variable, name, value).unwrap();
        }
    };
    let dimension = |name: &&str| match *name {
        "time" => time,
        "ends" => ends,
        _ => thirds,
    };
    let along: Vec<_> = along.iter().map(dimension).collect();
    add("time_bnds", &along, bounds, said);
    add("lat", &[lat], &[10.0, 11.0], &[("units", "degrees_north")]);
    add("lon", &[lon], &[10.0, 11.0], &[("units", "degrees_east")]);
    let method = [("units", "mm"), ("cell_methods", "time: sum")];
    add("tp", &[time, lat, lon], &[1.0; 8], &method);
    let bytes = file.to_vec(NcWriteOptions { format: NcWriteFormat::Nc4 }).unwrap().1;
    FieldFile::from_bytes("bounds.nc", bytes)
}

const TIMES: [f64; 2] = [27.0, 30.0];

#[track_caller]
fn check_first(bounds: [f64; 4], said: &[(&str, &str)]) {
    let file = bounded(TIMES, bounds, said).unwrap();
    assert_eq!(
        file.contents()[0].to_string(),
        "tp (mm), sum from 2020-06-02 00:00 UTC to 2020-06-02 03:00 UTC"
    );
}

#[test]
fn bounds_are_read_in_their_own_unit_or_that_of_their_times() {
    let own = [24.0, 27.0, 27.0, 30.0];
    check_first(own, &[]);
    check_first(own, &[("calendar", "gregorian")]);
    check_first([0.0, 3.0, 3.0, 6.0], &[("units", "hours since 2020-06-02")]);
    let minutes = own.map(|hours| hours * 60.0);
    check_first(minutes, &[("units", "minutes since 2020-06-01")]);
    // Nearly a second is a rounding.
    let file = bounded(TIMES, [24.0, 26.999_75, 26.999_75, 30.0], &[]).unwrap();
    assert_eq!(file.contents().len(), 2);
}

#[test]
fn bounds_that_are_not_read_are_refused_with_their_name() {
    let own = [24.0, 27.0, 27.0, 30.0];
    let refused = |times: [f64; 2], bounds: [f64; 4], said: &[(&str, &str)], words: &str| {
        let error = bounded(times, bounds, said).err().expect(words).to_string();
        assert!(error.contains(words), "{error}");
    };
    refused(TIMES, own, &[("calendar", "noleap")], "time_bnds: its calendar is noleap");
    refused(TIMES, own, &[("units", "hours")], "the unit of time_bnds is “hours”");
    let gap = [24.0, f64::NAN, 27.0, 30.0];
    refused(TIMES, gap, &[], "time_bnds holds NaN, which is no time: correct it");
    let outside =
        "time holds 2020-06-06 07:00 UTC, outside its bounds in time_bnds (2020-06-02 00:00 UTC to";
    refused([127.0, 130.0], own, &[], outside);
    // In minutes that nobody states, the times lie outside.
    let minutes = own.map(|hours| hours * 60.0);
    refused(TIMES, minutes, &[], "outside its bounds in time_bnds");
}

#[test]
fn bounds_of_another_shape_are_refused_with_both_shapes() {
    let of = |along: &[&str], bounds: &[f64]| {
        laid("hours since 2020-06-01 00:00:00", TIMES, (along, bounds), &[])
    };
    let own = [24.0, 27.0, 27.0, 30.0];
    assert_eq!(of(&["time", "ends"], &own).expect("two for each time").contents().len(), 2);
    for (along, bounds, shape) in [
        (&["ends", "time"][..], &own[..], "(ends = 2, time = 2)"),
        (&["time", "thirds"][..], &[24.0; 6][..], "(time = 2, thirds = 3)"),
        (&["time"][..], &own[..2], "(time = 2)"),
    ] {
        let error = of(along, bounds).err().expect(shape).to_string();
        let words = format!("has the shape {shape}, and time has (time = 2)");
        assert!(error.contains(&words), "{error}");
    }
}

/// Float32 counts the days of a century to some minutes; the bounds make the interval.
#[test]
fn times_in_single_precision_may_lie_a_little_outside() {
    let days = [43_980.125_f64, 43_980.25];
    let bounds = [43_980.0, days[0], days[0], days[1]];
    let beyond = days.map(|day| day + 0.003);
    let unit = "days since 1900-01-01";
    let single = written(unit, beyond.map(|day| day as f32), bounds, &[]).expect("rounded");
    assert_eq!(single.contents().len(), 2);
    assert!(written(unit, beyond, bounds, &[]).is_err(), "in double precision that is no rounding");
    assert!(written(unit, days.map(|day| (day + 1.0) as f32), bounds, &[]).is_err());
}
