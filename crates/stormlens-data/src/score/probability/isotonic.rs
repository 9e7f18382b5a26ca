//! Recalibration by isotonic regression.
//!
//! Of all maps that never fall, the one with the smallest squared error: the pool-adjacent-violators algorithm (Ayer et
//! al. 1955, doi:10.1214/aoms/1177728423). It is what CORP reliability diagrams draw (Dimitriadis, Gneiting and Jordan
//! 2021, doi:10.1073/pnas.2016191118).

use serde::{Deserialize, Serialize};

use super::Cases;

/// Values that share one frequency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Block {
    pub from: f64,
    pub to: f64,
    pub weight: f64,
    /// Sum of weight times outcome.
    sum: f64,
}

impl Block {
    pub fn frequency(&self) -> f64 {
        self.sum / self.weight
    }
}

/// The blocks of points (value, outcome from 0 to 1, weight), whose values ascend and are all different.
pub(super) fn pool(points: impl IntoIterator<Item = (f64, f64, f64)>) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for (x, y, weight) in points {
        let mut block = Block { from: x, to: x, weight, sum: weight * y };
        while let Some(last) = blocks.last().filter(|last| last.frequency() >= block.frequency()) {
            block = Block {
                from: last.from,
                to: block.to,
                weight: last.weight + block.weight,
                sum: last.sum + block.sum,
            };
            blocks.pop();
        }
        blocks.push(block);
    }
    blocks
}

/// Why a stored calibration is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CalibrationError {
    #[error("a calibration needs as many x as y, and at least one: it has {n_x} and {n_y}")]
    Lengths { n_x: usize, n_y: usize },
    #[error(
        "a calibration's x must ascend, and its y must never fall and lie from 0 to 1: point {index} does not"
    )]
    Order { index: usize },
}

/// A map from a forecast's value (a probability, a membership, an amount of rain) to the frequency of an event.
///
/// Within a block of [`Self::fit`] it is constant, between two blocks linear, and beyond the first and the last
/// constant. So it takes CORP's recalibrated probabilities at all values that it was fitted to, and never falls. Where all fitted
/// cases of the lowest or the highest values were alike, it says 0 or 1: no case of the other kind was seen
/// there, which is not the same as impossible or certain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Calibration {
    /// Values at which the map is known: the ends of the blocks.
    x: Vec<f64>,
    /// The frequency at each.
    y: Vec<f64>,
    n_cases: usize,
    n_events: usize,
}

#[derive(Deserialize)]
struct Stored {
    x: Vec<f64>,
    y: Vec<f64>,
    n_cases: usize,
    n_events: usize,
}

impl TryFrom<Stored> for Calibration {
    type Error = CalibrationError;

    fn try_from(stored: Stored) -> Result<Self, CalibrationError> {
        let Stored { x, y, n_cases, n_events } = stored;
        if x.len() != y.len() || x.is_empty() {
            return Err(CalibrationError::Lengths { n_x: x.len(), n_y: y.len() });
        }
        let is_right = |&i: &usize| {
            let is_after = i == 0 || (x[i - 1] <= x[i] && y[i - 1] <= y[i]);
            x[i].is_finite() && (0.0..=1.0).contains(&y[i]) && is_after
        };
        match (0..x.len()).find(|i| !is_right(i)) {
            Some(index) => Err(CalibrationError::Order { index }),
            None => Ok(Self { x, y, n_cases, n_events }),
        }
    }
}

impl Calibration {
    /// Fitted to cases of a calibration block; `None` without any.
    pub fn fit(cases: &Cases) -> Option<Self> {
        let ties = cases.ties();
        let points = ties.iter().map(|t| (t.probability, t.occurred / t.weight(), t.weight()));
        Self::of(&pool(points), cases.len(), cases.n_events())
    }

    /// The same of any finite number, such as an amount of rain, which is weighed against `occurred`. Missing
    /// values (NaN) and outcomes are left out. `events` are ids, one a case, for the record.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn fit_values(values: &[f64], occurred: &[Option<bool>], events: &[u64]) -> Option<Self> {
        assert_eq!(
            (values.len(), values.len()),
            (occurred.len(), events.len()),
            "one of each a case"
        );
        let known = |i: usize| Some((values[i], occurred[i]?, events[i]));
        let mut cases: Vec<_> = (0..values.len()).filter_map(known).collect();
        cases.retain(|(value, ..)| value.is_finite());
        cases.sort_by(|a, b| a.0.total_cmp(&b.0));
        let ties = cases.chunk_by(|a, b| a.0 == b.0).map(|tie| {
            let n_occurred = tie.iter().filter(|(_, occurred, _)| *occurred).count();
            (tie[0].0, n_occurred as f64 / tie.len() as f64, tie.len() as f64)
        });
        let mut ids: Vec<u64> = cases.iter().map(|case| case.2).collect();
        ids.sort_unstable();
        ids.dedup();
        Self::of(&pool(ties), cases.len(), ids.len())
    }

    fn of(blocks: &[Block], n_cases: usize, n_events: usize) -> Option<Self> {
        let ends = |block: &Block| match block.from < block.to {
            true => vec![(block.from, block.frequency()), (block.to, block.frequency())],
            false => vec![(block.from, block.frequency())],
        };
        let (x, y): (Vec<_>, Vec<_>) = blocks.iter().flat_map(ends).unzip();
        (!x.is_empty()).then_some(Self { x, y, n_cases, n_events })
    }

    /// The frequency of a value; NaN of NaN.
    pub fn apply(&self, value: f64) -> f64 {
        if value.is_nan() {
            return f64::NAN;
        }
        let next = self.x.partition_point(|&x| x < value);
        match (next.checked_sub(1), self.x.get(next)) {
            (None, _) => self.y[0],
            (Some(last), None) => self.y[last],
            (Some(_), Some(&x)) if x == value => self.y[next],
            (Some(before), Some(&x)) => {
                let share = (value - self.x[before]) / (x - self.x[before]);
                self.y[before] + share * (self.y[next] - self.y[before])
            }
        }
    }

    /// The ends of its blocks: values and frequencies.
    pub fn points(&self) -> (&[f64], &[f64]) {
        (&self.x, &self.y)
    }

    /// Cases that it was fitted to.
    pub fn n_cases(&self) -> usize {
        self.n_cases
    }

    /// Event ids among these.
    pub fn n_events(&self) -> usize {
        self.n_events
    }
}

/// Makes probabilities of exceeding ascending thresholds never rise with the threshold: the nearest such numbers
/// in squares, so neighbours that are out of order become their mean. What happens is in order itself and such numbers
/// form a convex set, so the sum of the Brier scores (the RPS) never becomes worse by it. A missing one (NaN)
/// stays missing and the others are put in order.
pub fn monotone_exceedance(probabilities: &mut [f64]) {
    let known: Vec<usize> =
        (0..probabilities.len()).filter(|&i| !probabilities[i].is_nan()).collect();
    let points =
        known.iter().rev().enumerate().map(|(i, &place)| (i as f64, probabilities[place], 1.0));
    let blocks = pool(points.collect::<Vec<_>>());
    for block in blocks {
        for i in block.from as usize..=block.to as usize {
            let place = known[known.len() - 1 - i];
            // A block of one keeps its number to the last bit.
            if block.from < block.to {
                probabilities[place] = block.frequency();
            }
        }
    }
}
