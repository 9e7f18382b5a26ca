//! Forecasts of rain verified over many samples, beside each other, with intervals.
//!
//! Samples come one after another and are kept as sums and counts, so that memory does not grow with their number but
//! for a row of scores a sample. Sums are kept by *part*: an event, or a block of its time. Parts are drawn again for
//! intervals, never pixels and never samples, which overlap and are no independent trials. Pixels that are missing in
//! the observation count nowhere, and where any forecast knows nothing none is scored, so that all forecasts are
//! compared on the same pixels.

mod cases;
mod pixels;
#[cfg(test)]
mod references;
mod report;
mod structure;
mod sums;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use super::resampling::Interval;
pub use cases::CaseScores;
pub use pixels::PixelSums;
pub use report::{Cell, EventReport, IntensityCell, PartSummary, SpectrumCurve};
pub use structure::{MAX_DOMAIN_KM, Structure, StructureSums, structure};
pub use sums::ForecastSums;

use crate::card::NowcastField;
use crate::field::Field;

/// How often all parts are drawn again.
pub const N_ROUNDS: usize = 1000;
/// Sides of neighbourhoods of the Fractions Skill Score, pixels.
pub const SCALES_PX: [usize; 6] = [1, 5, 9, 17, 33, 65];
/// Observed rain rates, mm/h, from which errors are told apart; the first class is below the first edge.
pub const INTENSITY_EDGES_MM_H: [f64; 5] = [0.1, 1.0, 2.0, 5.0, 10.0];

/// What is verified, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub field: NowcastField,
    /// Names of the forecasts, each once.
    pub forecasts: Vec<String>,
    pub lead_times_min: Vec<u32>,
    /// In the field's unit.
    pub thresholds: Vec<f64>,
    pub scales_px: Vec<usize>,
    /// Height and width of all maps.
    pub size: [usize; 2],
    /// Side of a pixel.
    pub spacing_km: f64,
}

/// One sample at one lead time: a map of each forecast and what was observed, in the field's unit.
pub struct Pair<'a> {
    pub forecasts: &'a [Field],
    pub observation: &'a Field,
}

/// All that was counted so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventVerification {
    pub settings: Settings,
    parts: BTreeMap<String, PartSums>,
    pixels: Vec<PixelSums>,
    cases: Vec<CaseScores>,
    /// Ids of samples that count nowhere, since a forecast had nothing to begin with.
    #[serde(default)]
    left_out: Vec<String>,
}

/// What one part has counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct PartSums {
    n_samples: usize,
    /// By forecast, then lead time.
    sums: Vec<ForecastSums>,
}

impl EventVerification {
    /// Nothing counted yet.
    pub fn new(settings: Settings) -> Self {
        let [height, width] = settings.size;
        let pixels = vec![PixelSums::new(height * width); settings.forecasts.len()];
        let (parts, cases, left_out) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { settings, parts, pixels, cases, left_out }
    }

    /// Counts a sample: its id, the part that it belongs to, and a pair for each lead time (`None` where nothing was
    /// observed).
    ///
    /// # Panics
    /// If lead times, forecasts or sizes differ from the settings.
    pub fn add(&mut self, id: &str, part: &str, pairs: &[Option<Pair<'_>>]) {
        let Settings { forecasts, lead_times_min, thresholds, .. } = &self.settings;
        let (n_forecasts, n_leads) = (forecasts.len(), lead_times_min.len());
        assert_eq!(pairs.len(), n_leads, "a pair for each lead time");
        let nothing = || PartSums {
            n_samples: 0,
            sums: vec![ForecastSums::new(&self.settings); n_forecasts * n_leads],
        };
        let counted = self.parts.entry(part.to_owned()).or_insert_with(nothing);
        counted.n_samples += 1;
        let mut case = CaseScores::new(id, part, n_forecasts, thresholds.len());
        for (lead, pair) in pairs.iter().enumerate() {
            let Some(Pair { forecasts, observation }) = pair else { continue };
            assert_eq!(forecasts.len(), n_forecasts, "a map of each forecast");
            let known = known_everywhere(forecasts, observation);
            for (place, forecast) in forecasts.iter().enumerate() {
                let sums = &mut counted.sums[place * n_leads + lead];
                sums.add(&self.settings, forecast, &known);
                self.pixels[place].add(forecast, &known);
                case.add(place, thresholds, forecast, &known);
            }
        }
        self.cases.push(case);
    }

    /// Takes a sample as done that gives one of the forecasts nothing to begin with. It counts for none of them, so that all
    /// are compared on the same samples.
    pub fn leave_out(&mut self, id: &str) {
        self.left_out.push(id.to_owned());
    }

    /// Whether a sample was counted or left out.
    pub fn has(&self, id: &str) -> bool {
        self.cases.iter().any(|case| case.id == id) || self.left_out.iter().any(|own| own == id)
    }

    pub fn n_samples(&self) -> usize {
        self.cases.len()
    }

    pub fn n_left_out(&self) -> usize {
        self.left_out.len()
    }

    /// Scores of single samples, all lead times together, in the order in which they were counted.
    pub fn cases(&self) -> &[CaseScores] {
        &self.cases
    }

    /// Errors of a forecast pixel by pixel, all lead times together.
    pub fn pixels(&self, forecast: usize) -> &PixelSums {
        &self.pixels[forecast]
    }
}

/// The observation, missing where a forecast is.
///
/// # Panics
/// If the maps differ in size.
pub fn known_everywhere(forecasts: &[Field], observation: &Field) -> Field {
    let mut known = observation.clone();
    for forecast in forecasts {
        assert_eq!(
            (forecast.height, forecast.width),
            (known.height, known.width),
            "a forecast and its observation have one size"
        );
        for (value, forecast) in known.values.iter_mut().zip(&forecast.values) {
            if forecast.is_nan() {
                *value = f32::NAN;
            }
        }
    }
    known
}
