//! Scores of single samples, by which the best and the worst are found.

use serde::{Deserialize, Serialize};

use crate::field::Field;
use crate::score::{Counts, Moments, Score, Tally};

/// What each forecast of one sample has counted, all lead times together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseScores {
    pub id: String,
    pub part: String,
    /// By forecast.
    forecasts: Vec<CaseSums>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct CaseSums {
    /// By threshold.
    counts: Vec<Counts>,
    moments: Moments,
}

impl CaseScores {
    pub fn new(id: &str, part: &str, n_forecasts: usize, n_thresholds: usize) -> Self {
        let counts = vec![Counts::default(); n_thresholds];
        let nothing = CaseSums { counts, moments: Moments::default() };
        Self { id: id.to_owned(), part: part.to_owned(), forecasts: vec![nothing; n_forecasts] }
    }

    /// Counts the maps of one lead time of the forecast of that place.
    pub fn add(&mut self, forecast: usize, thresholds: &[f64], map: &Field, observation: &Field) {
        let sums = &mut self.forecasts[forecast];
        for (counts, &threshold) in sums.counts.iter_mut().zip(thresholds) {
            counts.add(threshold, map, observation);
        }
        sums.moments.add_maps(map, observation);
    }

    /// A score of a forecast at the threshold of that place; `None` where it is undefined.
    pub fn score(&self, score: &Score, forecast: usize, threshold: usize) -> Option<f64> {
        let sums = &self.forecasts[forecast];
        let counts = *sums.counts.get(threshold)?;
        score.of(&Tally { counts, moments: sums.moments })
    }

    #[cfg(test)]
    pub(super) fn forecasts_n(&self, forecast: usize) -> u64 {
        self.forecasts[forecast].moments.n
    }

    /// Share of the known pixels with at least 0.1 in the field's unit observed.
    pub fn wet_share(&self) -> Option<f64> {
        let Moments { n, n_wet_observation, .. } = self.forecasts.first()?.moments;
        (n > 0).then(|| n_wet_observation as f64 / n as f64)
    }
}
