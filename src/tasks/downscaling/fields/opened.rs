//! A file of fields that somebody brought, with the sums that it makes.

use std::collections::BTreeSet;

use jiff::Timestamp;
use stormlens_data::field::{Content, FieldError, FieldFile};
use stormlens_data::hash;
use stormlens_plot::words::number;

use super::name::Name;
use super::{Entry, HOURS};
use crate::tasks::downscaling::rain::{
    Credit, Offer, Offers, Rain, StatedInterval, check_stated, offers_of_file, read, with_others,
};
use crate::tasks::downscaling::terrain::Terrain;
use crate::web::upload::first_digits;

/// Sums whose values are looked at when a file comes; the others are when they are asked about.
const N_CHECKED: usize = 8;

/// The fields with their sums.
pub struct OpenFile {
    pub name: String,
    pub sha256: String,
    /// In addresses.
    pub key: String,
    file: FieldFile,
    offers: Offers,
    /// Hours that each field is the sum of, where somebody says so.
    pub stated: Option<i64>,
}

impl OpenFile {
    /// # Errors
    /// For what is no such file, and where it makes no sum.
    pub fn new(
        name: &str,
        sha256: String,
        bytes: Vec<u8>,
        stated: Option<i64>,
    ) -> Result<Self, FieldError> {
        Self::of_variable(name, sha256, bytes, (stated, None))
    }

    /// The same of a variable, where somebody names one.
    ///
    /// # Errors
    /// As [`Self::new`], and for a name that the file does not have.
    pub fn of_variable(
        name: &str,
        sha256: String,
        bytes: Vec<u8>,
        (stated, variable): (Option<i64>, Option<&str>),
    ) -> Result<Self, FieldError> {
        let file = FieldFile::from_bytes(name, bytes)?;
        let offers = offers_of_file(name, &file, (HOURS, stated), variable)?;
        if let Some(hours) = stated {
            check_stated(&file, &offers.sums, hours)?;
        }
        let named =
            variable.map(|variable| hash::sha256(format!("{sha256} {variable}").as_bytes()));
        let key = first_digits(named.as_deref().unwrap_or(&sha256));
        Ok(Self { name: name.to_owned(), sha256, key, file, offers, stated })
    }

    /// Reads the first sums, so that a file whose numbers cannot be rain, or of which none can be decoded, is not kept.
    ///
    /// # Errors
    /// [`FieldError::Impossible`], [`FieldError::Quantity`] for undeclared missing values, and why the first of all sums cannot
    /// be decoded; what else is wrong with a sum is said where it is looked at.
    pub fn check(&self) -> Result<(), FieldError> {
        let mut undecoded = Vec::new();
        for offer in self.offers.sums.iter().take(N_CHECKED) {
            match read(&self.file, offer, self.stated) {
                Err(error @ (FieldError::Impossible { .. } | FieldError::Quantity { .. })) => {
                    return Err(error);
                }
                Err(
                    error @ (FieldError::Damaged { .. }
                    | FieldError::Unsupported { .. }
                    | FieldError::TooLarge { .. }
                    | FieldError::Fault { .. }),
                ) => undecoded.push(error),
                _ => {}
            }
        }
        let are_all = undecoded.len() == self.offers.sums.len();
        undecoded.into_iter().next().filter(|_| are_all).map_or(Ok(()), Err)
    }

    /// As it was kept.
    pub fn with_key(self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self }
    }

    /// All sums, with the heights that came with the file.
    pub fn entries(&self, heights: Option<&Terrain>) -> Vec<Entry> {
        (0..self.offers.sums.len()).filter_map(|place| self.entry(place, heights)).collect()
    }

    /// The sum at that place.
    pub fn entry(&self, place: usize, heights: Option<&Terrain>) -> Option<Entry> {
        let offer = self.offers.sums.get(place)?;
        let heights_key = heights.map(|own| own.key.clone());
        Some(Entry {
            id: Name::new(&self.key, self.stated, heights_key).sum(place),
            title: self.name.clone(),
            end: offer.end,
            hours: offer.hours,
            variable: offer.variable.clone(),
            what: offer.what.clone(),
            domain: None,
            source: self.name.clone(),
            stated: self.stated.map(StatedInterval::sum),
            heights: heights.map(|own| own.name.clone()),
            left_out: self.offers.not_used.in_words(),
            is_sample: false,
        })
    }

    /// Why there is no sum until a time; `None` where the file has nothing of that time.
    pub fn why_no_sum(&self, end: Timestamp) -> Option<String> {
        self.offers.not_used.why(end)
    }

    /// Where the fields lie, `[south, north, west, east]`, as far as the file says.
    pub fn bounds(&self) -> impl Iterator<Item = [f64; 4]> {
        let first = |offer: &Offer| self.file.contents()[*offer.places.first()?].grid.bounds;
        self.offers.sums.iter().filter_map(first)
    }

    /// The values of the sum at that place; `None` where there is none.
    ///
    /// # Errors
    /// Where the fields cannot be decoded.
    pub fn rain(&self, place: usize, heights: Option<Terrain>) -> Option<Result<Rain, FieldError>> {
        let offer = self.offers.sums.get(place)?;
        let made = read(&self.file, offer, self.stated);
        let others = (offer, &self.offers.sums[..]);
        let made = made.map_err(|error| with_others(&self.file, others, self.stated, error));
        Some(made.map(|made| {
            let credit = Credit {
                source: self.name.clone(),
                licence: "not stated in the file".to_owned(),
                files: vec![self.name.clone()],
                sha256: self.sha256.clone(),
            };
            // A file may have several fields of rain.
            let overlap = self.overlap(offer).unwrap_or_default();
            let rule = format!("{}: {}{overlap}", offer.what, made.rule);
            let rain = Rain::new(made.field, rule, made.clipped_mm, credit);
            Rain {
                is_observed: false,
                stated: self.stated.map(StatedInterval::sum),
                heights,
                left_out: self.offers.not_used.in_words(),
                ..rain
            }
        }))
    }

    /// That sums of stated hours overlap: they may, and the hours may be wrong.
    fn overlap(&self, offer: &Offer) -> Option<String> {
        let hours = self.stated?;
        let is_it = |content: &&Content| content.variable == offer.variable;
        let own = self.file.contents().iter().filter(is_it);
        let ends: BTreeSet<Timestamp> = own.filter_map(|one| Some(one.interval?.end)).collect();
        let steps = ends.iter().zip(ends.iter().skip(1));
        let step_s = steps.map(|(one, next)| next.duration_since(*one).as_secs()).min()?;
        (step_s < hours * 3600).then(|| {
            let step_h = number(step_s as f64 / 3600.0);
            format!("; the fields are {step_h} h apart, so sums of {hours} h, as stated, overlap")
        })
    }
}
