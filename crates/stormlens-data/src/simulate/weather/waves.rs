//! Atmospheric gravity waves.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::super::Random;
use super::super::geometry::{Azimuth, Place};
use super::super::noise::Noise;
use super::BaseFlow;

/// A train of parallel bands of stronger and weaker wind, as behind a coast or an island.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GravityWaves {
    pub centre: Place,
    /// Across the crests.
    pub axis: Azimuth,
    pub wavelength_km: f64,
    /// Relative change of the wind speed.
    pub amplitude: f64,
    /// Half extent across and along the crests.
    pub length_km: f64,
    pub breadth_km: f64,
    /// Bend of the crests: one over their radius.
    pub curvature_per_km: f64,
    pub noise: Noise,
}

impl GravityWaves {
    pub(super) fn draw(base: &BaseFlow, random: &mut Random) -> Self {
        let radius_km = random.log_uniform(60.0, 1_000.0);
        Self {
            centre: Place::draw(random, 130.0),
            axis: base.towards.turned(random.normal() * 25.0),
            wavelength_km: random.log_uniform(4.0, 20.0),
            amplitude: random.uniform(0.08, 0.32),
            length_km: random.log_uniform(25.0, 110.0),
            breadth_km: random.log_uniform(25.0, 130.0),
            curvature_per_km: random.sign() / radius_km,
            noise: Noise::draw(random),
        }
    }

    pub(super) fn factor(&self, place: Place) -> f64 {
        let way = place.from(self.centre);
        let (along, across) = (self.axis.along(way), self.axis.right_of(way));
        let square = (along / self.length_km).powi(2) + (across / self.breadth_km).powi(2);
        if square > 6.0 {
            return 1.0;
        }
        let bend = 0.5 * self.curvature_per_km * across * across;
        let size_km = 6.0 * self.wavelength_km;
        let jitter = self.noise.gradient(way.east_km / size_km, way.north_km / size_km);
        let turns = (along + bend) / self.wavelength_km + 0.25 * jitter;
        1.0 + self.amplitude * (-square).exp() * (TAU * turns).sin()
    }
}
