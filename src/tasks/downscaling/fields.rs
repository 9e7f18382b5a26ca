//! Rain to refine: samples that come with the program, and files that somebody brings.
//!
//! A sample is a sum that ends at some hour of an archive; a folder below the data is an archive where it has a
//! `rain.json`. What is brought is known by its bytes and its name, by what was said of it, and by the number of
//! one of its sums.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use stormlens_data::field::{FieldError, Interval};

mod add;
mod archive;
mod array;
mod climatology;
mod name;
mod numbers;
mod opened;

pub use self::add::AddError;
use self::archive::Archive;
pub use self::array::{Nodes, Said, check_unit};
pub use self::climatology::Climatology;
pub use self::name::Name;
pub use self::numbers::Tiles;
use self::opened::OpenFile;
use super::rain::{Rain, StatedInterval};
use super::terrain::{Terrain, Terrains};
use crate::causes::with_causes;
use crate::parameters::QuestionError;
use crate::web::upload::Kept;

/// Hours of the sums that samples are.
pub const HOURS: i64 = 3;
/// Bytes of a file from the command line.
pub const MAX_FILE_BYTES: u64 = 1 << 30;

/// A sum that can be asked about, without its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub id: String,
    /// What it is of, e.g. `MRMS, western USA`.
    pub title: String,
    pub end: Timestamp,
    pub hours: i64,
    pub variable: String,
    /// The variable with all that tells it from others of the file.
    pub what: String,
    /// `[west, south, east, north]`; `None`: what the file covers.
    pub domain: Option<[f64; 4]>,
    pub source: String,
    /// What each field of the file is of, where whoever brought it says so.
    pub stated: Option<StatedInterval>,
    /// The name of the heights that came with it.
    pub heights: Option<String>,
    /// What of its files could not be used, with the reasons.
    pub left_out: Option<String>,
    pub is_sample: bool,
}

impl Entry {
    /// The file that it is of, for addresses.
    pub fn file_id(&self) -> &str {
        self.id.split_once('.').map_or(&self.id, |(key, _)| key)
    }
}

/// A sample: an archive, and the end of the sum.
type Held = (Arc<Archive>, Timestamp);

/// All rain that there is.
pub struct Fields {
    samples: Vec<Entry>,
    held: HashMap<String, Held>,
    archives: Vec<Arc<Archive>>,
    problems: Vec<String>,
    /// Shared with other tasks, which keep fields too.
    kept: Arc<Kept>,
    /// All heights, which files of rain may come with.
    pub terrains: Terrains,
    /// Uploads that were looked at last, the newest first.
    opened: Mutex<Vec<Arc<OpenFile>>>,
    /// From the command line, for this run of the program.
    brought: Mutex<Brought>,
    /// The last sum that was read: pages, figures and checks ask for it one after another.
    last: Mutex<Option<(String, Arc<Rain>)>>,
}

#[derive(Default)]
struct Brought {
    files: Vec<Arc<OpenFile>>,
    tiles: HashMap<String, Arc<Tiles>>,
    /// Fields of arrays.
    arrays: HashMap<String, (Entry, Arc<Rain>)>,
}

/// Uploads whose bytes stay in memory.
const N_OPENED: usize = 4;

impl Fields {
    /// Lists the samples below `data`, and what an earlier run has kept. What cannot be read is left out and among the
    /// problems.
    pub fn open(data: &Path, kept: Arc<Kept>, terrains: Terrains) -> Self {
        let (mut samples, mut held) = (Vec::new(), HashMap::new());
        let (mut archives, mut problems) = (Vec::new(), Vec::new());
        for folder in archive::folders(data) {
            match Archive::open(&folder).map(Arc::new) {
                Ok(archive) => {
                    for (entry, end) in archive.entries() {
                        held.insert(entry.id.clone(), (archive.clone(), end));
                        samples.push(entry);
                    }
                    problems.extend(archive.why_left_out());
                    archives.push(archive);
                }
                Err(error) => problems.push(with_causes(&error)),
            }
        }
        let (opened, brought, last) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { samples, held, archives, problems, kept, terrains, opened, brought, last }
    }

    pub fn samples(&self) -> &[Entry] {
        &self.samples
    }

    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Why no file can be kept now, if that is known.
    pub fn trouble(&self) -> Option<&'static str> {
        self.kept.trouble()
    }

    /// What is known of a sum.
    ///
    /// # Errors
    /// For an id that nothing has.
    pub fn find(&self, id: &str) -> Result<Entry, QuestionError> {
        let sample = self.samples.iter().find(|entry| entry.id == id).cloned();
        let array = || lock(&self.brought).arrays.get(id).map(|(entry, _)| entry.clone());
        let brought = || {
            let (name, place) = Name::parse_sum(id)?;
            let (file, heights) = self.file(&name)?;
            file.entry(place, heights.as_ref())
        };
        sample.or_else(array).or_else(brought).ok_or_else(|| gone(id))
    }

    /// All sums of a file, by its name.
    ///
    /// # Errors
    /// For a file that is not there.
    pub fn of_file(&self, name: &str) -> Result<Vec<Entry>, QuestionError> {
        let found = Name::parse(name).and_then(|name| self.file(&name));
        let (file, heights) = found.ok_or_else(|| gone(name))?;
        Ok(file.entries(heights.as_ref()))
    }

    /// Why the file of a sum has none that ends at a time; `None` where nothing says it.
    pub fn why_no_sum(&self, id: &str, end: Timestamp) -> Option<String> {
        let (name, _) = Name::parse_sum(id)?;
        self.open_file(&name)?.why_no_sum(end)
    }

    /// A file that was brought, with the heights that came with it.
    fn file(&self, name: &Name) -> Option<(Arc<OpenFile>, Option<Terrain>)> {
        let heights = match &name.heights {
            Some(key) => Some(self.terrains.brought(key)?),
            None => None,
        };
        Some((self.open_file(name)?, heights))
    }

    fn open_file(&self, name: &Name) -> Option<Arc<OpenFile>> {
        let is_it = |file: &&Arc<OpenFile>| file.key == name.key && file.stated == name.hours;
        if let Some(file) = lock(&self.brought).files.iter().find(is_it) {
            return Some(file.clone());
        }
        if let Some(file) = lock(&self.opened).iter().find(is_it) {
            self.kept.touch(&file.sha256);
            return Some(file.clone());
        }
        let (title, sha256) = self.kept.find(&name.key)?;
        let bytes = self.kept.read(&sha256)?;
        // The same bytes may make no sum with something else said of them.
        let opened = OpenFile::new(&title, sha256, bytes, name.hours);
        let opened = opened.inspect_err(|error| tracing::info!(%error, "no rain of that name"));
        Some(self.remember(opened.ok()?.with_key(&name.key)))
    }

    fn remember(&self, file: OpenFile) -> Arc<OpenFile> {
        let file = Arc::new(file);
        let mut opened = lock(&self.opened);
        opened.retain(|other| (&other.key, other.stated) != (&file.key, file.stated));
        opened.insert(0, file.clone());
        opened.truncate(N_OPENED);
        file
    }

    /// Tiles from a file of numbers.
    pub fn tiles(&self, id: &str) -> Option<Arc<Tiles>> {
        lock(&self.brought).tiles.get(id).cloned()
    }

    /// The values of a sum.
    ///
    /// # Errors
    /// Where its file cannot be read any more, or holds no such sum.
    pub fn load(&self, id: &str) -> Result<Arc<Rain>, FieldError> {
        let known = lock(&self.last).as_ref().filter(|(known, _)| known == id).cloned();
        if let Some((_, rain)) = known {
            return Ok(rain);
        }
        if let Some((_, rain)) = lock(&self.brought).arrays.get(id) {
            return Ok(rain.clone());
        }
        let rain = Arc::new(self.read(id)?);
        *lock(&self.last) = Some((id.to_owned(), rain.clone()));
        Ok(rain)
    }

    fn read(&self, id: &str) -> Result<Rain, FieldError> {
        if let Some((archive, end)) = self.held.get(id) {
            return archive.rain(*end);
        }
        let unknown = || FieldError::Interval { what: format!("there is no rain {id:?}") };
        let (name, place) = Name::parse_sum(id).ok_or_else(unknown)?;
        let (file, heights) = self.file(&name).ok_or_else(unknown)?;
        file.rain(place, heights).ok_or_else(unknown)?
    }

    /// Where it rains more and where less around `[south, north, west, east]`, from the hours of the first archive that
    /// covers it, outside of an interval; `None` where there is none.
    pub fn climatology(&self, bounds: [f64; 4], outside: Interval) -> Option<Climatology> {
        self.archives.iter().find_map(|archive| archive.climatology(bounds, outside))
    }
}

/// Whether a file of that name is an array of numbers.
pub fn is_array(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npy"))
}

/// What was never there, or went because others came.
fn gone(id: &str) -> QuestionError {
    QuestionError::Gone {
        message: format!("there is no rain field “{id}”"),
        remedy: "Choose one of the samples, or upload the file again",
        back: super::SECTION.href,
    }
}

/// Only whole entries come in, so that a panic leaves nothing half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
