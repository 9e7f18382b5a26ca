//! Which build of the program this is: what another build drew or computed is not taken for its own.

use std::path::Path;
use std::sync::LazyLock;
use std::time::SystemTime;
use std::{env, fs, io, process};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A build of the program, by its version and by the size and the times of its file: a new build may
/// draw or compute otherwise under the same version number. On Unix the time when the file came to
/// its place counts, too: build systems set the other one to a fixed date.
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
        let (n_bytes, modified_ns) = (metadata.len(), nanoseconds(metadata.modified()?));
        let changed = changed(&metadata);
        Ok(Self(format!("stormlens {VERSION} {n_bytes} {modified_ns} {changed}")))
    }

    /// Where the file cannot be seen: only this run knows that it is one build.
    fn of_run(process: u32, started: SystemTime) -> Self {
        let started_ns = nanoseconds(started);
        Self(format!("stormlens {VERSION} process {process} since {started_ns}"))
    }

    /// Equal for a file that nobody has touched. Another build in its place has another name, unless
    /// its file has the same size and the same times; a copy of the same build may have another one.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// When a file or what is said of it was last changed, in seconds and nanoseconds since 1970: a time
/// that programs cannot set.
#[cfg(unix)]
fn changed(metadata: &fs::Metadata) -> String {
    use std::os::unix::fs::MetadataExt;
    format!("{}.{:09}", metadata.ctime(), metadata.ctime_nsec())
}

/// Nothing: such a time is known on Unix only.
#[cfg(not(unix))]
fn changed(_: &fs::Metadata) -> String {
    String::new()
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
        assert_eq!(Program::of_file(&path).unwrap(), first);
        assert_ne!(build("one", late), first);
        assert_ne!(build("three", early), first);
        assert!(first.as_str().contains(VERSION), "{first:?}");
        assert!(Program::of_file(&folder.path().join("none")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_the_same_size_and_date_is_another_build() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        let build = |bytes: &str| {
            fs::write(&path, bytes).unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
            Program::of_file(&path).unwrap()
        };
        let first = build("one");
        // Longer than the steps in which a file system counts.
        std::thread::sleep(Duration::from_millis(100));
        assert_ne!(build("two"), first);
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
