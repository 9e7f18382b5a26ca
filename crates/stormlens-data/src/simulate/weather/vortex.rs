//! A polar low: a vortex of 30 to 300 km with its eye and its spiral bands.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::super::Random;
use super::super::geometry::{Azimuth, Place, mix, smoothstep};
use super::super::noise::Noise;
use super::super::scene::Footprint;
use super::Wind;

mod draw;

/// How the tangential wind v depends on the distance r from the centre, with the maximum v_m at r_m.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// v = v_m √((r_m/r)^b exp(1 − (r_m/r)^b)) (Holland 1980, Mon. Wea. Rev. 108, 1212–1218).
    Holland { b: f64 },
    /// v = v_m r/r_m inside and v_m (r_m/r)^decay outside: the modified vortex of Rankine.
    Rankine { decay: f64 },
}

impl Profile {
    /// The share of the maximum at `ratio` times the radius of maximum wind.
    pub fn share(self, ratio: f64) -> f64 {
        match self {
            Self::Holland { b } => {
                let x = ratio.max(1e-3).powf(-b);
                (x * (1.0 - x).exp()).sqrt()
            }
            Self::Rankine { .. } if ratio <= 1.0 => ratio,
            Self::Rankine { decay } => ratio.powf(-decay),
        }
    }
}

/// Lines of wind shear and convergence that wind into the centre as logarithmic spirals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bands {
    /// Spirals around the centre; one makes a comma.
    pub n_arms: usize,
    /// Angle between a spiral and a circle.
    pub pitch_deg: f64,
    /// Relative change of wind speed from a band's sharp side to its blurred one.
    pub strength: f64,
    /// Relative strengthening in the narrow line of convergence itself.
    pub line: f64,
    /// Where the first spiral crosses the radius of maximum wind, counterclockwise from east.
    pub phase_deg: f64,
    /// Blur of their sharp side, as a share of their distance.
    pub blur: f64,
    /// Where the bands end, in radii of maximum wind.
    pub reach: f64,
}

/// A cyclone of the northern hemisphere: its wind blows counterclockwise and inwards.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vortex {
    pub centre: Place,
    /// Radius of maximum wind.
    pub radius_km: f64,
    /// Maximum of the tangential wind, before translation, bands and gusts.
    pub maximum_ms: f64,
    pub profile: Profile,
    /// Angle of the wind to the circles, inwards.
    pub inflow_deg: f64,
    /// The motion of the whole, which adds to the wind on its right side.
    pub translation: Azimuth,
    pub translation_ms: f64,
    /// Short to long axis, 1 for a circle, and the direction of the long axis.
    pub roundness: f64,
    pub long_axis: Azimuth,
    /// Irregularity of its shape, as a share of the radius.
    pub irregularity: f64,
    /// Share of the background wind that is left in the eye.
    pub eye: f64,
    pub bands: Bands,
    pub noise: Noise,
}

impl Vortex {
    /// A vortex that can be seen: most of its core lies on open sea inside the swath. The centre is
    /// mostly, not always, within the middle 64 % of the scene.
    pub(super) fn draw(footprint: &Footprint, random: &mut Random) -> Self {
        draw::draw(footprint, random)
    }

    /// 1 in the core, 0 far away: how much the vortex rules the flow.
    pub fn influence(&self, place: Place) -> f64 {
        let ratio = place.from(self.centre).length_km() / self.radius_km;
        if ratio > 8.0 { 0.0 } else { (-(ratio / 3.0).powi(2)).exp() }
    }

    /// The tangential wind `radius_km` from the centre.
    pub fn tangential_ms(&self, radius_km: f64) -> f64 {
        self.maximum_ms * self.profile.share(radius_km / self.radius_km)
    }

    /// The wind of the vortex alone, without translation.
    pub fn wind(&self, place: Place) -> Wind {
        self.wind_at(self.shaped(place))
    }

    fn wind_at(&self, way: Place) -> Wind {
        let radius_km = way.length_km();
        if radius_km < 1e-6 {
            return Wind { east_ms: 0.0, north_ms: 0.0 };
        }
        let speed = self.tangential_ms(radius_km) * self.band_factor(way) * self.fading(radius_km);
        let (sin, cos) = self.inflow_deg.to_radians().sin_cos();
        let (outwards_east, outwards_north) = (way.east_km / radius_km, way.north_km / radius_km);
        Wind {
            east_ms: speed * (-outwards_north * cos - outwards_east * sin),
            north_ms: speed * (outwards_east * cos - outwards_north * sin),
        }
    }

    /// The wind where the base flow would be `base`: in the core the motion of the vortex takes the
    /// place of the base flow, and in the eye little is left of either.
    pub(super) fn within(&self, place: Place, base: Wind) -> Wind {
        let way = self.shaped(place);
        let ratio = way.length_km() / self.radius_km;
        let core = (-(ratio / 2.2).powi(2)).exp();
        let motion = Wind::towards(self.translation, self.translation_ms);
        let eye = 1.0 - (1.0 - self.eye) * (-(ratio / 0.55).powi(2)).exp();
        let background = base.times(1.0 - core).plus(motion.times(core * eye));
        background.plus(self.wind_at(way))
    }

    /// The way from the centre in a vortex that were round and regular.
    fn shaped(&self, place: Place) -> Place {
        let way = place.from(self.centre);
        let along = self.long_axis.along(way);
        let stretch = along * (self.roundness - 1.0);
        let size_km = 1.4 * self.radius_km;
        let bend = |layer: u32| {
            let noise = self.noise.layer(layer);
            let (x, y) = (way.east_km / size_km, way.north_km / size_km);
            self.irregularity * self.radius_km * noise.fractal(x, y, 2, 0.5)
        };
        way.plus(self.long_axis.way(stretch)).plus(Place::new(bend(0), bend(1)))
    }

    /// No vortex reaches on for ever: from four radii outwards it fades.
    fn fading(&self, radius_km: f64) -> f64 {
        1.0 - 0.85 * smoothstep(3.0, 8.0, radius_km / self.radius_km)
    }

    /// The relative change of wind speed by the spiral bands.
    fn band_factor(&self, way: Place) -> f64 {
        let Bands { n_arms, pitch_deg, strength, line, phase_deg, blur, reach } = self.bands;
        let ratio = (way.length_km() / self.radius_km).max(0.02);
        let here = smoothstep(0.3, 0.9, ratio) * (1.0 - smoothstep(0.6 * reach, reach, ratio));
        if here == 0.0 {
            return 1.0;
        }
        let angle = way.angle() + ratio.ln() / pitch_deg.to_radians().tan();
        let turns = (angle - phase_deg.to_radians()) / TAU * n_arms as f64;
        let noise = |layer: u32, size: f64| {
            let size_km = size * self.radius_km;
            self.noise.layer(layer).gradient(way.east_km / size_km, way.north_km / size_km)
        };
        let wobble = 0.05 * noise(2, 1.2) + 0.012 * noise(3, 0.3);
        let broken = (0.6 + 0.5 * noise(4, 0.9)).clamp(0.0, 1.4);
        let share = (turns + wobble).rem_euclid(1.0);
        let sharp = smoothstep(0.0, blur, share);
        let slope = mix(-1.0, 1.0 - 2.0 * share, sharp);
        let crest = (-((share - 0.5 * blur) / (0.5 * blur)).powi(2)).exp();
        1.0 + here * broken * (strength * slope + line * crest)
    }
}

#[cfg(test)]
mod tests;
