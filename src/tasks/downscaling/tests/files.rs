//! Files that somebody brings.

use jiff::SignedDuration;
use stormlens_data::field::{Content, FieldError, FieldFile};

use super::*;
use crate::tasks::downscaling::fields::AddError;
use crate::tasks::downscaling::rain::offers;

fn netcdf() -> Vec<u8> {
    let file = "mrms/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc";
    std::fs::read(data().join(file)).expect("the repository has it")
}

#[test]
fn what_is_no_field_is_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let task = task(folder.path());
    let add = |bytes: &[u8]| task.fields.add("a file", bytes.to_vec()).expect_err("no rain");
    assert!(matches!(add(b"rain"), AddError::Field(FieldError::Foreign { .. })));
    let cut = &netcdf()[..2000];
    assert!(add(cut).to_string().contains("damaged or cut off"), "{}", add(cut));
    let terrain = std::fs::read(data().join("terrain/gfs_orography_0p25deg.nc")).unwrap();
    let words = add(&terrain).to_string();
    assert!(words.contains("holds no rain"), "{words}");
    // Hours in millimetres without bounds of their times: over which interval they are, the file does not say.
    let words = add(&netcdf()).to_string();
    assert!(words.contains("tp"), "{words}");
    assert!(!folder.path().join("fields").exists(), "nothing was kept");
}

#[test]
fn tiles_of_numbers_are_of_the_networks_shape() {
    let folder = tempfile::tempdir().expect("a folder");
    let task = nowhere();
    let path = folder.path().join("x.npy");
    let write = |shape: &[usize], value: f32| {
        let values = vec![value; shape.iter().product()];
        stormlens_data::files::npy::write_npy_f32(&path, shape, &values)
            .expect("it can be written");
        task.fields.bring(&path, None)
    };
    assert_eq!(write(&[3, 2, 64, 64], 0.5).unwrap().len(), 3);
    assert_eq!(write(&[2, 64, 64], 0.25).unwrap().len(), 1);
    assert!(write(&[64, 64], 0.5).unwrap_err().to_string().contains("tiles are"));
    assert!(write(&[1, 2, 8, 8], f32::NAN).unwrap_err().to_string().contains("NaN in tile 1"));
}

/// Hours in millimetres without bounds of their times become sums where somebody says of how many hours each is.
#[test]
fn an_interval_that_a_file_does_not_say_can_be_stated() {
    let task = nowhere();
    let path = data().join("mrms/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc");
    assert!(task.fields.bring(&path, None).is_err());
    let found = task.fields.bring(&path, Some(1)).expect("hours make sums of three");
    assert_eq!(found.len(), 58);
    let last = task.fields.load(found.last().expect("it is there")).expect("it can be read");
    let shipped = task.fields.load(SAMPLE).expect("it can be read");
    let same = |(a, b): (&f32, &f32)| a == b || (a.is_nan() && b.is_nan());
    assert!(last.field.values.iter().zip(&shipped.field.values).all(same), "the same sum");
    // What somebody brings may be of a model: only what is shipped is called observed.
    assert!(last.is_fine && shipped.is_fine);
    assert_eq!((last.is_observed, shipped.is_observed), (false, true));
}

/// Hours of two forecasts are two sums that can be told apart, and never one.
#[test]
fn sums_of_different_forecasts_stay_apart() {
    let path = data().join("mrms/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc");
    let file = FieldFile::open(&path).expect("the repository has it");
    let run = |hour: usize, hours_ahead: i64| {
        let mut content = file.contents()[hour].clone();
        let end = content.interval.expect("it has a time").end;
        content.reference_time = Some(end - SignedDuration::from_hours(hours_ahead));
        content
    };
    let two: Vec<Content> = (0..3).flat_map(|hour| [run(hour, 6), run(hour, 18)]).collect();
    // Each hour began six hours after its own forecast, so no two are of one.
    assert!(offers("a file", &two, 3, Some(1)).is_err());
    let both: Vec<Content> =
        (0..3).flat_map(|hour| [run(hour, 6 + hour as i64), run(hour, 18 + hour as i64)]).collect();
    let found = offers("a file", &both, 3, Some(1)).expect("two sums");
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].end, found[0].places.len()), (found[1].end, 3));
    assert!(found[0].what != found[1].what && found[0].what.contains("forecast of"), "{found:?}");
}

/// Heights that somebody brings are never replaced by others, and rain is no height.
#[test]
fn heights_that_are_brought_are_those_that_are_used() {
    let task = nowhere();
    let beyond = [-10.0, -8.0, 20.0, 22.0];
    assert!(task.terrains.find(beyond).is_ok(), "a shipped one covers it");
    task.terrains.bring(&data().join("terrain/gfs_orography_0p25deg.nc")).expect("heights");
    let words = task.terrains.find(beyond).expect_err("it ends before").to_string();
    assert!(words.contains("cover"), "{words}");
    let rain = data().join("mrms/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc");
    assert!(task.terrains.bring(&rain).is_err());
}
