//! Folders of files of which the least recently used go: how those are written, put in order and removed.
//!
//! A file is named by a SHA-256. It is written beside its place and then renamed, so that whoever reads
//! at the same time sees all of it or nothing. When it was last used is the time of its last change, so
//! that the order of going survives a restart.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

/// The beginning of the names of files that are being written.
pub(crate) const PART: &str = "part-";
/// Another program may be writing what looks unfinished, but not for this long.
const UNFINISHED: Duration = Duration::from_secs(3600);
/// How exactly the time of use is kept on disk; a page with many figures writes it once.
const TOUCH_STEP: Duration = Duration::from_secs(60);
const HASH_DIGITS: usize = 64;
/// With less room than that there is none.
const PROBE_BYTES: usize = 64 << 10;

/// All or nothing, whoever reads at the same time. It is not waited for until the bytes are on the
/// disk: what a power cut leaves of them has to be recognised by its content.
pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    write_and(folder, name, bytes, |_| Ok(()))
}

/// The same wherever the power fails: the bytes are on disk before they get their name.
pub(crate) fn write_durably(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    write_and(folder, name, bytes, File::sync_all)
}

fn write_and(
    folder: &Path,
    name: &str,
    bytes: &[u8],
    finish: impl FnOnce(&File) -> io::Result<()>,
) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(PART).tempfile_in(folder)?;
    file.write_all(bytes)?;
    finish(file.as_file())?;
    file.persist(folder.join(name))?;
    Ok(())
}

/// Makes a file in a folder and removes it again.
///
/// # Errors
/// Where nothing can be kept in the folder.
pub(crate) fn try_folder(folder: &Path) -> io::Result<()> {
    tempfile::Builder::new().prefix(PART).tempfile_in(folder)?.close()
}

/// The bytes of a file. What is none, such as a pipe at which nobody writes, is not opened: that would wait.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    match fs::metadata(path)?.is_file() {
        true => fs::read(path),
        false => Err(io::Error::new(ErrorKind::InvalidInput, "this is no file")),
    }
}

/// Whether there was no room for what was to be written.
pub(crate) fn is_full(error: &io::Error) -> bool {
    use ErrorKind as E;
    matches!(error.kind(), E::StorageFull | E::QuotaExceeded | E::FileTooLarge)
}

/// What a place on a disk says of itself: nothing, until something could not be written for want of room.
#[derive(Debug, Default)]
pub(crate) struct Space(AtomicBool);

impl Space {
    /// Takes down how writing ended.
    pub fn wrote<T>(&self, written: io::Result<T>) -> io::Result<T> {
        match &written {
            Ok(_) => self.0.store(false, Ordering::Relaxed),
            Err(error) if is_full(error) => self.0.store(true, Ordering::Relaxed),
            Err(_) => {}
        }
        written
    }

    /// Whether there is still no room in a folder, tried anew with a small file.
    pub fn is_full(&self, folder: &Path) -> bool {
        let try_it = || {
            let mut file = tempfile::Builder::new().prefix(PART).tempfile_in(folder)?;
            file.write_all(&vec![0; PROBE_BYTES])?;
            file.as_file().sync_all()
        };
        // Any other error than want of room is told of where it matters.
        self.0.load(Ordering::Relaxed) && self.wrote(try_it()).is_err_and(|error| is_full(&error))
    }
}

/// Removes a file; another server on the same folder may have done so.
pub(crate) fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::warn!(file = %path.display(), %error, "an old file could not be removed");
        }
        _ => {}
    }
}

/// Removes what was never finished.
pub(crate) fn remove_if_old(path: &Path) {
    let modified = fs::metadata(path).and_then(|data| data.modified());
    let age = modified.ok().and_then(|time| SystemTime::now().duration_since(time).ok());
    if age.is_some_and(|age| age > UNFINISHED) && fs::remove_file(path).is_ok() {
        tracing::warn!(file = %path.display(), "removed a file that was never finished");
    }
}

/// Writes down when a file was used.
pub(crate) fn touch(path: &Path, now: SystemTime) {
    let open = || File::options().write(true).open(path);
    let is_file = fs::metadata(path).is_ok_and(|data| data.is_file());
    let touched = if is_file { open().and_then(|file| file.set_modified(now)) } else { Ok(()) };
    if let Err(error) = touched {
        tracing::debug!(file = %path.display(), %error, "the time of use could not be kept");
    }
}

/// Whether a name is a SHA-256, hexadecimal.
pub(crate) fn is_hash(name: &str) -> bool {
    name.len() == HASH_DIGITS
        && name.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
}

/// What there is room for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub n_bytes: u64,
    pub n_files: usize,
}

/// The files of a folder by their names, with what is known of each, and when they were last used.
#[derive(Debug)]
pub(crate) struct RecentlyUsed<T> {
    files: BTreeMap<String, Entry<T>>,
    n_bytes: u64,
    /// No file was used later.
    latest: SystemTime,
}

#[derive(Debug)]
struct Entry<T> {
    known: T,
    n_bytes: u64,
    last_used: SystemTime,
    /// The time of use that is on disk.
    written: SystemTime,
}

impl<T> Default for RecentlyUsed<T> {
    fn default() -> Self {
        Self { files: BTreeMap::new(), n_bytes: 0, latest: SystemTime::UNIX_EPOCH }
    }
}

impl<T> RecentlyUsed<T> {
    pub fn len(&self) -> usize {
        self.files.len()
    }

    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    pub fn holds(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// The first name that begins so, and what is known of that file.
    pub fn beginning_with(&self, start: &str) -> Option<(&str, &T)> {
        let (name, entry) = self.files.range(start.to_owned()..).next()?;
        name.starts_with(start).then_some((name, &entry.known))
    }

    /// A file of that name that is there already counts once.
    pub fn add(&mut self, name: String, known: T, n_bytes: u64, last_used: SystemTime) {
        self.forget(&name);
        self.n_bytes += n_bytes;
        self.latest = self.latest.max(last_used);
        self.files.insert(name, Entry { known, n_bytes, last_used, written: last_used });
    }

    pub fn forget(&mut self, name: &str) {
        self.n_bytes -= self.files.remove(name).map_or(0, |entry| entry.n_bytes);
    }

    /// Has nothing been used after the present time: a clock that had run ahead is right again, and what is
    /// used now must not be older than what was used then. Their order stays.
    pub fn correct_times(&mut self, now: SystemTime) {
        if self.latest <= now {
            return;
        }
        self.latest = now;
        let late = self.files.values_mut().filter(|entry| entry.last_used > now);
        let mut late: Vec<_> = late.map(|entry| &mut entry.last_used).collect();
        late.sort_by(|a, b| b.cmp(a));
        for (i, last_used) in late.into_iter().enumerate() {
            *last_used = now - Duration::from_micros(i as u64 + 1);
        }
    }

    /// Counts as use. Whether that is to be written down with [`touch`].
    pub fn touch(&mut self, name: &str, now: SystemTime) -> bool {
        self.correct_times(now);
        let Some(entry) = self.files.get_mut(name) else { return false };
        entry.last_used = now;
        self.latest = now;
        // A time to come was written by a clock that had run ahead.
        let is_due = now.duration_since(entry.written).map_or(true, |unused| unused >= TOUCH_STEP);
        if is_due {
            entry.written = now;
        }
        is_due
    }

    /// Takes the least recently used from the list until the rest has room; `spared` stays in any case.
    pub fn evict(&mut self, room: Room, spared: Option<&str>) -> Vec<String> {
        let has_room = |list: &Self| list.n_bytes <= room.n_bytes && list.len() <= room.n_files;
        if has_room(self) {
            return Vec::new();
        }
        let others = self.files.iter().filter(|(name, _)| Some(name.as_str()) != spared);
        let mut by_use: Vec<_> =
            others.map(|(name, entry)| (entry.last_used, name.clone())).collect();
        by_use.sort();
        let mut gone = Vec::new();
        for (_, name) in by_use {
            if has_room(self) {
                break;
            }
            self.forget(&name);
            gone.push(name);
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn list(names: &[&str]) -> RecentlyUsed<()> {
        let mut list = RecentlyUsed::default();
        for (i, &name) in names.iter().enumerate() {
            list.add(name.to_owned(), (), 10, at(i as u64));
        }
        list
    }

    fn bytes(n_bytes: u64) -> Room {
        Room { n_bytes, n_files: usize::MAX }
    }

    #[test]
    fn the_least_recently_used_go_until_the_rest_fits() {
        let mut list = list(&["a", "b", "c"]);
        assert!(list.evict(bytes(30), None).is_empty());
        assert!(!list.touch("a", at(59)), "a minute has not passed");
        assert!(list.touch("a", at(200)));
        assert!(!list.touch("d", at(200)));
        assert_eq!(list.evict(bytes(15), None), ["b", "c"]);
        assert_eq!((list.len(), list.n_bytes()), (1, 10));
        list.add("a".to_owned(), (), 4, at(300));
        assert_eq!(list.n_bytes(), 4, "a file that is written again counts once");
        assert_eq!(list.evict(bytes(0), None), ["a"]);
    }

    #[test]
    fn the_newest_is_spared_and_small_ones_are_counted() {
        let mut all = list(&["a", "b", "c"]);
        assert_eq!(all.evict(Room { n_bytes: 1000, n_files: 2 }, Some("a")), ["b"]);
        assert_eq!(all.evict(bytes(0), Some("a")), ["c"]);
        assert!(all.holds("a"));
    }

    /// Six uploads after a clock that had run ahead by a year was put right.
    #[test]
    fn what_was_used_in_the_future_goes_before_what_is_used_now() {
        let mut list = RecentlyUsed::default();
        for (name, used) in [("x", 2000), ("y", 3000), ("z", 50)] {
            list.add(name.to_owned(), (), 10, at(used));
        }
        list.correct_times(at(100));
        let mut gone = Vec::new();
        for (i, name) in ["a", "b", "c"].into_iter().enumerate() {
            let now = at(100 + i as u64);
            list.correct_times(now);
            list.add(name.to_owned(), (), 10, now);
            gone.extend(list.evict(bytes(30), None));
        }
        assert_eq!(gone, ["z", "x", "y"]);
        // And where the clock is put right while the server runs.
        list.add("late".to_owned(), (), 10, at(9000));
        assert!(!list.touch("c", at(103)));
        assert_eq!(list.evict(bytes(20), None), ["a", "b"]);
        assert!(list.touch("late", at(104)), "the time on disk is put right too");
        assert_eq!(list.evict(bytes(10), None), ["c"]);
    }

    #[test]
    #[cfg(unix)]
    fn what_is_no_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        assert!(read(&pipe).is_err() && read(folder.path()).is_err());
        touch(&pipe, at(1));
    }

    #[test]
    fn a_full_disk_is_remembered_until_there_is_room() {
        let (folder, space) = (tempfile::tempdir().unwrap(), Space::default());
        let fails = |kind: ErrorKind| space.wrote::<()>(Err(kind.into())).is_err();
        assert!(!space.is_full(folder.path()));
        assert!(fails(ErrorKind::PermissionDenied) && !space.is_full(folder.path()));
        assert!(fails(ErrorKind::StorageFull) && space.0.load(Ordering::Relaxed));
        assert!(!space.is_full(folder.path()), "it is tried anew, and here there is room");
        assert!(!space.0.load(Ordering::Relaxed));
    }

    #[test]
    fn steady_use_is_written_down_every_minute() {
        let mut list = list(&["a"]);
        let written = (0..10).filter(|i| list.touch("a", at(30 * i))).count();
        assert_eq!(written, 4, "at 60, 120, 180 and 240 seconds");
    }

    #[test]
    fn names_are_found_by_their_beginning() {
        let list = list(&["abc", "abd", "b"]);
        assert_eq!(list.beginning_with("ab").map(|found| found.0), Some("abc"));
        assert_eq!(list.beginning_with("abd").map(|found| found.0), Some("abd"));
        assert!(list.beginning_with("ac").is_none() && list.beginning_with("c").is_none());
    }

    #[test]
    fn a_file_is_whole_or_not_there() {
        let around = tempfile::tempdir().unwrap();
        let folder = around.path().join("made");
        for (write, text) in [(write as fn(&Path, &str, &[u8]) -> _, "one"), (write_durably, "two")]
        {
            let written: io::Result<()> = write(&folder, "name", text.as_bytes());
            assert!(written.is_ok());
            assert_eq!(fs::read_to_string(folder.join("name")).unwrap(), text);
        }
        fs::create_dir(folder.join("folder")).unwrap();
        assert!(write(&folder, "folder", b"").is_err());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "nothing unfinished stays");
    }
}
