//! Scores of yes-or-no events: did it rain harder than a threshold?

use serde::Serialize;

use super::pairs;
use crate::field::Field;

/// Contingency table of the event *rain above a threshold*, strictly above, as the reference
/// programs of SmaAt-UNet and SAR-UNet count it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contingency {
    threshold_mm_h: f64,
    counts: Counts,
}

/// Numbers of pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
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

/// Scores made of a contingency table of hits H, misses M, false alarms F and correct negatives C.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ContingencyScores {
    pub threshold_mm_h: f64,
    #[serde(flatten)]
    pub counts: Counts,
    /// H / (H + F).
    pub precision: Option<f64>,
    /// Probability of detection, POD: H / (H + M).
    pub recall: Option<f64>,
    /// (H + C) / all.
    pub accuracy: Option<f64>,
    /// Harmonic mean of precision and recall.
    pub f1: Option<f64>,
    /// Critical success index: H / (H + M + F).
    pub csi: Option<f64>,
    /// False alarm ratio: F / (H + F).
    pub far: Option<f64>,
    /// Events forecast per event observed: (H + F) / (H + M).
    pub frequency_bias: Option<f64>,
    /// Heidke skill score: 2 (H C − M F) / ((H + M)(M + C) + (H + F)(F + C)).
    pub hss: Option<f64>,
    /// The Heidke skill score as the papers' program computes it, without the factor 2.
    pub hss_paper: Option<f64>,
}

impl Contingency {
    pub fn new(threshold_mm_h: f64) -> Self {
        Self { threshold_mm_h, counts: Counts::default() }
    }

    /// Counts the pixels of one sample; maps in mm/h.
    ///
    /// # Panics
    /// If the maps differ in size.
    pub fn add(&mut self, forecast: &Field, observation: &Field) {
        let counts = &mut self.counts;
        for (f, o) in pairs(forecast, observation) {
            let is_forecast = f64::from(f) > self.threshold_mm_h;
            let is_observed = f64::from(o) > self.threshold_mm_h;
            *match (is_forecast, is_observed) {
                (true, true) => &mut counts.hits,
                (false, true) => &mut counts.misses,
                (true, false) => &mut counts.false_alarms,
                (false, false) => &mut counts.correct_negatives,
            } += 1;
        }
    }

    /// Adds what another table of the same threshold has counted.
    ///
    /// # Panics
    /// If the thresholds differ.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(self.threshold_mm_h, other.threshold_mm_h, "tables of one threshold");
        self.counts.hits += other.counts.hits;
        self.counts.misses += other.counts.misses;
        self.counts.false_alarms += other.counts.false_alarms;
        self.counts.correct_negatives += other.counts.correct_negatives;
    }

    pub fn finish(&self) -> ContingencyScores {
        self.counts.scores(self.threshold_mm_h)
    }
}

impl Counts {
    /// The scores of a finished table.
    pub fn scores(self, threshold_mm_h: f64) -> ContingencyScores {
        // Products of pixel counts exceed 64 bits for large test sets, not float64's range.
        let [h, m, f, c] = [self.hits, self.misses, self.false_alarms, self.correct_negatives]
            .map(|count| count as f64);
        let chance = (h + m) * (m + c) + (h + f) * (f + c);
        let hss_paper = ratio(h * c - m * f, chance);
        let (precision, recall) = (ratio(h, h + f), ratio(h, h + m));
        ContingencyScores {
            threshold_mm_h,
            counts: self,
            precision,
            recall,
            accuracy: ratio(h + c, h + m + f + c),
            f1: precision.zip(recall).and_then(|(p, r)| ratio(2.0 * p * r, p + r)),
            csi: ratio(h, h + m + f),
            far: ratio(f, h + f),
            frequency_bias: ratio(h + f, h + m),
            hss: hss_paper.map(|half| 2.0 * half),
            hss_paper,
        }
    }
}

/// `None` without a denominator.
pub(super) fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator != 0.0).then(|| numerator / denominator)
}
