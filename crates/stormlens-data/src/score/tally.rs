//! What is counted and summed, over pixels.

use serde::{Deserialize, Serialize};

use super::moments::Moments;
use crate::field::Field;

/// Everything that a score can be made of, at one threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    pub counts: Counts,
    /// In the field's unit.
    pub moments: Moments,
}

/// Contingency table of the event *above a threshold*, strictly above, as the reference programs of
/// SmaAt-UNet and SAR-UNet count it: numbers of pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Forecast and observed.
    pub hits: u64,
    /// Observed, not forecast.
    pub misses: u64,
    /// Forecast, not observed.
    pub false_alarms: u64,
    /// Neither.
    pub correct_negatives: u64,
}

impl Counts {
    /// Counts the pixels of one sample; maps and threshold in one unit.
    ///
    /// # Panics
    /// If the maps differ in size.
    pub fn add(&mut self, threshold: f64, forecast: &Field, observation: &Field) {
        for (f, o) in pairs(forecast, observation) {
            *match (f64::from(f) > threshold, f64::from(o) > threshold) {
                (true, true) => &mut self.hits,
                (false, true) => &mut self.misses,
                (true, false) => &mut self.false_alarms,
                (false, false) => &mut self.correct_negatives,
            } += 1;
        }
    }

    /// Adds what another table of the same threshold has counted.
    pub fn merge(&mut self, other: &Self) {
        self.hits += other.hits;
        self.misses += other.misses;
        self.false_alarms += other.false_alarms;
        self.correct_negatives += other.correct_negatives;
    }

    pub fn n_pixels(&self) -> u64 {
        self.hits + self.misses + self.false_alarms + self.correct_negatives
    }
}

/// Pairs of pixels where neither map is missing.
pub(super) fn pairs<'a>(
    forecast: &'a Field,
    observation: &'a Field,
) -> impl Iterator<Item = (f32, f32)> + 'a {
    let sizes = [forecast, observation].map(|f| (f.height, f.width));
    assert_eq!(sizes[0], sizes[1], "a forecast and its observation have one size");
    let both = forecast.values.iter().copied().zip(observation.values.iter().copied());
    both.filter(|(f, o)| !f.is_nan() && !o.is_nan())
}
