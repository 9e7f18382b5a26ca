use std::fs;

use super::*;

const FRAME: &str = "RAD_NL25_RAP_5min_2010082600";

/// A data folder with frames of those minutes, all empty files: listing reads names only.
fn catalog(frames: &[(&str, u32)]) -> (tempfile::TempDir, Catalog) {
    let data = tempfile::tempdir().unwrap();
    for (archive, minute) in frames {
        fs::create_dir_all(data.path().join(archive)).unwrap();
        let name = format!("{FRAME}{minute:02}.h5");
        fs::write(data.path().join(archive).join(name), b"").unwrap();
    }
    let catalog = Catalog::open(data.path(), Vec::new(), Vec::new()).unwrap();
    (data, catalog)
}

fn hour(archive: &'static str) -> Vec<(&'static str, u32)> {
    (0..12).map(|i| (archive, i * 5)).collect()
}

#[test]
fn samples_are_named_after_archive_and_time() {
    let (_data, catalog) = catalog(&hour("knmi"));
    let ids: Vec<_> = catalog.samples().iter().map(|s| s.id.as_str()).collect();
    assert_eq!(ids, ["knmi-20100826T0055"]);
    let sample = catalog.sample("knmi-20100826T0055").unwrap();
    assert!(!sample.observed);
    let clock = |idx| catalog.frame_time(sample, idx).map(|t| t.strftime("%H:%M").to_string());
    assert_eq!(clock(0).as_deref(), Some("00:00"));
    assert_eq!(clock(11).as_deref(), Some("00:55"));
    assert_eq!(clock(12), None);
}

#[test]
fn archives_stand_side_by_side() {
    let (_data, catalog) = catalog(&[hour("knmi"), hour("other")].concat());
    let ids: Vec<_> = catalog.samples().iter().map(|s| s.id.as_str()).collect();
    assert_eq!(ids, ["knmi-20100826T0055", "other-20100826T0055"]);
}

#[test]
fn what_is_no_archive_is_passed_over() {
    let (data, _) = catalog(&hour("knmi"));
    fs::create_dir(data.path().join("basemap")).unwrap();
    fs::write(data.path().join("README.md"), "").unwrap();
    fs::create_dir(data.path().join("short")).unwrap();
    fs::write(data.path().join("short").join(format!("{FRAME}00.h5")), b"").unwrap();
    let catalog = Catalog::open(data.path(), Vec::new(), Vec::new()).unwrap();
    assert_eq!(catalog.samples().len(), 1);
}

#[test]
fn a_frame_that_cannot_be_read_is_an_error_that_names_it() {
    let (_data, catalog) = catalog(&hour("knmi"));
    let sample = catalog.sample("knmi-20100826T0055").unwrap();
    let error = catalog.frame_mm_h(sample, 0).unwrap().unwrap_err().to_string();
    assert!(error.contains(&format!("{FRAME}00.h5")), "{error}");
    assert!(catalog.wet_share(sample).is_err());
    assert!(catalog.load(sample).is_err());
    assert!(catalog.frame_mm_h(sample, 12).is_none());
}

#[test]
fn a_missing_data_folder_says_which_option_names_it() {
    let error = Catalog::open("/no/such/folder".as_ref(), Vec::new(), Vec::new()).err().unwrap();
    assert!(error.to_string().contains("--data"), "{error}");
}

#[test]
fn the_repository_has_a_night() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/data");
    let catalog = Catalog::open(data.as_ref(), Vec::new(), Vec::new()).unwrap();
    assert_eq!(catalog.samples().len(), 81);
    let sample = catalog.sample("knmi-20100826T0535").unwrap();
    assert!(sample.observed);
    assert!(catalog.wet_share(sample).unwrap() > 0.5);
    let loaded = catalog.load(sample).unwrap();
    assert_eq!(catalog.frame_mm_h(sample, 11).unwrap().unwrap(), loaded.sequence.frames[11]);
}
