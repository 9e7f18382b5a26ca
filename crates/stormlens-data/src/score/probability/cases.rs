//! Probabilities with what came of them.

mod counted;
mod leads;

use std::collections::BTreeMap;

pub use counted::CaseCount;

use super::Tie;
use super::ties::Ranks;

/// By how much a probability may leave 0 to 1: sums of a softmax in single precision do so.
const ROUNDING: f64 = 1e-5;

/// Why cases are refused. Places are counted from 0.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CaseError {
    #[error(
        "there are {n_probabilities} probabilities, {n_outcomes} outcomes, {n_events} event ids and {n_weights} \
         weights: give one of each for every case"
    )]
    Lengths { n_probabilities: usize, n_outcomes: usize, n_events: usize, n_weights: usize },
    #[error(
        "case {index} has the probability {probability}: give a number from 0 to 1 (not percent), or NaN where \
         there is none"
    )]
    Probability { index: usize, probability: f64 },
    #[error("case {index} has the weight {weight}: give a positive number")]
    Weight { index: usize, weight: f64 },
    #[error(
        "case {index} has the lead time {lead_h} h: give the hours from the start of the model's run to the valid time, \
         0 or more"
    )]
    Lead { index: usize, lead_h: f64 },
    #[error("there are {n_leads} lead times for {n_cases} cases: give one of each for every case")]
    Leads { n_leads: usize, n_cases: usize },
    #[error(
        "two forecasts can be compared on the same cases only: other outcomes, event ids or weights"
    )]
    OtherCases,
}

/// Cases of one forecast of one event. A case without a probability or without an outcome is left out and counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Cases {
    probabilities: Vec<f64>,
    common: Common,
}

/// What forecasts of the same cases share.
#[derive(Clone, Debug, Default, PartialEq)]
struct Common {
    occurred: Vec<bool>,
    weights: Vec<f64>,
    /// How many cases each entry stands for; the weight is of all of them together.
    repeats: Vec<u64>,
    /// Counted from 0 in the order of the ids.
    events: Vec<usize>,
    n_events: usize,
    n_missing: usize,
    /// Of each entry, hours.
    leads_h: Vec<Option<f64>>,
    /// Of each entry, its place among the cases that were given.
    given: Vec<usize>,
}

impl Cases {
    /// Cases of one forecast, each counting as much as another.
    ///
    /// # Errors
    /// If the lengths differ, or a probability is not from 0 to 1.
    pub fn new(
        probabilities: &[f64],
        outcomes: &[Option<bool>],
        events: &[u64],
    ) -> Result<Self, CaseError> {
        let mut all = Self::together(&[probabilities], outcomes, events, None)?;
        Ok(all.remove(0))
    }

    /// Several forecasts of the same cases, each forecast with a probability for every case. A case that any of
    /// them has no probability for is left out of all, so that they can be compared. Without weights every case
    /// counts one.
    ///
    /// # Errors
    /// If the lengths differ, or a probability or a weight is out of range.
    pub fn together(
        forecasts: &[&[f64]],
        outcomes: &[Option<bool>],
        events: &[u64],
        weights: Option<&[f64]>,
    ) -> Result<Vec<Self>, CaseError> {
        check_lengths(forecasts, outcomes, events, weights)?;
        forecasts.iter().try_for_each(|forecast| check_probabilities(forecast))?;
        let is_there = |&i: &usize| {
            outcomes[i].is_some() && forecasts.iter().all(|forecast| !forecast[i].is_nan())
        };
        let kept: Vec<usize> = (0..outcomes.len()).filter(is_there).collect();
        let common = Common::of(&kept, outcomes, events, weights)?;
        let of = |forecast: &&[f64]| Self {
            probabilities: kept.iter().map(|&i| forecast[i].clamp(0.0, 1.0)).collect(),
            common: common.clone(),
        };
        Ok(forecasts.iter().map(of).collect())
    }

    /// The same cases with another forecast, which must have a probability for each of [`Self::probabilities`].
    ///
    /// # Errors
    /// If their number differs or one is not from 0 to 1.
    pub fn with_probabilities(&self, probabilities: Vec<f64>) -> Result<Self, CaseError> {
        let (n, n_probabilities) = (self.probabilities.len(), probabilities.len());
        if n_probabilities != n {
            return Err(CaseError::Lengths {
                n_probabilities,
                n_outcomes: n,
                n_events: n,
                n_weights: n,
            });
        }
        check_probabilities(&probabilities)?;
        if let Some(index) = probabilities.iter().position(|p| p.is_nan()) {
            return Err(CaseError::Probability { index, probability: f64::NAN });
        }
        let probabilities = probabilities.into_iter().map(|p| p.clamp(0.0, 1.0)).collect();
        Ok(Self { probabilities, common: self.common.clone() })
    }

    /// The same cases with one probability for all: a climatology.
    ///
    /// # Errors
    /// If it is not from 0 to 1.
    pub fn with_constant(&self, probability: f64) -> Result<Self, CaseError> {
        self.with_probabilities(vec![probability; self.probabilities.len()])
    }

    /// Number of cases that count.
    pub fn len(&self) -> usize {
        self.common.repeats.iter().map(|&n| n as usize).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.probabilities.is_empty()
    }

    /// Different event ids.
    pub fn n_events(&self) -> usize {
        self.common.n_events
    }

    /// Cases that were left out, because a probability or the outcome is missing.
    pub fn n_missing(&self) -> usize {
        self.common.n_missing
    }

    /// One an entry: a case, or equal cases that were counted.
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// How many cases each entry stands for.
    pub fn repeats(&self) -> &[u64] {
        &self.common.repeats
    }

    pub fn occurred(&self) -> &[bool] {
        &self.common.occurred
    }

    /// Of each entry, of all its cases together.
    pub fn weights(&self) -> &[f64] {
        &self.common.weights
    }

    /// The event id of each entry, counted from 0.
    pub fn events(&self) -> &[usize] {
        &self.common.events
    }

    /// Whether two forecasts are of the same cases.
    pub fn is_beside(&self, other: &Self) -> bool {
        self.common == other.common
    }

    /// What scores depend on: each probability once, the smallest first.
    pub fn ties(&self) -> Vec<Tie> {
        Ranks::of(self).ties(self, |_| 1.0)
    }
}

impl Common {
    fn of(
        kept: &[usize],
        outcomes: &[Option<bool>],
        events: &[u64],
        weights: Option<&[f64]>,
    ) -> Result<Self, CaseError> {
        let weight = |&index: &usize| match weights.map_or(1.0, |weights| weights[index]) {
            weight if weight > 0.0 && weight.is_finite() => Ok(weight),
            weight => Err(CaseError::Weight { index, weight }),
        };
        let ids = places(kept.iter().map(|&i| events[i]));
        Ok(Self {
            occurred: kept.iter().map(|&i| outcomes[i] == Some(true)).collect(),
            weights: kept.iter().map(weight).collect::<Result<_, _>>()?,
            repeats: vec![1; kept.len()],
            events: kept.iter().map(|&i| ids[&events[i]]).collect(),
            n_events: ids.len(),
            n_missing: outcomes.len() - kept.len(),
            leads_h: vec![None; kept.len()],
            given: kept.to_vec(),
        })
    }
}

/// Ids, counted from 0 in their order.
fn places(events: impl Iterator<Item = u64>) -> BTreeMap<u64, usize> {
    let mut ids: BTreeMap<u64, usize> = events.map(|event| (event, 0)).collect();
    ids.values_mut().enumerate().for_each(|(i, place)| *place = i);
    ids
}

fn check_lengths(
    forecasts: &[&[f64]],
    outcomes: &[Option<bool>],
    events: &[u64],
    weights: Option<&[f64]>,
) -> Result<(), CaseError> {
    let n = outcomes.len();
    let n_weights = weights.map_or(n, <[f64]>::len);
    let other = forecasts.iter().map(|forecast| forecast.len()).find(|&length| length != n);
    if other.is_none() && events.len() == n && n_weights == n {
        return Ok(());
    }
    let n_probabilities = other.unwrap_or(n);
    Err(CaseError::Lengths { n_probabilities, n_outcomes: n, n_events: events.len(), n_weights })
}

fn check_probabilities(probabilities: &[f64]) -> Result<(), CaseError> {
    let is_right = |p: &f64| p.is_nan() || (-ROUNDING..=1.0 + ROUNDING).contains(p);
    match probabilities.iter().position(|p| !is_right(p)) {
        None => Ok(()),
        Some(index) => Err(CaseError::Probability { index, probability: probabilities[index] }),
    }
}
