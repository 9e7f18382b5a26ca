//! The program away from its repository: where it finds data and weights, what stands in for them, and how it names what
//! cannot be read.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::serve::get;
use crate::support::data;

/// A folder that is not the project's, and a program that knows of no other.
fn elsewhere(folder: &std::path::Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stormlens"));
    command.current_dir(folder).args(arguments).args(["--device", "cpu"]).env("HOME", folder);
    for variable in ["STORMLENS_DATA", "STORMLENS_CHECKPOINTS", "XDG_DATA_HOME", "XDG_CACHE_HOME"] {
        command.env_remove(variable);
    }
    command.env("XDG_DATA_DIRS", folder.join("share"));
    command
}

/// Starts it, asks for a page, and ends it.
fn answer_of(mut command: Command, path: &str, is_done: impl Fn(&str) -> bool) -> String {
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().rsplit_once("http://").expect("it says where").1.to_owned();
    let limit = Instant::now() + Duration::from_secs(60);
    let mut answer = get(&address, path);
    while !is_done(&answer) && Instant::now() < limit {
        std::thread::sleep(Duration::from_millis(50));
        answer = get(&address, path);
    }
    process.kill().unwrap();
    process.wait().unwrap();
    answer
}

#[test]
fn outside_the_repository_the_program_says_where_it_looks_for_data_or_finds_them() {
    let folder = tempfile::tempdir().unwrap();
    let serve = ["serve", "--bind", "127.0.0.1:0"];
    // One that is named is not replaced, though it has the name of the one that is looked for.
    let named = [&serve[..], &["--data", "data"]].concat();
    let output = elsewhere(folder.path(), &named).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    for word in ["--data FOLDER", "STORMLENS_DATA", "share/stormlens/data"] {
        assert!(said.contains(word), "{word} in {said}");
    }
    let place = folder.path().join("share/stormlens/data");
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(data(), place).unwrap();
        let found = |answer: &str| answer.contains("knmi-20100826T0730");
        let page = answer_of(elsewhere(folder.path(), &serve), "/samples", found);
        assert!(page.contains("200 OK") && found(&page), "{page}");
        let kept = folder.path().join("cache");
        assert!(!kept.exists(), "what is kept goes to the cache of the person");
    }
}

/// An installed program has something to show before anybody has given it data.
#[test]
fn without_any_data_the_samples_that_come_with_the_program_are_served_and_said() {
    let folder = tempfile::tempdir().unwrap();
    // Without a command, too.
    let bind = ["--bind", "127.0.0.1:0"];
    let answer = |path: &str, words: &str| {
        let is_there = |answer: &str| answer.contains(words);
        let answer = answer_of(elsewhere(folder.path(), &bind), path, is_there);
        assert!(is_there(&answer), "{words} in {answer}");
        answer
    };
    answer("/samples", "knmi-20100826T0630");
    let kept = folder.path().join(".cache/stormlens/embedded");
    assert!(kept.is_dir(), "they are written to the cache of the person");
    #[cfg(feature = "nn")]
    answer("/models/sar-unet", "narrow-leads-knmi-20100826");
    for path in ["/", "/about"] {
        let page =
            answer(path, "The samples and weights here are the few that come with the program.");
        assert!(page.contains("start it with --data FOLDER and --checkpoints FOLDER."), "{page}");
    }
    let ready = answer("/readyz", "the samples that come with the program");
    for word in ["--data", "the weights that come with the program", "--checkpoints"] {
        assert!(ready.contains(word), "{word} in {ready}");
    }
    // Where they lie is not for everybody.
    assert!(!ready.contains(kept.to_str().unwrap()), "{ready}");
}

/// One error that names both ways out, and not a warning before an error about something else.
#[test]
fn samples_of_the_program_that_cannot_be_written_are_said_in_one_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let cache = file.join("cache");
    let serve = ["serve", "--bind", "127.0.0.1:0", "--cache", cache.to_str().unwrap()];
    let output = elsewhere(folder.path(), &serve).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.lines().count() == 1, "{said}");
    for words in ["error: no samples are found", cache.to_str().unwrap(), "--cache", "--data"] {
        assert!(said.contains(words), "{words} in {said}");
    }
}

#[test]
fn the_folder_of_one_source_is_served_and_a_name_listened_on() {
    let folder = tempfile::tempdir().unwrap();
    let knmi = data().join("knmi");
    let serve = ["serve", "--bind", "localhost:0", "--data", knmi.to_str().unwrap()];
    let found = |answer: &str| answer.contains("knmi-20100826T0730");
    let page = answer_of(elsewhere(folder.path(), &serve), "/samples", found);
    assert!(found(&page), "{page}");
}

#[test]
fn frames_that_cannot_be_read_are_named_where_it_says_whether_it_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("d/knmi");
    std::fs::create_dir_all(&copy).unwrap();
    let name = |minute: u32| format!("RAD_NL25_RAP_5min_2010082605{minute:02}.h5");
    for minute in (0..60).step_by(5) {
        let name = name(minute);
        std::fs::copy(data().join("knmi").join(&name), copy.join(&name)).unwrap();
    }
    std::fs::write(copy.join(name(20)), b"no radar").unwrap();
    let named = folder.path().join("d");
    std::fs::create_dir(named.join("comparisons")).unwrap();
    std::fs::write(named.join("comparisons/night.json"), b"no comparison").unwrap();
    let serve = ["serve", "--bind", "127.0.0.1:0", "--data", named.to_str().unwrap()];
    let is_told =
        |answer: &str| answer.contains(&name(20)) && answer.contains("d/comparisons/night.json: ");
    let answer = answer_of(elsewhere(folder.path(), &serve), "/readyz", is_told);
    assert!(is_told(&answer), "{answer}");
    // Where the folder lies is not for everybody.
    let path = folder.path().to_str().unwrap();
    assert!(answer.contains("d/knmi/RAD_NL25") && !answer.contains(path), "{answer}");
    let page = "/samples/knmi-20100826T0555/frames/4.png";
    let is_said = |answer: &str| answer.contains(&name(20));
    let answer = answer_of(elsewhere(folder.path(), &serve), page, is_said);
    assert!(is_said(&answer) && !answer.contains(path), "{answer}");
}

/// Weights that cannot be read, and none at all: the rest can be looked at, and it is said what is missing.
#[cfg(feature = "nn")]
#[test]
fn a_checkpoint_that_is_missing_is_named_where_it_says_whether_it_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("c/sar-unet/broken");
    std::fs::create_dir_all(&broken).unwrap();
    let answer = |words: &str| {
        let place = data().to_str().unwrap();
        let serve = ["serve", "--bind", "127.0.0.1:0", "--data", place, "--checkpoints", "c"];
        let is_told = |answer: &str| answer.contains(words);
        let answer = answer_of(elsewhere(folder.path(), &serve), "/readyz", is_told);
        assert!(is_told(&answer), "{words} in {answer}");
        answer
    };
    answer("there are no weights in");
    std::fs::write(broken.join("weights.safetensors"), b"no weights").unwrap();
    answer("sar-unet/broken/weights.safetensors");
}
