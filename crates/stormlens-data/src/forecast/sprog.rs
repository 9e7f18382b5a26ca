//! S-PROG: each scale of rain fades as fast as it did between the last frames (Seed, J. Appl. Meteorol. 42, 2003).

use super::extrapolation::Trajectories;
use super::lagrangian::{at_steps, extrapolate};
use super::matching::keep_largest;
use super::model::{Model, N_FRAMES, Start, State};
use super::transform::{THRESHOLD_DB, to_mm_h};
use super::{Card, ForecastError, Forecaster, RecentRain};
use crate::field::Field;
use crate::works;

/// What of the last frame a forecast keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matching {
    /// The distribution of rain.
    #[default]
    Distribution,
    /// The mean of wet pixels, in decibels.
    Mean,
    /// Only how many pixels are wet.
    Area,
}

/// Spectral prognosis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SProg {
    /// Scales that rain is divided into, 3 or more.
    pub n_levels: usize,
    pub matching: Matching,
}

impl Default for SProg {
    /// As pysteps has it.
    fn default() -> Self {
        Self { n_levels: 6, matching: Matching::default() }
    }
}

impl Forecaster for SProg {
    fn card(&self) -> &'static Card {
        &Card {
            name: "s-prog",
            label: "S-PROG",
            meaning: "The last frame, moved; the smaller a structure is, the sooner it fades.",
            n_frames: N_FRAMES,
            citations: &[works::SEED, works::GERMANN, works::LUCAS, works::PYSTEPS],
        }
    }

    fn forecast(
        &self,
        recent: &RecentRain<'_>,
        lead_times_min: &[u32],
    ) -> Result<Vec<Field>, ForecastError> {
        let steps = recent.steps(lead_times_min)?;
        let last = &recent.last(N_FRAMES, self.name())?[N_FRAMES - 1];
        match Start::new(self, recent, self.n_levels)? {
            Start::Dry(motion) => Ok(extrapolate(&last.map(dry), &motion, &steps)),
            Start::Rain(model) => Ok(self.run(&model, &steps)),
        }
    }
}

/// Nothing above the threshold: no rain, where that is known.
pub(super) fn dry(mm_h: f32) -> f32 {
    if mm_h.is_nan() { mm_h } else { 0.0 }
}

impl SProg {
    pub(super) fn run(&self, model: &Model, steps: &[usize]) -> Vec<Field> {
        let start = (model.start.clone(), Trajectories::new(model.height, model.width));
        let advance = |(state, trajectories): &mut (State, Trajectories)| {
            state.advance(&model.autoregressions, None);
            trajectories.advance(&model.motion);
        };
        at_steps(start, steps, advance, |(state, trajectories)| {
            let mut rain = model.rain(state);
            self.match_observed(model, &mut rain);
            model.mask(&mut rain);
            field(model, &trajectories.bring(&rain, f64::NAN))
        })
    }

    fn match_observed(&self, model: &Model, rain: &mut [f64]) {
        let wet = |db: &&f64| **db >= THRESHOLD_DB;
        let observed: Vec<f64> = model.observed().iter().filter(wet).copied().collect();
        let is_wet = keep_largest(rain, observed.len(), model.dry);
        match self.matching {
            Matching::Distribution => model.ranked.impose(rain),
            Matching::Mean => {
                let change = mean(&observed) - mean(&masked(rain, &is_wet));
                let wet = rain.iter_mut().zip(&is_wet).filter(|(_, wet)| **wet);
                wet.for_each(|(db, _)| *db += change);
            }
            Matching::Area => {}
        }
    }
}

fn masked(values: &[f64], mask: &[bool]) -> Vec<f64> {
    values.iter().zip(mask).filter(|(_, kept)| **kept).map(|(&value, _)| value).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// A map in mm/h of one in decibels.
pub(super) fn field(model: &Model, decibels: &[f64]) -> Field {
    let rain = decibels.iter().map(|&db| to_mm_h(db) as f32).collect();
    Field::new(model.height, model.width, rain)
}
