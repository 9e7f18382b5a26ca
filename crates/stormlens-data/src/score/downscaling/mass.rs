//! Whether the rain of coarse cells is kept.

use serde::{Deserialize, Serialize};

use super::Merge;
use crate::score::list::ratio;

/// Differences between the mean of the fine nodes of a cell and the coarse rain that was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MassResidual {
    pub n_cells: u64,
    /// Sums over cells, mm.
    pub coarse: f64,
    pub signed: f64,
    pub absolute: f64,
}

impl MassResidual {
    /// Adds cells: means of the fine nodes, and the coarse rain, mm. Cells without data count nowhere.
    pub fn add(&mut self, fine_means: &[f64], coarse: &[f64]) {
        let both = fine_means.iter().zip(coarse).filter(|(f, c)| !f.is_nan() && !c.is_nan());
        for (fine, coarse) in both {
            self.n_cells += 1;
            self.coarse += coarse;
            self.signed += fine - coarse;
            self.absolute += (fine - coarse).abs();
        }
    }

    /// Rain made (positive) or lost, as a share of the coarse rain.
    pub fn share(&self) -> Option<f64> {
        ratio(self.signed, self.coarse)
    }

    /// Rain that is in a wrong cell or made or lost, as a share of the coarse rain.
    pub fn absolute_share(&self) -> Option<f64> {
        ratio(self.absolute, self.coarse)
    }
}

impl Merge for MassResidual {
    fn merge(&mut self, other: &Self) {
        self.n_cells += other.n_cells;
        self.coarse += other.coarse;
        self.signed += other.signed;
        self.absolute += other.absolute;
    }
}
