//! What is generic names no kind of task: a new task must not have to touch it.

use std::fs;
use std::path::{Path, PathBuf};

/// Names in code of the tasks that there are. They stand nowhere in what is generic.
const TASKS: [&str; 9] = [
    "Nowcast",
    "nowcast",
    "SceneTask",
    "Scenes",
    "SceneEntry",
    "polar",
    "tasks::scene",
    "DownscalingTask",
    "tasks::downscaling",
];

/// Words for what only some tasks look at, in any case; with those that begin so.
const SUBJECTS: [&str; 6] = ["scene", "radar", "rain", "cloud", "upload", "quicklook"];

/// What stands for a kind of place, of number or of choice, whatever the task.
const ALLOWED: [&str; 12] = [
    "Domain::SceneCentre",
    "Domain::Scene",
    "SceneGeometry",
    "stormlens_data::scene",
    "Colours::Rain",
    "RainPalette",
    "Target::Class",
    "polarit",
    "Polarit",
    "polaris",
    "polar stereographic",
    // Works to cite, by their titles and keys.
    "polarlow",
];

/// Where words for subjects stand all the same, and why. A folder is all of its files.
const EXCEPTED: &[(&str, &[&str], &str)] = &[
    (
        "crates/stormlens-plot/src",
        &["scene", "rain"],
        "rain is a quantity with palettes of its own, a scene is the domain of a picture: figures look at both",
    ),
    (
        "crates/stormlens-plot/src",
        &["radar"],
        "comments: whose palettes these are, and a border that tests draw",
    ),
    (
        "src/cli/ask.rs",
        &["radar", "cloud", "rain"],
        "one option takes the files of every task, and lists them",
    ),
    (
        "src/cli/evaluate.rs",
        &["scene", "rain", "cloud"],
        "one command for all tasks: the help says which task an option is of",
    ),
    ("src/cli/import.rs", &["scene", "cloud", "rain"], "the same"),
    ("src/cli/compare.rs", &["rain"], "the same"),
    ("src/cli.rs", &["nowcast", "Nowcast"], "the name of a command"),
    ("src/cli/said.rs", &["rain"], "an example of what is printed"),
    ("src/config.rs", &["upload"], "limits of uploads are options of the server"),
    ("src/places.rs", &["upload"], "the same"),
    ("src/web", &["upload"], "the same"),
    ("src/web.rs", &["upload"], "the same"),
    ("static/app.js", &["upload"], "the same, and the name of an event of browsers"),
    ("src/export/citations.rs", &["rain"], "whose palette of rain is cited"),
    ("src/export", &["scene"], "the word for the domain of a picture in files"),
    (
        "src/results/checks/shapes.rs",
        &["scene"],
        "the domain of a picture, as it must hold together",
    ),
    ("src/web/forms.rs", &["rain"], "the label of the palette of a quantity"),
    ("src/web/pictures.rs", &["radar", "scene"], "examples of how large a picture is"),
    ("src/web/views.rs", &["scene"], "the word for a domain by which maps are linked"),
    (
        "templates/pages",
        &["radar", "rain", "cloud", "scene", "nowcast", "polar"],
        "prose: what the whole program is for",
    ),
];

/// What is looked at: the library, figures, and what pages of all tasks share.
const GENERIC: [&str; 7] = [
    "src",
    "crates/stormlens-plot/src",
    "templates/base.html",
    "templates/error.html",
    "templates/pages",
    "templates/parts",
    "static/app.js",
];

/// Files that know tasks: the registry, what is made up for tests, and the tests of what is generic,
/// which need something to be generic about. Data sets are made for one task each, and one command is of one task.
fn knows_tasks(path: &Path) -> bool {
    const KNOWN: [&str; 8] = [
        "src/cli/downscale.rs",
        "src/cli/nowcast.rs",
        "src/tasks",
        "src/tasks.rs",
        "src/cli/dataset",
        "src/cli/dataset.rs",
        "crates/stormlens-plot/src/testing",
        "crates/stormlens-plot/src/testing.rs",
    ];
    let is_test = path.components().any(|part| part.as_os_str() == "tests")
        || path.file_name().is_some_and(|name| name == "tests.rs");
    is_test || KNOWN.into_iter().any(|start| path.starts_with(start))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files in a place, by their names from the root on.
fn files(place: &Path) -> Vec<PathBuf> {
    let full = root().join(place);
    if full.is_file() {
        return vec![place.to_owned()];
    }
    let entries = fs::read_dir(&full).unwrap_or_else(|_| panic!("there is no {}", place.display()));
    let mut found: Vec<PathBuf> =
        entries.flatten().flat_map(|entry| files(&place.join(entry.file_name()))).collect();
    let is_text = |path: &PathBuf| {
        path.extension().is_some_and(|ending| ["rs", "html", "js"].iter().any(|e| ending == *e))
    };
    found.retain(is_text);
    found.sort();
    found
}

/// Whether a word stands there that begins like this: `rain` in `has_rain`, not in `train`.
fn has_subject(line: &str, subject: &str) -> bool {
    let line = line.to_lowercase();
    let begins = |(place, _): (usize, &str)| !line[..place].ends_with(char::is_alphabetic);
    line.match_indices(subject).any(begins)
}

/// The words of tasks in a line, but for those that may be there.
fn words(line: &str) -> Vec<&'static str> {
    let rest = ALLOWED.iter().fold(line.to_owned(), |line, allowed| line.replace(allowed, ""));
    let tasks = TASKS.into_iter().filter(|word| rest.contains(word));
    tasks.chain(SUBJECTS.into_iter().filter(|word| has_subject(&rest, word))).collect()
}

/// File, line, word and text of each word of a task in what is generic. Tests at the end of a file are
/// left out.
fn found() -> Vec<(PathBuf, usize, &'static str, String)> {
    let mut found = Vec::new();
    let generic = GENERIC.iter().flat_map(|place| files(Path::new(place)));
    for path in generic.filter(|path| !knows_tasks(path)) {
        let text = fs::read_to_string(root().join(&path)).expect("it can be read");
        let code = text.lines().take_while(|line| *line != "mod tests {");
        for (i, line) in code.enumerate() {
            let all = words(line).into_iter();
            found.extend(all.map(|word| (path.clone(), i + 1, word, line.trim().to_owned())));
        }
    }
    found
}

fn is_excepted((place, excepted, _): &(&str, &[&str], &str), path: &Path, word: &str) -> bool {
    path.starts_with(place) && excepted.contains(&word)
}

#[test]
fn nothing_generic_names_a_task() {
    let is_free = |path: &Path, word: &str| EXCEPTED.iter().any(|e| is_excepted(e, path, word));
    let named: Vec<String> = found()
        .into_iter()
        .filter(|(path, _, word, _)| !is_free(path, word))
        .map(|(path, line, word, text)| format!("{}:{line}: {word} in {text}", path.display()))
        .collect();
    assert!(named.is_empty(), "tasks are named outside src/tasks:\n{}", named.join("\n"));
}

/// What is freed is not named again unseen.
#[test]
fn every_exception_is_needed() {
    let found = found();
    for exception in EXCEPTED {
        for word in exception.1 {
            let alone: &[&str] = &[word];
            let one = (exception.0, alone, exception.2);
            let is_there = found
                .iter()
                .any(|(path, _, found, _)| word == found && is_excepted(&one, path, word));
            assert!(is_there, "{} has no {word} any more: take it off the list", exception.0);
        }
    }
    let generic = GENERIC.iter().flat_map(|place| files(Path::new(place)));
    let generic = generic.filter(|path| !knows_tasks(path));
    let read = |path: PathBuf| fs::read_to_string(root().join(path)).expect("it can be read");
    let all: String = generic.map(read).collect();
    for allowed in ALLOWED {
        assert!(all.contains(allowed), "nothing says {allowed} any more: take it off the list");
    }
}

/// The tests above can fail.
#[test]
fn a_task_that_is_named_is_seen() {
    for (line, expected) in [
        ("use crate::tasks::nowcast::Samples;", &["nowcast"][..]),
        ("fn show(task: Arc<Nowcasts>) {}", &["Nowcast"]),
        ("struct Page { scenes: Scenes }", &["Scenes", "scene"]),
        ("let id = \"polar-low\";", &["polar"]),
        ("<p>Radar data: KNMI. Clouds: CloudCast</p>", &["radar", "cloud"]),
        ("let has_rain = true;", &["rain"]),
        ("use crate::tasks::TASKS;", &[]),
        ("Domain::Scene(geometry) => geometry.variant,", &[]),
        ("    let Subject::Nowcast { sample, .. } = subject else {", &["Nowcast"]),
        ("    polarity: Polarity,", &[]),
        ("a network in training, on any terrain", &[]),
    ] {
        assert_eq!(words(line), expected, "{line}");
    }
}
