//! Bounds of times in units of their own, and times outside of them.

use super::*;

/// Two sums of three hours that end at `times`, hours since 1 June 2020, with bounds as they are given.
fn bounded(
    times: [f64; 2],
    bounds: [f64; 4],
    said: &[(&str, &str)],
) -> Result<FieldFile, FieldError> {
    let mut file = NcFileBuilder::new();
    let sizes = [("time", 2), ("ends", 2), ("lat", 2), ("lon", 2)];
    let [time, ends, lat, lon] = sizes.map(|(name, n)| file.add_dimension(name, n).unwrap());
    let of_time = [("units", "hours since 2020-06-01 00:00:00"), ("bounds", "time_bnds")];
    let mut add = |name: &str, on: &[_], values: &[f64], texts: &[(&str, &str)]| {
        let variable = file.add_variable::<f64>(name, on).unwrap();
        file.write_variable(variable, values).unwrap();
        for &(name, value) in texts {
            let value = NcAttrValue::Chars(value.into());
            file.add_variable_attribute(variable, name, value).unwrap();
        }
    };
    add("time", &[time], &times, &of_time);
    add("time_bnds", &[time, ends], &bounds, said);
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
    // A third of a second is a rounding.
    check_first([24.0, 26.9999, 26.9999, 30.0], &[]);
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
    let outside =
        "time holds 2020-06-06 07:00 UTC, outside its bounds in time_bnds (2020-06-02 00:00 UTC to";
    refused([127.0, 130.0], own, &[], outside);
    // In minutes that nobody states, the times lie outside.
    let minutes = own.map(|hours| hours * 60.0);
    refused(TIMES, minutes, &[], "outside its bounds in time_bnds");
}
