//! How certain scores are: parts are drawn again (bootstrap, Efron 1979).

use serde::{Deserialize, Serialize};

use super::downscaling::Merge;
use crate::simulate::Random;

/// The middle 95 % of what drawing again gives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    /// `None` without values. Rounds in which a score is not defined have none.
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_unstable_by(f64::total_cmp);
        let last = values.len().checked_sub(1)?;
        let at = |share: f64| values[(share * last as f64).round() as usize];
        Some(Self { low: at(0.025), high: at(0.975) })
    }
}

/// For each round, which parts were drawn: as many as there are, with replacement. The same rounds serve all
/// forecasts, so that they can be compared round by round. No rounds for fewer than two parts.
pub fn rounds(n_parts: usize, n_rounds: usize, seed: u64) -> Vec<Vec<usize>> {
    if n_parts < 2 {
        return Vec::new();
    }
    let mut random = Random::new(seed);
    let mut round = || (0..n_parts).map(|_| random.integer(0, n_parts - 1)).collect();
    (0..n_rounds).map(|_| round()).collect()
}

/// All of these parts together; `None` where there is none.
pub fn together<'a, T: Merge + 'a>(mut parts: impl Iterator<Item = &'a T>) -> Option<T> {
    let mut all = parts.next()?.clone();
    parts.for_each(|part| all.merge(part));
    Some(all)
}
