//! The distribution of rain, by counts.

use serde::{Deserialize, Serialize};

use super::Merge;

/// Shares below which quantiles are told.
pub const QUANTILES: [f64; 8] = [0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999];

/// Shares of a Q–Q diagram, in ten-thousandths: every hundredth, then ever finer towards the largest amounts.
const CURVE: [(u32, u32, usize); 3] = [(100, 9900, 100), (9910, 9990, 10), (9991, 9999, 1)];

/// Bins a factor of ten; a bin is 1.2 % wide.
const PER_DECADE: i32 = 200;
/// Everything below 10⁻³ mm is one bin.
const FIRST_DECADE: i32 = -3;
const LAST_DECADE: i32 = 4;
const N_BINS: usize = 1 + ((LAST_DECADE - FIRST_DECADE) * PER_DECADE) as usize;

/// Counts of nodes by their rain, in bins of equal ratio, so that any number of fields takes 11 kB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RainHistogram {
    counts: Vec<u64>,
}

impl Default for RainHistogram {
    fn default() -> Self {
        Self { counts: vec![0; N_BINS] }
    }
}

impl RainHistogram {
    /// Counts a node, unless it is missing; negative rain counts as none.
    pub fn add(&mut self, mm: f64) {
        if !mm.is_nan() {
            self.counts[bin(mm)] += 1;
        }
    }

    pub fn n(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Rain that a share of the nodes stays below, to 1.2 %; 0 where it is less than 0.001 mm. `None` without nodes.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let wanted = share * self.n() as f64;
        let mut below = 0.0;
        for (bin, &count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let count = count as f64;
            if below + count >= wanted {
                let inside = ((wanted - below) / count).clamp(0.0, 1.0);
                return Some(if bin == 0 { 0.0 } else { edge(bin as f64 + inside) });
            }
            below += count;
        }
        None
    }

    /// Quantiles of an observation and of a forecast at [`QUANTILES`]: `[share, observed, forecast]`.
    pub fn quantile_pairs(observation: &Self, forecast: &Self) -> Vec<[f64; 3]> {
        let pair =
            |share: f64| Some([share, observation.quantile(share)?, forecast.quantile(share)?]);
        QUANTILES.into_iter().filter_map(pair).collect()
    }

    /// Quantiles of an observation and of a forecast from 1 % to 99.99 %, as `[share, observed, forecast]`. Of shares of which
    /// neither moves the last one is kept: it says as much as all.
    pub fn quantile_curve(observation: &Self, forecast: &Self) -> Vec<[f64; 3]> {
        let shares = CURVE.into_iter().flat_map(|(from, to, step)| (from..=to).step_by(step));
        let pair = |share: u32| {
            let share = f64::from(share) / 1e4;
            Some([share, observation.quantile(share)?, forecast.quantile(share)?])
        };
        let all: Vec<[f64; 3]> = shares.filter_map(pair).collect();
        let moves = |i: &usize| all.get(i + 1).is_none_or(|next| next[1..] != all[*i][1..]);
        (0..all.len()).filter(moves).map(|i| all[i]).collect()
    }

    /// Share of the nodes with at least so much rain, at every edge of a bin that is not empty above it: the curve
    /// of exceedance, `[mm, share]`.
    pub fn exceedance(&self) -> Vec<[f64; 2]> {
        let n = self.n() as f64;
        let mut above = self.n();
        let mut curve = Vec::new();
        for (bin, &count) in self.counts.iter().enumerate() {
            if bin > 0 && count > 0 {
                curve.push([edge(bin as f64), above as f64 / n]);
            }
            above -= count;
        }
        curve
    }
}

impl Merge for RainHistogram {
    fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(a, b)| *a += b);
    }
}

fn bin(mm: f64) -> usize {
    let place = (mm.log10() - f64::from(FIRST_DECADE)) * f64::from(PER_DECADE);
    // `as` gives 0 for what is below, and for the logarithm of nothing.
    if place < 0.0 || place.is_nan() { 0 } else { 1 + (place as usize).min(N_BINS - 2) }
}

/// Rain at the lower edge of a bin.
fn edge(bin: f64) -> f64 {
    10_f64.powf(f64::from(FIRST_DECADE) + (bin - 1.0) / f64::from(PER_DECADE))
}

/// Quantiles of several forecasts against those of one observation, to be stored and drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuantileCurves {
    /// Of what, e.g. `rain in 3 h`.
    pub what: String,
    pub unit: String,
    /// What is counted, e.g. `2,973,696 nodes of 726 tiles`.
    pub details: String,
    /// The first is the one that matters most.
    pub curves: Vec<QuantileCurve>,
}

/// Quantiles of one forecast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuantileCurve {
    pub forecast: String,
    /// Share, amount observed, amount forecast, by rising share.
    pub points: Vec<[f64; 3]>,
}

impl QuantileCurve {
    /// Observed and forecast at a share, where the curve has it.
    pub fn at(&self, share: f64) -> Option<(f64, f64)> {
        // Shares are decimals that were written and read.
        let is_it = |point: &&[f64; 3]| (point[0] - share).abs() < 1e-9;
        self.points.iter().find(is_it).map(|&[_, observed, forecast]| (observed, forecast))
    }
}
