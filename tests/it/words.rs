//! What is generic names no kind of task: a new task must not have to touch it.

use std::fs;
use std::path::{Path, PathBuf};

/// Words of the tasks that there are.
const TASKS: [&str; 7] =
    ["Nowcast", "nowcast", "SceneTask", "Scenes", "SceneEntry", "polar", "tasks::scene"];

/// What stands for a kind of place, of number or of choice, whatever the task.
const ALLOWED: [&str; 15] = [
    "Domain::Scene",
    "SceneGeometry",
    "NowcastField",
    "Nowcasting",
    "Subject::Nowcast",
    "Subject::Scene",
    "Target::SumAbove",
    "Target::Class",
    "nowcasting: None",
    "polarit",
    "Polarit",
    "polaris",
    "polar stereographic",
    // Works to cite, by their titles and keys.
    "polarlow",
    "probabilistic precipitation nowcasting",
];

/// Files that know tasks: the registry, what is made up for tests, and the tests of what is generic,
/// which need something to be generic about. Data sets are made for one task each.
fn is_excepted(path: &Path) -> bool {
    let is_of = |start: &str| path.starts_with(start);
    let is_test = path.components().any(|part| part.as_os_str() == "tests")
        || path.file_name().is_some_and(|name| name == "tests.rs");
    let are_known =
        ["tasks", "tasks.rs", "testing", "testing.rs", "cli/dataset"].into_iter().any(is_of);
    are_known || is_test
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("it can be read").flatten() {
        match entry.path() {
            path if path.is_dir() => files.extend(self::files(&path)),
            path if path.extension().is_some_and(|ending| ending == "rs") => files.push(path),
            _ => {}
        }
    }
    files.sort();
    files
}

/// The words of tasks in a line, but for those that may be there.
fn words(line: &str) -> Vec<&'static str> {
    let rest = ALLOWED.iter().fold(line.to_owned(), |line, allowed| line.replace(allowed, ""));
    TASKS.into_iter().filter(|word| rest.contains(word)).collect()
}

#[test]
fn nothing_generic_names_a_task() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
    let mut found = Vec::new();
    for path in files(root) {
        let name = path.strip_prefix(root).expect("it lies there");
        if is_excepted(name) {
            continue;
        }
        let text = fs::read_to_string(&path).expect("it can be read");
        for (i, line) in text.lines().enumerate() {
            for word in words(line) {
                found.push(format!("src/{}:{}: {word} in {}", name.display(), i + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "tasks are named outside src/tasks:\n{}", found.join("\n"));
}

/// The test above can fail.
#[test]
fn a_task_that_is_named_is_seen() {
    for (line, expected) in [
        ("use crate::tasks::nowcast::Samples;", &["nowcast"][..]),
        ("fn show(task: Arc<Nowcasts>) {}", &["Nowcast"]),
        ("struct Page { scenes: Scenes }", &["Scenes"]),
        ("let id = \"polar-low\";", &["polar"]),
        ("use crate::tasks::TASKS;", &[]),
        ("Domain::Scene(geometry) => geometry.variant,", &[]),
        ("    let Subject::Nowcast { sample } = subject else {", &[]),
        ("    polarity: Polarity,", &[]),
        ("    nowcasting: None,", &[]),
    ] {
        assert_eq!(words(line), expected, "{line}");
    }
}
