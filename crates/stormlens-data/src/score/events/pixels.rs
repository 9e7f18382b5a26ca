//! Errors by place.

use serde::{Deserialize, Serialize};

use crate::field::Field;

/// Sums over samples and lead times of the errors of one forecast, pixel by pixel, in the field's unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PixelSums {
    n: Vec<u32>,
    signed: Vec<f64>,
    squared: Vec<f64>,
}

impl PixelSums {
    pub fn new(n_pixels: usize) -> Self {
        Self { n: vec![0; n_pixels], signed: vec![0.0; n_pixels], squared: vec![0.0; n_pixels] }
    }

    /// Counts a pair of maps; missing pixels count nowhere.
    ///
    /// # Panics
    /// If the size differs from that of the sums.
    pub fn add(&mut self, forecast: &Field, observation: &Field) {
        assert_eq!(forecast.values.len(), self.n.len(), "maps of one size");
        for (i, (&f, &o)) in forecast.values.iter().zip(&observation.values).enumerate() {
            if !f.is_nan() && !o.is_nan() {
                let error = f64::from(f) - f64::from(o);
                self.n[i] += 1;
                self.signed[i] += error;
                self.squared[i] += error * error;
            }
        }
    }

    /// Mean of forecast minus observation; `NaN` where nothing is known.
    pub fn bias(&self) -> Vec<f32> {
        self.means(&self.signed, |mean| mean)
    }

    /// Root mean squared error; `NaN` where nothing is known.
    pub fn root_mean_squared_error(&self) -> Vec<f32> {
        self.means(&self.squared, f64::sqrt)
    }

    fn means(&self, sums: &[f64], of: impl Fn(f64) -> f64) -> Vec<f32> {
        let mean = |(&sum, &n): (&f64, &u32)| match n {
            0 => f32::NAN,
            n => of(sum / f64::from(n)) as f32,
        };
        sums.iter().zip(&self.n).map(mean).collect()
    }
}
