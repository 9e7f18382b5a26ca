//! Weights that files of a weather model can be for, and which of them look at the most of some files.

use std::sync::Arc;

use jiff::Timestamp;
use stormlens_data::card::{CheckpointCard, FieldsCard};
use stormlens_data::field::FieldError;
use stormlens_data::probability::end_of;

use super::samples::{Loaded, Upload, takes_files};
use crate::catalog::Catalog;
use crate::parameters::QuestionError;

/// Weights by which files are looked at, with what they say of their fields.
#[derive(Clone)]
pub struct Weights {
    pub checkpoint: Arc<CheckpointCard>,
    pub card: FieldsCard,
}

impl Weights {
    /// `sslpdl/iberia-narrow`
    pub fn name(&self) -> String {
        format!("{}/{}", self.checkpoint.model, self.checkpoint.name)
    }

    pub fn n_variables(&self) -> usize {
        self.card.fields.variables.len()
    }
}

/// All that take files, in the order of the catalogue.
pub fn all(catalog: &Catalog) -> Vec<Weights> {
    let of_model = |model: &str| {
        let cards = catalog.checkpoints(model).filter_map(|checkpoint| {
            let card = checkpoint.fields.clone()?;
            let fits = card.n_classes.is_some() && takes_files(&card.fields);
            fits.then(|| Weights { checkpoint: checkpoint.clone(), card })
        });
        cards.collect::<Vec<_>>()
    };
    catalog.models().iter().flat_map(|model| of_model(model.id)).collect()
}

/// Those of a name, or all where nobody chose.
///
/// # Errors
/// For a name that none has.
pub fn named(catalog: &Catalog, name: Option<&str>) -> Result<Vec<Weights>, QuestionError> {
    let known = all(catalog);
    let Some(name) = name else { return Ok(known) };
    match known.iter().find(|weights| weights.name() == name) {
        Some(weights) => Ok(vec![weights.clone()]),
        None => {
            Err(QuestionError::unknown("set of weights", name, known.iter().map(Weights::name)))
        }
    }
}

/// Times that are tried, for each is decoded.
const N_TRIED: usize = 12;

/// What weights find in files: at which times, and how many of their variables.
pub struct Found {
    pub weights: Weights,
    /// Ascending, with the number of variables.
    pub times: Vec<(Timestamp, usize)>,
    /// The fields of the first time with the most variables, where they have been read.
    pub fullest: Option<Loaded>,
}

impl Found {
    fn new(upload: &Upload, weights: Weights) -> Self {
        let times = upload.files.times(&weights.card.fields);
        Self { weights, times, fullest: None }
    }

    /// The first time with the most variables.
    fn fullest(&self) -> Option<(Timestamp, usize)> {
        self.times.iter().copied().rev().max_by_key(|(_, n)| *n)
    }

    /// Reads the fullest time that can be read; why the fullest one cannot, where none can.
    fn read(self, upload: &Upload) -> Result<Self, FieldError> {
        let mut times = self.times.clone();
        times.sort_by_key(|&(_, n)| std::cmp::Reverse(n));
        let mut first_error = None;
        for (time, _) in times.into_iter().take(N_TRIED) {
            match upload.files.load(time, &self.weights.card) {
                Ok(loaded) => return Ok(Self { fullest: Some(loaded), ..self }),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or_else(|| nothing(upload, Some(&self.weights))))
    }
}

/// The weights that find the most at one time and can use it, out of some; `None` where there are none.
///
/// # Errors
/// Where none of them can use the files: why the one that finds the most cannot.
pub fn best(upload: &Upload, some: Vec<Weights>) -> Option<Result<Found, FieldError>> {
    let mut found: Vec<Found> =
        some.into_iter().map(|weights| Found::new(upload, weights)).collect();
    let n_found = |found: &Found| found.fullest().map_or(0, |(_, n)| n);
    found.sort_by_key(|found| std::cmp::Reverse(n_found(found)));
    let mut first_error = None;
    for found in found {
        match found.read(upload) {
            Ok(found) => return Some(Ok(found)),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    first_error.map(Err)
}

/// Why files have no time at which weights find something, or, without weights, nothing that any could.
pub fn nothing(upload: &Upload, weights: Option<&Weights>) -> FieldError {
    let title = upload.title();
    let known = upload.files.known();
    let hours = weights.and_then(|weights| weights.card.fields.mean_hours);
    let what = match known.iter().flatten().max() {
        None if known.is_empty() => format!(
            "{title} holds nothing that a network here looks at; it holds {}",
            upload.files.in_words()
        ),
        None => {
            format!("the fields of {title} say no time: a network looks at fields of one time")
        }
        // Of each variable what is there instead.
        Some(&time) => {
            match weights.map(|weights| upload.files.load(day_of(time, hours), &weights.card)) {
                Some(Err(error)) => return error,
                _ => format!("{title} holds nothing of a time that the weights look at"),
            }
        }
    };
    FieldError::Domains { what }
}

/// The end of the hours that a moment lies in; a time at which such hours end is itself.
fn day_of(time: Timestamp, hours: Option<u32>) -> Timestamp {
    let is_end = |hours: u32| time.as_second().rem_euclid(i64::from(hours.max(1)) * 3600) == 0;
    hours.filter(|&hours| !is_end(hours)).and_then(|hours| end_of(time, hours)).unwrap_or(time)
}
