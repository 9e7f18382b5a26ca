//! Patches of low wind.

use serde::{Deserialize, Serialize};

use super::super::Random;
use super::super::geometry::{Azimuth, Place, mix, smoothstep};
use super::super::noise::Noise;

/// A ragged patch of weak wind: dark, and easily taken for an eye.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calm {
    pub centre: Place,
    pub long_axis: Azimuth,
    /// Half lengths of its axes.
    pub long_km: f64,
    pub short_km: f64,
    /// Share of the wind that is left inside.
    pub remainder: f64,
    /// Blur of its border, as a share of its size.
    pub softness: f64,
    /// Raggedness of its border, as a share of its size.
    pub raggedness: f64,
    pub noise: Noise,
}

impl Calm {
    pub(super) fn draw(random: &mut Random) -> Self {
        let long_km = random.log_uniform(9.0, 130.0);
        Self {
            centre: Place::draw(random, 170.0),
            long_axis: Azimuth::draw(random),
            long_km,
            short_km: long_km * random.log_uniform(0.15, 1.0),
            remainder: random.uniform(0.12, 0.7),
            softness: random.uniform(0.1, 0.9),
            raggedness: random.uniform(0.1, 0.5),
            noise: Noise::draw(random),
        }
    }

    pub(super) fn factor(&self, place: Place) -> f64 {
        let way = place.from(self.centre);
        let along = self.long_axis.along(way) / self.long_km;
        let across = self.long_axis.right_of(way) / self.short_km;
        let distance = along.hypot(across);
        if distance > 4.0 {
            return 1.0;
        }
        let (x, y) = (way.east_km / self.long_km, way.north_km / self.long_km);
        let ragged = distance + self.raggedness * self.noise.fractal(1.6 * x, 1.6 * y, 4, 0.55);
        let outside = smoothstep(1.0 - self.softness, 1.0 + self.softness, ragged);
        mix(self.remainder, 1.0, outside)
    }
}
