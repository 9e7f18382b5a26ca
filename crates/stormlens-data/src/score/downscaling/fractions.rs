//! The Fractions Skill Score: whether as much of a neighbourhood is wet as was observed (Roberts and Lean, Mon.
//! Weather Rev. 136, 2008), by threshold and scale.

use serde::{Deserialize, Serialize};

use super::Merge;
use crate::score::list::ratio;

/// What becomes of nodes without data, and of what lies beyond the edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// They count nowhere: a fraction is of the nodes with data, and a neighbourhood whose middle has none is left out.
    #[default]
    LeftOut,
    /// They are dry, as in pysteps; for comparison only.
    Dry,
}

/// Sums for each threshold with each scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fractions {
    /// Events are at least that much, mm.
    pub thresholds_mm: Vec<f64>,
    /// Sides of neighbourhoods, nodes.
    pub scales: Vec<usize>,
    pub missing: Missing,
    /// By threshold, then scale.
    sums: Vec<FractionsSums>,
}

/// Sums over neighbourhoods of the products of fractions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FractionsSums {
    pub forecast_squared: f64,
    pub observation_squared: f64,
    pub product: f64,
}

impl Fractions {
    pub fn new(thresholds_mm: &[f64], scales: &[usize], missing: Missing) -> Self {
        let sums = vec![FractionsSums::default(); thresholds_mm.len() * scales.len()];
        Self { thresholds_mm: thresholds_mm.to_vec(), scales: scales.to_vec(), missing, sums }
    }

    /// Adds a field of mm.
    ///
    /// # Panics
    /// If both differ in size or have no whole rows.
    pub fn add(&mut self, width: usize, forecast: &[f32], observation: &[f32]) {
        assert_eq!(
            (forecast.len(), forecast.len() % width),
            (observation.len(), 0),
            "two equally large maps"
        );
        let has_data = |i: usize| !forecast[i].is_nan() && !observation[i].is_nan();
        let has_data: Vec<bool> = (0..forecast.len()).map(has_data).collect();
        let n_data = Table::of(width, has_data.iter().copied());
        for (place, &threshold) in self.thresholds_mm.iter().enumerate() {
            let events = |map: &[f32]| {
                let is_event = |i: usize| match self.missing {
                    Missing::LeftOut => has_data[i] && f64::from(map[i]) >= threshold,
                    Missing::Dry => f64::from(map[i]) >= threshold,
                };
                Table::of(width, (0..map.len()).map(is_event))
            };
            let (forecast, observation) = (events(forecast), events(observation));
            for (at, &scale) in self.scales.iter().enumerate() {
                let sums = &mut self.sums[place * self.scales.len() + at];
                for (i, has_data) in has_data.iter().enumerate() {
                    let n = match self.missing {
                        Missing::LeftOut if !has_data => continue,
                        Missing::LeftOut => f64::from(n_data.around(i, scale)),
                        Missing::Dry => (scale * scale) as f64,
                    };
                    let f = f64::from(forecast.around(i, scale)) / n;
                    let o = f64::from(observation.around(i, scale)) / n;
                    sums.forecast_squared += f * f;
                    sums.observation_squared += o * o;
                    sums.product += f * o;
                }
            }
        }
    }

    /// The score of a threshold and a scale by their places, 1 at best; `None` where nothing was wet at all.
    ///
    /// # Panics
    /// If there is no such place.
    pub fn score(&self, threshold: usize, scale: usize) -> Option<f64> {
        let sums = self.sums[threshold * self.scales.len() + scale];
        let worst = sums.forecast_squared + sums.observation_squared;
        ratio(2.0 * sums.product, worst)
    }
}

impl Merge for Fractions {
    /// # Panics
    /// If thresholds, scales or what becomes of missing values differ.
    fn merge(&mut self, other: &Self) {
        assert_eq!(
            (&self.thresholds_mm, &self.scales, self.missing),
            (&other.thresholds_mm, &other.scales, other.missing)
        );
        for (a, b) in self.sums.iter_mut().zip(&other.sums) {
            a.forecast_squared += b.forecast_squared;
            a.observation_squared += b.observation_squared;
            a.product += b.product;
        }
    }
}

/// Counts over all rectangles that begin in the corner, so that those of any rectangle are four of them.
struct Table {
    width: usize,
    height: usize,
    counts: Vec<u32>,
}

impl Table {
    fn of(width: usize, events: impl ExactSizeIterator<Item = bool>) -> Self {
        let events: Vec<bool> = events.collect();
        let height = events.len() / width;
        let mut counts = vec![0_u32; (height + 1) * (width + 1)];
        for (row, events) in events.chunks_exact(width).enumerate() {
            let mut along = 0;
            for (column, &is_event) in events.iter().enumerate() {
                along += u32::from(is_event);
                let above = counts[row * (width + 1) + column + 1];
                counts[(row + 1) * (width + 1) + column + 1] = above + along;
            }
        }
        Self { width, height, counts }
    }

    /// Events among the neighbours of a node: half a side before it and what is left behind it, inside the map.
    fn around(&self, i: usize, scale: usize) -> u32 {
        let (row, column) = (i / self.width, i % self.width);
        let range = |at: usize, length: usize| {
            (at.saturating_sub(scale / 2), (at + scale - scale / 2).min(length))
        };
        let ((top, bottom), (left, right)) = (range(row, self.height), range(column, self.width));
        let at = |row: usize, column: usize| self.counts[row * (self.width + 1) + column];
        at(bottom, right) + at(top, left) - at(top, right) - at(bottom, left)
    }
}
