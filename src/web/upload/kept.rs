//! Uploaded files on disk: `<sha256>` holds the bytes as they came, `<sha256>.json` the name of the file.
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
/// Digits of a hash that name a file in addresses.
const N_DIGITS: usize = 16;

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
    let is_digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    text.len() == N_DIGITS && text.chars().all(is_digit)
}

#[derive(Serialize, Deserialize)]
struct Note {
    name: String,
    n_bytes: u64,
}

/// Files that visitors brought.
pub struct Kept {
    folder: PathBuf,
    max_bytes: u64,
    /// Names by SHA-256.
    files: Mutex<RecentlyUsed<String>>,
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
            files.add(hash.to_owned(), note.name, note.n_bytes + OVERHEAD_BYTES, time);
        }
        Self { folder, max_bytes, files: Mutex::new(files), space: Space::default() }
    }

    fn lock(&self) -> MutexGuard<'_, RecentlyUsed<String>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, hash: &str) -> PathBuf {
        self.folder.join(format!("{hash}.json"))
    }

    /// Name and hash of the file whose hash begins so; this counts as use.
    pub fn find(&self, digits: &str) -> Option<(String, String)> {
        let (hash, name) = {
            let files = self.lock();
            let (hash, name) = files.beginning_with(digits)?;
            (hash.to_owned(), name.clone())
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

    /// Writes a file, then makes room for it. One that is there already keeps its name: it belongs to whoever brought
    /// it first.
    ///
    /// # Errors
    /// Where the folder cannot be written to.
    pub fn add(&self, hash: &str, name: &str, bytes: &[u8]) -> Result<(), KeepError> {
        if self.lock().holds(hash) && self.read(hash).is_some() {
            self.touch(hash);
            return Ok(());
        }
        let note = Note { name: name.to_owned(), n_bytes: bytes.len() as u64 };
        let text = serde_json::to_vec(&note).map_err(std::io::Error::from)?;
        let write = || {
            disk::write_durably(&self.folder, hash, bytes)?;
            disk::write_durably(&self.folder, &format!("{hash}.json"), &text)
        };
        self.space.wrote(write())?;
        let room = Room { n_bytes: self.max_bytes, n_files: MAX_FILES };
        let mut files = self.lock();
        let now = SystemTime::now();
        files.correct_times(now);
        files.add(hash.to_owned(), note.name, note.n_bytes + OVERHEAD_BYTES, now);
        for gone in files.evict(room, Some(hash)) {
            disk::remove(&self.note(&gone));
            disk::remove(&self.folder.join(&gone));
        }
        Ok(())
    }

    /// Writes files that belong together, each under its hash; none is to make room for another.
    ///
    /// # Errors
    /// As [`Self::add`], and where there is no room for all of them.
    pub fn add_all(&self, files: &[(String, NamedBytes)]) -> Result<(), KeepError> {
        let n_bytes = files.iter().map(|(_, file)| file.bytes.len() as u64 + OVERHEAD_BYTES).sum();
        if n_bytes > self.max_bytes && files.len() > 1 {
            return Err(KeepError::TooMany { n_bytes, max_bytes: self.max_bytes });
        }
        // The ones before are used later than all others, so these go first.
        files.iter().try_for_each(|(hash, file)| self.add(hash, &file.name, &file.bytes))
    }

    /// Why no file can be kept now, if that is known.
    pub fn trouble(&self) -> Option<&'static str> {
        self.space.is_full(&self.folder).then_some("the disk is full: uploads cannot be kept")
    }
}
