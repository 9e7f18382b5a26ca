//! Scenes to ask a classifier about: samples that come with the program, and what visitors upload.
//!
//! Both are found by an id, the first 16 hexadecimal digits of the SHA-256 of the file's bytes; an upload that
//! came under several names has an id a name. An
//! upload is kept as the bytes that came, in the cache folder, and goes when the folder is full and
//! others were used since. There is no list of uploads: whoever knows the id sees the scene.

mod bring;
mod name;
mod store;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use stormlens_data::hash::sha256;
use stormlens_data::scene::{
    Coding, Decoded, ID_DIGITS, LIST, Label, Limits, PictureError, Scene, SceneArchive, decode_as,
};

pub use self::name::clean_name;
use self::store::{Note, Store};
use crate::disk;

/// The folder below that of the cache.
pub const KEPT_IN: &str = "scenes";

/// Where uploads are kept, and how many of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheOptions {
    /// Scenes lie in `scenes` below it; made with the first upload.
    pub folder: PathBuf,
    /// Of all uploads together, on disk; the least recently used go first, the newest stays.
    pub max_bytes: u64,
    /// Of one file.
    pub max_file_bytes: usize,
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self { folder: "cache".into(), max_bytes: 1_000_000_000, max_file_bytes: 32_000_000 }
    }
}

/// A scene, without its pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct SceneEntry {
    /// The first 16 digits of `sha256`; of an upload that came under other names too, with digits of the name.
    pub id: String,
    /// Of the bytes of the file, hexadecimal.
    pub sha256: String,
    /// Name for people: the sample's, or the cleaned name of the file.
    pub title: String,
    pub description: String,
    /// What people found in it, where they have looked.
    pub label: Option<Label>,
    /// When it was taken, UTC, where that is known.
    pub time: Option<Timestamp>,
    pub source: String,
    pub licence: String,
    /// What has to be said wherever the scene is shown; empty for uploads.
    pub attribution: String,
    /// Whether it was computed and never seen by a satellite.
    pub simulated: bool,
    pub uploaded: bool,
    /// From the command line.
    pub brought: bool,
    /// What was said of its numbers when it came.
    pub coding: Coding,
    pub width_px: usize,
    pub height_px: usize,
}

/// A scene that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SceneError {
    #[error("there is no scene {id:?}: choose a sample, or provide the picture again")]
    Unknown { id: String },
    /// Where the file lies is in the log and not in the message, which visitors see.
    #[error("the file of {title:?} cannot be read ({}), so upload it again", .cause.kind())]
    Io { title: String, cause: std::io::Error },
    #[error("the file of {title:?} is not the one that it was, so upload it again")]
    Changed { title: String },
    #[error("{file}: {cause}")]
    Picture { file: String, cause: PictureError },
}

/// Why an upload is not taken.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error(
        "the file has {}, but at most {} are taken: cut the picture or save it smaller",
        size(*n_bytes, *max_bytes), size(*max_bytes, *max_bytes)
    )]
    TooManyBytes { n_bytes: usize, max_bytes: usize },
    #[error(transparent)]
    Picture(#[from] PictureError),
    #[error("another picture has the same name {id} here: save this one in another format")]
    Collision { id: String },
    #[error("the picture cannot be kept, because the disk of the server is full")]
    DiskFull,
    /// Which folder it is stands in the log and not in the message, which visitors see.
    #[error(
        "the picture cannot be kept on the server ({}): upload it again later, the log says more",
        .cause.kind()
    )]
    Io { cause: std::io::Error },
}

/// A size as the form says the limit: in MB, rounded up, of a limit of a megabyte at least.
fn size(n_bytes: usize, max_bytes: usize) -> String {
    match max_bytes {
        1_000_000.. => format!("{} MB", (n_bytes as f64 / 1e5).ceil() / 10.0),
        _ => format!("{n_bytes} bytes"),
    }
}

/// All scenes that there are.
#[derive(Debug)]
pub struct Scenes {
    samples: Vec<SceneEntry>,
    /// Files of the samples, by their ids.
    files: HashMap<String, PathBuf>,
    store: Store,
    /// What was left out when the samples were listed, and why.
    problems: Vec<String>,
    /// For this run of the program only.
    brought: Mutex<HashMap<String, Brought>>,
    coming: Mutex<()>,
}

/// A picture from the command line.
type Brought = (SceneEntry, Arc<bring::Content>);

impl Scenes {
    /// Lists the samples of every folder below `data` with a `scenes.json`, and the uploads that are
    /// still there. A folder or a picture that cannot be read is left out and among the problems.
    pub fn open(data: &Path, cache: CacheOptions) -> Self {
        let (mut samples, mut files) = (Vec::new(), HashMap::new());
        let mut problems = Vec::new();
        let folders = sample_folders(data);
        let scenes: Vec<_> =
            folders.iter().flat_map(|folder| open_archive(folder, &mut problems)).collect();
        for scene in scenes {
            let Some(entry) = sample_entry(&scene, &mut problems) else { continue };
            if files.insert(entry.id.clone(), scene.path).is_none() {
                samples.push(entry);
            }
        }
        let (store, brought) = (Store::open(cache), Mutex::default());
        Self { samples, files, store, problems, brought, coming: Mutex::default() }
    }

    /// Folders and pictures of the data folder that were left out, each with the reason.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Why no upload can be kept now, if that is known.
    pub fn trouble(&self) -> Option<&'static str> {
        self.store.trouble()
    }

    pub fn cache(&self) -> &CacheOptions {
        self.store.options()
    }

    /// The scenes that come with the program, folder by folder in the order of their lists.
    pub fn samples(&self) -> &[SceneEntry] {
        &self.samples
    }

    /// A sample or an upload; this counts as use of an upload.
    pub fn find(&self, id: &str) -> Option<SceneEntry> {
        let sample = self.samples.iter().find(|sample| sample.id == id);
        let known = sample.cloned().or_else(|| self.brought(id).map(|brought| brought.0));
        known.or_else(|| Some(uploaded_entry(id, self.store.find(id)?)))
    }

    /// The bytes of the file, exactly as they came.
    ///
    /// # Errors
    /// For an unknown id, a file that cannot be read, and one whose bytes are others by now.
    pub fn bytes(&self, id: &str) -> Result<Vec<u8>, SceneError> {
        let entry = self.find(id).ok_or_else(|| SceneError::Unknown { id: id.to_owned() })?;
        let path = self.files.get(id).cloned().unwrap_or_else(|| self.store.path(&entry.sha256));
        let title = entry.title;
        let bytes = disk::read(&path).map_err(|cause| {
            tracing::error!(file = %path.display(), error = %cause, "a scene cannot be read");
            SceneError::Io { title: title.clone(), cause }
        })?;
        if sha256(&bytes) != entry.sha256 {
            tracing::error!(file = %path.display(), "the file of a scene was exchanged");
            return Err(SceneError::Changed { title });
        }
        Ok(bytes)
    }

    /// The decoded picture, some 100 MB for the largest that is read.
    ///
    /// # Errors
    /// Those of [`Scenes::bytes`], and what decoding refuses.
    pub fn picture(&self, id: &str, coding: Coding) -> Result<Decoded, SceneError> {
        let file = || self.find(id).map_or_else(|| id.to_owned(), |entry| entry.title);
        let refuse = |cause| SceneError::Picture { file: file(), cause };
        match self.brought(id) {
            Some((_, content)) => content.picture(coding).map_err(refuse),
            None => decode_as(&self.bytes(id)?, &Limits::default(), coding).map_err(refuse),
        }
    }

    fn brought(&self, id: &str) -> Option<Brought> {
        self.brought.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Takes a picture from a file for this run of the program: PNG, JPEG or TIFF, or float32 `[height, width, 3]`
    /// in 0 to 255 as `.npy`. Answers its id.
    ///
    /// # Errors
    /// For a file that cannot be read and for what is no such picture.
    pub fn bring(&self, file: &Path) -> anyhow::Result<String> {
        let (entry, content) = bring::read(file)?;
        let id = entry.id.clone();
        let mut brought = self.brought.lock().unwrap_or_else(PoisonError::into_inner);
        brought.insert(id.clone(), (entry, Arc::new(content)));
        Ok(id)
    }

    /// Takes a picture in, with what is said of its numbers. It is decoded once to prove that it is one; kept are
    /// its bytes as they came. A picture that is there already stays as it is; under another name it has another
    /// id, so that its page shows the name that this visitor gave. The first name stands at the id without a name, for whoever
    /// has the same bytes. Where the file was lost or damaged, it is written again.
    ///
    /// # Errors
    /// For too many bytes, for what is no picture that can be read, and for a cache folder that
    /// cannot be written to.
    pub fn add(&self, name: &str, bytes: &[u8], coding: Coding) -> Result<SceneEntry, UploadError> {
        let max_bytes = self.cache().max_file_bytes;
        if bytes.len() > max_bytes {
            return Err(UploadError::TooManyBytes { n_bytes: bytes.len(), max_bytes });
        }
        let sha256 = sha256(bytes);
        let id = sha256[..ID_DIGITS].to_owned();
        // A PNG or JPEG that comes together with a TIFF holds colours all the same.
        let coding = if format_name(bytes) == "TIFF" { coding } else { Coding::default() };
        match self.find(&id) {
            Some(entry) if entry.sha256 != sha256 => return Err(UploadError::Collision { id }),
            // What is said anew of the same bytes counts from now on.
            Some(entry) if entry.coding == coding || !entry.uploaded => {
                let _coming = self.coming();
                return self.keep(entry, clean_name(name), bytes);
            }
            _ => {}
        }
        let picture = decode_as(bytes, &Limits::default(), coding)?.picture;
        let (width_px, height_px) = (picture.width, picture.height);
        let _coming = self.coming();
        // Whatever is said anew, names stay with whoever gave them.
        let known = self.store.find(&id).map(|(_, note)| note);
        let is_known = known.is_some();
        let (first_name, other_names) = known
            .map_or_else(|| (clean_name(name), Vec::new()), |note| (note.name, note.other_names));
        let note = Note {
            name: first_name,
            other_names,
            n_bytes: bytes.len() as u64,
            format: format_name(bytes).to_owned(),
            coding,
            width_px,
            height_px,
            time: Timestamp::now(),
        };
        self.store.add(&sha256, bytes, &note)?;
        let entry = uploaded_entry(&id, (sha256, note));
        if is_known { self.keep(entry, clean_name(name), bytes) } else { Ok(entry) }
    }

    /// Held from the note that is read to the one that is written: of two who bring the same bytes at once, the second has
    /// to see the name that the first one gave.
    fn coming(&self) -> MutexGuard<'_, ()> {
        self.coming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to it that the file of a known upload is sound, by its bytes that came once more, and answers the
    /// scene under the name with which they came.
    fn keep(
        &self,
        entry: SceneEntry,
        name: String,
        bytes: &[u8],
    ) -> Result<SceneEntry, UploadError> {
        let known = self.store.find(&entry.id).filter(|_| entry.uploaded);
        let Some((sha256, note)) = known else { return Ok(entry) };
        if !self.store.holds(&sha256, bytes) {
            tracing::warn!(scene = entry.id, "the file of an upload was lost; it is written again");
            self.store.add(&sha256, bytes, &note)?;
        }
        if name == note.name {
            return Ok(entry);
        }
        let id = self.store.add_name(&sha256, &note, &name)?;
        Ok(SceneEntry { id, title: name, ..entry })
    }
}

/// Folders directly below `data` that have a list of scenes, by their names, and `data` itself where it has one.
fn sample_folders(data: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data).into_iter().flatten().flatten();
    let folders = entries.map(|entry| entry.path()).chain([data.to_owned()]);
    let mut folders: Vec<_> = folders.filter(|folder| folder.join(LIST).is_file()).collect();
    folders.sort();
    folders
}

fn open_archive(folder: &Path, problems: &mut Vec<String>) -> Vec<Scene> {
    match SceneArchive::open(folder) {
        Ok(archive) => archive.scenes,
        Err(error) => {
            problems.push(error.to_string());
            Vec::new()
        }
    }
}

fn sample_entry(scene: &Scene, problems: &mut Vec<String>) -> Option<SceneEntry> {
    let picture = scene
        .picture(&Limits::default())
        .inspect_err(|error| problems.push(error.to_string()))
        .ok()?;
    let Scene { id, title, description, label, time, source, licence, .. } = scene.clone();
    Some(SceneEntry {
        id,
        sha256: scene.sha256.clone(),
        title,
        description,
        label,
        time,
        source,
        licence,
        attribution: scene.attribution.clone(),
        simulated: scene.simulated,
        uploaded: false,
        brought: false,
        coding: Coding::default(),
        width_px: picture.width,
        height_px: picture.height,
    })
}

fn uploaded_entry(id: &str, (sha256, note): (String, Note)) -> SceneEntry {
    let day = note.time.strftime("%Y-%m-%d");
    SceneEntry {
        id: id.to_owned(),
        sha256,
        title: note.name,
        description: format!("{} uploaded on {day}", note.format),
        label: None,
        time: None,
        source: "Uploaded file".to_owned(),
        licence: "not stated".to_owned(),
        attribution: String::new(),
        simulated: false,
        uploaded: true,
        brought: false,
        coding: note.coding,
        width_px: note.width_px,
        height_px: note.height_px,
    }
}

/// The name of the format that the leading bytes tell; only ever asked of what was decoded.
fn format_name(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', ..] => "PNG",
        [0xFF, 0xD8, ..] => "JPEG",
        _ => "TIFF",
    }
}
