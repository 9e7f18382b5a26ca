use std::cell::RefCell;
use std::ops::ControlFlow;

use serde_json::Value;

use super::*;
use crate::archive::sample_folder;
use crate::dataset::Windows;
use crate::hash;
use crate::request::{Cancelled, Silent};
use crate::testing::python;

fn time(text: &str) -> Timestamp {
    time::parse_sample(text).unwrap()
}

/// Options whose groups are those of the reference program's small set: 00:00 to 02:05 for
/// training, 04:00 to 05:55 for the test.
fn mini(rule: Rule, rain_threshold: f64) -> BuildOptions {
    let split = Split { train_until: time("20100826T0205"), validate_until: None };
    BuildOptions { split, rain_threshold, rule, ..BuildOptions::default() }
}

/// Copies the frames of these ranges of minutes past midnight, both ends included.
fn copy_frames(ranges: &[(u32, u32)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for minute in ranges.iter().flat_map(|&(first, last)| (first..=last).step_by(5)) {
        let name = format!("RAD_NL25_RAP_5min_20100826{:02}{:02}.h5", minute / 60, minute % 60);
        std::fs::copy(sample_folder().join(&name), folder.path().join(&name)).unwrap();
    }
    folder
}

fn mini_frames() -> tempfile::TempDir {
    copy_frames(&[(0, 125), (240, 355)])
}

fn golden(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Hash over all images of a group, as float32.
fn images_sha256(path: &Path, rank: usize, group: &str) -> String {
    let store = crate::dataset::store::Store::open(path, rank).unwrap();
    let items = (0..store.len(group)).flat_map(|i| store.read(group, i).unwrap());
    hash::sha256(&items.flat_map(f32::to_le_bytes).collect::<Vec<_>>())
}

/// From raw radar files to both files of the set: every number as the reference program has it.
#[test]
fn the_set_of_the_reference_program_is_reproduced_exactly() {
    let (raw, output) = (mini_frames(), tempfile::tempdir().unwrap());
    let report = build(raw.path(), output.path(), &mini(Rule::Compat, 0.5), &Silent).unwrap();
    let counts: Vec<_> =
        report.groups.iter().map(|g| (g.name.as_str(), g.n_frames, g.n_windows)).collect();
    assert_eq!(counts, [("train", 26, 1), ("test", 24, 6)]);
    let name = "input-length_12_img-ahead_6_rain-threshold_50";
    assert_eq!(
        report.windows.file_name().unwrap().to_str().unwrap(),
        format!("train_test_2010_{name}.h5")
    );
    let hashes = golden("knmi_sha256.json");
    for group in ["train", "test"] {
        let found = images_sha256(&report.intermediate, 3, group);
        assert_eq!(hashes[format!("intermediate/{group}")], found);
        assert_eq!(hashes[format!("{name}/{group}")], images_sha256(&report.windows, 4, group));
    }
    check_times(&report);
    check_with_h5py(&report);
}

fn check_times(report: &BuildReport) {
    let expected = golden("knmi_mini_expected.json");
    let windows = Windows::open(&report.windows).unwrap();
    for group in ["train", "test"] {
        let first = windows.read(group, 0, &[]).unwrap().timestamps;
        let expected = &expected[format!("50/{group}")];
        assert_eq!(expected["first_ts"], time::format_knmi(first[0]));
        assert_eq!(expected["last_ts"], time::format_knmi(first[17]));
    }
}

/// h5py sees the shapes, types, chunks and filters of the reference program's file.
fn check_with_h5py(report: &BuildReport) {
    python(
        &["h5py", "numpy"],
        "import sys, json, h5py
expected = json.load(open(sys.argv[2]))
with h5py.File(sys.argv[1]) as file:
    for group in ['train', 'test']:
        e = expected['50/' + group]
        images, times = file[group]['images'], file[group]['timestamps']
        assert list(images.shape) == e['images_shape'] and str(images.dtype) == e['images_dtype']
        assert list(images.chunks) == e['images_chunks']
        assert (images.compression, images.compression_opts) == (e['comp'], e['opts'])
        assert list(images.maxshape) == e['maxshape']
        assert list(times.shape) == e['ts_shape'] and str(times.dtype) == e['ts_dtype']
        assert list(times.chunks) == e['ts_chunks']
        assert times[0, 0, 0].decode() == e['first_ts'] and times[0, -1, 0].decode() == e['last_ts']
        assert images[:].mean() > 0
with h5py.File(sys.argv[3]) as file:
    assert file['train/images'].shape == (26, 288, 288)
    assert file['test/timestamps'][0, 0] == b'26-AUG-2010;04:00:00.000'
",
        &[
            report.windows.to_str().unwrap(),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/knmi_mini_expected.json"),
            report.intermediate.to_str().unwrap(),
        ],
    );
}

fn n_windows(raw: &Path, options: &BuildOptions) -> Vec<(String, usize)> {
    let output = tempfile::tempdir().unwrap();
    let report = build(raw, output.path(), options, &Silent).unwrap();
    report.groups.into_iter().map(|g| (g.name, g.n_windows)).collect()
}

#[test]
fn a_lower_threshold_selects_what_the_reference_selects() {
    let expected = golden("knmi_mini_expected.json");
    let selected = |group: &str| expected[group]["selected_i"].as_array().unwrap().len();
    let found = n_windows(mini_frames().path(), &mini(Rule::Compat, 0.2));
    let expected = [("train", selected("20/train")), ("test", selected("20/test"))];
    assert_eq!(found, expected.map(|(name, n)| (name.to_owned(), n)));
}

#[test]
fn windows_are_the_frames_themselves() {
    let (raw, output) = (copy_frames(&[(240, 335)]), tempfile::tempdir().unwrap());
    let options = BuildOptions { input_length: 3, img_ahead: 2, ..mini(Rule::Fixed, 0.5) };
    let report = build(raw.path(), output.path(), &options, &Silent).unwrap();
    let windows = Windows::open(&report.windows).unwrap();
    assert_eq!((windows.len("test"), windows.n_frames_ahead("test").unwrap()), (16, 2));
    let archive = Archive::open(raw.path()).unwrap();
    let n_pixels = 288 * 288;
    for i in 0..windows.len("test") {
        let window = windows.read("test", i, &[10]).unwrap();
        let frames: Vec<Vec<f32>> =
            window.timestamps.iter().map(|&t| archive.normalised(t).unwrap()).collect();
        assert_eq!(window.inputs.len(), 3 * n_pixels);
        assert_eq!(window.inputs, frames[..3].concat());
        assert_eq!(window.targets, frames[4]);
    }
}

#[test]
fn gaps_are_reported_and_never_straddled() {
    let raw = copy_frames(&[(240, 290), (300, 355)]);
    let bad = raw.path().join("RAD_NL25_RAP_5min_201008260530.h5");
    std::fs::write(&bad, b"not a radar file").unwrap();
    let output = tempfile::tempdir().unwrap();
    let options = BuildOptions { input_length: 4, img_ahead: 1, ..mini(Rule::Fixed, 0.0) };
    let report = build(raw.path(), output.path(), &options, &Silent).unwrap();
    let test = &report.groups[1];
    let gaps: Vec<_> =
        test.gaps.iter().map(|g| (time::format_sample(g.after), g.n_missing)).collect();
    assert_eq!(gaps, [("20100826T0450".to_owned(), 1), ("20100826T0525".to_owned(), 1)]);
    assert_eq!(report.skipped.len(), 1);
    assert_eq!(report.skipped[0].file, "RAD_NL25_RAP_5min_201008260530.h5");
    // Runs of 11, 6 and 5 frames hold 7, 2 and 1 windows of 5.
    assert_eq!(test.n_windows, 10);
    let windows = Windows::open(&report.windows).unwrap();
    for i in 0..10 {
        let times = windows.read("test", i, &[]).unwrap().timestamps;
        assert_eq!(super::gaps(&times, 5), []);
    }
}

#[test]
fn blocks_of_time_share_no_frame() {
    let raw = copy_frames(&[(240, 355)]);
    let split =
        Split { train_until: time("20100826T0430"), validate_until: Some(time("20100826T0500")) };
    let options = BuildOptions { split, input_length: 2, img_ahead: 1, ..mini(Rule::Fixed, 0.0) };
    // 7, 6 and 11 frames.
    let expected = [("train", 5), ("validation", 4), ("test", 9)];
    let found = n_windows(raw.path(), &options);
    assert_eq!(found, expected.map(|(name, n)| (name.to_owned(), n)));
}

#[test]
fn without_a_split_all_of_2010_is_for_training() {
    let found = n_windows(copy_frames(&[(240, 250)]).path(), &BuildOptions::default());
    assert_eq!(found, [("train".to_owned(), 0), ("test".to_owned(), 0)]);
}

/// Stops at the n-th report.
struct Impatient(RefCell<usize>);

impl Progress for Impatient {
    fn report(&self, _: &str, done: usize, total: usize) -> ControlFlow<Cancelled> {
        assert!(done < total);
        let mut left = self.0.borrow_mut();
        *left -= 1;
        if *left == 0 { ControlFlow::Break(Cancelled) } else { ControlFlow::Continue(()) }
    }
}

/// Cancelled while reading frames (2), looking for rain (8) and writing windows (14).
#[test]
fn a_cancelled_build_leaves_no_half_file() {
    let raw = copy_frames(&[(240, 265)]);
    let options = BuildOptions { input_length: 2, img_ahead: 1, ..mini(Rule::Fixed, 0.0) };
    for (n_reports, n_files) in [(2, 0), (8, 1), (14, 1)] {
        let output = tempfile::tempdir().unwrap();
        let impatient = Impatient(RefCell::new(n_reports));
        let error = build(raw.path(), output.path(), &options, &impatient).unwrap_err();
        assert!(matches!(error, DatasetError::Cancelled(_)), "{error}");
        assert_eq!(std::fs::read_dir(output.path()).unwrap().count(), n_files, "{n_reports}");
    }
}

fn check_options(change: impl FnOnce(&mut BuildOptions), message: &str) {
    let mut options = BuildOptions::default();
    change(&mut options);
    let found = build(Path::new("raw"), Path::new("sets"), &options, &Silent).unwrap_err();
    assert!(found.to_string().contains(message), "{found}");
}

#[test]
fn options_without_sense_are_refused() {
    check_options(|o| o.input_length = 0, "at least one input frame");
    check_options(|o| o.img_ahead = usize::MAX, "too long");
    check_options(|o| o.rain_threshold = 50.0, "from 0 to 1");
    check_options(|o| o.rain_threshold = f64::NAN, "from 0 to 1");
    check_options(|o| o.split.validate_until = Some(o.split.train_until), "after training");
    check_options(|_| {}, "raw cannot be read");
}

#[test]
fn names_are_those_of_the_reference_program() {
    let times = [time("20160101T0005"), time("20191231T2355")];
    let options = BuildOptions { rain_threshold: 0.2, ..BuildOptions::default() };
    let expected = "train_test_2016-2019_input-length_12_img-ahead_6_rain-threshold_20.h5";
    assert_eq!(windows_name(&times, &options), expected);
}
