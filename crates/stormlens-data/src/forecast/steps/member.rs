//! One member of an ensemble.

use super::super::cascade::decompose;
use super::super::extrapolation::Trajectories;
use super::super::model::{Model, State};
use super::super::noise::NoiseFilter;
use super::super::sprog::field;
use super::super::transform::THRESHOLD_DB;
use super::perturbation::Perturbation;
use super::rim::Rim;
use crate::field::Field;
use crate::simulate::Random;

/// What all members have in common.
pub(super) struct Drawn<'a> {
    model: &'a Model,
    noise: NoiseFilter,
    rim: Rim,
    step_min: u32,
    spacing_km: f64,
    perturbs_motion: bool,
}

impl<'a> Drawn<'a> {
    pub fn new(
        model: &'a Model,
        (step_min, spacing_km): (u32, f64),
        perturbs_motion: bool,
    ) -> Self {
        let noise = NoiseFilter::new(&model.aligned, model.width);
        let rim = Rim::new(model.width, step_min, spacing_km);
        Self { model, noise, rim, step_min, spacing_km, perturbs_motion }
    }
}

/// A member at one time.
pub(super) struct Member<'a> {
    drawn: &'a Drawn<'a>,
    random: Random,
    perturbation: Perturbation,
    step: u32,
    state: State,
    /// Share of the rain that each pixel may have.
    rim: Vec<f64>,
    trajectories: Trajectories,
    /// In decibels, where the rain was in the last frame.
    rain: Vec<f64>,
}

/// Streams of random numbers of its own.
const NOISE_STREAM: u64 = 0x5354_4550_4E4F;
const MOTION_STREAM: u64 = 0x5354_4550_4D4F;

impl<'a> Member<'a> {
    pub fn new(drawn: &'a Drawn<'a>, seed: u64, number: u64) -> Self {
        let model = drawn.model;
        let perturbation = match drawn.perturbs_motion {
            true => Perturbation::draw(&mut Random::of(seed, MOTION_STREAM, number)),
            false => Perturbation::NONE,
        };
        let mut rain = model.observed().to_vec();
        let rim = drawn.rim.around(&wet(&rain));
        model.mask(&mut rain);
        Self {
            drawn,
            random: Random::of(seed, NOISE_STREAM, number),
            perturbation,
            step: 0,
            state: model.start.clone(),
            rim,
            trajectories: Trajectories::new(model.height, model.width),
            rain,
        }
    }

    /// A step on.
    pub fn advance(&mut self) {
        let Drawn { model, noise, rim, step_min, spacing_km, .. } = self.drawn;
        let innovations = decompose(&noise.spectrum(&mut self.random), &model.bands);
        self.state.advance(&model.autoregressions, Some(&innovations));
        self.rain = model.rain(&self.state);
        let lowest = self.rain.iter().copied().fold(f64::INFINITY, f64::min);
        let shares = self.rain.iter_mut().zip(&self.rim);
        shares.for_each(|(rain, share)| *rain = lowest + (*rain - lowest) * share);
        model.ranked.impose(&mut self.rain);
        self.rim = rim.around(&wet(&self.rain));
        model.mask(&mut self.rain);
        self.step += 1;
        let lead_time_min = f64::from(self.step * step_min);
        let km_h_per_pixel_step = 60.0 * spacing_km / f64::from(*step_min);
        let motion = self.perturbation.of(&model.motion, lead_time_min, km_h_per_pixel_step);
        self.trajectories.advance(&motion);
    }

    /// Rain in mm/h now.
    pub fn field(&self) -> Field {
        field(self.drawn.model, &self.trajectories.bring(&self.rain, f64::NAN))
    }
}

fn wet(decibels: &[f64]) -> Vec<bool> {
    decibels.iter().map(|&db| db >= THRESHOLD_DB).collect()
}
