//! Fields to look at: days that come with the program, and what somebody brings.

mod brought;
mod opened;
mod shipped;
mod uploads;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use stormlens_data::card::{FieldStatement, FieldsCard};
use stormlens_data::field::FieldError;
use stormlens_data::field::left_out::few_reasons;
use stormlens_data::probability::Found;
use stormlens_data::probability::iberia::Iberia;

pub use brought::Brought;
pub use uploads::{Upload, Uploads, parse};

pub use self::shipped::synthetic;
use self::shipped::{Days, of_world};
use super::SECTION;
use crate::parameters::QuestionError;
use crate::web::upload::Kept as KeptFiles;

/// What the ids of the shipped days begin with, and those of days of the synthetic world.
const DAYS: &str = "iberia-";
const SYNTHETIC: &str = "synthetic-";

/// Fields that can be asked about, without their values.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub id: String,
    /// Of what and when, e.g. `Iberia, 21 May 2007`.
    pub title: String,
    pub is_sample: bool,
}

/// What was measured at a place, and what the model itself says there.
#[derive(Clone, Debug, PartialEq)]
pub struct Gauge {
    pub name: &'static str,
    pub latitude: f64,
    pub longitude: f64,
    /// mm in the interval of the weights; `NaN` where nothing was measured.
    pub observed_mm: f32,
    pub model_mm: f32,
}

/// Fields on the grid of some weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// `[variables, rows, columns]` in the units of the statement, or `[channels, rows, columns]` as the network takes them.
    pub values: Vec<f32>,
    pub is_normalised: bool,
    /// Of each variable where it came from, or why it is hidden; empty for numbers.
    pub found: Vec<Found>,
    pub gauges: Vec<Gauge>,
    /// Rain everywhere, mm, where the world is a synthetic one, and the true probabilities of the events, one map each.
    pub world: Option<(Vec<f32>, Vec<f32>)>,
    /// Tokens that somebody's mask hides.
    pub masked: Option<Vec<bool>>,
    /// Whether its file holds several by its shape, though this is the only one.
    pub is_only_one: bool,
    /// The end of their interval, or their moment, where that is known.
    pub end: Option<Timestamp>,
    /// What of the files looks like what networks look at and cannot be used, with the reasons.
    pub left_out: Vec<String>,
    pub credit: Credit,
}

impl Loaded {
    /// Z-scores beyond which hardly any value of weather lies; rain has some.
    const FAR: f32 = 8.0;

    /// What of the files could not be used, without what a variable that is hidden says itself; `None` where that is nothing.
    pub fn not_used(&self) -> Option<String> {
        let is_said = |reason: &String| {
            self.found
                .iter()
                .any(|one| matches!(one, Found::Hidden { why } if why.contains(reason)))
        };
        few_reasons(self.left_out.iter().filter(|reason| !is_said(reason)).cloned())
    }

    /// The largest size of numbers that come as z-scores and cannot well be any: one in a hundred is beyond all reason, or
    /// one of them is a hundred deviations away.
    pub fn unlikely(&self) -> Option<f32> {
        let known = || self.values.iter().map(|value| value.abs()).filter(|size| size.is_finite());
        let n_far = known().filter(|size| *size > Self::FAR).count();
        let largest = known().fold(0.0, f32::max);
        let is_unlikely = n_far * 100 > known().count() || largest > 100.0;
        (self.is_normalised && is_unlikely).then_some(largest)
    }
}

/// Where fields came from, and what may be done with them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Credit {
    pub source: String,
    pub licence: String,
    pub files: Vec<String>,
    /// Of their bytes.
    pub sha256: String,
}

/// All that can be asked about.
pub struct Samples {
    folder: PathBuf,
    /// Read when somebody asks for the first time: it takes a second.
    days: OnceLock<Result<Days, String>>,
    brought: Mutex<Brought>,
    pub uploads: Uploads,
    last: Mutex<Option<Arc<Kept>>>,
}

/// What was read last: pages, figures and checks ask for it one after another.
struct Kept {
    id: String,
    statement: FieldStatement,
    loaded: Arc<Loaded>,
}

impl Samples {
    /// Days in `iberia` below the data, and what visitors brought.
    pub fn open(data: &Path, kept: Arc<KeptFiles>) -> Self {
        let (folder, uploads) = (data.join("iberia"), Uploads::new(kept));
        let (brought, last) = (Mutex::default(), Mutex::default());
        Self { folder, days: OnceLock::new(), brought, uploads, last }
    }

    /// The archive, where it is there.
    pub fn iberia(&self) -> Option<&Iberia> {
        self.days().ok().map(|days| &days.iberia)
    }

    fn days(&self) -> Result<&Days, String> {
        self.days.get_or_init(|| Days::open(&self.folder)).as_ref().map_err(Clone::clone)
    }

    /// What cannot be read, where the folder is there at all.
    pub fn problems(&self) -> Vec<String> {
        if !self.folder.is_dir() {
            return Vec::new();
        }
        self.days().err().into_iter().collect()
    }

    pub fn brought(&self) -> MutexGuard<'_, Brought> {
        self.brought.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place of a day in the archive.
    pub fn day(&self, id: &str) -> Option<usize> {
        self.iberia()?.find(id.strip_prefix(DAYS)?)
    }

    /// # Errors
    /// For an id that nothing has.
    pub fn find(&self, id: &str) -> Result<Entry, QuestionError> {
        if let Some(entry) = self.brought().find(id) {
            return Ok(entry);
        }
        if synthetic(id).is_some() {
            let title = format!("Synthetic world, {}", id.trim_start_matches(SYNTHETIC));
            return Ok(Entry { id: id.to_owned(), title, is_sample: true });
        }
        if let Some(entry) = self.uploads.entry(id) {
            return Ok(entry);
        }
        let entry = |day: usize| day_entry(self.iberia()?, day);
        self.day(id).and_then(entry).ok_or_else(|| gone(id))
    }

    /// Whether weights can look at them.
    pub fn suits(&self, id: &str, card: &FieldsCard) -> bool {
        if let Some((world, _)) = synthetic(id) {
            return card.fields.variables == world.statement().variables;
        }
        match self.day(id) {
            Some(_) => self.days().is_ok() && is_of(&card.fields),
            None if parse(id).is_some() => takes_files(&card.fields) && self.load(id, card).is_ok(),
            None => self.brought().suits(id, card),
        }
    }

    /// Fields on the grid of the weights.
    ///
    /// # Errors
    /// Where they cannot be read or brought there.
    pub fn load(&self, id: &str, card: &FieldsCard) -> Result<Arc<Loaded>, FieldError> {
        let last = || self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |kept: &Arc<Kept>| kept.id == id && kept.statement == card.fields;
        if let Some(kept) = last().clone().filter(is_it) {
            return Ok(kept.loaded.clone());
        }
        // Nobody waits here for the files of somebody else.
        let loaded = Arc::new(self.read(id, card)?);
        let (id, statement) = (id.to_owned(), card.fields.clone());
        *last() = Some(Arc::new(Kept { id, statement, loaded: loaded.clone() }));
        Ok(loaded)
    }

    fn read(&self, id: &str, card: &FieldsCard) -> Result<Loaded, FieldError> {
        if let Some((world, sample)) = synthetic(id) {
            return of_world(&world, sample, &card.fields);
        }
        if let Some(loaded) = self.uploads.load(id, card) {
            return loaded;
        }
        let Some(day) = self.day(id) else { return self.brought().load(id, card) };
        let refuse = |what: String| FieldError::Domains { what };
        let days = self.days().map_err(refuse)?;
        match is_of(&card.fields) {
            true => Ok(days.load(day, &card.fields)),
            false => Err(refuse(format!(
                "these weights are of other fields than the days of Iberia have: {}",
                names(&card.fields)
            ))),
        }
    }
}

/// Whether fields of files can be brought to weights: where their grid lies and what is normal has to be known, and nothing
/// but a program makes fields of a synthetic world.
pub fn takes_files(statement: &FieldStatement) -> bool {
    statement.has_grid() && statement.has_statistics() && !statement.synthetic
}

/// What was never there, or went because others came.
pub fn gone(id: &str) -> QuestionError {
    QuestionError::Gone {
        message: format!("there are no fields {id:?} here, or not any more"),
        remedy: "choose a day of the list, or upload the files again",
        back: SECTION.href,
    }
}

/// Whether weights take variables of the archive, on a grid that is known.
pub fn is_of(statement: &FieldStatement) -> bool {
    let names = Iberia::names();
    let is_known =
        |variable: &stormlens_data::card::FieldVariable| names.contains(&variable.name.as_str());
    statement.has_grid()
        && statement.has_statistics()
        && !statement.synthetic
        && statement.variables.iter().all(is_known)
}

fn names(statement: &FieldStatement) -> String {
    let names: Vec<&str> = statement.variables.iter().map(|v| v.name.as_str()).collect();
    names.join(", ")
}

/// The id of a day of the archive.
pub fn id_of(iberia: &Iberia, day: usize) -> String {
    format!("{DAYS}{}", iberia.name(day))
}

fn day_entry(iberia: &Iberia, day: usize) -> Option<Entry> {
    let date = *iberia.days().get(day)?;
    Some(Entry {
        id: id_of(iberia, day),
        title: format!("Iberia, {}", words(date)),
        is_sample: true,
    })
}

/// `21 May 2007`
pub fn words(date: Date) -> String {
    date.strftime("%-d %B %Y").to_string()
}
