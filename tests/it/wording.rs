//! What pages and messages say: the words and constructions of CONTRIBUTING.md that neither a template nor a sentence in
//! Rust may show.

use std::fs;
use std::path::{Path, PathBuf};

/// Attributes that people read or hear.
const READ: [&str; 5] = ["alt", "title", "aria-label", "placeholder", "aria-valuetext"];
/// Fewer words than these are a name, a key or a part of an address.
const MIN_WORDS: usize = 4;
/// Before a string that programmers read, and nobody else.
const FOR_PROGRAMMERS: [&str; 4] = ["expect(", "panic!(", "unreachable!(", "reason ="];
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

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
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

/// Whether a file in Rust is no test and nothing that tests are made of.
fn is_program(path: &Path) -> bool {
    const OF_TESTS: [&str; 5] = ["tests", "testing", "golden", "benches", "examples"];
    let of_tests = |part: &str| OF_TESTS.contains(&part.trim_end_matches(".rs"));
    let below = path.strip_prefix(root()).expect("below the root");
    let is_of_tests = below.iter().any(|part| part.to_str().is_some_and(of_tests));
    path.extension().is_some_and(|ending| ending == "rs") && !is_of_tests
}

/// How many bytes a character in quotes has; 1 for the mark of a lifetime.
fn quoted_bytes(text: &str) -> usize {
    match text.chars().nth(1) {
        Some('\\') => text[3..].find('\'').map_or(1, |at| at + 4),
        Some(c) if text[1 + c.len_utf8()..].starts_with('\'') => c.len_utf8() + 2,
        _ => 1,
    }
}

/// The string that begins here, and what follows it; a raw one ends with so many `#`.
fn string(text: &str, n_marks: Option<usize>) -> (&str, &str) {
    let inner = &text[1..];
    let end = format!("\"{}", "#".repeat(n_marks.unwrap_or(0)));
    let mut is_escaped = false;
    let ends = |c: char| {
        let ends = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    };
    let at = if n_marks.is_some() { inner.find(&end) } else { inner.find(ends) };
    let at = at.expect("a string ends");
    (&inner[..at], &inner[at + end.len()..])
}

/// The sentences of a file in Rust: its strings of some words. Comments, tests at its end and what only programmers read
/// are left out.
fn sentences(code: &str) -> Vec<String> {
    let (mut found, mut rest) = (Vec::new(), code.split("mod tests {").next().unwrap_or_default());
    while let Some(at) = rest.find(['"', '\'', '/']) {
        let (before, here) = rest.split_at(at);
        rest = if here.starts_with("//") {
            here.split_once('\n').map_or("", |(_, next)| next)
        } else if here.starts_with('\'') {
            &here[quoted_bytes(here)..]
        } else if here.starts_with('"') {
            let unmarked = before.trim_end_matches('#');
            let n_marks = unmarked.ends_with('r').then_some(before.len() - unmarked.len());
            let (text, next) = string(here, n_marks);
            let is_read = !FOR_PROGRAMMERS.iter().any(|end| before.trim_end().ends_with(end));
            found.extend(is_read.then(|| sentence(text)).flatten());
            next
        } else {
            &here[1..]
        };
    }
    found
}

/// A string on one line, where it is more than a name.
fn sentence(text: &str) -> Option<String> {
    let text = without(&text.replace("\\\n", " "), ["{", "}"]);
    let words: Vec<&str> = text.split_whitespace().collect();
    (words.len() >= MIN_WORDS).then(|| words.join(" ").to_lowercase())
}

fn name(path: &Path) -> String {
    path.strip_prefix(root()).expect("below the root").display().to_string()
}

#[test]
fn no_sentence_of_the_program_has_a_word_that_is_not_to_be_used() {
    let table = table();
    let (mut found, mut n_sentences) = (Vec::new(), 0);
    let all = ["src", "crates"].into_iter().flat_map(|folder| files(&root().join(folder)));
    for path in all.filter(|path| is_program(path)) {
        for text in sentences(&fs::read_to_string(&path).expect("it can be read")) {
            n_sentences += 1;
            let wrong = table.iter().filter(|(phrase, _)| says(&text, phrase));
            found.extend(wrong.map(|(phrase, instead)| {
                format!("{}: “{phrase}” in “{text}”; write {instead}", name(&path))
            }));
        }
    }
    assert!(n_sentences > 1000, "only {n_sentences} sentences are found");
    assert!(found.is_empty(), "words that CONTRIBUTING.md does not allow:\n{}", found.join("\n"));
}

/// The test above can fail, and takes nothing else for a sentence.
#[test]
fn sentences_are_told_from_the_rest_of_a_program() {
    for (code, expected) in [
        (r#"bail!("ask for {n} of them");"#, &["ask for … of them"][..]),
        ("let a = \"two parts \\\n    of one text\";", &["two parts of one text"]),
        (r##"let a = r#"a "raw" text of five"#;"##, &[r#"a "raw" text of five"#]),
        (r#"let a = "an \"escaped\" text here";"#, &[r#"an \"escaped\" text here"#]),
        (
            r#"let c = '"'; let d = "four words are enough"; let e = '\'';"#,
            &["four words are enough"],
        ),
        (r#"fn f<'a>(a: &'a str) { say("it holds no such thing") }"#, &["it holds no such thing"]),
        ("// what \"a comment says to somebody\"\nlet a = 1 / 2;", &[]),
        (r#"value.expect("there is one of them")"#, &[]),
        (r#"let a = "three words only"; let b = "key";"#, &[]),
        ("mod tests {\n    let a = \"what a test asks for\";", &[]),
    ] {
        assert_eq!(sentences(code), expected, "{code}");
    }
    for (path, expected) in
        [("src/cli.rs", true), ("src/web/tests.rs", false), ("src/a.html", false)]
    {
        assert_eq!(is_program(&root().join(path)), expected, "{path}");
    }
}

#[test]
fn no_template_shows_a_word_that_is_not_to_be_used() {
    let table = table();
    let mut found = Vec::new();
    for path in files(&root().join("templates")) {
        let text = visible(&fs::read_to_string(&path).expect("it can be read"));
        let name = name(&path);
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
