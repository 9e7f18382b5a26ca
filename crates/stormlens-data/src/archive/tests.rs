use super::*;
use crate::hash;
use crate::import::knmi;

fn archive() -> Archive {
    Archive::open(&sample_folder()).unwrap()
}

/// A folder with empty files of these names.
fn folder_of(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        std::fs::write(folder.path().join(name), b"").unwrap();
    }
    folder
}

fn check_time(name: &str, expected: Option<&str>) {
    assert_eq!(frame_time(name).map(time::format_sample).as_deref(), expected, "{name}");
}

#[test]
fn file_names_carry_the_time() {
    check_time("RAD_NL25_RAP_5min_201008260535.h5", Some("20100826T0535"));
    check_time("RAD_NL25_RAC_5min_201612312355_cor.h5", Some("20161231T2355"));
    check_time("RAD_NL25_RAC_5min_201612312365_cor.h5", None);
    check_time("RAD_NL25_RAC_5min_2016123123_cor.h5", None);
    check_time("RAD_NL25_RAP_5min_201008260535.h5.part", None);
    check_time("README.md", None);
}

#[test]
fn the_sample_folder_has_92_frames_in_a_row() {
    let archive = archive();
    assert_eq!(archive.times().len(), 92);
    let samples = archive.samples(12, 5, &[30]);
    assert_eq!(samples.len(), 81);
    assert_eq!(samples[0].id, "20100826T0055");
    assert_eq!(samples.iter().filter(|s| s.is_observed()).count(), 75);
    assert_eq!(samples[80].id, "20100826T0735");
}

#[test]
fn an_archive_at_rest_keeps_what_was_read_last() {
    let archive = archive();
    let read = || archive.times().map(|time| archive.known(time).unwrap()).collect::<Vec<_>>();
    let before = read();
    let n_kept = || lock(&archive.frames).len();
    assert_eq!(n_kept(), MAX_CACHED_FRAMES);
    archive.rest();
    let frames = lock(&archive.frames);
    let n_bytes: usize = frames.iter().map(|(_, _, frame)| frame.n_bytes()).sum();
    assert!((9_000_000..=10_000_000).contains(&n_bytes), "{n_bytes}");
    assert_eq!(frames.back().map(|(time, ..)| *time), archive.times().last());
    drop(frames);
    assert_eq!(read(), before);
}

#[test]
fn samples_never_straddle_a_gap() {
    let minutes = ["00", "05", "10", "20", "25", "30", "35"];
    let names: Vec<String> =
        minutes.iter().map(|m| format!("RAD_NL25_RAP_5min_2010082605{m}.h5")).collect();
    let folder = folder_of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let samples = Archive::open(folder.path()).unwrap().samples(3, 5, &[10]);
    let found: Vec<_> = samples.iter().map(|s| (s.id.as_str(), s.is_observed())).collect();
    let expected = [("20100826T0510", true), ("20100826T0530", false), ("20100826T0535", false)];
    assert_eq!(found, expected);
}

#[test]
fn gauge_corrected_frames_come_first() {
    let rac = "RAD_NL25_RAC_5min_201008260535_cor.h5";
    let folder = folder_of(&["RAD_NL25_RAP_5min_201008260535.h5", rac]);
    let archive = Archive::open(folder.path()).unwrap();
    let time = archive.times().next().unwrap();
    assert_eq!(archive.file_name(time), Some(rac));
}

#[test]
fn a_folder_without_frames_is_an_error() {
    let folder = folder_of(&["README.md"]);
    let message = Archive::open(folder.path()).unwrap_err().to_string();
    assert!(message.contains("holds no frame"), "{message}");
    assert!(Archive::open(Path::new("no/such/folder")).is_err());
}

/// The input of the reference program's golden vectors, bit for bit.
#[test]
fn inputs_equal_the_reference_bit_for_bit() {
    let golden = include_str!("../../tests/golden/knmi_sha256.json");
    let golden: serde_json::Value = serde_json::from_str(golden).unwrap();
    let sample = archive().load("20100826T0455", 12, 5, &[30]).unwrap();
    let bytes: Vec<u8> = sample.inputs_normalised.iter().flat_map(|x| x.to_le_bytes()).collect();
    assert_eq!(golden["x"], hash::sha256(&bytes));
}

#[test]
fn a_sample_is_whole() {
    let sample = archive().load("20100826T0455", 12, 5, &[30]).unwrap();
    assert_eq!(sample.sequence.frames.len(), 12);
    assert_eq!(time::format_sample(sample.sequence.times[0]), "20100826T0400");
    assert_eq!(time::format_sample(sample.leads[0].valid_time), "20100826T0525");
    assert_eq!(sample.files.len(), 13);
    assert_eq!(sample.files[12], "RAD_NL25_RAP_5min_201008260525.h5");
    assert_eq!(sample.data_sha256.len(), 64);
    let Observation { normalised, map } = sample.leads[0].observation.as_ref().unwrap();
    assert_eq!(map.values[1000], knmi::to_mm_h(normalised[1000]));
    assert_eq!(sample.targets_normalised().as_ref(), Some(normalised));
    assert!(map.range().unwrap().1 > 5.0);
}

/// Lead times that are not neighbours, in the order asked for, each with its own frame or none.
#[test]
fn a_sample_has_one_observation_for_each_lead_time() {
    let archive = archive();
    let leads_min = [30, 5, 180, 60];
    let sample = archive.load("20100826T0455", 12, 5, &leads_min).unwrap();
    let found: Vec<_> = sample
        .leads
        .iter()
        .map(|l| (l.lead_time_min, time::format_sample(l.valid_time), l.observation.is_some()))
        .collect();
    let expected = [
        (30, "20100826T0525".to_owned(), true),
        (5, "20100826T0500".to_owned(), true),
        (180, "20100826T0755".to_owned(), false),
        (60, "20100826T0555".to_owned(), true),
    ];
    assert_eq!(found, expected);
    assert_eq!(sample.files.len(), 15);
    assert_eq!(sample.targets_normalised(), None);
    let alone = archive.load("20100826T0455", 12, 5, &[60]).unwrap();
    assert_eq!(alone.leads[0], sample.leads[3]);
    let listed = archive.samples(12, 5, &leads_min);
    let of_sample = listed.iter().find(|s| s.id == "20100826T0455").unwrap();
    assert_eq!(of_sample.observed, [true, true, false, true]);
}

#[test]
fn a_longer_step_takes_every_third_frame() {
    let archive = archive();
    let sample = archive.load("20100826T0455", 4, 15, &[15, 30]).unwrap();
    let times: Vec<_> = sample.sequence.times.iter().map(|&t| time::format_sample(t)).collect();
    assert_eq!(times, ["20100826T0410", "20100826T0425", "20100826T0440", "20100826T0455"]);
    assert_eq!(sample.inputs_normalised.len(), 4 * 288 * 288);
    assert_eq!(sample.targets_normalised().unwrap().len(), 2 * 288 * 288);
    let samples = archive.samples(4, 15, &[15, 90]);
    // The first one needs 45 minutes before it; those of the last 90 minutes lack an observation.
    assert_eq!((samples.len(), samples[0].id.as_str()), (92 - 9, "20100826T0045"));
    assert_eq!(samples.iter().filter(|s| s.is_observed()).count(), 92 - 9 - 18);
}

#[test]
fn a_sample_without_its_observation_still_loads() {
    let sample = archive().load("20100826T0735", 12, 5, &[30]).unwrap();
    assert!(sample.leads[0].observation.is_none() && sample.targets_normalised().is_none());
    assert_eq!(sample.files.len(), 12);
}

fn check_load(archive: &Archive, sample: &str, message: &str) {
    let found = archive.load(sample, 12, 5, &[30]).unwrap_err().to_string();
    assert!(found.contains(message), "{found}");
}

#[test]
fn an_impossible_sample_says_what_is_missing() {
    check_load(&archive(), "yesterday", "\"yesterday\" names no sample");
    check_load(&archive(), "../../etc/passwd", "names no sample");
    check_load(&archive(), "20100826T0045", "the frame of 20100825T2350 UTC is missing");
}

/// Copies the sample folder's frames of 04:00 to 05:55.
fn copy_of_frames() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for hour_minute in (0..24).map(|i| 400 + 100 * (i / 12) + 5 * (i % 12)) {
        let name = format!("RAD_NL25_RAP_5min_20100826{hour_minute:04}.h5");
        std::fs::copy(sample_folder().join(&name), folder.path().join(&name)).unwrap();
    }
    folder
}

#[test]
fn one_bad_file_spoils_only_its_own_samples() {
    let folder = copy_of_frames();
    let bad = folder.path().join("RAD_NL25_RAP_5min_201008260400.h5");
    let bytes = std::fs::read(&bad).unwrap();
    std::fs::write(&bad, &bytes[..bytes.len() / 2]).unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    check_load(&archive, "20100826T0455", "RAD_NL25_RAP_5min_201008260400.h5");
    assert!(archive.load("20100826T0500", 12, 5, &[30]).is_ok());
}

/// Files as they come: in any order, in any folder, under any name.
#[test]
fn radar_files_are_an_archive_whatever_they_are_called() {
    let times: Vec<_> = archive().times().collect();
    let (from, to) = (folder_of(&[]), folder_of(&[]));
    let files: Vec<PathBuf> = times[48..60]
        .iter()
        .enumerate()
        .map(|(i, &time)| {
            let folder = if i % 2 == 0 { &from } else { &to };
            let path = folder.path().join(format!("frame-{}.h5", (i * 7) % 12));
            let name = archive().file_name(time).unwrap().to_owned();
            std::fs::copy(sample_folder().join(name), &path).unwrap();
            path
        })
        .collect();
    let reversed: Vec<_> = files.iter().rev().cloned().collect();
    let of_files = Archive::of_files(&reversed).unwrap();
    assert!(of_files.times().eq(times[48..60].iter().copied()));
    let sample = of_files.load("20100826T0455", 12, 5, &[30]).unwrap();
    let expected = archive().load("20100826T0455", 12, 5, &[30]).unwrap();
    assert!(sample.inputs_normalised == expected.inputs_normalised);
    assert_eq!(sample.files[0], "frame-0.h5", "without its folder");
    assert_eq!(sample.leads[0].observation, None);

    let other = from.path().join("again.h5");
    std::fs::copy(&files[0], &other).unwrap();
    let archive = Archive::of_files(&[files[0].clone(), other]).unwrap();
    assert!(archive.twins()[0].contains("again.h5 holds the same as"), "{:?}", archive.twins());
    assert!(Archive::of_files(&[]).unwrap_err().to_string().contains("holds no frame"));
}

#[test]
fn frames_that_cannot_be_read_are_named() {
    let folder = copy_of_frames();
    assert!(Archive::open(folder.path()).unwrap().unreadable(usize::MAX).is_empty());
    let name = "RAD_NL25_RAP_5min_201008260410.h5";
    std::fs::write(folder.path().join(name), b"no radar").unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let found: Vec<String> =
        archive.unreadable(usize::MAX).iter().map(ToString::to_string).collect();
    assert!(matches!(&found[..], [one] if one.contains(name)), "{found:?}");
    assert!(archive.unreadable(1).is_empty(), "the last one is sound");
}

#[test]
fn a_file_under_a_wrong_name_is_refused() {
    let folder = copy_of_frames();
    let of = |hhmm: &str| folder.path().join(format!("RAD_NL25_RAP_5min_20100826{hhmm}.h5"));
    std::fs::copy(of("0400"), of("0430")).unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    check_load(&archive, "20100826T0455", "26-AUG-2010;04:00:00.000");
}

#[test]
fn the_covered_share_is_the_share_of_rainy_pixels() {
    let archive = archive();
    let time = time::parse_sample("20100826T0530").unwrap();
    let share = archive.covered_share(time).unwrap();
    // Coverage of that frame in the reference program's own log (group test, i = 18).
    assert!((share - 0.631_486_304_012_345_7).abs() < 1e-12, "{share}");
    assert_eq!(archive.covered_share(time).unwrap(), share);
}

#[test]
fn a_replaced_file_is_read_again() {
    let name = |minute: &str| format!("RAD_NL25_RAP_5min_2010082605{minute}.h5");
    let folder = folder_of(&[]);
    let copy = |minute: &str| {
        std::fs::copy(sample_folder().join(name(minute)), folder.path().join(name("00"))).unwrap();
    };
    copy("00");
    let archive = Archive::open(folder.path()).unwrap();
    let time = archive.times().next().unwrap();
    let first = archive.normalised(time).unwrap();
    assert_eq!(archive.normalised(time).unwrap(), first);
    // A frame of another time under this name is an error, so it shows that the file was read.
    copy("35");
    assert!(archive.normalised(time).is_err());
}

#[test]
fn a_folder_without_frames_says_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, words: &str| {
        if !name.is_empty() {
            fs::write(folder.path().join(name), b"").unwrap();
        }
        let message = Archive::open(folder.path()).unwrap_err().to_string();
        assert!(message.contains(words) && message.contains("expected radar files"), "{message}");
    };
    check("", "holds no frame, it is empty: expected");
    check("notes.txt", "holds no frame, but notes.txt: expected");
    check("picture.png", "holds no frame, but notes.txt and 1 more: expected");
    let forecast = "RAD_NL25_RAC_FM_202409010005.h5";
    check(
        forecast,
        &format!("but forecasts such as {forecast}, and only what was measured is read"),
    );
}

mod radars;
