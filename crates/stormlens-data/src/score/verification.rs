//! Counting forecasts against observations, by lead time.

use serde::{Deserialize, Serialize};

use super::downscaling::Merge as _;
use super::table::{ScoreRow, ScoreTable};
use super::tally::{Counts, Tally};
use super::{MODEL, Moments, PERSISTENCE};
use crate::card::NowcastField;
use crate::field::Field;

/// Counts and sums of several forecasts by lead time, sample by sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    field: NowcastField,
    forecasts: Vec<String>,
    lead_times_min: Vec<u32>,
    thresholds: Vec<f64>,
    /// By forecast, then lead time.
    sums: Vec<Sums>,
}

/// Everything counted for one forecast at one lead time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Sums {
    /// By threshold.
    counts: Vec<Counts>,
    moments: Moments,
}

impl Sums {
    fn new(n_thresholds: usize) -> Self {
        Self { counts: vec![Counts::default(); n_thresholds], moments: Moments::default() }
    }

    fn add(&mut self, thresholds: &[f64], forecast: &Field, observation: &Field) {
        for (counts, &threshold) in self.counts.iter_mut().zip(thresholds) {
            counts.add(threshold, forecast, observation);
        }
        self.moments.add_maps(forecast, observation);
    }

    fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(a, b)| a.merge(b));
        self.moments.merge(&other.moments);
    }
}
impl Verification {
    /// Nothing counted yet, of the forecasts of these names; thresholds in the field's unit.
    pub fn new(
        field: NowcastField,
        forecasts: &[&str],
        lead_times_min: &[u32],
        thresholds: &[f64],
    ) -> Self {
        let n = forecasts.len() * lead_times_min.len();
        Self {
            field,
            forecasts: forecasts.iter().map(|name| (*name).to_owned()).collect(),
            lead_times_min: lead_times_min.to_vec(),
            thresholds: thresholds.to_vec(),
            sums: vec![Sums::new(thresholds.len()); n],
        }
    }

    /// Counts one sample at the lead time of that place in the list: a map of each forecast, in their order; all
    /// maps in the field's unit.
    ///
    /// # Panics
    /// If the maps differ in size or are not as many as the forecasts, or there is no such lead time.
    pub fn add(&mut self, lead: usize, forecasts: &[&Field], observation: &Field) {
        let n_leads = self.lead_times_min.len();
        assert!(lead < n_leads, "one of {n_leads} lead times");
        assert_eq!(forecasts.len(), self.forecasts.len(), "a map of each forecast");
        for (i, forecast) in forecasts.iter().enumerate() {
            self.sums[i * n_leads + lead].add(&self.thresholds, forecast, observation);
        }
    }

    /// Adds what another accumulator of the same forecasts, lead times and thresholds has counted.
    ///
    /// # Panics
    /// If field, forecasts, lead times or thresholds differ.
    pub fn merge(&mut self, other: &Self) {
        let key = |v: &Self| {
            (v.field, v.forecasts.clone(), v.lead_times_min.clone(), v.thresholds.clone())
        };
        assert_eq!(key(self), key(other), "accumulators of one kind");
        self.sums.iter_mut().zip(&other.sums).for_each(|(a, b)| a.merge(b));
    }

    /// Each forecast at every lead time and threshold. Several lead times are also taken together, after the last
    /// of them.
    pub fn finish(&self) -> ScoreTable {
        let by_lead = self.sums.chunks(self.lead_times_min.len().max(1));
        let rows =
            self.forecasts.iter().zip(by_lead).flat_map(|(name, sums)| self.rows(name, sums));
        ScoreTable { field: self.field, rows: rows.collect() }
    }

    fn rows(&self, forecast: &str, by_lead: &[Sums]) -> Vec<ScoreRow> {
        let leads = self.lead_times_min.iter().map(|&lead| Some(lead));
        let mut all: Vec<(Option<u32>, Sums)> = leads.zip(by_lead.iter().cloned()).collect();
        if all.len() > 1 {
            let mut together = Sums::new(self.thresholds.len());
            by_lead.iter().for_each(|sums| together.merge(sums));
            all.push((None, together));
        }
        let row = |lead: Option<u32>, threshold: f64, counts: Counts, moments: Moments| {
            ScoreRow::new(self.field, forecast, lead, threshold, &Tally { counts, moments })
        };
        let at_lead = |(lead, Sums { counts, moments }): (Option<u32>, Sums)| {
            let at = self.thresholds.iter().zip(counts);
            at.map(move |(&threshold, counts)| row(lead, threshold, counts, moments))
        };
        all.into_iter().flat_map(at_lead).collect()
    }
}

/// Scores of one sample at one lead time, of a model and of persistence; maps and thresholds in the field's unit.
///
/// # Panics
/// If the maps differ in size.
pub fn verify(
    field: NowcastField,
    lead_time_min: u32,
    [model, persistence, observation]: [&Field; 3],
    thresholds: &[f64],
) -> ScoreTable {
    let forecasts = [MODEL, PERSISTENCE];
    let mut verification = Verification::new(field, &forecasts, &[lead_time_min], thresholds);
    verification.add(0, &[model, persistence], observation);
    verification.finish()
}
