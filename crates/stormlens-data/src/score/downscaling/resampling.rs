//! How certain a score is: tiles or times are drawn again, never nodes, which are no independent trials.

use serde::{Deserialize, Serialize};

use super::Merge;
use crate::score::resampling::{Interval, rounds, together};

/// A number with the middle 95 % of what resampling gives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
    /// Tiles or times that were drawn from.
    pub n_parts: usize,
}

impl Estimate {
    /// Whether the interval lies on one side of zero.
    pub fn excludes_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// The statistic of all parts together, and its bootstrap interval (Efron 1979, percentiles): in each round as many
/// parts as there are, drawn with replacement, are merged. A part is what one tile or one period of time has
/// counted; for a difference between two forecasts, a part holds both. Rounds in which the statistic is not
/// defined are left out. `None` for fewer than two parts, or where the statistic of all is not defined.
pub fn resampled_interval<T: Merge>(
    parts: &[T],
    n_rounds: usize,
    seed: u64,
    statistic: impl Fn(&T) -> Option<f64>,
) -> Option<Estimate> {
    let value = statistic(&together(parts.iter())?).filter(|_| parts.len() > 1)?;
    let of_round = |round: Vec<usize>| statistic(&together(round.iter().map(|&i| &parts[i]))?);
    let drawn = rounds(parts.len(), n_rounds, seed).into_iter().filter_map(of_round);
    let Interval { low, high } = Interval::of(drawn.collect())?;
    Some(Estimate { value, low, high, n_parts: parts.len() })
}

impl<T: Merge> Merge for (T, T) {
    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
        self.1.merge(&other.1);
    }
}
