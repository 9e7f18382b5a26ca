//! Eulerian persistence: the last frame, where it is.

use super::{ForecastError, Forecaster, RecentRain};
use crate::field::Field;

/// The last frame, unchanged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Persistence;

impl Forecaster for Persistence {
    fn name(&self) -> &'static str {
        "persistence"
    }

    fn label(&self) -> &'static str {
        "Persistence"
    }

    fn meaning(&self) -> &'static str {
        "The last frame, unchanged."
    }

    fn n_frames(&self) -> usize {
        1
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
