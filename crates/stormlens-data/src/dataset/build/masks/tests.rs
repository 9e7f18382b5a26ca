use super::*;
use crate::archive::sample_folder;
use crate::dataset::Windows;
use crate::request::Silent;

fn time(text: &str) -> Timestamp {
    time::parse_sample(text).unwrap()
}

fn options() -> MaskOptions {
    let split =
        Split { train_until: time("20100826T0230"), validate_until: Some(time("20100826T0500")) };
    MaskOptions { split, size: 32, stride_min: 15, ..MaskOptions::default() }
}

fn build(raw: &Path, output: &Path, options: &MaskOptions) -> Result<MaskReport, DatasetError> {
    build_masks(raw, output, options, &Silent)
}

#[test]
fn windows_lie_in_blocks_of_time() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("wet-dry");
    let report = build(&sample_folder(), &output, &options()).unwrap();
    // A window takes 2 h 15 min. They begin at 00:00 and 00:15, at 02:45, and at 05:15; the other 18
    // of the 22 that begin every 15 minutes straddle.
    assert_eq!(report.groups, [("train", 2), ("validation", 1), ("test", 1)]);
    assert_eq!((report.n_straddling, report.n_dry, report.skipped.len()), (18, 0, 0));
    let windows = Windows::open(&output).unwrap();
    assert_eq!(windows.groups(), ["train", "validation", "test"]);
    assert_eq!(windows.description(), Some(WHAT));
    let times = windows.times("train", 0).unwrap();
    let ends = [times[0], times[3], times[9]].map(time::format_sample);
    assert_eq!(ends, ["20100826T0000", "20100826T0045", "20100826T0215"]);
}

/// Pixels are those of the middle of the crop, above the rain rate.
#[test]
fn masks_are_those_of_the_radar() {
    let folder = tempfile::tempdir().unwrap();
    let report = build(&sample_folder(), folder.path(), &options()).unwrap();
    assert!(report.groups[0].1 > 0);
    let windows = Windows::open(folder.path()).unwrap();
    let window = windows.read("train", 0, &[15, 90]).unwrap();
    let archive = Archive::open(&sample_folder()).unwrap();
    let masks = |at: &str| -> Vec<f32> {
        let stored = archive.stored(time(at)).unwrap();
        let pixel = |i: usize| stored[(128 + i / 32) * 288 + 128 + i % 32];
        (0..32 * 32).map(|i| f32::from(u8::from(pixel(i) > 0))).collect()
    };
    let inputs = ["20100826T0000", "20100826T0015", "20100826T0030", "20100826T0045"].map(masks);
    assert_eq!(window.inputs, inputs.concat());
    assert_eq!(window.targets, [masks("20100826T0100"), masks("20100826T0215")].concat());
    assert!(window.inputs.contains(&0.0) && window.inputs.contains(&1.0));
}

fn files(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push((path.file_name().unwrap().into(), std::fs::read(&path).unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
fn equal_frames_and_options_give_equal_bytes() {
    let [a, b] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for folder in [&a, &b] {
        build(&sample_folder(), folder.path(), &options()).unwrap();
    }
    assert_eq!(files(a.path()).len(), 5);
    assert!(files(a.path()) == files(b.path()));
}

#[test]
fn too_dry_windows_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let wet = MaskOptions { rain_threshold: 1.0, wet_above_mm_h: 5.0, ..options() };
    let report = build(&sample_folder(), folder.path(), &wet).unwrap();
    assert_eq!((report.n_dry, report.groups[0].1), (4, 0));
}

#[test]
fn bad_frames_are_named_and_others_are_used() {
    let raw = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(sample_folder()).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, raw.path().join(path.file_name().unwrap())).unwrap();
    }
    std::fs::write(raw.path().join("RAD_NL25_RAP_5min_201008260015.h5"), "cut").unwrap();
    let output = tempfile::tempdir().unwrap();
    let report = build(raw.path(), output.path(), &options()).unwrap();
    assert_eq!(report.groups, [("train", 0), ("validation", 1), ("test", 1)]);
    let names: Vec<_> = report.skipped.iter().map(|s| s.file.as_str()).collect();
    assert_eq!(names, ["20100826T0045", "20100826T0100"]);
    assert!(report.skipped[0].reason.contains("201008260015.h5"), "{}", report.skipped[0].reason);
}

fn check_options(change: impl FnOnce(&mut MaskOptions), message: &str) {
    let mut options = options();
    change(&mut options);
    let folder = tempfile::tempdir().unwrap();
    let found = build(&sample_folder(), folder.path(), &options).unwrap_err().to_string();
    assert!(found.contains(message), "{found}");
}

#[test]
fn senseless_options_are_refused() {
    check_options(|o| o.size = 100, "multiple of 16");
    check_options(|o| o.size = 304, "up to 288");
    check_options(|o| o.stride_min = 7, "multiple of 5 minutes");
    check_options(|o| o.wet_above_mm_h = f64::NAN, "at least 0 mm/h");
    check_options(|o| o.rain_threshold = 1.1, "from 0 to 1");
    check_options(
        |o| o.split.validate_until = Some(time("20100826T0100")),
        "validation has to end",
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x"), "").unwrap();
    let found = build(&sample_folder(), folder.path(), &options()).unwrap_err().to_string();
    assert!(found.contains("is not empty"), "{found}");
    let clouds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/cloudcast");
    let found = build(&clouds, &folder.path().join("y"), &options()).unwrap_err().to_string();
    assert!(found.contains("no radar frames"), "{found}");
}
