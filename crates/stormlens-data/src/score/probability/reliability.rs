//! The CORP reliability diagram: consistent, optimally binned, reproducible, by pool-adjacent-violators.
//!
//! Dimitriadis, Gneiting and Jordan 2021, doi:10.1073/pnas.2016191118. The curve is the isotonic regression of
//! outcomes on probabilities, so there is no choice of bins. The Brier score falls into MCB − DSC + UNC exactly:
//! what recalibration would win, what the recalibrated forecast is better than the base rate, and the score of the base
//! rate.

use serde::{Deserialize, Serialize};

use super::band::Band;
use super::brier::{brier, uncertainty};
use super::isotonic::{Block, pool};
use super::{Cases, Settings, Tie};

/// Bins of the histogram of probabilities, each 0.05 wide. The last one holds 1.
const N_BINS: usize = 20;

/// Probabilities for which one frequency was observed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub from: f64,
    pub to: f64,
    /// Share of these cases in which the event occurred.
    pub frequency: f64,
    /// Sum of the cases' weights.
    pub weight: f64,
}

/// A bin of the sharpness histogram, in sums of weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    pub occurred: f64,
    pub quiet: f64,
}

/// Everything of a reliability diagram.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// The curve, by ascending probability.
    pub steps: Vec<Step>,
    /// Miscalibration: Brier score minus that after recalibration on the same cases. Best 0.
    pub mcb: f64,
    /// Discrimination: Brier score of the base rate minus that after recalibration. The larger, the better.
    pub dsc: f64,
    /// Uncertainty: Brier score of the base rate.
    pub unc: f64,
    /// Where the curve of a reliable forecast would lie; `None` for fewer than two event ids.
    pub band: Option<Band>,
    /// How often which probability is said: bins of equal width from 0 to 1.
    pub histogram: Vec<Bin>,
}

/// The curve of CORP.
pub(super) fn corp(ties: &[Tie]) -> Vec<Block> {
    pool(ties.iter().map(|t| (t.probability, t.occurred / t.weight(), t.weight())))
}

/// MCB, DSC and UNC.
pub(super) fn parts(ties: &[Tie]) -> Option<[f64; 3]> {
    let weight: f64 = ties.iter().map(Tie::weight).sum();
    // In a block of frequency f, f of the weight has the error 1 − f, and 1 − f of it has the error f.
    let error = |block: &Block| block.weight * block.frequency() * (1.0 - block.frequency());
    let recalibrated = corp(ties).iter().map(error).sum::<f64>() / weight;
    let (brier, unc) = (brier(ties)?, uncertainty(ties)?);
    Some([brier - recalibrated, unc - recalibrated, unc])
}

impl Reliability {
    /// Of all cases; `None` without any.
    pub fn of(cases: &Cases, settings: &Settings) -> Option<Self> {
        let ties = cases.ties();
        let [mcb, dsc, unc] = parts(&ties)?;
        let step = |block: &Block| Step {
            from: block.from,
            to: block.to,
            frequency: block.frequency(),
            weight: block.weight,
        };
        let steps = corp(&ties).iter().map(step).collect();
        let band = Band::of(cases, settings);
        Some(Self { steps, mcb, dsc, unc, band, histogram: histogram(&ties) })
    }

    /// Share of the cases, by weight, whose curve lies in the band; `None` without a band. Of a reliable
    /// forecast it is about the level of the band.
    pub fn share_within(&self, cases: &Cases) -> Option<f64> {
        let band = self.band.as_ref()?;
        let (mut inside, mut all) = (0.0, 0.0);
        for tie in cases.ties() {
            let step = self.steps.partition_point(|step| step.to < tie.probability);
            let frequency = self.steps.get(step)?.frequency;
            let (low, high) = band.at(tie.probability)?;
            all += tie.weight();
            inside += if (low..=high).contains(&frequency) { tie.weight() } else { 0.0 };
        }
        crate::score::list::ratio(inside, all)
    }
}

fn histogram(ties: &[Tie]) -> Vec<Bin> {
    let mut bins = vec![Bin::default(); N_BINS];
    for tie in ties {
        // Multiples of 0.05 that rounding left a bit below themselves belong to the bin that they begin.
        let at = (tie.probability * N_BINS as f64 + 1e-9) as usize;
        let bin = &mut bins[at.min(N_BINS - 1)];
        bin.occurred += tie.occurred;
        bin.quiet += tie.quiet;
    }
    bins
}
