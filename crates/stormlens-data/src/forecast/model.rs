//! What S-PROG and STEPS know of rain before they forecast: the last frames moved to where their rain is now, their
//! cascade, and how fast each scale of it changes.

use super::autoregression::{Autoregression, correlation};
use super::cascade::{Bandpass, Level, decompose, recompose, spectrum};
use super::extrapolation::Trajectories;
use super::lagrangian::motion_of;
use super::matching::Ranked;
use super::motion::MotionField;
use super::transform::{DRY_DB, THRESHOLD_DB, to_decibels};
use super::{ForecastError, Forecaster, RecentRain};
use crate::field::Field;

/// Frames that a second-order autoregression needs.
pub(super) const N_FRAMES: usize = 3;

/// Rain in decibels at the place of the last frame, and its changes.
pub(super) struct Model {
    pub height: usize,
    pub width: usize,
    pub motion: MotionField,
    pub bands: Bandpass,
    /// The three frames, oldest first, moved to the last; no NaN.
    pub aligned: Vec<Vec<f64>>,
    /// Unknown in one of the frames.
    pub is_unknown: Vec<bool>,
    /// Value of dry pixels.
    pub dry: f64,
    pub ranked: Ranked,
    pub autoregressions: Vec<Autoregression>,
    /// Of the last frame: mean and deviation of each level.
    pub scales: Vec<(f64, f64)>,
    /// Normalised values of each level in the last frame but one and in the last.
    pub start: State,
}

/// Levels at two times, `[level]`: before, and last.
#[derive(Clone)]
pub(super) struct State {
    pub levels: Vec<[Vec<f64>; 2]>,
}

/// What a forecast starts with: a model, or rain that only moves where none of it can be modelled.
pub(super) enum Start {
    Dry(MotionField),
    Rain(Box<Model>),
}

impl Start {
    pub fn new(
        forecaster: &impl Forecaster,
        recent: &RecentRain<'_>,
        n_levels: usize,
    ) -> Result<Self, ForecastError> {
        let frames = recent.last(N_FRAMES, forecaster.name())?;
        Self::with_motion(frames, motion_of(frames), n_levels)
    }

    pub fn with_motion(
        frames: &[Field],
        motion: MotionField,
        n_levels: usize,
    ) -> Result<Self, ForecastError> {
        let bands = Bandpass::gaussian(motion.height, motion.width, n_levels)?;
        let decibels: Vec<Vec<f64>> = frames.iter().map(to_decibels).collect();
        let is_wet = decibels[N_FRAMES - 1].iter().any(|&db| db >= THRESHOLD_DB);
        if !is_wet {
            return Ok(Self::Dry(motion));
        }
        Ok(Self::Rain(Box::new(Model::new(&decibels, motion, bands))))
    }
}

impl Model {
    fn new(decibels: &[Vec<f64>], motion: MotionField, bands: Bandpass) -> Self {
        let (height, width) = (motion.height, motion.width);
        let known = decibels.iter().flatten().copied().filter(|db| !db.is_nan());
        let dry = known.fold(f64::INFINITY, f64::min);
        let is_unknown =
            (0..height * width).map(|i| decibels.iter().any(|frame| frame[i].is_nan())).collect();
        let aligned = aligned(decibels, &motion);
        let last = Ranked::new(&aligned[N_FRAMES - 1]);
        let cascades: Vec<Vec<Level>> =
            aligned.iter().map(|frame| decompose(&spectrum(frame, width), &bands)).collect();
        let autoregressions = autoregressions(&cascades);
        let scales = cascades[N_FRAMES - 1].iter().map(|l| (l.mean, l.deviation)).collect();
        let mut newest = cascades.into_iter().skip(1).map(|levels| levels.into_iter());
        let (before, last_levels) = (newest.next(), newest.next());
        let pairs = before.into_iter().flatten().zip(last_levels.into_iter().flatten());
        let levels = pairs.map(|(before, last)| [before.values, last.values]).collect();
        let (ranked, start) = (last, State { levels });
        Self {
            height,
            width,
            motion,
            bands,
            aligned,
            is_unknown,
            dry,
            ranked,
            autoregressions,
            scales,
            start,
        }
    }

    /// The last frame.
    pub fn observed(&self) -> &[f64] {
        &self.aligned[N_FRAMES - 1]
    }

    /// Rain in decibels of a state.
    pub fn rain(&self, state: &State) -> Vec<f64> {
        let levels = state.levels.iter().zip(&self.scales);
        recompose(levels.map(|([_, last], &(mean, deviation))| (&last[..], mean, deviation)))
    }

    /// Marks what was unknown as missing.
    pub fn mask(&self, rain: &mut [f64]) {
        let unknown = rain.iter_mut().zip(&self.is_unknown).filter(|(_, unknown)| **unknown);
        unknown.for_each(|(value, _)| *value = f64::NAN);
    }
}

impl State {
    /// A step on, each level with its autoregression and, if there are any, its innovations of variance 1.
    pub fn advance(&mut self, autoregressions: &[Autoregression], innovations: Option<&[Level]>) {
        for (i, [before, last]) in self.levels.iter_mut().enumerate() {
            let model = autoregressions[i];
            before.iter_mut().zip(&*last).for_each(|(b, &l)| *b = model.next(l, *b));
            if let Some(innovations) = innovations {
                let noise = before.iter_mut().zip(&innovations[i].values);
                noise.for_each(|(value, innovation)| *value += model.noise * innovation);
            }
            std::mem::swap(before, last);
        }
    }
}

/// Frames where their rain is at the time of the last. What is unknown, or comes from outside, counts as dry: as the
/// lowest value of its frame.
fn aligned(decibels: &[Vec<f64>], motion: &MotionField) -> Vec<Vec<f64>> {
    let mut trajectories = Trajectories::new(motion.height, motion.width);
    let mut newest_first = Vec::with_capacity(decibels.len());
    for (age, frame) in decibels.iter().rev().enumerate() {
        let lowest = frame.iter().copied().fold(f64::INFINITY, f64::min);
        let mut moved = match age {
            0 => frame.clone(),
            _ => {
                trajectories.advance(motion);
                trajectories.bring(frame, lowest)
            }
        };
        let dry = moved.iter().copied().fold(f64::INFINITY, f64::min);
        let dry = if dry.is_finite() { dry } else { DRY_DB };
        moved.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = dry);
        newest_first.push(moved);
    }
    newest_first.reverse();
    newest_first
}

fn autoregressions(cascades: &[Vec<Level>]) -> Vec<Autoregression> {
    let [oldest, before, last] = cascades else { return Vec::new() };
    let levels = last.iter().zip(before).zip(oldest);
    let estimate = |((last, before), oldest): ((&Level, &Level), &Level)| {
        let lag = |earlier: &Level| correlation(&last.values, &earlier.values);
        Autoregression::new(lag(before), lag(oldest))
    };
    levels.map(estimate).collect()
}
