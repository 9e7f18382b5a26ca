//! Uploads on disk: `<sha256>` holds the bytes as they came, `<sha256>.json` what is known of them.
//!
//! Both are written beside their place and then renamed, the note last: a file without a note is what
//! a crash left behind and is removed at a later start. The time of change of the note is when the
//! scene was last used, so that the order of going survives a restart.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stormlens_data::hash;
use stormlens_data::scene::Coding;

use super::{CacheOptions, ID_DIGITS, KEPT_IN, UploadError};
use crate::disk::{self, RecentlyUsed, Room, Space};

/// What the note and the last block of a file take on disk at least.
const OVERHEAD_BYTES: u64 = 8 << 10;
/// Each takes some memory, however small its picture is.
const MAX_UPLOADS: usize = 20_000;
/// Names of one picture; of more, the oldest are forgotten.
const MAX_NAMES: usize = 100;
/// Behind the digits of the bytes in an id, and before those of a name.
const NAME_MARK: char = '-';
const NAME_DIGITS: usize = 8;

/// What is known of an upload beside its bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Note {
    /// As people see it; cleaned. That of whoever brought the picture first.
    pub name: String,
    /// The names that others brought the same bytes under, cleaned, the newest last.
    #[serde(default)]
    pub other_names: Vec<String>,
    pub n_bytes: u64,
    /// `PNG`, `JPEG` or `TIFF`.
    pub format: String,
    /// What was said of its numbers.
    #[serde(default)]
    pub coding: Coding,
    pub width_px: usize,
    pub height_px: usize,
    /// When it came, UTC.
    pub time: Timestamp,
}

#[derive(Debug)]
pub(super) struct Store {
    options: CacheOptions,
    folder: PathBuf,
    /// By SHA-256, so that an id is the begin of a key.
    uploads: Mutex<RecentlyUsed<Note>>,
    space: Space,
}

impl Store {
    /// Lists what an earlier run has left; nothing is written.
    pub fn open(options: CacheOptions) -> Self {
        let folder = options.folder.join(KEPT_IN);
        let uploads = Mutex::new(list(&folder));
        Self { options, folder, uploads, space: Space::default() }
    }

    pub fn options(&self) -> &CacheOptions {
        &self.options
    }

    /// Where the bytes of a hash lie. Only hashes that this program has computed make a path.
    pub fn path(&self, sha256: &str) -> PathBuf {
        self.folder.join(sha256)
    }

    fn lock(&self) -> MutexGuard<'_, RecentlyUsed<Note>> {
        // No code under this lock leaves the list half changed, so a panic does not spoil it.
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hash and the note of an id, with the name that belongs to the id; this counts as use.
    pub fn find(&self, id: &str) -> Option<(String, Note)> {
        let (digits, key) = id.split_once(NAME_MARK).map_or((id, None), |(d, key)| (d, Some(key)));
        if digits.len() != ID_DIGITS {
            return None;
        }
        let mut uploads = self.lock();
        let (sha256, note) = uploads.beginning_with(digits)?;
        let name = match key {
            None => note.name.clone(),
            Some(key) => note.other_names.iter().find(|name| name_key(name) == key)?.clone(),
        };
        let found = (sha256.to_owned(), Note { name, ..note.clone() });
        let now = SystemTime::now();
        if uploads.touch(&found.0, now) {
            disk::touch(&self.folder.join(note_name(&found.0)), now);
        }
        Some(found)
    }

    /// The id under which a known upload has another name, that of whoever brought it now.
    pub fn add_name(&self, sha256: &str, note: &Note, name: &str) -> Result<String, UploadError> {
        let id = format!("{}{NAME_MARK}{}", &sha256[..ID_DIGITS], name_key(name));
        if note.other_names.iter().any(|known| known == name) {
            return Ok(id);
        }
        let mut note = note.clone();
        note.other_names.push(name.to_owned());
        let n_old = note.other_names.len().saturating_sub(MAX_NAMES);
        note.other_names.drain(..n_old);
        self.space.wrote(self.write_note(sha256, &note)).map_err(|cause| self.refuse(cause))?;
        self.lock().add(sha256.to_owned(), note.clone(), disk_bytes(&note), SystemTime::now());
        Ok(id)
    }

    /// Writes an upload, then makes room for it.
    pub fn add(&self, sha256: &str, bytes: &[u8], note: &Note) -> Result<(), UploadError> {
        self.space.wrote(self.write(sha256, bytes, note)).map_err(|cause| self.refuse(cause))?;
        let room = Room { n_bytes: self.options.max_bytes, n_files: MAX_UPLOADS };
        let mut uploads = self.lock();
        let now = SystemTime::now();
        uploads.correct_times(now);
        uploads.add(sha256.to_owned(), note.clone(), disk_bytes(note), now);
        for gone in uploads.evict(room, Some(sha256)) {
            disk::remove(&self.folder.join(note_name(&gone)));
            disk::remove(&self.path(&gone));
        }
        Ok(())
    }

    /// Why no upload can be kept now, if that is known.
    pub fn trouble(&self) -> Option<&'static str> {
        self.space.is_full(&self.folder).then_some("the disk is full: uploads cannot be kept")
    }

    fn write(&self, sha256: &str, bytes: &[u8], note: &Note) -> std::io::Result<()> {
        disk::write_durably(&self.folder, sha256, bytes)?;
        self.write_note(sha256, note)
    }

    fn write_note(&self, sha256: &str, note: &Note) -> std::io::Result<()> {
        disk::write_durably(&self.folder, &note_name(sha256), &serde_json::to_vec(note)?)
    }

    fn refuse(&self, cause: std::io::Error) -> UploadError {
        let folder = self.folder.display();
        tracing::error!(%folder, error = %cause, "an upload cannot be kept");
        if disk::is_full(&cause) { UploadError::DiskFull } else { UploadError::Io { cause } }
    }

    /// Whether exactly these bytes lie on disk, and a note with them.
    pub fn holds(&self, sha256: &str, bytes: &[u8]) -> bool {
        let path = self.path(sha256);
        let has_length = fs::metadata(&path).is_ok_and(|data| data.len() == bytes.len() as u64);
        has_length
            && self.folder.join(note_name(sha256)).is_file()
            && disk::read(&path).is_ok_and(|stored| stored == bytes)
    }
}

/// What stands for a name in an id.
fn name_key(name: &str) -> String {
    hash::sha256(name.as_bytes())[..NAME_DIGITS].to_owned()
}

fn note_name(sha256: &str) -> String {
    format!("{sha256}.json")
}

fn disk_bytes(note: &Note) -> u64 {
    note.n_bytes + OVERHEAD_BYTES
}

/// Uploads with a note that can be read. What is left of unfinished ones is removed; anything else in
/// the folder is not ours and stays.
fn list(folder: &Path) -> RecentlyUsed<Note> {
    let mut uploads = RecentlyUsed::default();
    for file in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(name) = file.file_name().into_string() else { continue };
        match disk::is_hash(&name).then(|| read(folder, &name)).flatten() {
            Some((note, last_used)) => {
                let n_bytes = disk_bytes(&note);
                uploads.add(name, note, n_bytes, last_used);
            }
            None if disk::is_hash(&name) || name.starts_with(disk::PART) => {
                disk::remove_if_old(&file.path());
            }
            None => {}
        }
    }
    uploads.correct_times(SystemTime::now());
    uploads
}

fn read(folder: &Path, sha256: &str) -> Option<(Note, SystemTime)> {
    let path = folder.join(note_name(sha256));
    let note: Note = serde_json::from_slice(&disk::read(&path).ok()?).ok()?;
    let last_used = fs::metadata(&path).and_then(|data| data.modified()).ok()?;
    let bytes = fs::metadata(folder.join(sha256)).ok().filter(fs::Metadata::is_file)?;
    (bytes.len() == note.n_bytes).then_some((note, last_used))
}
