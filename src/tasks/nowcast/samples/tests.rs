use std::fs;

use stormlens_data::time::format_sample;
use tempfile::TempDir;

use stormlens_data::dataset::clouds;
use stormlens_data::files::npy;

use super::super::units::Units;
use super::*;
use crate::memory::MemoryLimit;
use crate::tasks::tests::data;

const FRAME: &str = "RAD_NL25_RAP_5min_2010082600";

/// Archives with frames of those minutes, all empty files: listing reads names only.
fn samples(frames: &[(&str, u32)]) -> (TempDir, Samples) {
    let data = tempfile::tempdir().unwrap();
    for (archive, minute) in frames {
        fs::create_dir_all(data.path().join(archive)).unwrap();
        let name = format!("{FRAME}{minute:02}.h5");
        fs::write(data.path().join(archive).join(name), b"").unwrap();
    }
    let samples = Samples::open(data.path()).unwrap();
    (data, samples)
}

fn hour(archive: &'static str) -> Vec<(&'static str, u32)> {
    (0..12).map(|i| (archive, i * 5)).collect()
}

fn rain(lead_times_min: &[u32]) -> Nowcasting {
    Nowcasting {
        field: NowcastField::Precipitation,
        n_input_frames: 12,
        frame_step_min: 5,
        lead_times_min: lead_times_min.to_vec(),
        is_stated: true,
        size_multiple: 16,
    }
}

#[test]
fn samples_are_named_after_archive_and_time() {
    let (_data, samples) = samples(&hour("knmi"));
    let ids: Vec<_> = samples.list().iter().map(|s| s.id.as_str()).collect();
    assert_eq!(ids, ["knmi-20100826T0055"]);
    let sample = samples.find("knmi-20100826T0055").unwrap();
    assert!(!sample.observed);
    let clock = |idx| sample.frame_time(idx).map(|t| t.strftime("%H:%M").to_string());
    assert_eq!(clock(0).as_deref(), Some("00:00"));
    assert_eq!(clock(11).as_deref(), Some("00:55"));
    assert_eq!((clock(12), clock(usize::MAX - 1)), (None, None));
    let file = |idx| Some(samples.frame_file(&sample, idx)?.file_name()?.to_str()?.to_owned());
    assert_eq!(file(3).as_deref(), Some("RAD_NL25_RAP_5min_201008260015.h5"));
    assert_eq!(file(12), None);
}

/// A folder that is no archive although it holds frames would be missed without a word.
#[test]
fn why_a_folder_with_frames_is_no_archive_is_told() {
    let (data, whole) = samples(&hour("knmi"));
    assert!(whole.problems().is_empty(), "{:?}", whole.problems());
    fs::write(data.path().join("knmi/events.json"), "[").unwrap();
    let broken = Samples::open(data.path()).unwrap();
    assert!(broken.list().is_empty());
    let [problem] = broken.problems() else { panic!("{:?}", broken.problems()) };
    assert!(problem.starts_with("no sample of knmi is there: "), "{problem}");
}

/// Too few frames for a sample, none of which can be read.
#[test]
fn why_frames_are_no_sample_is_told() {
    let (_data, few) = samples(&hour("knmi")[..5]);
    assert!(few.list().is_empty());
    let [why, unreadable @ ..] = few.problems() else { panic!("nothing is told") };
    assert!(why.starts_with("knmi has 5 frames and no sample: a sample needs 12"), "{why}");
    assert_eq!(unreadable.len(), 5, "{unreadable:?}");
    assert!(unreadable.iter().all(|one| one.contains(FRAME)), "{unreadable:?}");
}

#[test]
fn archives_stand_side_by_side() {
    let (_data, samples) = samples(&[hour("knmi"), hour("other")].concat());
    let ids: Vec<_> = samples.list().iter().map(|s| s.id.as_str()).collect();
    assert_eq!(ids, ["knmi-20100826T0055", "other-20100826T0055"]);
}

#[test]
fn what_is_no_archive_is_passed_over() {
    let (data, _) = samples(&hour("knmi"));
    fs::create_dir(data.path().join("basemap")).unwrap();
    fs::write(data.path().join("README.md"), "").unwrap();
    for folder in ["short", ".hidden"] {
        fs::create_dir(data.path().join(folder)).unwrap();
        fs::write(data.path().join(folder).join(format!("{FRAME}00.h5")), b"").unwrap();
    }
    fs::create_dir(data.path().join("broken")).unwrap();
    fs::write(data.path().join("broken/frames.json"), "{").unwrap();
    assert_eq!(Samples::open(data.path()).unwrap().list().len(), 1);
}

#[test]
fn a_frame_that_cannot_be_read_is_an_error_that_names_it() {
    let (_data, samples) = samples(&hour("knmi"));
    let sample = samples.find("knmi-20100826T0055").unwrap();
    let error = samples.frame(&sample, 0).unwrap().unwrap_err().to_string();
    assert!(error.contains(&format!("{FRAME}00.h5")), "{error}");
    assert!(samples.covered_share(&sample).is_err());
    let error = samples.load(&sample.id, &rain(&[30])).err().unwrap().to_string();
    assert!(error.contains(&format!("{FRAME}00.h5")), "{error}");
    assert!(samples.frame(&sample, 12).is_none());
}

/// The names of its samples are those that they have below the folder of all data.
#[test]
fn the_folder_of_one_source_is_a_folder_of_data() {
    let samples = Samples::open(&data().join("knmi")).unwrap();
    assert_eq!(samples.list().len(), 81);
    let sample = samples.find("knmi-20100826T0535").unwrap();
    assert!(samples.frame_file(&sample, 11).unwrap().is_file());
    assert!(samples.load(&sample.id, &rain(&[30])).is_ok());
}

#[test]
fn a_missing_data_folder_says_which_option_names_it() {
    let error = Samples::open("/no/such/folder".as_ref()).err().unwrap();
    assert!(error.to_string().contains("--data"), "{error}");
}

#[test]
fn the_repository_has_a_night_of_rain_and_a_morning_of_clouds() {
    let samples = Samples::open(&data()).unwrap();
    let of = |field| samples.list().iter().filter(move |s| s.field == field);
    assert_eq!(of(NowcastField::Precipitation).count(), 4153);
    assert_eq!(of(NowcastField::CloudCover).count(), 13);
    assert_eq!(of(NowcastField::CloudCover).filter(|s| s.observed).count(), 7);
    assert!(samples.list().is_sorted_by_key(|sample| sample.time));
    let sample = samples.find("knmi-20100826T0535").unwrap();
    assert!(sample.observed);
    assert!(samples.covered_share(&sample).unwrap() > 0.5);
    let Frames::Sample(loaded) = samples.load(&sample.id, &rain(&[30])).unwrap() else { panic!() };
    assert_eq!(samples.frame(&sample, 11).unwrap().unwrap(), loaded.sequence.frames[11]);
}

#[test]
fn clouds_have_fewer_frames_and_are_0_or_1() {
    let samples = Samples::open(&data()).unwrap();
    let sample = samples.find("cloudcast-20180701T0445").unwrap();
    let time = |idx| sample.frame_time(idx).map(format_sample);
    assert_eq!(time(0).as_deref(), Some("20180701T0400"));
    assert_eq!((time(3).as_deref(), time(4)), (Some("20180701T0445"), None));
    let frame = samples.frame(&sample, 3).unwrap().unwrap();
    assert!(frame.values.iter().all(|&v| v == 0.0 || v == 1.0));
    let share = samples.covered_share(&sample).unwrap();
    assert!((share - frame.share_above(0.5)).abs() < 1e-12, "{share}");
}

/// A network may take other frames than those that are listed, and none of another field.
#[test]
fn frames_are_those_that_a_network_takes() {
    let samples = Samples::open(&data()).unwrap();
    let load = |id: &str, task: &Nowcasting| samples.load(id, task);
    let half = Nowcasting { n_input_frames: 4, frame_step_min: 15, ..rain(&[15, 600]) };
    let Frames::Sample(sample) = load("knmi-20100826T0535", &half).unwrap() else { panic!() };
    assert_eq!(sample.sequence.times.len(), 4);
    assert_eq!(format_sample(sample.sequence.times[0]), "20100826T0450");
    let is_observed = |i: usize| sample.leads[i].observation.is_some();
    assert_eq!((is_observed(0), is_observed(1)), (true, false));
    let check = |id: &str, task: &Nowcasting, expected: &str| {
        let error = load(id, task).err().expect("it cannot be had").to_string();
        assert!(error.contains(expected), "{error}");
    };
    let clouds = Nowcasting { field: NowcastField::CloudCover, ..half };
    check("knmi-20100826T0535", &clouds, "the network takes cloud-cover every 15 min");
    check("cloudcast-20180701T0445", &rain(&[30]), "the network takes precipitation every 5 min");
    check("knmi-20100826T0055", &Nowcasting { n_input_frames: 24, ..rain(&[30]) }, "is missing");
    check("knmi-1", &rain(&[30]), "there is no sample \"knmi-1\"");
}

fn take(samples: &Samples, files: &[PathBuf], units: Option<Units>) -> anyhow::Result<Vec<String>> {
    samples.bring(files, &Stated { units, task: &rain(&[30]), memory: MemoryLimit::default() })
}

/// An array as `.npy`, and what is in it.
fn bring(name: &str, shape: &[usize]) -> (Samples, anyhow::Result<Vec<String>>) {
    let (data, samples) = samples(&hour("knmi"));
    let file = data.path().join(name);
    let values: Vec<f32> = (0..shape.iter().product()).map(|i| i as f32 / 1024.0).collect();
    npy::write_npy_f32(&file, shape, &values).unwrap();
    let brought = take(&samples, &[file], None);
    (samples, brought)
}

#[test]
fn an_array_is_a_sequence_or_several() {
    let (samples, brought) = bring("storm.npy", &[12, 4, 5]);
    assert_eq!(brought.unwrap(), ["storm"]);
    let Frames::Brought(frames) = samples.load("storm", &rain(&[30])).unwrap() else { panic!() };
    assert_eq!((frames.shape, frames.values().len()), ([12, 4, 5], 240));
    assert_eq!((frames.file.as_str(), frames.sha256.len()), ("storm.npy", 64));
    assert_eq!(samples.list().len(), 1, "it is not listed");
    let entry = samples.find("storm").unwrap();
    assert_eq!((entry.id.as_str(), entry.observed), ("storm", false));

    let (samples, brought) = bring("storms.npy", &[2, 12, 4, 5]);
    assert_eq!(brought.unwrap(), ["storms-0", "storms-1"]);
    let frames = samples.load("storms-1", &rain(&[30])).unwrap();
    assert_eq!(frames.shape(), [12, 4, 5]);
    let Frames::Brought(second) = frames else { panic!() };
    assert_eq!((second.values()[0], second.values()[239]), (240.0 / 1024.0, 479.0 / 1024.0));
    assert!(samples.find("storms").is_err() && samples.find("storms-2").is_err());
}

#[test]
fn what_is_no_sequence_is_refused() {
    let check = |shape: &[usize], expected: &str| {
        let error = bring("a.npy", shape).1.unwrap_err().to_string();
        assert!(error.contains("a.npy") && error.contains(expected), "{error}");
    };
    check(&[4, 5], "wanted is [frames, height, width] or [n, frames, height, width]");
    check(&[1, 1, 12, 4, 5], "has shape [1, 1, 12, 4, 5]");
    check(&[0, 12, 4, 5], "there is nothing in it");
    check(&[12, 0, 5], "there is nothing in it");
    let (data, samples) = samples(&hour("knmi"));
    assert!(take(&samples, &[data.path().join("none.npy")], None).is_err());
    fs::write(data.path().join("text.npy"), "no array").unwrap();
    assert!(take(&samples, &[data.path().join("text.npy")], None).is_err());
}

/// Time is the last axis of the file; four frames go in, six followed.
#[test]
fn a_sample_of_cloud_cover_has_inputs_and_what_followed() {
    let clouds = |lead_times_min: &[u32]| Nowcasting {
        field: NowcastField::CloudCover,
        n_input_frames: 4,
        frame_step_min: 15,
        ..rain(lead_times_min)
    };
    let all = clouds(&[15, 30, 45, 60, 75, 90]);
    let (data, samples) = samples(&hour("knmi"));
    let file = data.path().join("cirrus.npz");
    let mut npz = npy::NpzWriter::create(&file).unwrap();
    let is_cloud = |t: usize| u8::from(t == 2 || t == 9);
    let values: Vec<u8> = (0..20 * 10).map(|i| is_cloud(i % 10)).collect();
    npz.add_u8(clouds::ARRAY, &[4, 5, 10], &values).unwrap();
    npz.finish().unwrap();
    let bring = |task: &Nowcasting, units| {
        samples.bring(
            std::slice::from_ref(&file),
            &Stated { units, task, memory: MemoryLimit::default() },
        )
    };
    assert_eq!(bring(&all, None).unwrap(), ["cirrus"]);
    assert!(samples.find("cirrus").unwrap().observed);
    let Frames::Brought(frames) = samples.load("cirrus", &all).unwrap() else { panic!() };
    let frame = |t: usize| vec![f32::from(is_cloud(t)); 20];
    assert_eq!(frames.shape, [4, 4, 5]);
    assert_eq!(frames.values(), (0..4).flat_map(frame).collect::<Vec<_>>());
    assert_eq!(frames.observed().unwrap(), (4..10).flat_map(frame).collect::<Vec<_>>());

    let refused = |task: &Nowcasting, units, words: &str| {
        let error = bring(task, units).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    refused(&rain(&[30]), None, "the network takes rain");
    refused(&clouds(&[15, 30]), None, "predicts 2 lead times");
    refused(&all, Some(Units::MmPerHour), "leave --units out");
}

/// 12 mm/h are 1 mm in 5 minutes are 1 / 47.83 of what the networks call 1.
#[test]
fn an_array_is_taken_in_the_unit_that_is_said() {
    let (data, samples) = samples(&hour("knmi"));
    let file = data.path().join("rain.npy");
    npy::write_npy_f32(&file, &[12, 4, 5], &[12.0; 240]).unwrap();
    let first = |units| {
        let ids = take(&samples, std::slice::from_ref(&file), units).unwrap();
        let Frames::Brought(frames) = samples.load(&ids[0], &rain(&[30])).unwrap() else {
            panic!()
        };
        (frames.values()[0], frames.is_unit_stated)
    };
    assert_eq!(first(Some(Units::MmPerHour)), ((1.0 / 47.83) as f32, true));
    assert_eq!(first(Some(Units::MmPer5Min)), ((12.0 / 47.83) as f32, true));
    // 12 of the networks' unit are 6888 mm/h.
    for units in [Some(Units::Normalised), None] {
        let error = take(&samples, std::slice::from_ref(&file), units).unwrap_err().to_string();
        for words in ["rain.npy holds 12 in frame 0", "6888 mm/h", "--units", "mm-per-5min"] {
            assert!(error.contains(words), "{error}");
        }
    }
}

#[test]
fn radar_files_are_a_sample_as_they_come() {
    let (data, samples) = samples(&hour("knmi"));
    let folder = crate::tasks::tests::data().join("knmi");
    let file = |i: u32| {
        folder.join(format!("RAD_NL25_RAP_5min_20100826{:02}{:02}.h5", i / 12, i % 12 * 5))
    };
    // Out of order, the frame of the lead time among them, under names that say nothing.
    let mut files: Vec<PathBuf> = (48..60).chain([65]).map(file).collect();
    let renamed = data.path().join("newest.h5");
    fs::copy(&files[11], &renamed).unwrap();
    files[11] = renamed;
    files.reverse();
    assert_eq!(take(&samples, &files, None).unwrap(), ["20100826T0455"]);
    let frames = samples.load("20100826T0455", &rain(&[30])).unwrap();
    let Frames::Sample(sample) = frames else { panic!("radar says where and when it is of") };
    assert!(sample.leads[0].observation.is_some());
    assert_eq!(sample.files[11], "newest.h5");
    // The same again, as a folder.
    assert_eq!(take(&samples, std::slice::from_ref(&folder), None).unwrap(), ["20100826T0735"]);

    let check = |files: &[PathBuf], units, expected: &[&str]| {
        let error = format!("{:#}", take(&samples, files, units).unwrap_err());
        assert!(expected.iter().all(|words| error.contains(words)), "{error}");
    };
    let gap: Vec<_> = (48..55).chain(56..61).map(file).collect();
    check(&gap, None, &["12 frames", "takes 12 in a row", "2010-08-26 04:35 UTC is missing"]);
    check(&gap[..3], None, &["3 frames from 2010-08-26 04:00 UTC to 2010-08-26 04:10 UTC"]);
    check(&files, Some(Units::MmPerHour), &["leave --units out"]);
    let array = data.path().join("a.npy");
    npy::write_npy_f32(&array, &[12, 4, 5], &[0.0; 240]).unwrap();
    check(&[files[0].clone(), array.clone()], None, &["not several of them"]);
    let limit = MemoryLimit::bytes(1_000);
    let stated = Stated { units: None, task: &rain(&[30]), memory: limit };
    let error = samples.bring(&[array], &stated).unwrap_err().to_string();
    assert!(error.contains("[12, 4, 5]") && error.contains("--memory-limit"), "{error}");
}

/// A composite that is larger than a network takes is not one of its parts in silence.
#[test]
fn every_tile_of_radar_files_is_a_sample() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/meteoswiss");
    let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let is_frame = |path: &PathBuf| path.to_string_lossy().contains("AQC1703111");
    let mut files: Vec<PathBuf> = entries.filter(is_frame).collect();
    files.sort();
    let (_data, samples) = samples(&hour("knmi"));
    let ids = take(&samples, &files[..12], None).unwrap();
    assert_eq!(ids.len(), 4, "{ids:?}");
    assert!(ids[0].starts_with("r1c1.") && ids[3].starts_with("r2c2."), "{ids:?}");
    let maps: Vec<_> = ids
        .iter()
        .map(|id| match samples.load(id, &rain(&[30])).unwrap() {
            Frames::Sample(sample) => sample.sequence.frames[11].clone(),
            Frames::Brought(_) => panic!("it is radar"),
        })
        .collect();
    let n_known = |i: usize| maps[i].finite().count();
    assert!(n_known(0) != n_known(3) && maps[0].height == 288);
}
