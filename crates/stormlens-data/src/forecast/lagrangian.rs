//! Lagrangian persistence: the last frame, moved (Germann and Zawadzki, Mon. Weather Rev. 130, 2002).

use super::extrapolation::Trajectories;
use super::motion::{MotionField, lucas_kanade};
use super::{Card, ForecastError, Forecaster, RecentRain, transform};
use crate::field::Field;
use crate::works;

/// The last frame, moved along the motion of the last three, which does not change.
#[derive(Clone, Copy, Debug, Default)]
pub struct LagrangianPersistence;

impl Forecaster for LagrangianPersistence {
    fn card(&self) -> &'static Card {
        &Card {
            name: "lagrangian-persistence",
            label: "Lagrangian persistence",
            meaning: "The last frame, moved as the last three frames moved.",
            n_frames: 3,
            citations: &[works::GERMANN, works::LUCAS, works::PYSTEPS],
        }
    }

    fn forecast(
        &self,
        recent: &RecentRain<'_>,
        lead_times_min: &[u32],
    ) -> Result<Vec<Field>, ForecastError> {
        let steps = recent.steps(lead_times_min)?;
        let frames = recent.last(self.n_frames(), self.name())?;
        let motion = motion_of(frames);
        Ok(extrapolate(&frames[frames.len() - 1], &motion, &steps))
    }
}

/// Motion of frames in mm/h, found in their logarithm.
pub(super) fn motion_of(frames: &[Field]) -> MotionField {
    let decibels: Vec<Vec<f64>> = frames.iter().map(transform::to_decibels).collect();
    lucas_kanade(&decibels, frames[0].height, frames[0].width)
}

/// A frame after so many steps of a motion, in its own unit; NaN where air comes from outside or from what is
/// unknown. Interpolated in mm/h, so that rain between pixels is not less than theirs.
pub(super) fn extrapolate(frame: &Field, motion: &MotionField, steps: &[usize]) -> Vec<Field> {
    let rain: Vec<f64> = frame.values.iter().map(|&mm_h| f64::from(mm_h)).collect();
    let start = Trajectories::new(frame.height, frame.width);
    let now = |trajectories: &Trajectories| {
        let moved = trajectories.bring(&rain, f64::NAN).into_iter().map(|mm_h| mm_h as f32);
        Field::new(frame.height, frame.width, moved.collect())
    };
    at_steps(start, steps, |trajectories| trajectories.advance(motion), now)
}

/// What `make` makes of a state after so many steps, in the order asked for; each step is made once.
pub(super) fn at_steps<S, T: Clone>(
    mut state: S,
    steps: &[usize],
    mut advance: impl FnMut(&mut S),
    make: impl Fn(&S) -> T,
) -> Vec<T> {
    let mut made: Vec<Option<T>> = vec![None; steps.len()];
    for step in 0..=steps.iter().copied().max().unwrap_or(0) {
        if step > 0 {
            advance(&mut state);
        }
        if steps.contains(&step) {
            let now = make(&state);
            let asked = steps.iter().zip(&mut made).filter(|(asked, _)| **asked == step);
            asked.for_each(|(_, slot)| *slot = Some(now.clone()));
        }
    }
    made.into_iter().flatten().collect()
}
