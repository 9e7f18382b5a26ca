//! Archives of several services.

use super::*;
use crate::import::radar::tests::{data, files};

fn open(folder: &str) -> Archive {
    Archive::open(&data(folder)).unwrap()
}

fn places(archive: &Archive) -> Vec<[usize; 4]> {
    archive.tiles().iter().map(|tile| [tile.row, tile.column, tile.height, tile.width]).collect()
}

fn n_missing(values: &[f32]) -> usize {
    values.iter().filter(|value| value.is_nan()).count()
}

#[test]
fn radklim_is_one_tile_of_one_file() {
    let archive = open("radklim");
    assert_eq!((archive.times().len(), archive.frame_step_min()), (3168, 5));
    assert_eq!(places(&archive), [[1, 2, 176, 224]]);
    assert!(!archive.grid().is_somewhere());
    assert_eq!(archive.samples(12, 5, &[30]).len(), 3157);
    let sample = archive.load("20180513T1500", 12, 5, &[5, 60]).unwrap();
    assert_eq!(sample.files, ["radklim_yw_germany_20180510_20180520_190x228.nc"]);
    assert_eq!(sample.inputs_normalised.len(), 12 * 176 * 224);
    assert_eq!(n_missing(&sample.inputs_normalised), 0, "unknown is 0 for a network");
    assert!(sample.sequence.frames.iter().all(|frame| n_missing(&frame.values) == 220));
    assert_eq!(n_missing(&sample.targets_normalised().unwrap()), 2 * 220);
    assert_eq!(sample.notice, "Source: Deutscher Wetterdienst (RADKLIM-YW), cut out by pycomlink");
    // All that is known is as in the file.
    let file = crate::import::radar::open(&files("radklim", ".nc")[0]).unwrap();
    let place = file.ends.iter().position(|&end| end == *sample.sequence.times.last().unwrap());
    let window = file.frame(place.unwrap()).unwrap().window([1, 2], [176, 224]);
    let last = &sample.sequence.frames[11].values;
    let off = |(mm, rate): (f64, &f32)| {
        mm.is_nan() != rate.is_nan() || (mm * 12.0 - f64::from(*rate)).abs() > 1e-3
    };
    assert!(!window.mm_5min().zip(last).any(off));
    let other = archive.load("20180513T1505", 12, 5, &[5, 60]).unwrap();
    assert_ne!(other.data_sha256, sample.data_sha256);
}

/// Where KNMI's frames have no data, the crop of the networks has none.
#[test]
fn a_series_of_knmi_has_the_crop_of_single_frames() {
    let archive = open("knmi-2011");
    assert_eq!(*archive.grid(), knmi::crop_grid());
    assert_eq!((archive.times().len(), archive.origin()), (288, knmi::SOURCE));
    let sample = archive.load("20110910T2100", 12, 5, &[30]).unwrap();
    let missing = n_missing(&sample.sequence.frames[0].values);
    assert!((missing as f64 / 82_944.0 - 0.5626).abs() < 1e-3, "{missing}");
    assert_eq!(n_missing(&sample.inputs_normalised), 0);
    assert_eq!(n_missing(&sample.targets_normalised().unwrap()), missing);
    let time = time::parse_sample("20110910T2100").unwrap();
    let refused = archive.known(time).unwrap_err().to_string();
    assert!(refused.contains(&format!("{missing} pixels without data")), "{refused}");
    let share = archive.covered_share(time).unwrap();
    assert!((0.2..0.5).contains(&share), "of the known pixels: {share}");
    assert_eq!(archive.stored(time).unwrap().iter().filter(|&&v| v == u16::MAX).count(), missing);
}

#[test]
fn swiss_frames_are_four_tiles() {
    let archive = open("meteoswiss");
    assert_eq!(archive.times().len(), 120);
    let tiles = archive.tiles();
    let names: Vec<&str> = tiles.iter().map(|tile| tile.name.as_str()).collect();
    assert_eq!(names, ["r1c1", "r1c2", "r2c1", "r2c2"]);
    assert!(tiles.iter().all(|tile| [tile.height, tile.width] == [288, 288]));
    // 40 frames have 29 windows of 12, 17 of them with another hour.
    let leads: Vec<u32> = (1..=12).map(|i| 5 * i).collect();
    let samples = archive.samples(12, 5, &leads);
    assert_eq!(
        (samples.len(), samples.iter().filter(|s| s.is_observed()).count()),
        (3 * 29 * 4, 3 * 17 * 4)
    );
    assert_eq!(
        (samples[0].id.as_str(), samples[3].id.as_str()),
        ("r1c1.20150515T1640", "r2c2.20150515T1640")
    );
    let sample = archive.load("r2c1.20150515T1640", 12, 5, &[30]).unwrap();
    assert_eq!((sample.files.len(), sample.licence.contains("Source: MeteoSwiss")), (13, true));
    let [a, b] = [&tiles[0], &tiles[2]].map(|tile| archive.grid_of(tile));
    assert_eq!((sample.sequence.grid.clone(), a.north_km - b.north_km), (b, 288.0));
    check_load(&archive, "20150515T1640", "names no sample");
    check_load(&archive, "r9c9.20150515T1640", "names no sample");
    check_load(&archive, "r1c1.20150515T1600", "the frame of 20150515T1505 UTC is missing");
    let whole =
        crate::import::radar::open(&files("meteoswiss", ".gif")[11]).unwrap().frame(0).unwrap();
    let expected = tiles[2].of(&whole).to_field().map(|mm| mm * 12.0);
    let found = &sample.sequence.frames[11];
    let off = |(a, b): (&f32, &f32)| a.is_nan() != b.is_nan() || (a - b).abs() > 1e-3;
    assert!(!expected.values.iter().zip(&found.values).any(off));
}

#[test]
fn finnish_frames_are_ten_tiles() {
    let archive = open("fmi");
    assert_eq!((archive.times().len(), archive.tiles().len()), (40, 10));
    assert!(archive.tiles().iter().all(|tile| tile.row + 288 <= 1226 && tile.column + 288 <= 760));
    assert!(archive.measured().is_some_and(|measured| measured.is_instantaneous()));
    let observed = archive.samples(12, 5, &[60]).iter().filter(|s| s.is_observed()).count();
    assert_eq!(observed, 170);
}

#[test]
fn frames_of_two_services_in_one_folder_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for path in [&files("fmi", ".gz")[0], &files("meteoswiss", ".gif")[0]] {
        std::fs::copy(path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let archive = Archive::open(folder.path()).unwrap();
    let refused: Vec<_> = archive.unreadable(9).iter().map(ToString::to_string).collect();
    assert!(matches!(&refused[..], [one] if one.contains("is of another kind")), "{refused:?}");
    let both = [files("fmi", ".gz")[0].clone(), files("meteoswiss", ".gif")[0].clone()];
    let error = Archive::of_files(&both).unwrap_err().to_string();
    assert!(error.contains("is of another kind (MeteoSwiss, sum of 5 minutes"), "{error}");
}

#[test]
fn a_frame_under_a_name_of_another_time_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let paths = files("meteoswiss", ".gif");
    std::fs::copy(&paths[0], folder.path().join(paths[0].file_name().unwrap())).unwrap();
    std::fs::copy(&paths[1], folder.path().join(paths[2].file_name().unwrap())).unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let time = archive.times().nth(1).unwrap();
    let error = archive.normalised(time).unwrap_err().to_string();
    assert!(error.contains("holds the frame of 15-MAY-2015;15:50"), "{error}");
}

#[test]
fn samples_belong_to_events() {
    for (folder, n_events) in
        [("knmi", 1), ("knmi-2011", 1), ("radklim", 11), ("meteoswiss", 3), ("fmi", 1)]
    {
        let archive = open(folder);
        assert_eq!(archive.events().len(), n_events, "{folder}");
        assert!(archive.times().all(|time| archive.event(time).is_some()), "{folder}");
        let is_said = |event: &Event| event.notice == archive.notice();
        assert!(archive.events().iter().all(is_said), "{folder}");
    }
    let archive = open("radklim");
    let of = |id: &str| archive.event(archive.place(id).unwrap().1).unwrap();
    assert_eq!(
        (of("20180516T0000").role, of("20180519T1200").role),
        (EventRole::Test, EventRole::Validation)
    );
    assert_eq!(of("20180516T0000").title, "16 May 2018");
    assert_eq!(archive.event(time::parse_sample("20180521T0000").unwrap()), None);
}

/// Set `STORMLENS_WRITE_SUMMARIES=1` to write them again.
fn write_if_asked(archive: &Archive) {
    if std::env::var("STORMLENS_WRITE_SUMMARIES").as_deref() == Ok("1") {
        archive.write_summaries().unwrap();
    }
}

/// The rows that come with the data are those of the frames.
#[test]
fn summaries_that_are_shipped_are_those_of_the_frames() {
    for (folder, places) in [
        ("knmi", &[0, 91][..]),
        ("knmi-2011", &[0, 160]),
        ("radklim", &[0, 1044, 1067]),
        ("meteoswiss", &[0, 119]),
        ("fmi", &[20]),
    ] {
        let archive = open(folder);
        write_if_asked(&archive);
        let stored = archive.stored_summaries().unwrap().expect("they come with the data");
        assert_eq!(archive.summaries().unwrap(), stored);
        assert_eq!(stored.len(), archive.times().len() * archive.tiles().len());
        for &place in places {
            let time = archive.times().nth(place).unwrap();
            for (i, tile) in archive.tiles().iter().enumerate() {
                let computed = archive.summarise(tile, time).unwrap();
                assert_eq!(stored[place * archive.tiles().len() + i], computed, "{folder}");
                assert_eq!(archive.summary(&tile.sample_id(time)), Some(&computed));
            }
        }
    }
    let wettest = |archive: &Archive| {
        let rate = |s: &&Summary| (s.maximum_mm_h.unwrap_or(0.0) * 1000.0) as u64;
        archive.summaries().unwrap().iter().max_by_key(rate).unwrap().clone()
    };
    let found = wettest(&open("radklim"));
    assert_eq!(
        (time::format_sample(found.time).as_str(), found.maximum_mm_h),
        ("20180513T1500", Some(236.88))
    );
}

#[test]
fn summaries_that_do_not_fit_are_refused() {
    let folder = copy_of_frames();
    let archive = Archive::open(folder.path()).unwrap();
    assert_eq!(archive.stored_summaries().unwrap(), None);
    archive.write_summaries().unwrap();
    let path = folder.path().join(SUMMARIES);
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(archive.stored_summaries().unwrap().unwrap().len(), 24);
    let refused = |changed: &str, words: &str| {
        std::fs::write(&path, changed).unwrap();
        let error = archive.stored_summaries().unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("frames.csv"), "{error}");
    };
    let without_last: Vec<&str> = text.lines().take(24).collect();
    refused(&without_last.join("\n"), "other times or tiles");
    refused(&text.replace("20100826T0400", "20100826T0401"), "other times or tiles");
    refused(&text.replace(",,", ",r1c1,"), "other times or tiles");
    refused("time\n", "its first line");
    refused(&text.replacen(",1,", ",NaN,", 1), "a line is not");
    refused(&text.replacen(",1,", ",0,", 1), "a line is not");
}

/// Twelve frames of KNMI under their names, and a copy of one under another name.
fn with_a_copy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for path in files("knmi", ".h5").iter().take(12) {
        std::fs::copy(path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    std::fs::copy(&files("knmi", ".h5")[3], folder.path().join("a_copy.h5")).unwrap();
    folder
}

#[test]
fn an_equal_file_of_one_time_is_told_and_read_once() {
    let folder = with_a_copy();
    let archive = Archive::open(folder.path()).unwrap();
    assert_eq!((archive.times().len(), archive.twins().len()), (12, 1));
    assert!(archive.twins()[0].starts_with("a_copy.h5 holds the same as RAD_NL25_RAP_5min_"));
    let path = &files("knmi", ".h5")[3];
    let twice = Archive::of_files(&[path.clone(), path.clone()]).unwrap();
    assert!(twice.twins()[0].ends_with("is given twice: it is read once"), "{:?}", twice.twins());
}

/// Of two files of one time the one that can be read is read, whatever it is called.
#[test]
fn a_damaged_file_gives_way_to_another_of_its_time() {
    let folder = with_a_copy();
    let damaged = files("knmi", ".h5")[3].file_name().unwrap().to_string_lossy().into_owned();
    std::fs::write(folder.path().join(&damaged), b"no radar").unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let words = "cannot be read, but is of the same time as a_copy.h5: a_copy.h5 is read";
    assert_eq!(archive.twins(), [format!("{damaged} {words}")]);
    assert!(archive.unreadable(usize::MAX).is_empty());
    // Where neither can be read, that is told of the one by its name.
    std::fs::remove_file(folder.path().join("a_copy.h5")).unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    assert_eq!((archive.twins().len(), archive.unreadable(usize::MAX).len()), (0, 1));
}

#[test]
fn two_files_of_one_time_that_differ_are_refused() {
    let folder = with_a_copy();
    let copy = folder.path().join("a_copy.h5");
    let script = "
import sys, h5py
with h5py.File(sys.argv[1], 'r+') as file:
    file['image1/image_data'][300, 300] = 7
";
    crate::testing::python(&["h5py"], script, &[&copy.display().to_string()]);
    let error = Archive::open(folder.path()).unwrap_err().to_string();
    for words in ["a_copy.h5 and RAD_NL25_RAP_5min_", "both hold the frame of", "and differ"] {
        assert!(error.contains(words), "{words}: {error}");
    }
    let files = [files("knmi", ".h5")[3].clone(), copy];
    let error = Archive::of_files(&files).unwrap_err().to_string();
    assert!(error.contains("and differ: give one of them"), "{error}");
}
