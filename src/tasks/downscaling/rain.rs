//! Rain that can be refined: what files offer, and one sum of it in millimetres.

use std::fmt;

use jiff::Timestamp;
use stormlens_data::field::accumulation::{accumulate_decoded, hours_before};
use stormlens_data::field::{Accumulated, FieldError, FieldFile, GriddedField};
use stormlens_data::time::format_utc;

use self::not_used::NotUsed;
use self::offers::head;
pub use self::offers::{check_stated, offers_of_file};
#[cfg(test)]
pub use self::offers::{offers, offers_named};
use super::terrain::Terrain;

mod not_used;
mod offers;

/// A sum of some hours that a file has the fields for.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    pub variable: String,
    /// The variable with all that tells it from others of the file: `tp (m), surface, member 3, forecast of …`.
    pub what: String,
    /// End of the interval.
    pub end: Timestamp,
    pub hours: i64,
    /// Places of the fields in the file.
    pub places: Vec<usize>,
}

/// What the fields of a file make, and what of them could not be used.
#[derive(Debug)]
pub struct Offers {
    pub sums: Vec<Offer>,
    pub not_used: NotUsed,
}

impl Offer {
    /// When its interval begins.
    ///
    /// # Errors
    /// Beyond the calendar.
    fn start(&self) -> Result<Timestamp, FieldError> {
        Ok(hours_before(self.end, self.hours)?.start)
    }
}

/// Where rain came from, and what may be done with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Credit {
    pub source: String,
    pub licence: String,
    /// Names of files.
    pub files: Vec<String>,
    /// Of their bytes.
    pub sha256: String,
}

/// One sum, as it goes to a network.
pub struct Rain {
    /// In millimetres, with its interval.
    pub field: GriddedField,
    /// How it was made, in words.
    pub rule: String,
    /// Millimetres that were negative, summed over cells.
    pub clipped_mm: f64,
    /// Whether its own nodes are as fine as what a network makes: then it is what fell, too.
    pub is_fine: bool,
    /// Whether it was observed; a file that somebody brings may be of a model.
    pub is_observed: bool,
    /// What each field of the file is of, where whoever brought it says so.
    pub stated: Option<StatedInterval>,
    /// Heights that came with it.
    pub heights: Option<Terrain>,
    /// What of its files could not be used, with the reasons.
    pub left_out: Option<String>,
    pub credit: Credit,
}

/// Nodes at most so far apart show what a network makes of coarse rain.
const FINE_DEG: f64 = 0.05;

impl Rain {
    /// What was observed, of which nobody states anything.
    pub fn new(field: GriddedField, rule: String, clipped_mm: f64, credit: Credit) -> Self {
        let is_fine = field.grid.spacing_deg().iter().all(|&spacing| spacing <= FINE_DEG);
        Self {
            field,
            rule,
            clipped_mm,
            is_fine,
            is_observed: true,
            stated: None,
            heights: None,
            left_out: None,
            credit,
        }
    }
}

/// What somebody states of the interval of fields that do not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatedInterval {
    pub hours: i64,
    /// Whether fields are mean rates of these hours; they are sums otherwise.
    pub is_rate: bool,
}

impl StatedInterval {
    pub const fn sum(hours: i64) -> Self {
        Self { hours, is_rate: false }
    }
}

impl fmt::Display for StatedInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.is_rate { "mean rate" } else { "sum" };
        write!(
            f,
            "each field of the file is taken as the {what} of {} h until its time, as the user stated; the file does not say it",
            self.hours
        )
    }
}

/// Reads one sum. A field that cannot be decoded and is not needed is left out.
///
/// # Errors
/// For fields that cannot be decoded and are needed, and for what [`accumulate`] refuses.
pub fn read(
    file: &FieldFile,
    offer: &Offer,
    stated: Option<i64>,
) -> Result<Accumulated, FieldError> {
    let field = |&place: &usize| file.read(place)?.of_hours(stated);
    accumulate_decoded(offer.places.iter().map(field), offer.start()?, offer.end)
}

/// The error of a sum for which a field cannot be decoded, with other sums of the file that do not need that field.
pub fn with_others(
    file: &FieldFile,
    (offer, offers): (&Offer, &[Offer]),
    stated: Option<i64>,
    error: FieldError,
) -> FieldError {
    let is_broken = |place: &&usize| file.read(**place).is_err();
    let Some(&broken) = offer.places.iter().find(is_broken) else { return error };
    let is_other = |other: &&Offer| is_made_without(file, other, broken, stated);
    let ends: Vec<String> =
        offers.iter().filter(is_other).map(|other| format_utc(other.end)).collect();
    let words = match &ends[..] {
        [] => return error,
        [first] => format!("the sum until {first} does not need this field"),
        [first, .., last] => format!(
            "{} other sums do not need this field, from the one until {first} to the one until {last}",
            ends.len()
        ),
    };
    match error {
        FieldError::Damaged { file, what } => {
            FieldError::Damaged { file, what: format!("{what}; {words}") }
        }
        FieldError::Unsupported { file, what } => {
            FieldError::Unsupported { file, what: format!("{what}; {words}") }
        }
        other => other,
    }
}

/// Whether a sum can be made without a field, told by the heads of the others.
fn is_made_without(file: &FieldFile, offer: &Offer, broken: usize, stated: Option<i64>) -> bool {
    if !offer.places.contains(&broken) {
        return true;
    }
    let head = |&place: &usize| match place == broken {
        true => Err(FieldError::Interval { what: String::new() }),
        false => head(&file.contents()[place], stated)
            .ok_or_else(|| FieldError::Interval { what: String::new() }),
    };
    let start = offer.start();
    start
        .and_then(|start| accumulate_decoded(offer.places.iter().map(head), start, offer.end))
        .is_ok()
}
