//! How good a forecast is: accumulators over pixels and samples, and the table made of them.
//!
//! Every score is *micro-averaged*: counts and sums run over all pixels of all samples, and ratios
//! are taken once at the end. Pixels missing in either map count nowhere. A ratio without a
//! denominator is `None`, never zero.

use serde::Serialize;

use crate::field::Field;

pub mod classification;
mod contingency;
mod continuous;

pub use contingency::{Contingency, ContingencyScores, Counts};
pub use continuous::{Continuous, ContinuousScores};

/// Rain rates from which rain counts as an event, unless the visitor chooses others.
pub const DEFAULT_THRESHOLDS_MM_H: [f64; 5] = [0.5, 1.0, 2.0, 5.0, 10.0];

/// Which forecast a score belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scored {
    Model,
    /// The reference forecast: the last input frame, unchanged.
    Persistence,
}

/// One forecast at one threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ScoreRow {
    pub forecast: Scored,
    #[serde(flatten)]
    pub events: ContingencyScores,
    /// Independent of the threshold, so equal in all rows of a forecast.
    #[serde(flatten)]
    pub errors: ContinuousScores,
}

/// Scores of a model and of persistence against the same observations.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScoreTable {
    /// The model at every threshold, then persistence at every threshold.
    pub rows: Vec<ScoreRow>,
}

impl ScoreTable {
    /// The row of a forecast at a threshold, if the table has it.
    pub fn row(&self, forecast: Scored, threshold_mm_h: f64) -> Option<&ScoreRow> {
        self.rows
            .iter()
            .find(|row| row.forecast == forecast && row.events.threshold_mm_h == threshold_mm_h)
    }

    /// The table as CSV with a line of names; undefined scores are empty.
    pub fn to_csv(&self) -> String {
        let mut text = COLUMNS.join(",") + "\n";
        for row in &self.rows {
            text += &row.cells().join(",");
            text.push('\n');
        }
        text
    }
}

/// Names as in the JSON form.
const COLUMNS: [&str; 19] = [
    "forecast",
    "threshold_mm_h",
    "hits",
    "misses",
    "false_alarms",
    "correct_negatives",
    "precision",
    "recall",
    "accuracy",
    "f1",
    "csi",
    "far",
    "frequency_bias",
    "hss",
    "hss_paper",
    "n_pixels",
    "mse_mm2_per_5min2",
    "mae_mm_h",
    "bias_mm_h",
];

impl ScoreRow {
    fn cells(&self) -> [String; 19] {
        let ContingencyScores { counts, .. } = self.events;
        let (e, c) = (&self.events, &self.errors);
        let ratio = |score: Option<f64>| score.map(|s| s.to_string()).unwrap_or_default();
        let name = match self.forecast {
            Scored::Model => "model",
            Scored::Persistence => "persistence",
        };
        [
            name.to_owned(),
            e.threshold_mm_h.to_string(),
            counts.hits.to_string(),
            counts.misses.to_string(),
            counts.false_alarms.to_string(),
            counts.correct_negatives.to_string(),
            ratio(e.precision),
            ratio(e.recall),
            ratio(e.accuracy),
            ratio(e.f1),
            ratio(e.csi),
            ratio(e.far),
            ratio(e.frequency_bias),
            ratio(e.hss),
            ratio(e.hss_paper),
            c.n_pixels.to_string(),
            ratio(c.mse_mm2_per_5min2),
            ratio(c.mae_mm_h),
            ratio(c.bias_mm_h),
        ]
    }
}

/// Scores of a model and of persistence, sample by sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    model: Scores,
    persistence: Scores,
}

/// Everything counted for one forecast.
#[derive(Clone, Debug, PartialEq)]
struct Scores {
    events: Vec<Contingency>,
    errors: Continuous,
}

impl Scores {
    fn new(thresholds_mm_h: &[f64]) -> Self {
        let events = thresholds_mm_h.iter().map(|&t| Contingency::new(t)).collect();
        Self { events, errors: Continuous::new() }
    }

    fn add(&mut self, forecast: &Field, observation: &Field) {
        self.events.iter_mut().for_each(|table| table.add(forecast, observation));
        self.errors.add(forecast, observation);
    }

    fn merge(&mut self, other: &Self) {
        self.events.iter_mut().zip(&other.events).for_each(|(a, b)| a.merge(b));
        self.errors.merge(&other.errors);
    }

    fn rows(&self, forecast: Scored) -> impl Iterator<Item = ScoreRow> {
        let errors = self.errors.finish();
        self.events.iter().map(move |e| ScoreRow { forecast, events: e.finish(), errors })
    }
}

impl Verification {
    /// Nothing counted yet, at these thresholds in mm/h.
    pub fn new(thresholds_mm_h: &[f64]) -> Self {
        Self { model: Scores::new(thresholds_mm_h), persistence: Scores::new(thresholds_mm_h) }
    }

    /// Counts one sample; all maps in mm/h.
    ///
    /// # Panics
    /// If the maps differ in size.
    pub fn add(&mut self, model: &Field, persistence: &Field, observation: &Field) {
        self.model.add(model, observation);
        self.persistence.add(persistence, observation);
    }

    /// Adds what another accumulator of the same thresholds has counted.
    ///
    /// # Panics
    /// If the thresholds differ.
    pub fn merge(&mut self, other: &Self) {
        self.model.merge(&other.model);
        self.persistence.merge(&other.persistence);
    }

    pub fn finish(&self) -> ScoreTable {
        let persistence = self.persistence.rows(Scored::Persistence);
        ScoreTable { rows: self.model.rows(Scored::Model).chain(persistence).collect() }
    }
}

/// Scores of one sample; all maps in mm/h.
///
/// # Panics
/// If the maps differ in size.
pub fn verify(
    model: &Field,
    persistence: &Field,
    observation: &Field,
    thresholds_mm_h: &[f64],
) -> ScoreTable {
    let mut verification = Verification::new(thresholds_mm_h);
    verification.add(model, persistence, observation);
    verification.finish()
}

/// Pairs of pixels where neither map is missing.
fn pairs<'a>(forecast: &'a Field, observation: &'a Field) -> impl Iterator<Item = (f32, f32)> + 'a {
    let sizes = [forecast, observation].map(|f| (f.height, f.width));
    assert_eq!(sizes[0], sizes[1], "a forecast and its observation have one size");
    let both = forecast.values.iter().copied().zip(observation.values.iter().copied());
    both.filter(|(f, o)| !f.is_nan() && !o.is_nan())
}

#[cfg(test)]
mod tests;
