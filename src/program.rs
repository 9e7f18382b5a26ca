//! Which build of the program this is: what another build drew or computed is not taken for its own.

use std::path::Path;
use std::sync::LazyLock;
use std::time::SystemTime;
use std::{env, fs, io, process};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A build of the program, by its version and by the size and the time of its file: a new build may
/// draw or compute otherwise under the same version number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program(String);

impl Program {
    /// The program that runs. Its file is looked at once, the first time that this is asked: later
    /// another build may lie in its place.
    pub fn this() -> &'static Self {
        static THIS: LazyLock<Program> = LazyLock::new(|| {
            let file = env::current_exe().and_then(|file| Program::of_file(&file));
            file.unwrap_or_else(|_| Program::of_run(process::id(), SystemTime::now()))
        });
        &THIS
    }

    /// The build in a file.
    pub(crate) fn of_file(file: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(file)?;
        let (n_bytes, changed_ns) = (metadata.len(), nanoseconds(metadata.modified()?));
        Ok(Self(format!("stormlens {VERSION} {n_bytes} {changed_ns}")))
    }

    /// Where the file cannot be seen: only this run knows that it is one build.
    fn of_run(process: u32, started: SystemTime) -> Self {
        let started_ns = nanoseconds(started);
        Self(format!("stormlens {VERSION} process {process} since {started_ns}"))
    }

    /// Equal for the same build, and for no other.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Since the beginning of 1970, UTC; negative before.
fn nanoseconds(time: SystemTime) -> i128 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => after.as_nanos() as i128,
        Err(before) => -(before.duration().as_nanos() as i128),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn another_file_is_another_build() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        let (early, late) = (Duration::from_secs(1), Duration::from_secs(2));
        let build = |bytes: &str, age: Duration| {
            fs::write(&path, bytes).unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + age).unwrap();
            Program::of_file(&path).unwrap()
        };
        let first = build("one", early);
        assert_eq!(build("one", early), first);
        assert_ne!(build("one", late), first);
        assert_ne!(build("three", early), first);
        assert!(first.as_str().contains(VERSION), "{first:?}");
        assert!(Program::of_file(&folder.path().join("none")).is_err());
    }

    #[test]
    fn without_a_file_every_run_is_another_build() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(Program::of_run(7, at(1)), Program::of_run(7, at(1)));
        assert_ne!(Program::of_run(7, at(1)), Program::of_run(8, at(1)));
        assert_ne!(Program::of_run(7, at(1)), Program::of_run(7, at(2)));
    }

    #[test]
    fn the_running_program_is_the_one_in_its_file() {
        let file = env::current_exe().unwrap();
        assert_eq!(*Program::this(), Program::of_file(&file).unwrap());
    }
}
