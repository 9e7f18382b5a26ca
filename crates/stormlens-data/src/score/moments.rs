//! Sums over pairs of forecast and observation.

use serde::{Deserialize, Serialize};

use super::downscaling::{Merge, WET_MM};
use super::list::ratio;
use super::tally::pairs;
use crate::field::Field;

/// Below this share of the mean square a variance is rounding.
const ROUNDING: f64 = 1e-14;

/// Sums over pixels or nodes, in float64 and the unit of what is added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    pub n: u64,
    pub forecast: f64,
    pub observation: f64,
    pub forecast_squared: f64,
    pub observation_squared: f64,
    pub product: f64,
    /// Of the difference.
    pub error_squared: f64,
    pub error_absolute: f64,
    /// Nodes of at least [`WET_MM`] in the forecast, and in the observation; of rain in mm only.
    pub n_wet_forecast: u64,
    pub n_wet_observation: u64,
}

impl Moments {
    /// Counts a node, unless one value is missing.
    pub fn add(&mut self, forecast: f64, observation: f64) {
        if forecast.is_nan() || observation.is_nan() {
            return;
        }
        let error = forecast - observation;
        self.n += 1;
        self.forecast += forecast;
        self.observation += observation;
        self.forecast_squared += forecast * forecast;
        self.observation_squared += observation * observation;
        self.product += forecast * observation;
        self.error_squared += error * error;
        self.error_absolute += error.abs();
        self.n_wet_forecast += u64::from(forecast >= WET_MM);
        self.n_wet_observation += u64::from(observation >= WET_MM);
    }

    /// Counts the pixels of two maps where neither is missing.
    ///
    /// # Panics
    /// If the maps differ in size.
    pub fn add_maps(&mut self, forecast: &Field, observation: &Field) {
        pairs(forecast, observation).for_each(|(f, o)| self.add(f.into(), o.into()));
    }

    /// Pearson correlation of forecast and observation; `None` where one of them does not vary.
    pub fn correlation(&self) -> Option<f64> {
        let n = self.n as f64;
        let covariance = self.product - self.forecast * self.observation / n;
        let variance = |squared: f64, sum: f64| {
            let variance = squared - sum * sum / n;
            if variance > ROUNDING * squared { variance } else { 0.0 }
        };
        let forecast = variance(self.forecast_squared, self.forecast);
        let observation = variance(self.observation_squared, self.observation);
        ratio(covariance, (forecast * observation).sqrt())
    }
}

impl Merge for Moments {
    fn merge(&mut self, other: &Self) {
        self.n += other.n;
        self.forecast += other.forecast;
        self.observation += other.observation;
        self.forecast_squared += other.forecast_squared;
        self.observation_squared += other.observation_squared;
        self.product += other.product;
        self.error_squared += other.error_squared;
        self.error_absolute += other.error_absolute;
        self.n_wet_forecast += other.n_wet_forecast;
        self.n_wet_observation += other.n_wet_observation;
    }
}
