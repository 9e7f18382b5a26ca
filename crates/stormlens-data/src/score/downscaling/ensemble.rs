//! Ensembles: fair CRPS, ranks, and spread against error.

use serde::{Deserialize, Serialize};

use super::Merge;
use crate::score::list::ratio;

/// Sums over nodes of an ensemble of `n_members`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnsembleSums {
    pub n_members: usize,
    pub n: u64,
    crps: f64,
    crps_fair: f64,
    variance: f64,
    error_squared: f64,
    /// Of the observation among the members, from below all to above all; of equal members, equal shares.
    ranks: Vec<f64>,
}

impl EnsembleSums {
    pub fn new(n_members: usize) -> Self {
        let ranks = vec![0.0; n_members + 1];
        Self {
            n_members,
            n: 0,
            crps: 0.0,
            crps_fair: 0.0,
            variance: 0.0,
            error_squared: 0.0,
            ranks,
        }
    }

    /// Adds maps of all members and of the observation. Nodes that miss one value count nowhere.
    ///
    /// # Panics
    /// For another number of members, and maps of different sizes.
    pub fn add(&mut self, members: &[&[f32]], observation: &[f32]) {
        assert_eq!(members.len(), self.n_members, "all members");
        assert!(members.iter().all(|m| m.len() == observation.len()), "equally large maps");
        let mut at_node = vec![0.0; members.len()];
        for (i, &observed) in observation.iter().enumerate() {
            at_node.iter_mut().zip(members).for_each(|(value, map)| *value = f64::from(map[i]));
            self.add_node(&mut at_node, f64::from(observed));
        }
    }

    /// Adds one node; the members are sorted.
    pub fn add_node(&mut self, members: &mut [f64], observed: f64) {
        if observed.is_nan() || members.iter().any(|value| value.is_nan()) {
            return;
        }
        members.sort_unstable_by(f64::total_cmp);
        let m = members.len() as f64;
        let distance = members.iter().map(|x| (x - observed).abs()).sum::<f64>() / m;
        // Of sorted members, the sum of |xi − xj| over all pairs is 2 Σ (2 i + 1 − m) xi.
        let ordered = members.iter().enumerate().map(|(i, x)| (2.0 * i as f64 + 1.0 - m) * x);
        let pairs = 2.0 * ordered.sum::<f64>();
        let mean = members.iter().sum::<f64>() / m;
        self.n += 1;
        self.crps += distance - pairs / (2.0 * m * m);
        if members.len() > 1 {
            self.crps_fair += distance - pairs / (2.0 * m * (m - 1.0));
            self.variance += members.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (m - 1.0);
        }
        self.error_squared += (mean - observed).powi(2);
        let below = members.iter().filter(|x| **x < observed).count();
        let equal = members.iter().filter(|x| **x == observed).count();
        let share = 1.0 / (equal + 1) as f64;
        self.ranks[below..=below + equal].iter_mut().for_each(|rank| *rank += share);
    }

    /// Continuous ranked probability score of these members, mm.
    pub fn crps(&self) -> Option<f64> {
        ratio(self.crps, self.n as f64)
    }

    /// The same as if there were any number of members (Ferro, Q. J. R. Meteorol. Soc. 140, 2014), so that ensembles
    /// of different sizes can be compared; `None` for one member.
    pub fn crps_fair(&self) -> Option<f64> {
        if self.n_members > 1 { ratio(self.crps_fair, self.n as f64) } else { None }
    }

    /// Root of the mean variance among members, mm; `None` for one member. With the factor √((m + 1) / m) it equals
    /// [`Self::error`] for members that could be the observation (Fortin et al., J. Hydrometeorol. 15, 2014).
    pub fn spread(&self) -> Option<f64> {
        let m = self.n_members as f64;
        let variance = ratio(self.variance, self.n as f64).filter(|_| self.n_members > 1);
        variance.map(|variance| ((m + 1.0) / m * variance).sqrt())
    }

    /// Root mean squared error of the mean of the members, mm.
    pub fn error(&self) -> Option<f64> {
        ratio(self.error_squared, self.n as f64).map(f64::sqrt)
    }

    /// Shares of nodes by the rank of the observation, `n_members + 1` of them: all alike for a good ensemble.
    pub fn rank_shares(&self) -> Vec<f64> {
        self.ranks.iter().map(|count| count / (self.n as f64).max(1.0)).collect()
    }
}

impl Merge for EnsembleSums {
    /// # Panics
    /// If the numbers of members differ.
    fn merge(&mut self, other: &Self) {
        assert_eq!(self.n_members, other.n_members, "equally large ensembles");
        self.n += other.n;
        self.crps += other.crps;
        self.crps_fair += other.crps_fair;
        self.variance += other.variance;
        self.error_squared += other.error_squared;
        self.ranks.iter_mut().zip(&other.ranks).for_each(|(a, b)| *a += b);
    }
}
