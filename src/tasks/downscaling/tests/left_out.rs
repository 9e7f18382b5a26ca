//! What of a file was left out, where the rest works.

use std::path::PathBuf;

use netcdf_writer::{NcFileBuilder, NcWriteFormat, NcWriteOptions};

use super::*;
use crate::memory::MemoryLimit;
use crate::task::Files;
use crate::testing_netcdf::add_variable;
use crate::web::upload::NamedBytes;

/// 3 mm every 0.25° over the western United States until 3, 6 and 9 o'clock, of which the middle one overlaps the first; and
/// the maximum of them.
fn sums_and_maxima() -> Vec<u8> {
    let mut file = NcFileBuilder::new();
    let axis = |from: f64, n: usize| (0..n).map(|i| from + 0.25 * i as f64).collect::<Vec<f64>>();
    let (rows, columns) = (axis(36.0, 17), axis(-117.0, 25));
    let sizes = [("time", 3), ("ends", 2), ("lat", 17), ("lon", 25)];
    let [time, ends, lat, lon] =
        sizes.map(|(name, n)| file.add_dimension(name, n).expect("a dimension"));
    let mut add = |name: &str, on: &[_], values: &[f64], attributes: &[(&str, &str)]| {
        add_variable(&mut file, name, (on, values), attributes);
    };
    let since = ("units", "hours since 2024-05-01 00:00:00");
    add("time", &[time], &[3.0, 6.0, 9.0], &[since, ("bounds", "time_bnds")]);
    add("time_bnds", &[time, ends], &[0.0, 3.0, 2.0, 6.0, 6.0, 9.0], &[]);
    add("lat", &[lat], &rows, &[("units", "degrees_north")]);
    add("lon", &[lon], &columns, &[("units", "degrees_east")]);
    let name = ("standard_name", "precipitation_amount");
    for (variable, methods) in [("rain", "time: sum"), ("rainmax", "time: maximum")] {
        let said = [("units", "mm"), name, ("cell_methods", methods)];
        add(variable, &[time, lat, lon], &[3.0; 3 * 17 * 25], &said);
    }
    file.to_vec(NcWriteOptions { format: NcWriteFormat::Nc4 }).expect("it is written").1
}

const REASONS: [&str; 2] = [
    "rainmax (mm) is not rain: its cell_methods are “time: maximum”",
    "rain (mm): rain from 2024-05-01 03:00 UTC to 2024-05-01 06:00 UTC cannot be made, a step is missing",
];

/// On the page before the question, and in the result, which pages, JSON and exports are made of.
#[test]
fn what_was_left_out_is_said_where_the_rest_works() {
    let folder = tempfile::tempdir().expect("a folder");
    let task = task(folder.path());
    let file = NamedBytes { name: "sums.nc".to_owned(), bytes: sums_and_maxima() };
    let found = task.fields.add(file, None, None).expect("two sums");
    assert_eq!(found.len(), 2);
    let said = found[0].left_out.clone().expect("it is known");
    assert_eq!(said, REASONS.join("; also "));
    let outcome = answered(&task, &format!("rain={}&domain=-116,37,-114,39", found[0].id));
    let note = outcome.notes("rain-left-out").next().expect("a note");
    assert_eq!(note, format!("left out of the rain: {said}"));
    let whole = answered(nowhere(), &format!("rain={SAMPLE}&domain=-115,37,-113,39"));
    assert_eq!(whole.notes("rain-left-out").count(), 0);
}

/// A time at which nothing ends has no reason; one that was left out has its own.
#[test]
fn an_end_that_was_left_out_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let paths = [folder.path().join("sums.nc")];
    std::fs::write(&paths[0], sums_and_maxima()).expect("it is written");
    let refused = |paths: &[PathBuf], end: &str| {
        let said = [("end".to_owned(), end.to_owned())];
        let files = Files {
            paths,
            parameters: &Parameters::of(said),
            checkpoint: &cards().checkpoint,
            memory: MemoryLimit::default(),
        };
        nowhere().bring(&files).map(|_| ()).expect_err("no sum").to_string()
    };
    let words = refused(&paths, "2024-05-01T06:00Z");
    assert!(words.contains("ends at 2024-05-01T06:00Z (rain from 2024-05-01 03:00 UTC"), "{words}");
    assert!(words.contains("a step is missing") && words.contains(", the nearest ends"), "{words}");
}
