//! A small folder in the authors' layout, whole and wrong.

use super::*;
use crate::files::npy::texts_testing::texts;
use crate::files::npy::write_npy_f32;

const TIMES: [&str; 3] = ["2020010100", "2020010103", "2021070112"];

fn statement() -> FieldStatement {
    let mut statement = FieldStatement::published();
    statement.variables.truncate(3);
    FieldStatement { size: [2, 3], padded_channels: 1, ..statement }
}

/// Three variables and rain at three times; the first value of a map is its place in this order.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let names = ["GPH100", "GPH500", "GPH850", "QPE"];
    for (number, (time, name)) in
        TIMES.iter().flat_map(|time| names.map(|name| (time, name))).enumerate()
    {
        let path = map_path(folder.path(), name, time);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_npy_f32(&path, &[2, 3], &[number as f32, 1.0, f32::NAN, 0.0, -1.0, 20.0]).unwrap();
    }
    std::fs::write(folder.path().join("index-2023-all.npy"), texts(&TIMES)).unwrap();
    write_npy_f32(&folder.path().join(VALID_AREA), &[2, 3], &[1.0, 1.0, 1.0, 0.0, 1.0, 1.0])
        .unwrap();
    folder
}

fn open(folder: &tempfile::TempDir) -> Result<ReferenceFolder, ReferenceError> {
    ReferenceFolder::open(folder.path(), "index-2023-all.npy", &statement(), true)
}

fn error(folder: &tempfile::TempDir) -> String {
    open(folder).unwrap_err().to_string()
}

#[test]
fn a_folder_is_read_as_it_is() {
    let folder = folder();
    let found = open(&folder).unwrap();
    assert_eq!(found.times(), TIMES);
    let input = found.input(2).unwrap();
    assert_eq!(input.len(), 4 * 6);
    // The third time's first map is the ninth; what is missing stays so; the fourth channel is filled up.
    assert_eq!((input[0], input[6], input[12]), (8.0, 9.0, 10.0));
    assert!(input[2].is_nan() && input[18..].iter().all(|&z| z == 0.0));
    let rain = found.rain(0).unwrap().unwrap();
    assert!(rain[3].is_nan() && rain[2].is_nan() && rain[0] == 3.0 && rain[5] == 20.0, "{rain:?}");
    assert_eq!(found.valid().unwrap().iter().filter(|valid| **valid).count(), 5);
    std::fs::remove_file(folder.path().join(VALID_AREA)).unwrap();
    assert!(open(&folder).unwrap().valid().is_none());
}

#[test]
fn a_list_that_names_missing_times_is_refused_with_the_first() {
    let folder = folder();
    std::fs::remove_file(map_path(folder.path(), "GPH500", TIMES[1])).unwrap();
    let words = error(&folder);
    assert!(words.contains("GPH500 in "), "{words}");
    assert!(
        words.contains("has no file for 1 of the times in")
            && words.contains("the first are 2020010103"),
        "{words}"
    );
    std::fs::remove_dir_all(folder.path().join("2021-zscore/QPE")).unwrap();
    std::fs::write(folder.path().join("index-2023-all.npy"), texts(&TIMES[2..])).unwrap();
    assert!(error(&folder).contains("QPE cannot be read"), "{}", error(&folder));
    let without =
        ReferenceFolder::open(folder.path(), "index-2023-all.npy", &statement(), false).unwrap();
    assert_eq!(without.rain(0).unwrap(), None);
}

#[test]
fn lists_and_maps_that_are_none_are_refused() {
    let folder = folder();
    let check = |times: &[&str], words: &str| {
        std::fs::write(folder.path().join("index-2023-all.npy"), texts(times)).unwrap();
        let error = error(&folder);
        assert!(error.contains(words), "{error}");
    };
    check(&["2020010100", "2020010100"], "names 2020010100 twice");
    check(&["2020/../../secret"], "which is no time");
    check(&["yesterday"], "which is no time");
    check(&[], "names no time");
}

#[test]
fn maps_of_another_shape_or_without_end_are_refused() {
    let folder = folder();
    let path = map_path(folder.path(), "GPH100", TIMES[0]);
    write_npy_f32(&path, &[3, 2], &[0.0; 6]).unwrap();
    let found = open(&folder).unwrap();
    let words = found.input(0).unwrap_err().to_string();
    assert!(words.contains("has the shape [3, 2], and the network takes 2 × 3 pixels"), "{words}");
    write_npy_f32(&path, &[2, 3], &[f32::INFINITY; 6]).unwrap();
    assert!(found.input(0).unwrap_err().to_string().contains("infinite values"));
    write_npy_f32(&folder.path().join(VALID_AREA), &[6], &[1.0; 6]).unwrap();
    assert!(error(&folder).contains("has the shape [6]"));
}
