//! STEPS: what fades of each scale is replaced with noise of that scale, again and again (Bowler, Pierce and Seed,
//! Q. J. R. Meteorol. Soc. 132, 2006; options as pysteps has them by default).

mod member;
mod perturbation;
mod rim;

use std::ops::ControlFlow;

use rayon::prelude::*;

use self::member::{Drawn, Member};
use super::lagrangian::{at_steps, extrapolate};
use super::model::{Model, N_FRAMES, Start};
use super::sprog::dry;
use super::{Card, EnsembleForecaster, ForecastError, Forecaster, RecentRain};
use crate::field::Field;
use crate::request::{Cancelled, Progress, Silent};
use crate::works;

/// The short-term ensemble prediction system; as one forecast, the mean of its members.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steps {
    /// Scales that rain is divided into, 3 or more.
    pub n_levels: usize,
    /// Of the mean.
    pub n_members: usize,
    /// Of the mean.
    pub seed: u64,
    /// Whether the motion of each member is a little different.
    pub perturbs_motion: bool,
}

impl Default for Steps {
    fn default() -> Self {
        Self { n_levels: 6, n_members: 24, seed: 0, perturbs_motion: true }
    }
}

impl Forecaster for Steps {
    fn card(&self) -> &'static Card {
        &Card {
            name: "steps-mean",
            label: "STEPS, ensemble mean",
            meaning: "The mean of an ensemble in which structures that fade are replaced with noise of their size.",
            n_frames: N_FRAMES,
            citations: &[works::BOWLER, works::SEED, works::GERMANN, works::LUCAS, works::PYSTEPS],
        }
    }

    /// A pixel is the mean of those members that know it.
    fn forecast(
        &self,
        recent: &RecentRain<'_>,
        lead_times_min: &[u32],
    ) -> Result<Vec<Field>, ForecastError> {
        self.mean(recent, lead_times_min, &Silent)
    }
}

impl EnsembleForecaster for Steps {
    fn members(
        &self,
        recent: &RecentRain<'_>,
        lead_times_min: &[u32],
        n_members: usize,
        seed: u64,
    ) -> Result<Vec<Vec<Field>>, ForecastError> {
        self.drawn(recent, lead_times_min, (n_members, seed), &Silent)
    }
}

impl Steps {
    /// What [`Forecaster::forecast`] answers, and tells meanwhile how many members there are.
    ///
    /// # Errors
    /// As [`Forecaster::forecast`], and when nobody waits any more.
    pub fn mean(
        &self,
        recent: &RecentRain<'_>,
        lead_times_min: &[u32],
        progress: &dyn Progress,
    ) -> Result<Vec<Field>, ForecastError> {
        let number = (self.n_members, self.seed);
        let members = self.drawn(recent, lead_times_min, number, progress)?;
        Ok((0..lead_times_min.len()).map(|lead| mean(&members, lead)).collect())
    }

    fn drawn(
        &self,
        recent: &RecentRain<'_>,
        lead_times_min: &[u32],
        (n_members, seed): (usize, u64),
        progress: &dyn Progress,
    ) -> Result<Vec<Vec<Field>>, ForecastError> {
        let steps = recent.steps(lead_times_min)?;
        let last = &recent.last(N_FRAMES, self.name())?[N_FRAMES - 1];
        if n_members == 0 {
            return Err(ForecastError::NoMembers);
        }
        match Start::new(self, recent, self.n_levels)? {
            Start::Dry(motion) => Ok(vec![extrapolate(&last.map(dry), &motion, &steps); n_members]),
            Start::Rain(model) => {
                let scale = (recent.step_min(), recent.spacing_km());
                Ok(self.run(&model, scale, &steps, (n_members, seed), progress)?)
            }
        }
    }

    /// Members of a model, as many at once as there are cores; minutes of a step and kilometres of a pixel, number and
    /// seed of members.
    pub(super) fn run(
        &self,
        model: &Model,
        scale: (u32, f64),
        steps: &[usize],
        (n_members, seed): (usize, u64),
        progress: &dyn Progress,
    ) -> Result<Vec<Vec<Field>>, Cancelled> {
        let drawn = Drawn::new(model, scale, self.perturbs_motion);
        let member = |number| {
            let start = Member::new(&drawn, seed, number);
            at_steps(start, steps, Member::advance, Member::field)
        };
        let n_at_once = rayon::current_num_threads();
        let mut members = Vec::with_capacity(n_members);
        while members.len() < n_members {
            let done = members.len();
            if let ControlFlow::Break(cancelled) = progress.report("STEPS", done, n_members) {
                return Err(cancelled);
            }
            let until = (done + n_at_once).min(n_members);
            members.par_extend((done as u64..until as u64).into_par_iter().map(member));
        }
        Ok(members)
    }
}

fn mean(members: &[Vec<Field>], lead: usize) -> Field {
    let first = &members[0][lead];
    let pixel = |i: usize| {
        let known = members.iter().map(|member| member[lead].values[i]).filter(|v| !v.is_nan());
        let (sum, n) = known.fold((0.0, 0), |(sum, n), mm_h| (sum + f64::from(mm_h), n + 1));
        if n > 0 { (sum / f64::from(n)) as f32 } else { f32::NAN }
    };
    Field::new(first.height, first.width, (0..first.values.len()).map(pixel).collect())
}
