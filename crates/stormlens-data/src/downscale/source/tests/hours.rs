//! Files of NetCDF with fields of other lengths beside good ones.

use super::*;

/// A time axis: its name, and the bounds of each time, hours.
type Times<'a> = (&'a str, &'a [[f64; 2]]);

/// Variables in mm on 2 × 2 nodes, each with its time axis and its `cell_methods`.
fn file(axes: &[Times<'_>], variables: &[[&str; 3]]) -> Vec<u8> {
    let mut file = NcFileBuilder::new();
    let [lat, lon, ends] = ["lat", "lon", "ends"].map(|name| file.add_dimension(name, 2).unwrap());
    let known: Vec<_> = axes
        .iter()
        .map(|(name, bounds)| file.add_dimension(*name, bounds.len() as u64).unwrap())
        .collect();
    let mut add = |name: &str, on: &[_], values: &[f64], attributes: &[(&str, &str)]| {
        add_variable(&mut file, name, (on, values), attributes);
    };
    add("lat", &[lat], &[50.0, 51.0], &[("units", "degrees_north")]);
    add("lon", &[lon], &[7.0, 8.0], &[("units", "degrees_east")]);
    for (&(name, bounds), &along) in axes.iter().zip(&known) {
        let times: Vec<f64> = bounds.iter().map(|[_, end]| *end).collect();
        let of = format!("{name}_bnds");
        let since = ("units", "hours since 2024-05-01 00:00:00");
        let said = [since, ("standard_name", "time"), ("bounds", of.as_str())];
        add(name, &[along], &times, &said);
        add(&of, &[along, ends], bounds.as_flattened(), &[]);
    }
    for [name, axis, methods] in variables {
        let place = axes.iter().position(|(known, _)| known == axis).expect("an axis");
        let values = vec![2.0; 4 * axes[place].1.len()];
        let said = [("units", "mm"), ("cell_methods", *methods)];
        add(name, &[known[place], lat, lon], &values, &said);
    }
    file.to_vec(NcWriteOptions { format: NcWriteFormat::Nc4 }).unwrap().1
}

fn written(bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("F.nc");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

const SUM: &str = "time: sum";

/// As training does it, archives of samples do: one rule for both.
#[test]
fn a_field_that_is_no_hour_is_left_out_of_hours_and_said() {
    let bounds = [[0.0, 1.0], [1.0, 2.0], [1.0, 3.0], [3.0, 4.0], [4.0, 5.0], [5.0, 6.0]];
    let (_folder, path) = written(&file(&[("time", &bounds[..])], &[["rain", "time", SUM]]));
    let hours = HourlyRain::open(&path, "RAIN", None).expect("five hours");
    assert_eq!(hours.ends_of_sums(3), [hour(6)]);
    let stated = HourlyRain::open(&path, "rain", Some(1)).expect("a folder says it of all files");
    assert_eq!(stated.ends_of_sums(3), [hour(6)]);
    let why = "rain (mm) of 2 h is no sum of an hour";
    assert_eq!(hours.why_left_out().as_deref(), Some(why));
    let error = hours.sum(hour(4), 3).expect_err("an hour is missing").to_string();
    assert!(error.contains("a step is missing") && error.contains(why), "{error}");
}

/// Bounds of no length hide no good rain, and are called so.
#[test]
fn rain_of_no_length_does_not_hide_rain_beside_it() {
    let (good, zero) = ([[0.0, 3.0], [3.0, 6.0]], [[3.0, 3.0], [6.0, 6.0]]);
    let axes: [Times<'_>; 2] = [("time", &good[..]), ("time2", &zero[..])];
    let both = [["rain", "time", SUM], ["precip", "time2", "time2: sum"]];
    let (_folder, path) = written(&file(&axes, &both));
    let rain = RainSource::open(&path, None, None).expect("the good one");
    assert_eq!(rain.ends(3), [hour(3), hour(6)]);
    let why = rain.why_left_out().expect("the other one");
    assert!(why.contains("precip (mm)") && why.contains("bounds of no length"), "{why}");
    let (_folder, path) = written(&file(&axes[1..], &both[1..]));
    let error = RainSource::open(&path, None, None).err().expect("no length").to_string();
    assert!(error.contains("bounds of no length"), "{error}");
}

/// Of two that cannot be used, both say why.
#[test]
fn all_rain_that_cannot_be_used_says_why() {
    let axes: [Times<'_>; 1] = [("time", &[[3.0, 3.0]][..])];
    let both = [["rain", "time", SUM], ["precip", "time", "time: maximum"]];
    let (_folder, path) = written(&file(&axes, &both));
    let error = RainSource::open(&path, None, None).err().expect("no rain").to_string();
    for words in ["rain (mm) begins and ends", "precip (mm) is not rain: its cell_methods are"] {
        assert!(error.contains(words), "{error}");
    }
}
