//! Sums over pairs of forecast and observation.

use serde::{Deserialize, Serialize};

use super::{Merge, WET_MM};

/// Sums over nodes, in float64.
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
