//! Variables of NetCDF, whole and wrong.

use netcdf_writer::{NcFileBuilder, NcWriteFormat, NcWriteOptions};

use super::*;
use crate::field::testing::add_variable;
use crate::probability::left_out;

/// Air temperature on two pressures in pascals, wind at a scalar height, and a variable whose unit is no unit.
fn netcdf() -> Vec<u8> {
    let mut file = NcFileBuilder::new();
    let sizes = [("time", 1), ("plev", 2), ("lat", 2), ("lon", 2)];
    let [time, plev, lat, lon] = sizes.map(|(name, n)| file.add_dimension(name, n).unwrap());
    let mut add = |name: &str, dimensions: &[_], values: &[f64], attributes: &[(&str, &str)]| {
        add_variable(&mut file, name, (dimensions, values), attributes);
    };
    add("time", &[time], &[3.0], &[("units", "hours since 2024-05-01 00:00:00")]);
    add("plev", &[plev], &[85_000.0, 50_000.0], &[("units", "Pa")]);
    add("lat", &[lat], &[37.0, 40.0], &[("units", "degrees_north")]);
    add("lon", &[lon], &[10.0, 13.0], &[("units", "degrees_east")]);
    add("height", &[], &[10.0], &[("units", "m"), ("standard_name", "height")]);
    let ta = [10.0, 10.0, 13.0, 13.0, -20.0, -20.0, -20.0, -20.0];
    add(
        "ta",
        &[time, plev, lat, lon],
        &ta,
        &[("units", "degC"), ("standard_name", "air_temperature")],
    );
    let wind = [("units", "kt"), ("standard_name", "eastward_wind"), ("coordinates", "height")];
    add("wind", &[time, lat, lon], &[10.0; 4], &wind);
    add(
        "rh850",
        &[time, lat, lon],
        &[60.0; 4],
        &[("units", "kg kg-1"), ("standard_name", "relative_humidity")],
    );
    // In kg/kg, and it says something else.
    let hus = [("units", "g kg-1"), ("standard_name", "specific_humidity")];
    add("hus", &[time, plev, lat, lon], &[8e-3, 9e-3, 4e-3, 5e-3, 1e-3, 2e-3, 1e-3, 2e-3], &hus);
    let options = NcWriteOptions { format: NcWriteFormat::Nc4 };
    file.to_vec(options).unwrap().1
}

#[test]
fn fields_of_netcdf_are_told_by_their_standard_names() {
    let files = [FieldFile::from_bytes("a.nc", netcdf()).unwrap()];
    let levels: Vec<&str> =
        files[0].contents().iter().map(|content| content.level.as_str()).collect();
    assert_eq!(levels, ["850 hPa", "500 hPa", "10 m above ground", "", "850 hPa", "500 hPa"]);
    let mut all = statement(vec![variable("T500"), variable("T850"), variable("U10")]);
    let found = gather(&files, &all, time()).unwrap();
    let near = |i: usize, expected: f32| {
        assert!((found.values[i] - expected).abs() < 1e-3, "{i}: {}", found.values[i])
    };
    near(0, 253.15);
    near(6, 283.15 + 2.5);
    near(12, 5.144_44);
    let normalised = |name: &str| FieldVariable {
        mean: Some(0.0),
        standard_deviation: Some(1.0),
        ..variable(name)
    };
    let dry = statement(vec![normalised("Q850")]);
    let words = error(gather(&files, &dry, time()));
    let needed =
        "it says \"g kg-1\", and nothing of specific humidity, 850 hPa is above 0.00002 kg kg-1";
    assert!(words.contains(needed) && words.contains("look like kg kg-1"), "{words}");
    all.variables.push(normalised("RH850"));
    let words = error(gather(&files, &all, time()));
    assert!(
        words.contains(
            "it is in \"kg kg-1\", which is no unit of relative humidity that is read (% or 1)"
        ),
        "{words}"
    );
}

/// Rain with its bounds, hours, and its `cell_methods`.
fn bounded_rain(name: &str, bounds: [f64; 2], methods: &str) -> FieldFile {
    let mut file = NcFileBuilder::new();
    let sizes = [("time", 1), ("ends", 2), ("lat", 2), ("lon", 2)];
    let [time, ends, lat, lon] = sizes.map(|(name, n)| file.add_dimension(name, n).unwrap());
    let mut add = |name: &str, on: &[_], values: &[f64], attributes: &[(&str, &str)]| {
        add_variable(&mut file, name, (on, values), attributes);
    };
    let since = ("units", "hours since 2024-05-01 00:00:00");
    add("time", &[time], &bounds[1..], &[since, ("bounds", "time_bnds")]);
    add("time_bnds", &[time, ends], &bounds, &[]);
    add("lat", &[lat], &[37.0, 40.0], &[("units", "degrees_north")]);
    add("lon", &[lon], &[10.0, 13.0], &[("units", "degrees_east")]);
    add("t850", &[lat, lon], &[280.0; 4], &[("units", "K")]);
    let said =
        [("units", "mm"), ("standard_name", "precipitation_amount"), ("cell_methods", methods)];
    add(name, &[time, lat, lon], &[1.0; 4], &said);
    let bytes = file.to_vec(NcWriteOptions { format: NcWriteFormat::Nc4 }).unwrap().1;
    FieldFile::from_bytes(&format!("{name}.nc"), bytes).unwrap()
}

/// Rain of no length, or the maximum of rain, hides no good rain beside it, and is said with and without it.
#[test]
fn rain_that_cannot_be_used_is_said_and_hides_no_other() {
    let all = statement(vec![variable("RAIN")]);
    let good = bounded_rain("tp", [0.0, 3.0], "time: sum");
    let no_length = bounded_rain("pr", [3.0, 3.0], "time: sum");
    let maximum = bounded_rain("rmax", [0.0, 3.0], "time: maximum");
    let files = [good, no_length, maximum];
    let found = gather(&files, &all, time()).expect("the good rain");
    assert!(found.values.iter().all(|mm| (mm - 1.0).abs() < 1e-6), "{:?}", found.values);
    let reasons = ["bounds of no length", "rmax (mm) is not rain: its cell_methods are"];
    let said = left_out(&files);
    assert_eq!(said.len(), 2, "{said:?}");
    let words = error(gather(&files[1..], &all, time()));
    for reason in reasons {
        assert!(words.contains(reason) && said.iter().any(|one| one.contains(reason)), "{words}");
    }
    // A step that is missing does not hide them either.
    let short = [
        bounded_rain("tp", [1.0, 3.0], "time: sum"),
        bounded_rain("rmax", [0.0, 3.0], "time: maximum"),
    ];
    let words = error(gather(&short, &all, time()));
    assert!(words.contains("a step is missing") && words.contains(reasons[1]), "{words}");
}

/// Humidity that is a map of another calendar, beside a temperature that is one of this.
#[test]
fn a_variable_that_was_left_out_of_its_file_says_why() {
    let mut file = NcFileBuilder::new();
    let sizes = [("time", 1), ("days", 1), ("lat", 2), ("lon", 2)];
    let [hours, days, lat, lon] = sizes.map(|(name, n)| file.add_dimension(name, n).unwrap());
    let mut add = |name: &str, on: &[_], values: &[f64], attributes: &[(&str, &str)]| {
        add_variable(&mut file, name, (on, values), attributes);
    };
    let since = ("units", "hours since 2024-05-01 00:00:00");
    add("time", &[hours], &[3.0], &[since]);
    add("days", &[days], &[3.0], &[since, ("calendar", "noleap")]);
    add("lat", &[lat], &[37.0, 40.0], &[("units", "degrees_north")]);
    add("lon", &[lon], &[10.0, 13.0], &[("units", "degrees_east")]);
    add("t850", &[hours, lat, lon], &[280.0; 4], &[("units", "K")]);
    add("rh850", &[days, lat, lon], &[60.0; 4], &[("units", "%")]);
    add("tp", &[days, lat, lon], &[1.0; 4], &[("units", "mm")]);
    let bytes = file.to_vec(NcWriteOptions { format: NcWriteFormat::Nc4 }).unwrap().1;
    let files = [FieldFile::from_bytes("a.nc", bytes).unwrap()];
    let all = statement(["T850", "RH850", "RAIN"].map(variable).to_vec());
    let hidden = gather(&files, &all, time()).unwrap().hidden(&all);
    for (hidden, name) in hidden.iter().zip(["rh850", "tp"]) {
        let words = format!("; {name} cannot be used: days: its calendar is noleap");
        assert!(hidden.contains(&words), "{hidden}");
    }
    assert_eq!(hidden.len(), 2);
}
