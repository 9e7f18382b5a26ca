//! The flow of large scale.

use serde::{Deserialize, Serialize};

use super::super::Random;
use super::super::geometry::{Azimuth, Place};
use super::super::noise::Noise;
use super::super::scene::Kind;
use super::Wind;

/// A wind that varies slowly over hundreds of km.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaseFlow {
    /// Where it blows to.
    pub towards: Azimuth,
    pub speed_ms: f64,
    /// Change of speed across the scene, to the right of the wind, as a share of it.
    pub shear: f64,
    /// Turning of the wind over 100 km along it, clockwise, in degrees.
    pub turn_deg: f64,
    /// Standard deviation of the speed, as a share of it.
    pub variation: f64,
    pub noise: Noise,
}

impl BaseFlow {
    /// Scenes with a vortex have the weaker base flow: the vortex adds to it, and scenes of both
    /// kinds shall be equally bright.
    pub(super) fn draw(kind: Kind, random: &mut Random) -> Self {
        let speed_ms = match kind {
            Kind::PolarLow => random.uniform(4.0, 14.0),
            Kind::LowWind => random.uniform(4.0, 11.0),
            _ => random.uniform(6.0, 19.0),
        };
        Self {
            towards: Azimuth::draw(random),
            speed_ms,
            shear: random.uniform(-0.5, 0.5),
            turn_deg: random.uniform(-14.0, 14.0),
            variation: random.uniform(0.05, 0.22),
            noise: Noise::draw(random),
        }
    }

    pub(super) fn wind(&self, place: Place) -> Wind {
        let (along, right) = (self.towards.along(place), self.towards.right_of(place));
        let wave = |layer: u32, size_km: f64| {
            let noise = self.noise.layer(layer);
            noise.gradient(place.east_km / size_km, place.north_km / size_km)
        };
        let change = self.shear * right / 200.0 + self.variation * wave(0, 160.0);
        let factor = (1.0 + change).clamp(0.25, 2.0);
        let turn_deg = self.turn_deg * along / 100.0 + 9.0 * wave(1, 190.0);
        Wind::towards(self.towards, factor * self.speed_ms).turned(turn_deg)
    }
}
