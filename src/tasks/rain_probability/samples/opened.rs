//! Files that together hold the fields of a time, or of several, opened.

use jiff::Timestamp;
use stormlens_data::card::{FieldStatement, FieldsCard};
use stormlens_data::field::left_out::few_reasons;
use stormlens_data::field::{FieldError, FieldFile};
use stormlens_data::probability::{LONGEST_STEP_S, gather, left_out, recognise, times};

use super::{Credit, Loaded};
use crate::web::upload::NamedBytes;

/// Fields of more maps or messages are not looked through: a month of hours of sixteen variables has 12,000.
const MAX_FIELDS: usize = 20_000;

/// The files, and where they came from.
pub struct OpenFiles {
    files: Vec<FieldFile>,
    pub credit: Credit,
}

impl OpenFiles {
    /// # Errors
    /// For what is no GRIB or NetCDF, and for more fields than are looked through.
    pub fn new(files: Vec<NamedBytes>, credit: Credit) -> Result<Self, FieldError> {
        let open = |file: NamedBytes| FieldFile::from_bytes(&file.name, file.bytes);
        let files: Vec<FieldFile> = files.into_iter().map(open).collect::<Result<_, _>>()?;
        let n_fields = files.iter().map(|file| file.contents().len()).sum::<usize>();
        if n_fields > MAX_FIELDS {
            return Err(FieldError::TooLarge {
                file: credit.files.join(", "),
                what: format!("{n_fields} fields, and at most {MAX_FIELDS} are looked through"),
            });
        }
        Ok(Self { files, credit })
    }

    /// Times at which there is something that weights look at, ascending, and how many of their variables.
    pub fn times(&self, statement: &FieldStatement) -> Vec<(Timestamp, usize)> {
        times(&self.files, statement)
    }

    /// When the intervals of all fields end, ascending.
    pub fn ends(&self) -> Vec<Timestamp> {
        let contents = self.files.iter().flat_map(FieldFile::contents);
        let mut ends: Vec<Timestamp> =
            contents.filter_map(|content| Some(content.interval?.end)).collect();
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    /// Whether a field is of a time, or of a moment of the hours whose mean ends then.
    pub fn may_have(&self, time: Timestamp) -> bool {
        let is_near =
            |end: &Timestamp| (0..=LONGEST_STEP_S).contains(&(time.as_second() - end.as_second()));
        self.ends().iter().any(is_near)
    }

    /// Of each field of a kind that networks look at when its interval ends, where the file says it.
    pub fn known(&self) -> Vec<Option<Timestamp>> {
        let contents = self.files.iter().flat_map(FieldFile::contents);
        let known = contents.filter(|content| recognise(content).is_some());
        known.map(|content| content.interval.map(|interval| interval.end)).collect()
    }

    /// What is in the files, in words; of many only the first. What networks look at and is none of the fields says why.
    pub fn in_words(&self) -> String {
        const N_TOLD: usize = 6;
        let contents = || self.files.iter().flat_map(FieldFile::contents);
        let told: Vec<String> = contents().take(N_TOLD).map(ToString::to_string).collect();
        let more = contents().count().saturating_sub(N_TOLD);
        let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
        let left_out = few_reasons(self.left_out()).map(|why| format!("; {why}"));
        told.join("; ") + &rest + &left_out.unwrap_or_default()
    }

    /// What looks like what networks look at and cannot be used, with the reasons.
    pub fn left_out(&self) -> Vec<String> {
        left_out(&self.files)
    }

    /// The fields of a time on the grid of some weights.
    ///
    /// # Errors
    /// As [`gather`].
    pub fn load(&self, time: Timestamp, card: &FieldsCard) -> Result<Loaded, FieldError> {
        let gathered = gather(&self.files, &card.fields, time)?;
        Ok(Loaded {
            values: gathered.values,
            is_normalised: false,
            found: gathered.found,
            gauges: Vec::new(),
            world: None,
            masked: None,
            is_only_one: false,
            end: Some(time),
            left_out: self.left_out(),
            credit: self.credit.clone(),
        })
    }
}
