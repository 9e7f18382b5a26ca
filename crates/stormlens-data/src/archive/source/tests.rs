use std::path::PathBuf;

use super::*;
use crate::archive::Archive;

fn clouds() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/cloudcast")
}

/// The real maps that come with the program: seven windows of four and six.
#[test]
fn clouds_are_samples_with_several_lead_times() {
    let archive = Archive::open(&clouds()).unwrap();
    assert_eq!((archive.field(), archive.frame_step_min()), (NowcastField::CloudCover, 15));
    assert_eq!(archive.times().len(), 16);
    let leads_min = [15, 30, 45, 60, 75, 90];
    let samples = archive.samples(4, 15, &leads_min);
    assert_eq!((samples.len(), samples.iter().filter(|s| s.is_observed()).count()), (13, 7));
    let sample = archive.load("20180701T0445", 4, 15, &leads_min).unwrap();
    assert_eq!(sample.inputs_normalised.len(), 4 * 128 * 128);
    let targets = sample.targets_normalised().unwrap();
    assert_eq!(targets.len(), 6 * 128 * 128);
    assert!(targets.iter().chain(&sample.inputs_normalised).all(|&v| v == 0.0 || v == 1.0));
    assert_eq!((sample.files.len(), sample.field.unit()), (10, "1"));
    assert!(sample.licence.contains("EUMETSAT"), "{}", sample.licence);
    assert_eq!(sample.leads[5].observation.as_ref().unwrap().map.values, targets[5 * 128 * 128..]);
}

/// Shares of cloud and of each type as counted when the file was made.
#[test]
fn types_of_clouds_are_kept() {
    let archive = Archive::open(&clouds()).unwrap();
    let first = archive.times().next().unwrap();
    assert!((archive.covered_share(first).unwrap() - 0.392_395_02).abs() < 1e-8);
    let n_of = |class: u16| -> usize {
        let count = |time| archive.stored(time).unwrap().iter().filter(|&&v| v == class).count();
        archive.times().map(count).sum()
    };
    assert_eq!([0, 1, 2, 3].map(n_of), [155_599, 56_318, 30_273, 19_954]);
    let names = &archive.description().unwrap().classes;
    assert_eq!(names[3].name, "high cloud");
}

/// The corners of the grid lie where the data set's own grid has them: see the README.
#[test]
fn the_grid_is_that_of_the_readme() {
    let archive = Archive::open(&clouds()).unwrap();
    let grid = archive.grid();
    let [east, south] =
        [(grid.width, 1.0), (grid.height, -1.0)].map(|(n, sign)| sign * n as f64 * grid.spacing_km);
    assert!((grid.west_km + east - 1_448.899_564).abs() < 1e-6);
    assert!((grid.north_km + south + 4942.0).abs() < 1e-6);
    // Stereographic, true at 50° N: the pole is the origin, and north of Scotland lies in the grid.
    let plane = proj4rs::Proj::from_proj_string(&grid.proj4).unwrap();
    let sphere =
        proj4rs::Proj::from_proj_string("+proj=longlat +a=6378.137 +b=6356.752314245").unwrap();
    let place = |longitude: f64, latitude: f64| {
        let (x, y) = (longitude.to_radians(), latitude.to_radians());
        proj4rs::adaptors::transform_xy(&sphere, &plane, x, y).unwrap()
    };
    // Copenhagen and the cell it lies in.
    let (x, y) = place(12.57, 55.68);
    let cell = [(grid.north_km - y) / 18.0, (x - grid.west_km) / 18.0];
    assert!(cell.iter().all(|c| (0.0..128.0).contains(c)), "{cell:?}");
    assert!(place(5.0, 90.0).0.abs() < 1e-6 && place(5.0, 55.0).0.abs() < 1e-6);
}

/// A copy whose description is changed, and what is said of it.
fn check_description(from: &str, to: &str, message: &str) {
    let folder = tempfile::tempdir().unwrap();
    let name = "cloud_type_201807010400.npz";
    std::fs::copy(clouds().join(name), folder.path().join(name)).unwrap();
    let text = std::fs::read_to_string(clouds().join(DESCRIPTION)).unwrap();
    assert!(text.contains(from), "{from}");
    std::fs::write(folder.path().join(DESCRIPTION), text.replacen(from, to, 1)).unwrap();
    let read = |archive: Archive| {
        let time = archive.times().next().expect("a frame");
        archive.stored(time).map(drop)
    };
    let found = Archive::open(folder.path()).and_then(read).unwrap_err().to_string();
    assert!(found.contains(message), "{found}");
}

#[test]
fn what_the_description_does_not_know_is_refused() {
    check_description("\"value\": 3", "\"value\": 7", "knows 0 no cloud, 1 low cloud");
    check_description("\"value\": 3", "\"value\": 1", "two classes");
    check_description("\"height\": 128", "\"height\": 64", "its shape is [128, 128]");
    check_description("\"height\": 128", "\"height\": 0", "above 0");
    check_description("\"frame_step_min\": 15", "\"frame_step_min\": 0", "at least 1");
    check_description("\"cloud-cover\"", "\"precipitation\"", "cloud-cover");
    check_description("\"cloud-cover\"", "\"snow\"", "frames.json does not describe frames");
    check_description("\"is_cloud\": false", "\"is_cloud\": true", "with clouds and without");
    check_description("cloud_type_", "cloud_kind_", "holds no frame");
    check_description("\"title\"", "\"name\"", "unknown field");
}

#[test]
fn cut_and_wrong_frames_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let name = "cloud_type_201807010400.npz";
    std::fs::copy(clouds().join(DESCRIPTION), folder.path().join(DESCRIPTION)).unwrap();
    let bytes = std::fs::read(clouds().join(name)).unwrap();
    for n in (0..bytes.len()).step_by(61) {
        std::fs::write(folder.path().join(name), &bytes[..n]).unwrap();
        let archive = Archive::open(folder.path()).unwrap();
        let time = archive.times().next().unwrap();
        let found = archive.stored(time).unwrap_err().to_string();
        assert!(found.contains(name) && found.contains("not a NumPy archive"), "{found}");
    }
}
