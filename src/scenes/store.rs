//! Uploads on disk: `<sha256>` holds the bytes as they came, `<sha256>.json` what is known of them.
//!
//! Both are written beside their place and then renamed, the note last: a file without a note is what
//! a crash left behind and is removed at a later start. The time of change of the note is when the
//! scene was last used, so that the order of going survives a restart.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CacheOptions, ID_DIGITS, UploadError};

/// What the note and the last block of a file take on disk at least.
const OVERHEAD_BYTES: u64 = 8 << 10;
/// Each takes some memory, however small its picture is.
const MAX_UPLOADS: usize = 20_000;
/// How exactly the time of use is kept; a page with many figures writes it once.
const TOUCH_STEP: Duration = Duration::from_secs(60);
const HASH_DIGITS: usize = 64;
/// Another program may be writing what looks unfinished, but not for this long.
const UNFINISHED: Duration = Duration::from_secs(3600);
/// The beginning of the names of files that are being written.
const PART: &str = "part-";

/// What is known of an upload beside its bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Note {
    /// As people see it; cleaned.
    pub name: String,
    pub n_bytes: u64,
    /// `PNG`, `JPEG` or `TIFF`.
    pub format: String,
    pub width_px: usize,
    pub height_px: usize,
    /// When it came, UTC.
    pub time: Timestamp,
}

#[derive(Debug)]
struct Upload {
    note: Note,
    last_used: SystemTime,
}

impl Upload {
    fn disk_bytes(&self) -> u64 {
        self.note.n_bytes + OVERHEAD_BYTES
    }
}

#[derive(Debug)]
pub(super) struct Store {
    options: CacheOptions,
    folder: PathBuf,
    /// By SHA-256, so that an id is the begin of a key.
    uploads: Mutex<BTreeMap<String, Upload>>,
}

impl Store {
    /// Lists what an earlier run has left; nothing is written.
    pub fn open(options: CacheOptions) -> Self {
        let folder = options.folder.join("scenes");
        let uploads = Mutex::new(list(&folder));
        Self { options, folder, uploads }
    }

    pub fn options(&self) -> &CacheOptions {
        &self.options
    }

    /// Where the bytes of a hash lie. Only hashes that this program has computed make a path.
    pub fn path(&self, sha256: &str) -> PathBuf {
        self.folder.join(sha256)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Upload>> {
        // No code under this lock leaves the list half changed, so a panic does not spoil it.
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hash and the note of an id; this counts as use.
    pub fn find(&self, id: &str) -> Option<(String, Note)> {
        if id.len() != ID_DIGITS {
            return None;
        }
        let mut uploads = self.lock();
        let (sha256, upload) = uploads.range_mut(id.to_owned()..).next()?;
        if !sha256.starts_with(id) {
            return None;
        }
        let now = SystemTime::now();
        if now.duration_since(upload.last_used).is_ok_and(|unused| unused >= TOUCH_STEP) {
            upload.last_used = now;
            touch(&note_path(&self.folder, sha256), now);
        }
        Some((sha256.clone(), upload.note.clone()))
    }

    /// Writes an upload, then makes room for it.
    pub fn add(&self, sha256: &str, bytes: &[u8], note: &Note) -> Result<(), UploadError> {
        self.write(sha256, bytes, note).map_err(|cause| {
            let folder = self.folder.display();
            tracing::error!(%folder, error = %cause, "an upload cannot be kept");
            UploadError::Io { cause }
        })?;
        let upload = Upload { note: note.clone(), last_used: SystemTime::now() };
        let mut uploads = self.lock();
        uploads.insert(sha256.to_owned(), upload);
        for gone in evict(&mut uploads, sha256, self.options.max_bytes) {
            remove(&self.folder, &gone);
        }
        Ok(())
    }

    fn write(&self, sha256: &str, bytes: &[u8], note: &Note) -> std::io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        write(&self.folder, &self.path(sha256), bytes)?;
        write(&self.folder, &note_path(&self.folder, sha256), &serde_json::to_vec(note)?)
    }

    /// Whether exactly these bytes lie on disk, and a note with them.
    pub fn holds(&self, sha256: &str, bytes: &[u8]) -> bool {
        let path = self.path(sha256);
        let has_length = fs::metadata(&path).is_ok_and(|data| data.len() == bytes.len() as u64);
        has_length
            && note_path(&self.folder, sha256).is_file()
            && fs::read(&path).is_ok_and(|stored| stored == bytes)
    }
}

fn note_path(folder: &Path, sha256: &str) -> PathBuf {
    folder.join(format!("{sha256}.json"))
}

/// All or nothing, whoever reads at the same time and wherever the power fails: the bytes are on disk
/// before they get their name.
fn write(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(PART).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn touch(note: &Path, now: SystemTime) {
    let touched =
        fs::File::options().write(true).open(note).and_then(|file| file.set_modified(now));
    if let Err(error) = touched {
        tracing::debug!(file = %note.display(), %error, "the time of use could not be kept");
    }
}

/// Takes the least recently used from the list until the rest fits; the one just added stays.
fn evict(uploads: &mut BTreeMap<String, Upload>, newest: &str, max_bytes: u64) -> Vec<String> {
    let mut used: u64 = uploads.values().map(Upload::disk_bytes).sum();
    let mut gone = Vec::new();
    while used > max_bytes || uploads.len() > MAX_UPLOADS {
        let others = uploads.iter().filter(|(sha256, _)| *sha256 != newest);
        let Some((oldest, _)) = others.min_by_key(|(_, upload)| upload.last_used) else { break };
        let oldest = oldest.clone();
        used -= uploads.remove(&oldest).map_or(0, |upload| upload.disk_bytes());
        gone.push(oldest);
    }
    gone
}

fn remove(folder: &Path, sha256: &str) {
    for path in [note_path(folder, sha256), folder.join(sha256)] {
        if let Err(error) = fs::remove_file(&path) {
            tracing::warn!(file = %path.display(), %error, "an old upload could not be removed");
        }
    }
}

/// Uploads with a note that can be read. What is left of unfinished ones is removed; anything else in
/// the folder is not ours and stays.
fn list(folder: &Path) -> BTreeMap<String, Upload> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let mut uploads = BTreeMap::new();
    for name in names {
        match is_hash(&name).then(|| read(folder, &name)).flatten() {
            Some(upload) => {
                uploads.insert(name, upload);
            }
            None if is_hash(&name) || name.starts_with(PART) => remove_if_old(&folder.join(name)),
            None => {}
        }
    }
    uploads
}

fn read(folder: &Path, sha256: &str) -> Option<Upload> {
    let path = note_path(folder, sha256);
    let note: Note = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
    let last_used = fs::metadata(&path).and_then(|data| data.modified()).ok()?;
    let n_bytes = fs::metadata(folder.join(sha256)).ok()?.len();
    (n_bytes == note.n_bytes).then_some(Upload { note, last_used })
}

fn remove_if_old(path: &Path) {
    let modified = fs::metadata(path).and_then(|data| data.modified());
    let age = modified.ok().and_then(|time| SystemTime::now().duration_since(time).ok());
    if age.is_some_and(|age| age > UNFINISHED) && fs::remove_file(path).is_ok() {
        tracing::warn!(file = %path.display(), "removed an upload that was never finished");
    }
}

fn is_hash(name: &str) -> bool {
    name.len() == HASH_DIGITS
        && name.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
}
