//! What was counted, as numbers with intervals.

mod at_lead;
mod statistics;

use serde::{Deserialize, Serialize};

use self::at_lead::AtLead;
use super::{EventVerification, Interval, N_ROUNDS, Settings};
use crate::score::resampling::rounds;

/// So that a report of the same sums is the same report.
const SEED: u64 = 2008;

/// Scores of several forecasts against the same observations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventReport {
    pub settings: Settings,
    pub n_samples: usize,
    /// Samples beside them that count nowhere: one of the forecasts had nothing to begin with.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub n_samples_without_input: usize,
    /// What intervals were drawn from.
    pub parts: Vec<PartSummary>,
    pub n_rounds: usize,
    pub cells: Vec<Cell>,
    pub spectra: Vec<SpectrumCurve>,
    pub intensity: Vec<IntensityCell>,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// One part and how many samples it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartSummary {
    pub name: String,
    pub n_samples: usize,
}

/// One score of one forecast at one lead time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    pub forecast: String,
    /// `None`: all lead times together.
    pub lead_time_min: Option<u32>,
    /// Name in [`SCORES`](crate::score::SCORES); `fss`, the Fractions Skill Score; or `structure`, `amount`, `location` of SAL.
    pub score: String,
    /// `None` of scores that depend on none.
    pub threshold: Option<f64>,
    /// Side of the neighbourhood of the Fractions Skill Score.
    pub scale_km: Option<f64>,
    /// `None` where it is undefined.
    pub value: Option<f64>,
    /// `None` where there are fewer than two parts.
    pub interval: Option<Interval>,
    /// Nearest to the best value among the forecasts.
    pub is_best: bool,
    /// Whether it is worse than the best one by an interval that excludes zero; `None` of the best itself, and where
    /// there is no interval.
    pub is_worse: Option<bool>,
}

/// Radial power spectra of forecast and observation, means over maps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpectrumCurve {
    pub forecast: String,
    pub lead_time_min: Option<u32>,
    /// Wavelength in km, power of the forecast, power of the observation; longest wave first.
    pub points: Vec<[f64; 3]>,
    /// Maps of which less than half is known, which no spectrum was taken of.
    pub n_left_out: u64,
}

/// Errors where a class of intensity was observed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntensityCell {
    pub forecast: String,
    pub lead_time_min: Option<u32>,
    /// Observed from here on; `None` below the first edge.
    pub from: Option<f64>,
    pub n_pixels: u64,
    pub bias: Option<f64>,
    pub mean_squared_error: Option<f64>,
}

impl EventVerification {
    /// Everything with intervals; some seconds for many parts.
    pub fn report(&self) -> EventReport {
        let settings = &self.settings;
        let drawn = rounds(self.parts.len(), N_ROUNDS, SEED);
        let part = |(name, part): (&String, &super::PartSums)| PartSummary {
            name: name.clone(),
            n_samples: part.n_samples,
        };
        let mut report = EventReport {
            settings: settings.clone(),
            n_samples: self.n_samples(),
            n_samples_without_input: self.n_left_out(),
            parts: self.parts.iter().map(part).collect(),
            n_rounds: drawn.len(),
            cells: Vec::new(),
            spectra: Vec::new(),
            intensity: Vec::new(),
        };
        let n_leads = settings.lead_times_min.len();
        let mut leads: Vec<Option<usize>> = (0..n_leads).map(Some).collect();
        leads.extend((n_leads > 1).then_some(None));
        for lead in leads {
            let at = AtLead::of(self, lead);
            report.cells.extend(at.cells(&drawn));
            report.spectra.extend(at.spectra());
            report.intensity.extend(at.intensity());
        }
        report
    }
}
