//! The program without a browser, run in a folder of its own.

use std::fs;
use std::io::{Cursor, Read as _};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Output, Stdio};

use stormlens_data::files::npy;
use tempfile::TempDir;
use zip::ZipArchive;

/// A folder for one test, and the program run in the project's root.
pub struct Bench(TempDir);

impl Bench {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn run(&self, words: &str) -> Output {
        self.command(words).output().expect("the program starts")
    }

    /// Runs a command whose words nobody reads.
    pub fn run_unheard(&self, words: &str) -> ExitStatus {
        let mut process =
            self.command(words).stdout(Stdio::piped()).spawn().expect("the program starts");
        drop(process.stdout.take());
        process.wait().expect("it ends")
    }

    /// A command; words starting with `@` are files in this folder.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stormlens"));
        command.current_dir(env!("CARGO_MANIFEST_DIR")).env("STORMLENS_DEVICE", "cpu");
        for word in words.split_whitespace() {
            match word.strip_prefix('@') {
                Some(name) => command.arg(self.path(name)),
                None => command.arg(word),
            };
        }
        command
    }

    pub fn succeeds(&self, words: &str) -> String {
        self.tries(words).unwrap_or_else(|said| panic!("{words}: {said}"))
    }

    /// What a command says, or what it complains of.
    pub fn tries(&self, words: &str) -> Result<String, String> {
        let output = self.run(words);
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// One line on standard error with all these words, exit code not zero, no panic.
    pub fn fails(&self, words: &str, expected: &[&str]) {
        let output = self.run(words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{words} went well");
        for word in expected {
            assert!(said.contains(word), "{words}: no {word:?} in: {said}");
        }
        assert!(!said.contains("panicked"), "{said}");
    }

    /// That a file which results were written to, unpacked where it is a ZIP, says nothing of where this folder is.
    pub fn hides_its_place(&self, name: &str) {
        let place = self.0.path().to_str().expect("a plain path");
        // Keys of citations have other characters between the same names.
        let tail = place.rsplit('/').next().unwrap_or(place).trim_start_matches('.');
        for (entry, bytes) in contents(&fs::read(self.path(name)).expect("it was written")) {
            let text = String::from_utf8_lossy(&bytes);
            for word in [place, tail] {
                assert!(!text.contains(word), "{word} is in {entry} of {name}");
            }
        }
    }

    /// Frames of drifting rain.
    pub fn frames(&self, name: &str, shape: &[usize]) {
        let n = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..n).map(|i| 0.01 * ((i % 97) as f32 / 97.0)).collect();
        npy::write_npy_f32(&self.path(name), shape, &values).expect(name);
    }
}

/// The files of a ZIP with their names, else the file itself.
fn contents(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else {
        return vec![("all".to_owned(), bytes.to_vec())];
    };
    let mut found = Vec::new();
    for i in 0..archive.len() {
        let mut entry = archive.by_index(i).expect("an entry");
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("it is whole");
        let name = entry.name().expect("a name").into_owned();
        found.push((name, bytes));
    }
    found
}
