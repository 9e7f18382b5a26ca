//! Uploaded files on disk: `<sha256>` holds the bytes as they came, `<sha256>.json` the names of the file.
//!
//! Both are written beside their place and then renamed, the name last, so that a file without one is what a crash
//! left behind. The least recently used go when there are too many.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use stormlens_data::hash::sha256;

use super::NamedBytes;
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

/// A name belongs to whoever brought the bytes under it, and is nobody else's to see.
#[derive(Clone, Serialize, Deserialize)]
struct Note {
    /// That of whoever brought them first.
    name: String,
    /// Those of others, the newest last.
    #[serde(default)]
    other_names: Vec<String>,
    n_bytes: u64,
}

impl Note {
    fn named(&self, of_name: Option<&str>) -> Option<&String> {
        match of_name {
            None => Some(&self.name),
            Some(digits) => self.other_names.iter().find(|name| digits_of_name(name) == digits),
        }
    }

    /// Takes up a name. Answers whether it is a new one.
    fn take(&mut self, name: &str) -> bool {
        if self.name == name || self.other_names.iter().any(|known| known == name) {
            return false;
        }
        self.other_names.push(name.to_owned());
        let n_old = self.other_names.len().saturating_sub(MAX_NAMES);
        self.other_names.drain(..n_old);
        true
    }

    fn key(&self, hash: &str, name: &str) -> String {
        let digits = first_digits(hash);
        match self.name == name {
            true => digits,
            false => format!("{digits}{NAME_MARK}{}", digits_of_name(name)),
        }
    }
}

/// Files that visitors brought.
pub struct Kept {
    folder: PathBuf,
    max_bytes: u64,
    /// Names by SHA-256.
    files: Mutex<RecentlyUsed<Note>>,
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
        Self { folder, max_bytes, files: Mutex::new(files), space: Space::default() }
    }

    fn lock(&self) -> MutexGuard<'_, RecentlyUsed<Note>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, hash: &str) -> PathBuf {
        self.folder.join(format!("{hash}.json"))
    }

    /// Name and hash of the file of that key, or of that hash; this counts as use.
    pub fn find(&self, key: &str) -> Option<(String, String)> {
        let (digits, of_name) = parted(key);
        let (hash, name) = {
            let files = self.lock();
            let (hash, note) = files.beginning_with(digits)?;
            (hash.to_owned(), note.named(of_name)?.clone())
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
        let known = self.lock().beginning_with(hash).map(|(_, note)| note.clone());
        let known = known.filter(|_| self.read(hash).is_some());
        let note = match known {
            Some(mut note) => {
                match note.take(name) {
                    true => self.space.wrote(self.write_note(hash, &note))?,
                    false => self.touch(hash),
                }
                note
            }
            None => {
                let (name, other_names, n_bytes) =
                    (name.to_owned(), Vec::new(), bytes.len() as u64);
                let note = Note { name, other_names, n_bytes };
                let written = disk::write_durably(&self.folder, hash, bytes);
                self.space.wrote(written.and_then(|()| self.write_note(hash, &note)))?;
                note
            }
        };
        let key = note.key(hash, name);
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
        Ok(key)
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
    use super::*;

    #[test]
    fn the_same_bytes_have_the_name_that_each_visitor_gave() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = || Kept::open(folder.path().to_owned(), 1_000_000);
        let (kept, hash) = (open(), sha256(b"rain"));
        let add = |name: &str| kept.add(&hash, name, b"rain").expect("it is kept");
        let [first, second] = ["Anna's farm.nc", "field.nc"].map(add);
        assert_eq!(first, first_digits(&hash));
        assert_ne!(second, first);
        assert_eq!([add("Anna's farm.nc"), add("field.nc")], [first.clone(), second.clone()]);
        for kept in [&kept, &open()] {
            let name = |key: &str| kept.find(key).map(|(name, _)| name);
            assert!(is_key(&first) && is_key(&second), "{second}");
            assert_eq!(name(&first).as_deref(), Some("Anna's farm.nc"));
            assert_eq!(name(&second).as_deref(), Some("field.nc"));
            assert_eq!(name(&format!("{first}_00000000")), None);
            assert_eq!(kept.read(&hash).as_deref(), Some(&b"rain"[..]));
        }
        for text in [&hash[..], "", "_", &format!("{first}_"), &format!("{first}_0")] {
            assert!(!is_key(text), "{text}");
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
        assert_eq!(kept.find(&first_digits(&hash)), Some(("a.nc".to_owned(), hash)));
    }

    #[test]
    fn the_oldest_names_are_forgotten() {
        let mut note = Note { name: "first".into(), other_names: Vec::new(), n_bytes: 0 };
        (0..=MAX_NAMES).for_each(|i| assert!(note.take(&i.to_string())));
        assert!(!note.take("first") && !note.take("1"));
        assert_eq!((note.other_names.len(), note.other_names[0].as_str()), (MAX_NAMES, "1"));
    }
}
