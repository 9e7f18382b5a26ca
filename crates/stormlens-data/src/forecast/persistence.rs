//! Eulerian persistence: the last frame, where it is.

use super::{Card, ForecastError, Forecaster, RecentRain};
use crate::field::Field;

/// The last frame, unchanged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Persistence;

impl Forecaster for Persistence {
    fn card(&self) -> &'static Card {
        &Card {
            name: "persistence",
            label: "Persistence",
            meaning: "The last frame, unchanged.",
            n_frames: 1,
            citations: &[],
        }
    }

    fn forecast(
        &self,
        recent: &RecentRain<'_>,
        lead_times_min: &[u32],
    ) -> Result<Vec<Field>, ForecastError> {
        let steps = recent.steps(lead_times_min)?;
        let last = &recent.last(self.n_frames(), self.name())?[0];
        Ok(vec![last.clone(); steps.len()])
    }
}
