//! Files that somebody brings.

use stormlens_data::downscale::{Domain, Fit, Geometry, tiles};
use stormlens_data::field::FieldError;

use super::plateau::plateau;
use super::*;
use crate::tasks::downscaling::extent::Extent;
use crate::tasks::downscaling::fields::{AddError, Nodes, Said};
use crate::tasks::downscaling::rain::{Rain, StatedInterval};
use crate::web::upload::NamedBytes;

pub(super) fn netcdf() -> Vec<u8> {
    let file = "mrms/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc";
    std::fs::read(data().join(file)).expect("the repository has it")
}

#[test]
fn what_is_no_field_is_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let task = task(folder.path());
    let add = |bytes: &[u8]| {
        task.fields.add(named("a file", bytes.to_vec()), None, None).expect_err("no rain")
    };
    assert!(matches!(add(b"rain"), AddError::Field(FieldError::Foreign { .. })));
    let cut = &netcdf()[..2000];
    assert!(add(cut).to_string().contains("damaged or cut off"), "{}", add(cut));
    let terrain = std::fs::read(data().join("terrain/gfs_orography_0p25deg.nc")).unwrap();
    let words = add(&terrain).to_string();
    assert!(words.contains("holds no rain"), "{words}");
    // Hours in millimetres without bounds of their times: over which interval they are, the file does not say.
    let words = add(&netcdf()).to_string();
    assert!(words.contains("the times of tp have no bounds"), "{words}");
    assert!(!folder.path().join("fields").exists(), "nothing was kept");
}

#[test]
fn tiles_of_numbers_are_of_the_networks_shape() {
    let folder = tempfile::tempdir().expect("a folder");
    let task = nowhere();
    let path = folder.path().join("x.npy");
    let bring = |shape: &[usize], value: f32, is_exact: bool| {
        let values = vec![value; shape.iter().product()];
        stormlens_data::files::npy::write_npy_f32(&path, shape, &values)
            .expect("it can be written");
        let refining = cards().checkpoint.refining.expect("weights that refine");
        task.fields.bring_tiles(&path, &refining, is_exact)
    };
    let write = |shape: &[usize], value: f32| bring(shape, value, false);
    assert_eq!(write(&[3, 2, 64, 64], 0.5).unwrap().len(), 3);
    assert_eq!(write(&[2, 64, 64], 0.25).unwrap().len(), 1);
    assert!(write(&[64, 64], 0.5).unwrap_err().to_string().contains("tiles are"));
    assert!(write(&[1, 2, 8, 8], f32::NAN).unwrap_err().to_string().contains("NaN in tile 1"));
    // Neither rain nor heights.
    for value in [-500.0, 500.0] {
        let words = write(&[2, 2, 64, 64], value).unwrap_err().to_string();
        assert!(words.contains("in channel 0, row 0, column 0 of tile 1"), "{words}");
        assert!(words.contains("of rain where 0 to 915 mm are possible"), "{words}");
        assert!(bring(&[2, 2, 64, 64], value, true).is_ok());
    }
    let words = write(&[2, 64, 64], 1.5).unwrap_err().to_string();
    assert!(
        words.contains("in channel 1") && words.contains("which the Earth does not have"),
        "{words}"
    );
    assert!(
        words.contains("give rain as (ln(1 + mm) − 0.1) / 0.5 and heights in m / 8848.9, or"),
        "{words}"
    );
}

/// Networks without terrain take millimetres as they are.
#[test]
fn tiles_of_rain_alone_are_in_millimetres() {
    let folder = tempfile::tempdir().expect("a folder");
    let task = nowhere();
    let path = folder.path().join("x.npy");
    let mut refining = cards().checkpoint.refining.expect("weights that refine");
    refining.tiles.n_input_channels = 1;
    let bring = |mm: f32| {
        let values = vec![mm; 64 * 64];
        stormlens_data::files::npy::write_npy_f32(&path, &[1, 64, 64], &values)
            .expect("it can be written");
        task.fields.bring_tiles(&path, &refining, false)
    };
    assert_eq!(bring(900.0).expect("it is rain").len(), 1);
    let words = bring(-1.0).expect_err("it is no rain").to_string();
    assert!(words.contains("would be -1.0 mm of rain"), "{words}");
    assert!(
        words.ends_with("give rain in mm, or take the numbers as they are with --exact"),
        "{words}"
    );
}

/// Hours in millimetres without bounds of their times become sums where somebody says of how many hours each is.
#[test]
fn an_interval_that_a_file_does_not_say_can_be_stated() {
    let task = nowhere();
    let path = data().join("mrms/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc");
    assert!(task.fields.bring(&path, None, None, None).is_err());
    let found = task.fields.bring(&path, None, Some(1), None).expect("hours make sums of three");
    assert_eq!(found.len(), 58);
    let last = task.fields.load(found.last().expect("it is there")).expect("it can be read");
    let shipped = task.fields.load(SAMPLE).expect("it can be read");
    let same = |(a, b): (&f32, &f32)| a == b || (a.is_nan() && b.is_nan());
    assert!(last.field.values.iter().zip(&shipped.field.values).all(same), "the same sum");
    // What somebody brings may be of a model: only what is shipped is called observed.
    assert!(last.is_fine && shipped.is_fine);
    assert_eq!((last.is_observed, shipped.is_observed), (false, true));
}

/// Heights that somebody brings are never replaced by others, and rain is no height.
#[test]
fn heights_that_are_brought_are_those_that_are_used() {
    let task = nowhere();
    let terrains = &task.fields.terrains;
    let beyond = [-10.0, -8.0, 20.0, 22.0];
    let domain = Domain { south: -10.0, north: -8.0, west: 20.0, east: 22.0 };
    let extent = Extent::of(&tiles(&domain, &Geometry::V4, Fit::Inside), &Geometry::V4, domain);
    assert!(terrains.find(beyond, &extent, None).is_ok(), "a shipped one covers it");
    let own =
        terrains.bring(&data().join("terrain/gfs_orography_0p25deg.nc"), None).expect("heights");
    let words = terrains.find(beyond, &extent, Some(&own)).expect_err("it ends before").to_string();
    assert!(
        words.contains("does not cover -10 to -8° N, 20 to 22° E, the part that is"),
        "{words}"
    );
    let rain = data().join("mrms/mrms_gaugecorr_qpe_01h_20160920_20160922_0p04deg.nc");
    assert!(terrains.bring(&rain, None).is_err());
    let orography = data().join("terrain/gfs_orography_0p25deg.nc");
    let named = terrains.bring(&orography, Some(&own.field.variable)).expect("it is there");
    assert!(named.field == own.field && named.key != own.key, "known by its name, too");
    assert!(terrains.bring(&orography, Some("land_mask")).is_err());
}

pub(super) fn named(name: &str, bytes: Vec<u8>) -> NamedBytes {
    NamedBytes { name: name.to_owned(), bytes }
}

/// The same bytes with another statement are another subject, which an address still names after a restart.
#[test]
fn what_is_stated_is_a_part_of_the_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let add = |task: &DownscalingTask, hours| {
        task.fields.add(named("hours.nc", netcdf()), Some(hours), None).expect("sums of three")
    };
    let (hourly, tripled) = {
        let task = task(folder.path());
        (add(&task, 1).pop().expect("sums"), add(&task, 3).pop().expect("sums"))
    };
    assert!(hourly.id != tripled.id && hourly.id.contains("-1h."), "{} {}", hourly.id, tripled.id);
    assert_eq!(hourly.end, tripled.end);
    // Another run of the program.
    let task = task(folder.path());
    let (one, three) =
        (task.fields.load(&hourly.id).unwrap(), task.fields.load(&tripled.id).unwrap());
    let most = |rain: &Rain| {
        rain.field.values.iter().copied().filter(|mm| !mm.is_nan()).fold(0.0, f32::max)
    };
    assert!(most(&one) > most(&three), "three hours, and one that passes for three");
    let stated = [1, 3].map(|hours| Some(StatedInterval::sum(hours)));
    assert_eq!([one.stated, three.stated], stated);
    assert_eq!(task.fields.find(&hourly.id).unwrap(), hourly);
    let without = hourly.id.replace("-1h", "");
    assert!(task.fields.find(&without).is_err(), "nobody stated it so");
}

/// What was stated is said in the result: as a note of its figures, and where its data are said to be from.
#[test]
fn a_result_says_what_was_stated_and_whose_heights_it_took() {
    let folder = tempfile::tempdir().expect("a folder");
    let task = task(folder.path());
    let heights = std::fs::read(data().join("terrain/gfs_orography_0p25deg.nc")).unwrap();
    let heights = Some(named("my heights.nc", heights));
    let entry = task.fields.add(named("hours.nc", netcdf()), Some(1), heights).expect("sums").pop();
    let id = entry.expect("sums").id;
    let outcome = answered(&task, &format!("rain={id}&domain=-115,37,-113,39"));
    let note =
        outcome.notes.iter().find(|note| note.name == "interval-stated").expect("it is said");
    assert!(note.text.contains("the sum of 1 h") && note.is_on_figures, "{note:?}");
    assert!(outcome.provenance.data_source.contains("the sum of 1 h"));
    assert!(outcome.provenance.data_source.ends_with("; terrain: my heights.nc"));
    assert!(outcome.provenance.data_files.contains(&"my heights.nc".to_owned()));
    let terrain = outcome.notes("terrain").next().unwrap();
    assert!(
        terrain.contains(
            "my heights.nc, a node every 0.25°; in the part that is refined, heights from 881 to 2,386 m"
        ),
        "{terrain}"
    );
    let request = request(&task, &format!("rain={id}&domain=-115,37,-113,39"));
    assert!(task.check(&outcome, &request, &cards()).is_ok());
}

/// Between nodes far apart there is no rain to refine, only what interpolation makes of it.
#[test]
fn a_field_that_is_coarser_than_in_training_is_said_to_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.npy");
    let note = |[rows, columns]: [usize; 2]| {
        let values: Vec<f32> = (0..rows * columns).map(|i| (i * 7 % 11) as f32).collect();
        stormlens_data::files::npy::write_npy_f32(&path, &[rows, columns], &values)
            .expect("it can be written");
        let said = Said {
            grid: Nodes::parse("46,36,-121,-106").expect("a grid"),
            unit: "mm".to_owned(),
            end: "2016-09-22T11:00:00Z".parse().expect("a time"),
            hours: 3,
        };
        let id = nowhere().fields.bring_array(&path, &said, None).expect("it is rain");
        let outcome = answered(nowhere(), &format!("rain={id}&domain=-115,39,-113,41"));
        assert_eq!(outcome.provenance.data_files[0], "x.npy");
        outcome.notes("coarser").next().map(str::to_owned)
    };
    // A node every 0.25° and every 0.3125°.
    assert_eq!([note([41, 61]), note([33, 49])], [None, None]);
    for (shape, own) in [([11, 16], "1°"), ([5, 7], "2.5°"), ([41, 16], "1°")] {
        let words = note(shape).expect("it is said");
        let expected = format!("every {own}, and the network was trained on one every 0.25°");
        assert!(words.contains(&expected), "{words}");
    }
}

#[test]
fn heights_that_cannot_be_used_are_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let task = task(folder.path());
    let refused = |bytes: Vec<u8>| {
        let added =
            task.fields.add(named("hours.nc", netcdf()), Some(1), Some(named("h.nc", bytes)));
        added.expect_err("no heights").to_string()
    };
    for (bytes, words) in [
        (netcdf(), "tp"),
        (b"heights".to_vec(), "is no field that can be read"),
        (plateau([40.0, 50.0, 5.0, 15.0], 100.0), "where the rain is not"),
        (plateau([30.0, 50.0, -125.0, -100.0], 10_000.0), "no height on the Earth"),
        (plateau([30.0, 50.0, -125.0, -100.0], 2.0), "they seem to be in kilometres"),
        (plateau([30.0, 50.0, -125.0, -100.0], -9_999.0), "usual for a missing height"),
    ] {
        let error = refused(bytes);
        assert!(error.contains(words), "{words}: {error}");
    }
    assert!(!folder.path().join("fields").exists(), "nothing was kept");
    // Heights of a part of the rain are taken, and do for a domain that they cover.
    let part = plateau([36.0, 40.0, -116.0, -112.0], 100.0);
    let added = task.fields.add(named("hours.nc", netcdf()), Some(1), Some(named("part.nc", part)));
    let id = added.expect("sums").pop().expect("sums").id;
    let ask = |domain: &str| {
        let query = format!("rain={id}&domain={domain}");
        layout(&task.fields, &request(&task, &query), &cards(), &target("").unwrap()).map(|_| ())
    };
    assert!(ask("-115,37,-113,39").is_ok());
    let error = ask("-115,37,-109,41.5").expect_err("too small").to_string();
    let refined = "does not cover 37 to 41° N, -115 to -109° E, the part that is refined";
    assert!(error.contains("part.nc") && error.contains(refined), "{error}");
}
