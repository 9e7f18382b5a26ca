//! The last frames, checked.

use super::ForecastError;
use crate::field::Field;

/// Rain of the last frames at a fixed step.
#[derive(Clone, Copy, Debug)]
pub struct RecentRain<'a> {
    frames: &'a [Field],
    step_min: u32,
    spacing_km: f64,
}

impl<'a> RecentRain<'a> {
    /// Smaller maps have no structure that motion could be seen in.
    pub const LEAST_SIDE_PX: usize = 16;

    /// Frames in mm/h, oldest first, NaN where rain is unknown; minutes between them; the side of a pixel.
    ///
    /// # Errors
    /// For frames of different or too small sizes, negative or infinite rain, and a step or spacing that is not
    /// above 0.
    pub fn new(frames: &'a [Field], step_min: u32, spacing_km: f64) -> Result<Self, ForecastError> {
        if step_min == 0 || !spacing_km.is_finite() || spacing_km <= 0.0 {
            return Err(ForecastError::Scale { step_min, spacing_km });
        }
        if let Some(last) = frames.last() {
            check_size(last.height, last.width)?;
        }
        for (index, frame) in frames.iter().enumerate() {
            check_frame(index, frame, &frames[frames.len() - 1])?;
        }
        Ok(Self { frames, step_min, spacing_km })
    }

    pub fn frames(&self) -> &'a [Field] {
        self.frames
    }

    pub fn step_min(&self) -> u32 {
        self.step_min
    }

    pub fn spacing_km(&self) -> f64 {
        self.spacing_km
    }

    /// The last `needed` frames, for the forecaster of that name.
    ///
    /// # Errors
    /// If there are fewer, or nothing is known of one of them.
    pub fn last(&self, needed: usize, name: &'static str) -> Result<&'a [Field], ForecastError> {
        let given = self.frames.len();
        if given < needed {
            return Err(ForecastError::TooFewFrames { name, needed, given });
        }
        let first = given - needed;
        match (first..given).find(|&index| self.frames[index].finite().next().is_none()) {
            Some(index) => Err(ForecastError::NothingKnown { index }),
            None => Ok(&self.frames[first..]),
        }
    }

    /// Lead times in steps.
    ///
    /// # Errors
    /// For a lead time that is no multiple of the step.
    pub fn steps(&self, lead_times_min: &[u32]) -> Result<Vec<usize>, ForecastError> {
        let step_min = self.step_min;
        let steps = lead_times_min.iter().map(|&lead_time_min| {
            match lead_time_min.is_multiple_of(step_min) {
                true => Ok((lead_time_min / step_min) as usize),
                false => Err(ForecastError::LeadTime { lead_time_min, step_min }),
            }
        });
        steps.collect()
    }
}

fn check_size(height: usize, width: usize) -> Result<(), ForecastError> {
    let least = RecentRain::LEAST_SIDE_PX;
    match height.min(width) < least {
        true => Err(ForecastError::TooSmall { height, width, least }),
        false => Ok(()),
    }
}

fn check_frame(index: usize, frame: &Field, last: &Field) -> Result<(), ForecastError> {
    let (found, expected) = ((frame.height, frame.width), (last.height, last.width));
    if found != expected {
        return Err(ForecastError::Size { index, found, expected });
    }
    match frame.values.iter().find(|&&value| value < 0.0 || value.is_infinite()) {
        Some(&value) => Err(ForecastError::Value { index, value }),
        None => Ok(()),
    }
}
