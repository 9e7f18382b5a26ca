//! Uploaded files on disk: `<sha256>` holds the bytes as they came, `<sha256>.json` the names of the file.
//!
//! Both are written beside their place and then renamed, the name last, so that a file without one is what a crash
//! left behind. The least recently used go when there are too many.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use std::{fs, iter};

use serde::{Deserialize, Serialize};
use stormlens_data::hash::sha256;

use super::NamedBytes;
use super::form::UNNAMED;
use crate::disk::{self, RecentlyUsed, Room, Space};

/// What the note and the last block of a file take on disk at least.
const OVERHEAD_BYTES: u64 = 8 << 10;
const MAX_FILES: usize = 2_000;
/// Names of one file; of more, the oldest are forgotten.
const MAX_NAMES: usize = 100;
/// Digits of a hash that name a file in addresses.
const N_DIGITS: usize = 16;
/// Behind these digits and before those of a name.
const NAME_MARK: char = '_';
const N_NAME_DIGITS: usize = 8;

/// Why a file cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    #[error("the file cannot be kept, because the disk of the server is full")]
    DiskFull,
    #[error("the files have {} MB together, and the server keeps {} MB of all uploads", n_bytes.div_ceil(1_000_000), max_bytes / 1_000_000)]
    TooMany { n_bytes: u64, max_bytes: u64 },
    #[error("the file cannot be kept ({}): upload it again later, the log says more", .0.kind())]
    Io(std::io::Error),
}

impl From<std::io::Error> for KeepError {
    fn from(error: std::io::Error) -> Self {
        if disk::is_full(&error) { Self::DiskFull } else { Self::Io(error) }
    }
}

/// The digits of a hash that name its file.
pub fn first_digits(sha256: &str) -> String {
    sha256[..N_DIGITS].to_owned()
}

/// Whether a text is what [`first_digits`] gives.
pub fn are_digits(text: &str) -> bool {
    has_digits(text, N_DIGITS)
}

/// Whether a text may be the key of a file, as [`Kept::add`] gives it.
pub fn is_key(text: &str) -> bool {
    let (digits, of_name) = parted(text);
    are_digits(digits) && of_name.is_none_or(|of_name| has_digits(of_name, N_NAME_DIGITS))
}

fn has_digits(text: &str, n: usize) -> bool {
    let is_digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    text.len() == n && text.chars().all(is_digit)
}

/// The digits of the bytes in a key, and those of a name.
fn parted(key: &str) -> (&str, Option<&str>) {
    key.split_once(NAME_MARK).map_or((key, None), |(digits, of_name)| (digits, Some(of_name)))
}

/// What stands for a name in a key.
fn digits_of_name(name: &str) -> String {
    sha256(name.as_bytes())[..N_NAME_DIGITS].to_owned()
}

/// The key of the bytes of a hash under a name.
fn key_of(hash: &str, name: &str) -> String {
    format!("{}{NAME_MARK}{}", first_digits(hash), digits_of_name(name))
}

/// A name belongs to whoever brought the bytes under it, and is nobody else's to see: only a key with the digits of the
/// name leads to it. Those of the bytes can be told by everybody who has the same bytes.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Note {
    /// Of a note that an earlier version wrote, whose keys had no digits of the first name; else empty.
    name: String,
    /// The newest last.
    #[serde(default)]
    other_names: Vec<String>,
    n_bytes: u64,
}

impl Note {
    fn names(&self) -> impl Iterator<Item = &str> {
        let all = iter::once(&self.name).chain(&self.other_names).map(String::as_str);
        all.filter(|name| !name.is_empty())
    }

    fn named(&self, of_name: Option<&str>) -> Option<&str> {
        match of_name {
            None if self.name.is_empty() => Some(UNNAMED),
            None => Some(&self.name),
            Some(digits) => self.names().find(|name| digits_of_name(name) == digits),
        }
    }

    /// Takes up a name. Answers whether it is a new one.
    fn take(&mut self, name: &str) -> bool {
        if self.names().any(|known| known == name) {
            return false;
        }
        self.other_names.push(name.to_owned());
        let n_old = self.other_names.len().saturating_sub(MAX_NAMES);
        self.other_names.drain(..n_old);
        true
    }
}

/// Files that visitors brought.
pub struct Kept {
    folder: PathBuf,
    max_bytes: u64,
    /// Names by SHA-256.
    files: Mutex<RecentlyUsed<Note>>,
    /// Held while a file comes. Who only reads does not wait for the disk.
    coming: Mutex<()>,
    space: Space,
}

impl Kept {
    /// Lists what an earlier run has left; nothing is written.
    pub fn open(folder: PathBuf, max_bytes: u64) -> Self {
        let mut files = RecentlyUsed::default();
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let Some(hash) =
                path.file_name().and_then(|n| n.to_str()).and_then(|n| n.strip_suffix(".json"))
            else {
                continue;
            };
            let note =
                disk::read(&path).ok().and_then(|text| serde_json::from_slice::<Note>(&text).ok());
            let Some(note) = note.filter(|_| disk::is_hash(hash) && folder.join(hash).is_file())
            else {
                continue;
            };
            let time = fs::metadata(&path).and_then(|file| file.modified());
            let time = time.unwrap_or_else(|_| SystemTime::now());
            let n_bytes = note.n_bytes + OVERHEAD_BYTES;
            files.add(hash.to_owned(), note, n_bytes, time);
        }
        let (files, coming, space) = (Mutex::new(files), Mutex::default(), Space::default());
        Self { folder, max_bytes, files, coming, space }
    }

    fn lock(&self) -> MutexGuard<'_, RecentlyUsed<Note>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, hash: &str) -> PathBuf {
        self.folder.join(format!("{hash}.json"))
    }

    /// Name and hash of the file of that key, or of that hash; this counts as use. Where the key has no digits of a name,
    /// none is told, unless an earlier version has given it.
    pub fn find(&self, key: &str) -> Option<(String, String)> {
        let (digits, of_name) = parted(key);
        let (hash, name) = {
            let files = self.lock();
            let (hash, note) = files.beginning_with(digits)?;
            (hash.to_owned(), note.named(of_name)?.to_owned())
        };
        self.touch(&hash);
        Some((name, hash))
    }

    /// Counts as use.
    pub fn touch(&self, hash: &str) {
        let now = SystemTime::now();
        if self.lock().touch(hash, now) {
            disk::touch(&self.note(hash), now);
        }
    }

    /// The bytes, where they are still those that came.
    pub fn read(&self, hash: &str) -> Option<Vec<u8>> {
        let bytes = disk::read(&self.folder.join(hash)).ok()?;
        (sha256(&bytes) == hash).then_some(bytes)
    }

    /// Writes a file, then makes room for it. Answers its key: the same bytes under another name have another one, so that
    /// nobody sees a name that somebody else gave.
    ///
    /// # Errors
    /// Where the folder cannot be written to.
    pub fn add(&self, hash: &str, name: &str, bytes: &[u8]) -> Result<String, KeepError> {
        // Of two who bring the same bytes at once, the second must read the note that the first has written.
        let _coming = self.coming.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.lock().beginning_with(hash).map(|(_, note)| note.clone());
        let is_sound = known.is_some() && self.read(hash).is_some();
        let n_bytes = bytes.len() as u64;
        let mut note = known.unwrap_or_else(|| Note { n_bytes, ..Note::default() });
        match (is_sound, note.take(name)) {
            (true, false) => self.touch(hash),
            (true, true) => self.space.wrote(self.write_note(hash, &note))?,
            (false, _) => {
                let written = disk::write_durably(&self.folder, hash, bytes);
                self.space.wrote(written.and_then(|()| self.write_note(hash, &note)))?;
            }
        }
        let room = Room { n_bytes: self.max_bytes, n_files: MAX_FILES };
        let mut files = self.lock();
        let now = SystemTime::now();
        files.correct_times(now);
        let n_bytes = note.n_bytes + OVERHEAD_BYTES;
        files.add(hash.to_owned(), note, n_bytes, now);
        for gone in files.evict(room, Some(hash)) {
            disk::remove(&self.note(&gone));
            disk::remove(&self.folder.join(&gone));
        }
        Ok(key_of(hash, name))
    }

    fn write_note(&self, hash: &str, note: &Note) -> std::io::Result<()> {
        disk::write_durably(&self.folder, &format!("{hash}.json"), &serde_json::to_vec(note)?)
    }

    /// Writes files that belong together, each under its hash; none is to make room for another. Answers the key of the
    /// last one.
    ///
    /// # Errors
    /// As [`Self::add`], and where there is no room for all of them.
    pub fn add_all(&self, files: &[(String, NamedBytes)]) -> Result<String, KeepError> {
        let n_bytes = files.iter().map(|(_, file)| file.bytes.len() as u64 + OVERHEAD_BYTES).sum();
        if n_bytes > self.max_bytes && files.len() > 1 {
            return Err(KeepError::TooMany { n_bytes, max_bytes: self.max_bytes });
        }
        // The ones before are used later than all others, so these go first.
        let add = |_, (hash, file): &(String, NamedBytes)| self.add(hash, &file.name, &file.bytes);
        files.iter().try_fold(String::new(), add)
    }

    /// Why no file can be kept now, if that is known.
    pub fn trouble(&self) -> Option<&'static str> {
        self.space.is_full(&self.folder).then_some("the disk is full: uploads cannot be kept")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn the_same_bytes_have_the_name_that_each_visitor_gave() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = || Kept::open(folder.path().to_owned(), 1_000_000);
        let (kept, hash) = (open(), sha256(b"rain"));
        let add = |name: &str| kept.add(&hash, name, b"rain").expect("it is kept");
        let [first, second] = ["Anna's farm.nc", "field.nc"].map(add);
        assert_ne!(second, first);
        assert_eq!([add("Anna's farm.nc"), add("field.nc")], [first.clone(), second.clone()]);
        for kept in [&kept, &open()] {
            let name = |key: &str| kept.find(key).map(|(name, _)| name);
            assert!(is_key(&first) && is_key(&second), "{second}");
            assert_eq!(name(&first).as_deref(), Some("Anna's farm.nc"));
            assert_eq!(name(&second).as_deref(), Some("field.nc"));
            // What everybody can tell who has the same bytes leads to no name.
            let plain = first_digits(&hash);
            assert_eq!(name(&plain).as_deref(), Some(UNNAMED));
            assert_eq!(name(&format!("{plain}_00000000")), None);
            assert_eq!(name(&key_of(&hash, "")), None);
            assert_eq!(kept.read(&hash).as_deref(), Some(&b"rain"[..]));
        }
        let plain = first_digits(&hash);
        for text in [&hash[..], "", "_", &format!("{plain}_"), &format!("{plain}_0")] {
            assert!(!is_key(text), "{text}");
        }
    }

    #[test]
    fn no_name_is_lost_where_several_bring_the_same_bytes_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = || Kept::open(folder.path().to_owned(), 1_000_000);
        let (kept, hash) = (open(), sha256(b"rain"));
        let names: Vec<String> = (0..8).map(|i| format!("{i}.nc")).collect();
        let start = Barrier::new(names.len());
        let add = &|name: &str| {
            start.wait();
            kept.add(&hash, name, b"rain").expect("it is kept")
        };
        let keys: Vec<String> = thread::scope(|scope| {
            let bring = |name: &String| {
                let name = name.clone();
                scope.spawn(move || add(&name))
            };
            let threads: Vec<_> = names.iter().map(bring).collect();
            threads.into_iter().map(|thread| thread.join().expect("it ends")).collect()
        });
        for kept in [&kept, &open()] {
            let found = keys.iter().map(|key| kept.find(key).map(|(name, _)| name));
            let found: Vec<String> = found.map(Option::unwrap_or_default).collect();
            assert_eq!(found, names);
        }
    }

    /// What is written again because its bytes were lost keeps the names that others gave.
    #[test]
    fn a_damaged_file_that_comes_again_keeps_its_names() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = Kept::open(folder.path().to_owned(), 1_000_000);
        let hash = sha256(b"rain");
        let add = |name: &str| kept.add(&hash, name, b"rain").expect("it is kept");
        let first = add("a.nc");
        std::fs::write(folder.path().join(&hash), b"sun").expect("it is written");
        let second = add("b.nc");
        assert_eq!(kept.read(&hash).as_deref(), Some(&b"rain"[..]));
        for (key, name) in [(first, "a.nc"), (second, "b.nc")] {
            assert_eq!(kept.find(&key), Some((name.to_owned(), hash.clone())));
        }
    }

    /// As an earlier version of the program wrote it.
    #[test]
    fn a_note_with_one_name_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let hash = sha256(b"rain");
        std::fs::write(folder.path().join(&hash), b"rain").expect("it is written");
        let note = r#"{"name": "a.nc", "n_bytes": 4}"#;
        std::fs::write(folder.path().join(format!("{hash}.json")), note).expect("it is written");
        let kept = Kept::open(folder.path().to_owned(), 1_000_000);
        let again = kept.add(&hash, "a.nc", b"rain").expect("it is kept");
        // Addresses that were given then still hold.
        for key in [first_digits(&hash), again] {
            assert_eq!(kept.find(&key), Some(("a.nc".to_owned(), hash.clone())), "{key}");
        }
    }

    #[test]
    fn the_oldest_names_are_forgotten() {
        let mut note = Note { name: "first".into(), other_names: Vec::new(), n_bytes: 0 };
        (0..=MAX_NAMES).for_each(|i| assert!(note.take(&i.to_string())));
        assert!(!note.take("first") && !note.take("1"));
        assert_eq!((note.other_names.len(), note.other_names[0].as_str()), (MAX_NAMES, "1"));
    }
}
