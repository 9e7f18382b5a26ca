//! Scores of yes and no.

use serde::{Deserialize, Serialize};

use super::Tie;
use crate::score::list::ratio;

/// A contingency table in sums of weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Contingency {
    /// Forecast and observed.
    pub hits: f64,
    /// Observed, not forecast.
    pub misses: f64,
    /// Forecast, not observed.
    pub false_alarms: f64,
    /// Neither.
    pub correct_negatives: f64,
}

impl Contingency {
    /// The event is forecast where its probability is at least the threshold.
    pub fn at(ties: &[Tie], threshold: f64) -> Self {
        let mut table = Self::default();
        for tie in ties {
            match tie.probability >= threshold {
                true => {
                    table.hits += tie.occurred;
                    table.false_alarms += tie.quiet;
                }
                false => {
                    table.misses += tie.occurred;
                    table.correct_negatives += tie.quiet;
                }
            }
        }
        table
    }

    pub fn n(&self) -> f64 {
        self.hits + self.misses + self.false_alarms + self.correct_negatives
    }

    fn observed(&self) -> f64 {
        self.hits + self.misses
    }

    fn forecast(&self) -> f64 {
        self.hits + self.false_alarms
    }

    /// Probability of detection, H / (H + M).
    pub fn pod(&self) -> Option<f64> {
        ratio(self.hits, self.observed())
    }

    /// False alarm ratio, F / (H + F).
    pub fn far(&self) -> Option<f64> {
        ratio(self.false_alarms, self.forecast())
    }

    /// Critical success index, H / (H + M + F).
    pub fn csi(&self) -> Option<f64> {
        ratio(self.hits, self.hits + self.misses + self.false_alarms)
    }

    /// Forecast per observed events, (H + F) / (H + M).
    pub fn frequency_bias(&self) -> Option<f64> {
        ratio(self.forecast(), self.observed())
    }

    /// (H + C) / all.
    pub fn accuracy(&self) -> Option<f64> {
        ratio(self.hits + self.correct_negatives, self.n())
    }

    /// 2 H / (2 H + M + F).
    pub fn f1(&self) -> Option<f64> {
        ratio(2.0 * self.hits, 2.0 * self.hits + self.misses + self.false_alarms)
    }

    /// Heidke skill score, 2 (H C − M F) / ((H + M)(M + C) + (H + F)(F + C)).
    pub fn hss(&self) -> Option<f64> {
        let Self { hits: h, misses: m, false_alarms: f, correct_negatives: c } = *self;
        ratio(2.0 * (h * c - m * f), (h + m) * (m + c) + (h + f) * (f + c))
    }

    /// Equitable threat score (Gilbert skill score): CSI without the hits of chance, (H − R) / (H + M + F − R) with
    /// R = (H + M)(H + F) / all.
    pub fn ets(&self) -> Option<f64> {
        let by_chance = ratio(self.observed() * self.forecast(), self.n())?;
        let Self { hits, misses, false_alarms, .. } = *self;
        ratio(hits - by_chance, hits + misses + false_alarms - by_chance)
    }
}
