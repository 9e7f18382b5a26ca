use std::path::{Path, PathBuf};

use clap::Parser;
use netcdf_writer::{NcFileBuilder, NcWriteFormat, NcWriteOptions};
use stormlens_data::archive::Archive;
use stormlens_data::dataset::{BuildOptions, Rule, Split};

use super::show::{describe, hdf5_files, summary};
use super::*;
use crate::testing_netcdf::add_variable;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

fn parse(words: &[&str]) -> Result<Args, clap::Error> {
    Cli::try_parse_from(["dataset"].iter().chain(words)).map(|cli| cli.args)
}

fn options(words: &[&str]) -> BuildOptions {
    match parse(&[&["build"], words].concat()).unwrap().action {
        Action::Build(build) => build.options(),
        other => panic!("{other:?}"),
    }
}

fn raw_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/knmi")
}

#[test]
fn defaults_are_those_of_the_papers() {
    assert_eq!(options(&[]), BuildOptions::default());
}

#[test]
fn every_option_arrives() {
    let words = "--input-length 6 --img-ahead 3 --rain-threshold 0.2 --compat \
                 --train-until 2010-08-26T04:00 --validate-until 20100826T0500";
    let found = options(&words.split_whitespace().collect::<Vec<_>>());
    let split = Split {
        train_until: time::parse_sample("20100826T0400").unwrap(),
        validate_until: time::parse_sample("20100826T0500"),
    };
    let (input_length, img_ahead, rain_threshold) = (6, 3, 0.2);
    let expected =
        BuildOptions { split, input_length, img_ahead, rain_threshold, rule: Rule::Compat };
    assert_eq!(found, expected);
}

#[test]
fn options_that_contradict_are_refused() {
    for words in [
        &["build", "--raw", "a", "--intermediate", "b"][..],
        &["build", "--intermediate", "b", "--train-until", "2010-08-26"],
        &["build", "--train-until", "soon"],
        &["build", "--field", "snow"],
        &["build", "--field", "cloud-cover"],
        &["build", "--size", "32"],
        &["build", "--field", "cloud-cover", "--from-radar", "a", "--raw", "b"],
        &["build", "--field", "cloud-cover", "--from-radar", "a", "--compat"],
        &["build", "--input-length", "-1"],
    ] {
        assert!(parse(words).is_err(), "{words:?}");
    }
}

/// What a command writes.
fn run_words(words: &[&str]) -> anyhow::Result<String> {
    let mut out = Vec::new();
    write(parse(words).unwrap(), &mut out)?;
    Ok(String::from_utf8(out)?)
}

#[test]
fn a_set_is_built_listed_and_shown() {
    let output = tempfile::tempdir().unwrap();
    let folder = output.path().to_str().unwrap();
    let raw = raw_folder();
    let raw = raw.to_str().unwrap();
    let build = ["build", "--raw", raw, "--output", folder, "--rain-threshold", "0.64"];
    let until = ["--train-until", "2010-08-26T04:00"];
    let told = run_words(&[&build[..], &until].concat()).unwrap();
    assert!(told.starts_with("train: 49 frames, 0 windows\ntest: 43 frames, "), "{told}");
    let files = hdf5_files(output.path()).unwrap();
    assert_eq!(files.len(), 2);
    assert_eq!(describe(&files[0]), "train 49 frames, test 43 frames");
    assert!(describe(&files[1]).starts_with("train 0 windows, test "), "{}", describe(&files[1]));
    let listed = run_words(&["list", folder, raw, "no/such/folder"]).unwrap();
    assert_eq!(listed.lines().count(), 3, "{listed}");
    let shown = |path: &str| run_words(&["show", path]).unwrap();
    let frames = shown(files[0].to_str().unwrap());
    let expected = "test: from 2010-08-26 04:05 UTC to 2010-08-26 07:35 UTC";
    assert!(frames.contains(expected), "{frames}");
    let windows = shown(files[1].to_str().unwrap());
    assert!(
        windows.contains("12 input frames and 6 ahead of 288 × 288\n  0: 2010-08-26"),
        "{windows}"
    );
    assert!(shown(raw).contains("2010-08-26 05:30 UTC   63.1 %"), "{}", shown(raw));

    let again = output.path().join("again");
    let intermediate = files[0].to_str().unwrap();
    let target = again.to_str().unwrap();
    let build = ["build", "--intermediate", intermediate, "--output", target];
    run_words(&[&build[..], &["--rain-threshold", "0.64"]].concat()).unwrap();
    assert_eq!(describe(&hdf5_files(&again).unwrap()[0]), describe(&files[1]));
}

/// Masks of radar are built, and everything that tells of them says that they are no clouds.
#[test]
fn wet_dry_masks_are_built_listed_and_shown() {
    let output = tempfile::tempdir().unwrap();
    let folder = output.path().join("wet-dry");
    let (folder, raw) = (folder.to_str().unwrap(), raw_folder());
    let words = ["build", "--field", "cloud-cover", "--from-radar", raw.to_str().unwrap()];
    let more = ["--output", folder, "--size", "32", "--train-until", "2010-08-26T05:00"];
    let told = run_words(&[&words[..], &more].concat()).unwrap();
    assert!(told.starts_with("train: 12 windows\ntest: 1 windows\nleft out: "), "{told}");
    let what = "wet/dry mask of radar, not clouds";
    assert!(told.ends_with(&format!("{what} in {folder}\n")), "{told}");
    let shown = run_words(&["show", folder]).unwrap();
    let expected = format!(
        "train 12 windows, test 1 windows\n{what}\ntrain: 4 input frames and 6 ahead of 32 × 32\n  \
         0: 2010-08-26 00:00 UTC  "
    );
    assert!(shown.starts_with(&expected), "{shown}");
    let listed = run_words(&["list", output.path().to_str().unwrap()]).unwrap();
    assert_eq!(listed, format!("{folder}: train 12 windows, test 1 windows\n"));

    let sample = std::fs::read_dir(output.path().join("wet-dry/test")).unwrap().next();
    let sample = sample.unwrap().unwrap().path();
    std::fs::write(&sample, "cut").unwrap();
    let message = format!("{:#}", run_words(&["show", sample.to_str().unwrap()]).unwrap_err());
    assert!(message.contains("make or fetch it again"), "{message}");
}

#[test]
fn real_clouds_are_shown_with_what_must_be_said_of_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/cloudcast");
    let shown = run_words(&["show", folder.to_str().unwrap()]).unwrap();
    assert!(shown.starts_with("16 cloud-cover frames from 2018-07-01 04:00 UTC to "), "{shown}");
    assert!(shown.contains("07:45 UTC, 0 gaps") && shown.contains("EUMETSAT"), "{shown}");
    assert!(shown.contains("share of pixels with clouds:\n  2018-07-01 04:00 UTC   39.2 %"));
}

#[test]
fn scenes_are_simulated() {
    let output = tempfile::tempdir().unwrap();
    let folder = output.path().join("scenes");
    let words = ["simulate-sar", "--output", folder.to_str().unwrap(), "--count", "4"];
    let told = run_words(&[&words[..], &["--splits", "train:0.5,test:0.5"]].concat()).unwrap();
    let expected = "train: 1 with a polar low, 1 without\ntest: 1 with a polar low, 1 without\n";
    assert!(told.starts_with(expected), "{told}");
    assert_eq!(std::fs::read_dir(folder.join("test/pos")).unwrap().count(), 1);
    let message = format!("{:#}", run_words(&words).unwrap_err());
    assert!(message.contains("is not empty"), "{message}");
    for wrong in [["--size", "200"], ["--splits", "train:2"], ["--count", "many"]] {
        assert!(parse(&[&words[..], &wrong].concat()).is_err(), "{wrong:?}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let message = format!("{:#}", run_words(&["build", "--from-radar", "x"]).unwrap_err());
    assert!(message.contains("add --field cloud-cover"), "{message}");
    let message = format!("{:#}", run_words(&["show", "no/such/set.h5"]).unwrap_err());
    assert!(message.contains("no/such/set.h5"), "{message}");
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("set").display().to_string();
    let words = ["build", "--raw", "no/such", "--output", &output];
    let message = format!("{:#}", run_words(&words).unwrap_err());
    assert!(message.contains("the training set was not built: no/such"), "{message}");
    assert!(!folder.path().join("set").exists(), "a folder for nothing");
}

#[test]
fn the_sample_frames_are_summed_up() {
    let expected = "92 radar frames from 2010-08-26 00:00 UTC to 2010-08-26 07:35 UTC, 0 gaps";
    assert_eq!(summary(&Archive::open(&raw_folder()).unwrap()), expected);
}

/// A frame is a good file, only no training set.
#[test]
fn a_single_frame_is_called_so() {
    let frame = raw_folder().join("RAD_NL25_RAP_5min_201008260535.h5");
    let message = run_words(&["show", frame.to_str().unwrap()]);
    let message = format!("{:#}", message.unwrap_err());
    assert!(message.contains("is one radar frame, of 2010-08-26 05:35 UTC: show"), "{message}");
}

/// Fields of 1 mm without a time, by their names and other attributes.
fn fields_of(fields: &[(&str, &[(&str, &str)])]) -> Vec<u8> {
    let mut file = NcFileBuilder::new();
    let [lat, lon] = ["lat", "lon"].map(|name| file.add_dimension(name, 2).unwrap());
    let mut add = |name: &str, on: &[_], values: &[f64], attributes: &[(&str, &str)]| {
        add_variable(&mut file, name, (on, values), attributes);
    };
    add("lat", &[lat], &[50.0, 51.0], &[("units", "degrees_north")]);
    add("lon", &[lon], &[7.0, 8.0], &[("units", "degrees_east")]);
    for (name, attributes) in fields {
        add(name, &[lat, lon], &[1.0; 4], &[&[("units", "mm")][..], attributes].concat());
    }
    file.to_vec(NcWriteOptions { format: NcWriteFormat::Nc4 }).unwrap().1
}

/// What a file holds, and why what looks like rain cannot be used.
#[test]
fn a_file_of_fields_is_listed_with_what_was_left_out() {
    let fields = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/stormlens-data/tests/fields");
    let shown = |path: PathBuf| run_words(&["show", path.to_str().unwrap()]).unwrap();
    let words = "tp (mm): 2 fields, until 2024-01-01 03:00 UTC to 2024-01-01 06:00 UTC\n";
    assert_eq!(shown(fields.join("forecast_netcdf4.nc")), words);
    let folder = tempfile::tempdir().unwrap();
    let shown_of = |fields: &[(&str, &[(&str, &str)])]| {
        let path = folder.path().join("two.nc");
        std::fs::write(&path, fields_of(fields)).unwrap();
        shown(path)
    };
    let found = shown_of(&[("cp", &[])]);
    assert!(found.contains("has only parts of the rain, such as cp"), "{found}");
    let found = shown_of(&[("rain", &[]), ("precip", &[("cell_methods", "time: maximum")])]);
    for variable in ["rain", "precip"] {
        assert!(found.contains(&format!("{variable} (mm): 1 field\n")), "{found}");
    }
    let words = "\nleft out: precip (mm) is not rain: its cell_methods are “time: maximum”\n";
    assert!(found.contains(words), "{found}");
    assert_eq!(found.matches("left out: precip").count(), 1, "{found}");
    assert!(found.contains("\nleft out: rain (mm) has no time"), "{found}");
}
