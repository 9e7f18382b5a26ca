//! The program without a browser, run in a folder of its own.

use std::path::PathBuf;
use std::process::{Command, ExitStatus, Output, Stdio};

use stormlens_data::files::npy;
use tempfile::TempDir;

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

    /// Frames of drifting rain.
    pub fn frames(&self, name: &str, shape: &[usize]) {
        let n = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..n).map(|i| 0.01 * ((i % 97) as f32 / 97.0)).collect();
        npy::write_npy_f32(&self.path(name), shape, &values).expect(name);
    }
}
