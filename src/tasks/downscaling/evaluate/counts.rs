//! Sums and counts over all tiles, and over single tiles and periods for intervals.

use std::collections::BTreeMap;

use stormlens_data::card::Refining;
use stormlens_data::downscale::{Clipped, ELEVATION_SCALE_M};
use stormlens_data::score::downscaling::{
    ContinuousScore, EnsembleSums, Estimate, Fractions, Merge, Missing, Moments, Verified,
    resampled_interval,
};

use super::cases::Case;
use super::forecasts::Made;

/// Rounds of the bootstrap.
const N_ROUNDS: usize = 2000;
const SEED: u64 = 1;

/// A forecast and what is counted of it.
pub struct Counted {
    pub name: &'static str,
    pub label: &'static str,
    pub verified: Verified,
}

/// An ensemble and what is counted of it.
pub struct CountedEnsemble {
    pub name: &'static str,
    pub label: &'static str,
    pub sums: EnsembleSums,
}

/// What one tile or one period has counted: of each forecast and each ensemble, in their order.
#[derive(Clone)]
pub struct Group {
    moments: Vec<Moments>,
    ensembles: Vec<EnsembleSums>,
}

impl Merge for Group {
    fn merge(&mut self, other: &Self) {
        self.moments.iter_mut().zip(&other.moments).for_each(|(a, b)| a.merge(b));
        self.ensembles.iter_mut().zip(&other.ensembles).for_each(|(a, b)| a.merge(b));
    }
}

/// All that is counted.
pub struct Counts {
    pub refining: Refining,
    empty: Verified,
    pub forecasts: Vec<Counted>,
    pub ensembles: Vec<CountedEnsemble>,
    by_tile: BTreeMap<usize, Group>,
    by_period: BTreeMap<i64, Group>,
    pub clipped: Clipped,
}

impl Counts {
    /// `fractions` has thresholds, scales and its rule for missing nodes, and no sums.
    pub fn new(refining: Refining, fractions: Fractions) -> Self {
        let empty = Verified::new(refining.geometry(), refining.scale(), fractions);
        Self {
            refining,
            empty,
            forecasts: Vec::new(),
            ensembles: Vec::new(),
            by_tile: BTreeMap::new(),
            by_period: BTreeMap::new(),
            clipped: Clipped::default(),
        }
    }

    /// How nodes without data count in the Fractions Skill Score.
    pub fn missing(&self) -> Missing {
        self.empty.fractions.missing
    }

    /// Tiles at a time.
    pub fn n_cases(&self) -> u64 {
        self.forecasts.first().map_or(0, |counted| counted.verified.n_fields)
    }

    pub fn n_tiles(&self) -> usize {
        self.by_tile.len()
    }

    pub fn n_periods(&self) -> usize {
        self.by_period.len()
    }

    /// Counts what was said of a tile. Every tile has the same forecasts.
    pub fn add(&mut self, case: &Case, made: &Made) {
        let sample = &case.sample;
        let coarse: Vec<f64> = sample.coarse_mm.iter().map(|&mm| f64::from(mm)).collect();
        let metres = |height: &f32| (f64::from(*height) * ELEVATION_SCALE_M) as f32;
        let elevation: Option<Vec<f32>> =
            case.elevation.as_ref().map(|heights| heights.iter().map(metres).collect());
        if self.forecasts.is_empty() {
            self.begin(made);
        }
        for (counted, forecast) in self.forecasts.iter_mut().zip(&made.forecasts) {
            let maps = [&forecast.mm[..], &sample.fine_mm];
            counted.verified.add(sample.tile, maps, &coarse, elevation.as_deref());
        }
        let group = group(made, &sample.fine_mm);
        for (counted, sums) in self.ensembles.iter_mut().zip(&group.ensembles) {
            counted.sums.merge(sums);
        }
        self.clipped.n_nodes += made.clipped.n_nodes;
        self.clipped.mm_nodes += made.clipped.mm_nodes;
        let period = self.by_period.entry(case.period);
        period.and_modify(|all| all.merge(&group)).or_insert_with(|| group.clone());
        let tile = self.by_tile.entry(sample.tile);
        tile.and_modify(|all| all.merge(&group)).or_insert(group);
    }

    fn begin(&mut self, made: &Made) {
        let forecast = |f: &super::forecasts::Forecast| Counted {
            name: f.name,
            label: f.label,
            verified: self.empty.clone(),
        };
        let ensemble = |e: &super::forecasts::Ensemble| CountedEnsemble {
            name: e.name,
            label: e.label,
            sums: EnsembleSums::new(e.members.len()),
        };
        self.forecasts = made.forecasts.iter().map(forecast).collect();
        self.ensembles = made.ensembles.iter().map(ensemble).collect();
    }

    /// A score of one forecast minus that of another one, in mm: an interval over tiles, and one over periods.
    pub fn difference(
        &self,
        score: &ContinuousScore,
        [one, other]: [usize; 2],
    ) -> [Option<Estimate>; 2] {
        self.intervals(|group| {
            Some((score.of)(&group.moments[one])? - (score.of)(&group.moments[other])?)
        })
    }

    /// The same of the fair CRPS of two ensembles.
    pub fn crps_difference(&self, [one, other]: [usize; 2]) -> [Option<Estimate>; 2] {
        let crps = |group: &Group, i: usize| group.ensembles[i].crps_fair();
        self.intervals(|group| Some(crps(group, one)? - crps(group, other)?))
    }

    fn intervals(&self, statistic: impl Fn(&Group) -> Option<f64>) -> [Option<Estimate>; 2] {
        let tiles: Vec<Group> = self.by_tile.values().cloned().collect();
        let periods: Vec<Group> = self.by_period.values().cloned().collect();
        [tiles, periods].map(|parts| resampled_interval(&parts, N_ROUNDS, SEED, &statistic))
    }
}

fn group(made: &Made, observed: &[f32]) -> Group {
    let moments = made.forecasts.iter().map(|forecast| {
        let mut moments = Moments::default();
        let both = forecast.mm.iter().zip(observed);
        both.for_each(|(&f, &o)| moments.add(f64::from(f), f64::from(o)));
        moments
    });
    let ensembles = made.ensembles.iter().map(|ensemble| {
        let mut sums = EnsembleSums::new(ensemble.members.len());
        let members: Vec<&[f32]> = ensemble.members.iter().map(Vec::as_slice).collect();
        sums.add(&members, observed);
        sums
    });
    Group { moments: moments.collect(), ensembles: ensembles.collect() }
}
