//! Folders of files of which the least recently used go: how those are written, put in order and removed.
//!
//! A file is named by a SHA-256. It is written beside its place and then renamed, so that whoever reads
//! at the same time sees all of it or nothing. When it was last used is the time of its last change, so
//! that the order of going survives a restart.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The beginning of the names of files that are being written.
pub(crate) const PART: &str = "part-";
/// Another program may be writing what looks unfinished, but not for this long.
const UNFINISHED: Duration = Duration::from_secs(3600);
/// How exactly the time of use is kept on disk; a page with many figures writes it once.
const TOUCH_STEP: Duration = Duration::from_secs(60);
const HASH_DIGITS: usize = 64;

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
    let touched = File::options().write(true).open(path).and_then(|file| file.set_modified(now));
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
        Self { files: BTreeMap::new(), n_bytes: 0 }
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
        self.files.insert(name, Entry { known, n_bytes, last_used, written: last_used });
    }

    pub fn forget(&mut self, name: &str) {
        self.n_bytes -= self.files.remove(name).map_or(0, |entry| entry.n_bytes);
    }

    /// Counts as use. Whether that is to be written down with [`touch`].
    pub fn touch(&mut self, name: &str, now: SystemTime) -> bool {
        let Some(entry) = self.files.get_mut(name) else { return false };
        entry.last_used = now;
        let is_due = now.duration_since(entry.written).is_ok_and(|unused| unused >= TOUCH_STEP);
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
