//! Scores of the rain rate itself.

use serde::Serialize;

use super::pairs;
use crate::field::Field;

/// Sums over pixels of the difference between forecast and observation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Continuous {
    n_pixels: u64,
    squared_error: f64,
    absolute_error: f64,
    error: f64,
}

/// Mean errors a pixel; `None` where no pixel was counted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ContinuousScores {
    pub n_pixels: u64,
    /// Mean squared error in (mm/5 min)², the unit of the papers.
    pub mse_mm2_per_5min2: Option<f64>,
    /// Mean absolute error.
    pub mae_mm_h: Option<f64>,
    /// Mean of forecast minus observation: positive where too much rain is forecast.
    pub bias_mm_h: Option<f64>,
}

impl Continuous {
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts the pixels of one sample; maps in mm/h.
    ///
    /// # Panics
    /// If the maps differ in size.
    pub fn add(&mut self, forecast: &Field, observation: &Field) {
        for (f, o) in pairs(forecast, observation) {
            let error = f64::from(f) - f64::from(o);
            self.n_pixels += 1;
            self.squared_error += error * error;
            self.absolute_error += error.abs();
            self.error += error;
        }
    }

    /// Adds what another accumulator has counted.
    pub fn merge(&mut self, other: &Self) {
        self.n_pixels += other.n_pixels;
        self.squared_error += other.squared_error;
        self.absolute_error += other.absolute_error;
        self.error += other.error;
    }

    pub fn finish(&self) -> ContinuousScores {
        let mean = |sum: f64| (self.n_pixels > 0).then(|| sum / self.n_pixels as f64);
        ContinuousScores {
            n_pixels: self.n_pixels,
            // 12 steps of 5 minutes make an hour, so mm/h are 12 times mm/5 min.
            mse_mm2_per_5min2: mean(self.squared_error / 144.0),
            mae_mm_h: mean(self.absolute_error),
            bias_mm_h: mean(self.error),
        }
    }
}
