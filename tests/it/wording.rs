//! What pages say: the words and constructions of CONTRIBUTING.md that no template may show.

use std::fs;
use std::path::{Path, PathBuf};

/// Attributes that people read or hear.
const READ: [&str; 5] = ["alt", "title", "aria-label", "placeholder", "aria-valuetext"];
const HEAD: &str = "| do not write | write instead |";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Phrases that may not be written, each with what to write instead.
fn table() -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join("CONTRIBUTING.md")).expect("it can be read");
    let (_, rest) = text.split_once(HEAD).expect("the table is there");
    let lines = rest.lines().skip(2).map_while(|line| line.strip_prefix("| "));
    let row = |line: &str| {
        let (phrases, instead) = line.split_once(" | ").expect("two columns");
        let instead = instead.trim_end_matches(" |").to_owned();
        let phrase = |phrase: &str| (phrase.trim().to_lowercase(), instead.clone());
        // A comma in front belongs to the phrase.
        match phrases.strip_prefix(", ") {
            Some(only) => vec![(format!(", {only}"), instead)],
            None => phrases.split(',').map(phrase).collect(),
        }
    };
    lines.flat_map(row).collect()
}

fn templates(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { templates(&path) } else { vec![path] }).collect()
}

/// Without everything between two marks.
fn without(text: &str, [open, close]: [&str; 2]) -> String {
    let mut pieces = text.split(open);
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        text + "…" + piece.split_once(close).map_or("", |(_, rest)| rest)
    })
}

/// The text that people see or hear: what stands between tags, and some attributes.
fn visible(template: &str) -> String {
    let text = without(&without(template, ["{%", "%}"]), ["{{", "}}"]);
    let mut pieces = text.split('<');
    let mut found = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (tag, rest) = piece.split_once('>').unwrap_or((piece, ""));
        for name in READ {
            let value = tag.split_once(&format!(" {name}=\"")).map(|(_, value)| value);
            let value =
                value.and_then(|value| value.split_once('"')).map_or("", |(value, _)| value);
            found = found + " | " + value;
        }
        // Words of two elements are no phrase, but for those within a line.
        let is_inline = ["strong", "em", "code", "a ", "/", "span", "abbr", "small"];
        found += if is_inline.iter().any(|name| tag.starts_with(name)) { "" } else { " | " };
        found += rest;
    }
    found.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Whether a phrase stands there with whole words.
fn says(text: &str, phrase: &str) -> bool {
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '-');
    text.match_indices(phrase).any(|(place, _)| {
        let begins = phrase.starts_with(',') || is_edge(text[..place].chars().next_back());
        begins && is_edge(text[place + phrase.len()..].chars().next())
    })
}

#[test]
fn no_template_shows_a_word_that_is_not_to_be_used() {
    let table = table();
    let mut found = Vec::new();
    for path in templates(&root().join("templates")) {
        let text = visible(&fs::read_to_string(&path).expect("it can be read"));
        let name = path.strip_prefix(root()).expect("below the root").display().to_string();
        let wrong = table.iter().filter(|(phrase, _)| says(&text, phrase));
        found.extend(wrong.map(|(phrase, instead)| format!("{name}: “{phrase}”; write {instead}")));
    }
    assert!(found.is_empty(), "words that CONTRIBUTING.md does not allow:\n{}", found.join("\n"));
}

/// The test above can fail.
#[test]
fn a_word_that_is_not_to_be_used_is_seen() {
    let table = table();
    assert!(
        table.len() > 40
            && table.contains(&(", nobody".into(), "nobody has …, at the beginning".into()))
    );
    for (template, expected) in [
        ("<strong>Bring a field of rain</strong>", Some("bring")),
        ("<p>How good they are, nobody measured.</p>", Some(", nobody")),
        ("<p>{{ model }} and\nof which</p>", Some("of which")),
        ("<img alt=\"The truth\" src=\"a\">", Some("truth")),
        ("<p>Explained is the mean rain.</p>", Some("explained is")),
        ("<h2 id=\"ask\">Run</h2>", None),
        ("{% if report.ask %}<p>A task, a basket and no truths</p>{% endif %}", None),
    ] {
        let text = visible(template);
        let found = table.iter().find(|(phrase, _)| says(&text, phrase));
        assert_eq!(found.map(|(phrase, _)| phrase.as_str()), expected, "{text}");
    }
}
