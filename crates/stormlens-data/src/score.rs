//! How good a forecast is: accumulators over pixels and samples, and the table made of them.
//!
//! What a score is stands in one place, [`SCORES`]: its name, meaning, unit, best value and the
//! function of counts or sums that it is. Files, pages and commands loop over that list.
//!
//! Every score is *micro-averaged*: counts and sums run over all pixels of all samples, and ratios
//! are taken once at the end. Pixels missing in either map count nowhere. A ratio without a
//! denominator is `None`, never zero.

use serde::{Deserialize, Serialize};

use crate::card::NowcastField;
use crate::field::Field;

pub mod classification;
pub mod downscaling;
pub(crate) mod list;
pub mod probability;
mod table;
mod tally;

pub use list::{Basis, SCORES, Score};
pub use table::{ScoreRow, ScoreTable};
pub use tally::{Counts, Errors, Tally};

/// Rain rates from which rain counts as an event, unless the visitor chooses others.
pub const DEFAULT_THRESHOLDS_MM_H: [f64; 5] = [0.5, 1.0, 2.0, 5.0, 10.0];

/// Values of a field, in physical units, from which a pixel counts as an event, unless the visitor
/// chooses others. Cloud cover is 0 or 1 and forecasts of it are cut at one half, as the reference
/// program does.
pub fn default_thresholds(field: NowcastField) -> &'static [f64] {
    match field {
        NowcastField::Precipitation => &DEFAULT_THRESHOLDS_MM_H,
        NowcastField::CloudCover => &[0.5],
    }
}

/// Which forecast a score belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scored {
    Model,
    /// The reference forecast: the last input frame, unchanged, at every lead time.
    Persistence,
}

impl Scored {
    pub fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Persistence => "persistence",
        }
    }
}

/// Counts and sums of a model and of persistence by lead time, sample by sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    field: NowcastField,
    lead_times_min: Vec<u32>,
    thresholds: Vec<f64>,
    /// By lead time.
    model: Vec<Sums>,
    persistence: Vec<Sums>,
}

/// Everything counted for one forecast at one lead time.
#[derive(Clone, Debug, PartialEq)]
struct Sums {
    /// By threshold.
    counts: Vec<Counts>,
    errors: Errors,
}

impl Sums {
    fn new(n_thresholds: usize) -> Self {
        Self { counts: vec![Counts::default(); n_thresholds], errors: Errors::default() }
    }

    fn add(&mut self, thresholds: &[f64], forecast: &Field, observation: &Field) {
        for (counts, &threshold) in self.counts.iter_mut().zip(thresholds) {
            counts.add(threshold, forecast, observation);
        }
        self.errors.add(forecast, observation);
    }

    fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(a, b)| a.merge(b));
        self.errors.merge(&other.errors);
    }
}

impl Verification {
    /// Nothing counted yet, at these lead times and thresholds; thresholds in the field's unit.
    pub fn new(field: NowcastField, lead_times_min: &[u32], thresholds: &[f64]) -> Self {
        let sums = vec![Sums::new(thresholds.len()); lead_times_min.len()];
        Self {
            field,
            lead_times_min: lead_times_min.to_vec(),
            thresholds: thresholds.to_vec(),
            model: sums.clone(),
            persistence: sums,
        }
    }

    /// Counts one sample at the lead time of that place in the list; all maps in the field's unit.
    ///
    /// # Panics
    /// If the maps differ in size, or there is no such lead time.
    pub fn add(&mut self, lead: usize, model: &Field, persistence: &Field, observation: &Field) {
        self.model[lead].add(&self.thresholds, model, observation);
        self.persistence[lead].add(&self.thresholds, persistence, observation);
    }

    /// Adds what another accumulator of the same lead times and thresholds has counted.
    ///
    /// # Panics
    /// If field, lead times or thresholds differ.
    pub fn merge(&mut self, other: &Self) {
        let key = |v: &Self| (v.field, v.lead_times_min.clone(), v.thresholds.clone());
        assert_eq!(key(self), key(other), "accumulators of one kind");
        self.model.iter_mut().zip(&other.model).for_each(|(a, b)| a.merge(b));
        self.persistence.iter_mut().zip(&other.persistence).for_each(|(a, b)| a.merge(b));
    }

    /// The model at every lead time and threshold, then persistence. Several lead times are also
    /// taken together, after the last of them.
    pub fn finish(&self) -> ScoreTable {
        let model = self.rows(Scored::Model, &self.model);
        let rows = model.chain(self.rows(Scored::Persistence, &self.persistence)).collect();
        ScoreTable { field: self.field, rows }
    }

    fn rows(&self, forecast: Scored, by_lead: &[Sums]) -> impl Iterator<Item = ScoreRow> {
        let leads = self.lead_times_min.iter().map(|&lead| Some(lead));
        let mut all: Vec<(Option<u32>, Sums)> = leads.zip(by_lead.iter().cloned()).collect();
        if all.len() > 1 {
            let mut together = Sums::new(self.thresholds.len());
            by_lead.iter().for_each(|sums| together.merge(sums));
            all.push((None, together));
        }
        all.into_iter().flat_map(move |(lead_time_min, Sums { counts, errors })| {
            let at = self.thresholds.iter().zip(counts);
            at.map(move |(&threshold, counts)| {
                ScoreRow::new(
                    self.field,
                    forecast,
                    lead_time_min,
                    threshold,
                    &Tally { counts, errors },
                )
            })
        })
    }
}

/// Scores of one sample at one lead time; maps and thresholds in the field's unit.
///
/// # Panics
/// If the maps differ in size.
pub fn verify(
    field: NowcastField,
    lead_time_min: u32,
    [model, persistence, observation]: [&Field; 3],
    thresholds: &[f64],
) -> ScoreTable {
    let mut verification = Verification::new(field, &[lead_time_min], thresholds);
    verification.add(0, model, persistence, observation);
    verification.finish()
}

#[cfg(test)]
mod tests;
