//! Rain to refine: samples that come with the program, and files that somebody brings.
//!
//! A sample is a sum that ends at some hour of an archive; a folder below the data is an archive where it has a
//! `rain.json`. What is brought is known by the first digits of its SHA-256 and the number of one of its sums.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Deserialize;
use stormlens_data::downscale::HourlyRain;
use stormlens_data::field::{FieldError, FieldFile, GriddedField};
use stormlens_data::files;
use stormlens_data::hash::sha256;
use stormlens_data::time::format_sample;

use super::kept::Kept;
use super::rain::{Credit, Offer, Rain, offers, read};
use crate::disk;
use crate::parameters::QuestionError;

/// The list of an archive.
const LIST: &str = "rain.json";
/// Hours of the sums that samples are.
pub const HOURS: i64 = 3;
/// Digits of a hash that name what is brought.
const ID_DIGITS: usize = 16;
/// Bytes of a file from the command line.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// What an archive says of itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Archive {
    title: String,
    file: String,
    variable: String,
    /// Hours of which each field is the sum, where the times of the file have no bounds.
    each_hours: Option<i64>,
    source: String,
    licence: String,
    /// `[west, south, east, north]`, degrees: what is refined until somebody chooses.
    domain: [f64; 4],
}

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
    pub is_sample: bool,
}

impl Entry {
    /// The file that it is of, for addresses.
    pub fn file_id(&self) -> &str {
        self.id.split_once('.').map_or(&self.id, |(digits, _)| digits)
    }
}

/// Tiles as a network takes them, from a file of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Tiles {
    /// Channels, height, width.
    pub shape: [usize; 3],
    pub values: Vec<f32>,
    /// Whether its file holds several tiles by its shape, though this is the only one.
    pub is_only_one: bool,
    pub file: String,
    pub sha256: String,
}

/// A sample: an archive with the place of its file, and the end of the sum.
type Held = (Arc<(Archive, PathBuf)>, Timestamp);

/// A file that was brought, with the sums that it makes.
struct OpenFile {
    name: String,
    sha256: String,
    file: FieldFile,
    offers: Vec<Offer>,
    /// Hours that each field is the sum of, where somebody says so.
    stated: Option<i64>,
}

impl OpenFile {
    fn new(
        name: &str,
        sha256: String,
        bytes: Vec<u8>,
        stated: Option<i64>,
    ) -> Result<Self, FieldError> {
        let file = FieldFile::from_bytes(name, bytes)?;
        let offers = offers(name, file.contents(), HOURS, stated)?;
        Ok(Self { name: name.to_owned(), sha256, file, offers, stated })
    }

    fn entries(&self) -> Vec<Entry> {
        (0..self.offers.len()).filter_map(|number| self.entry(number)).collect()
    }

    /// The sum of that number, from 0 on.
    fn entry(&self, number: usize) -> Option<Entry> {
        let offer = self.offers.get(number)?;
        Some(Entry {
            id: format!("{}.{}", &self.sha256[..ID_DIGITS], number + 1),
            title: self.name.clone(),
            end: offer.end,
            hours: offer.hours,
            variable: offer.variable.clone(),
            what: offer.what.clone(),
            domain: None,
            source: self.name.clone(),
            is_sample: false,
        })
    }
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error("the file cannot be kept, because the disk of the server is full")]
    DiskFull,
    #[error("the file cannot be kept ({}): upload it again later, the log says more", .0.kind())]
    Io(std::io::Error),
}

/// All rain that there is.
pub struct Fields {
    samples: Vec<Entry>,
    held: HashMap<String, Held>,
    problems: Vec<String>,
    kept: Kept,
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
}

/// Uploads whose bytes stay in memory.
const N_OPENED: usize = 4;

impl Fields {
    /// Lists the samples below `data`, and what an earlier run has kept. What cannot be read is left out and among the
    /// problems.
    pub fn open(data: &Path, kept: Kept) -> Self {
        let (mut samples, mut held, mut problems) = (Vec::new(), HashMap::new(), Vec::new());
        for folder in folders(data) {
            match open_archive(&folder) {
                Ok(found) => {
                    for (entry, place) in found {
                        held.insert(entry.id.clone(), place);
                        samples.push(entry);
                    }
                }
                Err(error) => problems.push(format!("{error:#}")),
            }
        }
        let (opened, brought, last) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { samples, held, problems, kept, opened, brought, last }
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
        let brought = || {
            let (file, number) = self.sum(id)?;
            file.entry(number)
        };
        sample.or_else(brought).ok_or_else(|| gone(id))
    }

    /// All sums of a file, by the first digits of its hash.
    ///
    /// # Errors
    /// For a file that is not there.
    pub fn of_file(&self, digits: &str) -> Result<Vec<Entry>, QuestionError> {
        let file = self.file(digits);
        file.map(|file| file.entries()).ok_or_else(|| gone(digits))
    }

    /// A file that was brought, and which of its sums an id means.
    fn sum(&self, id: &str) -> Option<(Arc<OpenFile>, usize)> {
        let (digits, number) = id.split_once('.')?;
        let number = number.parse::<usize>().ok()?.checked_sub(1)?;
        Some((self.file(digits)?, number))
    }

    fn file(&self, digits: &str) -> Option<Arc<OpenFile>> {
        if digits.len() != ID_DIGITS {
            return None;
        }
        let is_it = |file: &&Arc<OpenFile>| file.sha256.starts_with(digits);
        if let Some(file) = lock(&self.brought).files.iter().find(is_it) {
            return Some(file.clone());
        }
        if let Some(file) = lock(&self.opened).iter().find(is_it) {
            self.kept.touch(&file.sha256);
            return Some(file.clone());
        }
        let (name, sha256) = self.kept.find(digits)?;
        let bytes = self.kept.read(&sha256)?;
        let opened = OpenFile::new(&name, sha256, bytes, None);
        let opened = opened.inspect_err(|error| tracing::error!(%error, "a kept file is no field"));
        Some(self.remember(opened.ok()?))
    }

    fn remember(&self, file: OpenFile) -> Arc<OpenFile> {
        let file = Arc::new(file);
        let mut opened = lock(&self.opened);
        opened.retain(|other| other.sha256 != file.sha256);
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
        let rain = Arc::new(self.read(id)?);
        *lock(&self.last) = Some((id.to_owned(), rain.clone()));
        Ok(rain)
    }

    fn read(&self, id: &str) -> Result<Rain, FieldError> {
        if let Some((archive, end)) = self.held.get(id) {
            return hourly(archive, *end);
        }
        let unknown = || FieldError::Interval { what: format!("there is no rain {id:?}") };
        let (file, number) = self.sum(id).ok_or_else(unknown)?;
        let offer = file.offers.get(number).ok_or_else(unknown)?;
        let made = read(&file.file, offer, file.stated)?;
        let credit = Credit {
            source: file.name.clone(),
            licence: "not stated in the file".to_owned(),
            files: vec![file.name.clone()],
            sha256: file.sha256.clone(),
        };
        Ok(Rain { is_observed: false, ..rain(made.field, made.rule, made.clipped_mm, credit) })
    }

    /// Keeps a file of fields. Answers its sums of [`HOURS`] each.
    ///
    /// # Errors
    /// For what is no such file, where it makes no such sum, and where it cannot be kept.
    pub fn add(&self, name: &str, bytes: Vec<u8>) -> Result<Vec<Entry>, AddError> {
        let sha256 = sha256(&bytes);
        let kept = bytes.clone();
        let file = OpenFile::new(name, sha256, bytes, None)?;
        self.kept.add(&file.sha256, name, &kept).map_err(|error| match disk::is_full(&error) {
            true => AddError::DiskFull,
            false => AddError::Io(error),
        })?;
        Ok(self.remember(file).entries())
    }

    /// Takes a file from the command line: fields, or tiles as `.npy`. Answers ids.
    ///
    /// # Errors
    /// For what cannot be read.
    pub fn bring(&self, path: &Path, stated: Option<i64>) -> anyhow::Result<Vec<String>> {
        if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npy")) {
            return self.bring_tiles(path);
        }
        let bytes = files::read_file(path, MAX_FILE_BYTES)?;
        let sha256 = sha256(&bytes);
        let file = Arc::new(OpenFile::new(&path.display().to_string(), sha256, bytes, stated)?);
        lock(&self.brought).files.push(file.clone());
        Ok(file.entries().into_iter().map(|entry| entry.id).collect())
    }

    /// `[n, channels, height, width]` or one without `n`, as the network takes them.
    fn bring_tiles(&self, path: &Path) -> anyhow::Result<Vec<String>> {
        let name = path.display().to_string();
        let (shape, values) = files::npy::read_npy_f32(path)?;
        let n_axes = shape.len();
        let (n, shape) = match shape[..] {
            [n, channels, height, width] => (n, [channels, height, width]),
            [channels, height, width] => (1, [channels, height, width]),
            _ => anyhow::bail!(
                "{name} has the shape {shape:?}; tiles are [number, channels, height, width]"
            ),
        };
        let is_only_one = n == 1 && n_axes == 4;
        let n_values = shape.iter().product::<usize>();
        anyhow::ensure!(n * n_values > 0, "{name} holds no tile");
        if let Some(i) = values.iter().position(|value| !value.is_finite()) {
            anyhow::bail!("{name} holds {} in tile {}", values[i], i / n_values + 1);
        }
        let hash = sha256(&files::read_file(path, MAX_FILE_BYTES)?);
        let mut brought = lock(&self.brought);
        let tile = |(number, values): (usize, &[f32])| {
            let id = format!("{}.tile{}", &hash[..ID_DIGITS], number + 1);
            let (values, file, sha256) = (values.to_vec(), name.clone(), hash.clone());
            brought
                .tiles
                .insert(id.clone(), Arc::new(Tiles { shape, values, is_only_one, file, sha256 }));
            id
        };
        Ok(values.chunks_exact(n_values).enumerate().map(tile).collect())
    }
}

/// What was never there, or went because others came.
fn gone(id: &str) -> QuestionError {
    QuestionError::Gone {
        message: format!("there is no rain field “{id}”"),
        remedy: "Choose one of the samples, or bring the file again",
        back: super::SECTION.href,
    }
}

/// Only whole entries come in, so that a panic leaves nothing half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Folders directly below the data that have a list of rain.
fn folders(data: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data).into_iter().flatten().flatten();
    let mut folders: Vec<_> = entries.map(|entry| entry.path()).chain([data.to_owned()]).collect();
    folders.retain(|folder| folder.join(LIST).is_file());
    folders.sort();
    folders
}

fn open_archive(folder: &Path) -> anyhow::Result<Vec<(Entry, Held)>> {
    let list = folder.join(LIST);
    let context = || list.display().to_string();
    let text = std::fs::read_to_string(&list).with_context(context)?;
    let archive: Archive = serde_json::from_str(&text).with_context(context)?;
    let path = folder.join(&archive.file);
    let hours = HourlyRain::open(&path, &archive.variable, archive.each_hours)?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let archive = Arc::new((archive, path));
    let sample = |end: Timestamp| {
        let (said, _) = &*archive;
        let entry = Entry {
            id: format!("{name}-{}", format_sample(end)),
            title: said.title.clone(),
            end,
            hours: HOURS,
            variable: said.variable.clone(),
            what: format!("{} (mm)", said.variable),
            domain: Some(said.domain),
            source: said.source.clone(),
            is_sample: true,
        };
        (entry, (archive.clone(), end))
    };
    Ok(hours.ends_of_sums(HOURS).into_iter().map(sample).collect())
}

fn hourly(archive: &(Archive, PathBuf), end: Timestamp) -> Result<Rain, FieldError> {
    let (said, path) = archive;
    let sum = HourlyRain::open(path, &said.variable, said.each_hours)?.sum(end, HOURS)?;
    let bytes = files::read_file(path, MAX_FILE_BYTES)?;
    let credit = Credit {
        source: said.source.clone(),
        licence: said.licence.clone(),
        files: vec![said.file.clone()],
        sha256: sha256(&bytes),
    };
    let mut rule = sum.rain.rule;
    if sum.n_screened > 0 {
        rule += &format!("; {} values above the record are left out", sum.n_screened);
    }
    Ok(rain(sum.rain.field, rule, sum.rain.clipped_mm, credit))
}

/// Nodes at most so far apart show what a network makes of coarse rain.
const FINE_DEG: f64 = 0.05;

fn rain(field: GriddedField, rule: String, clipped_mm: f64, credit: Credit) -> Rain {
    let is_fine = field.grid.spacing_deg().iter().all(|&spacing| spacing <= FINE_DEG);
    Rain { field, rule, clipped_mm, is_fine, is_observed: true, credit }
}
