//! What the boundary layer does to the wind: rolls, convective cells, turbulence.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::super::Random;
use super::super::geometry::{Azimuth, Place, mix, smoothstep};
use super::super::noise::Noise;
use super::super::scene::Kind;
use super::{BaseFlow, Vortex};

/// Rolls are so many times longer than wide.
const ROLL_ASPECT: f64 = 9.0;

/// Structures of 2 to 40 km, as relative changes of the wind speed.
///
/// Rolls lie along the wind with wavelengths of 2 to 8 km (Atkinson and Zhang 1996, Rev. Geophys.
/// 34, 403–431); open cells of cold-air outbreaks are 10 to 40 km wide.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gusts {
    /// The axis of the rolls, which is that of the base flow.
    pub roll_axis: Azimuth,
    pub roll_spacing_km: f64,
    /// Standard deviations, as shares of the wind speed.
    pub roll_strength: f64,
    pub cell_strength: f64,
    pub turbulence: f64,
    pub cell_size_km: f64,
    /// Share of the scene with cells.
    pub cell_cover: f64,
    pub noise: Noise,
}

impl Gusts {
    pub(super) fn draw(kind: Kind, base: &BaseFlow, random: &mut Random) -> Self {
        let convective = kind == Kind::Cells || random.chance(0.35);
        let most = if kind == Kind::Cells { 0.32 } else { 0.2 };
        let strength = random.sign() * random.uniform(0.05, most);
        Self {
            roll_axis: base.towards.turned(random.uniform(-12.0, 12.0)),
            roll_spacing_km: random.log_uniform(2.0, 7.0),
            roll_strength: random.uniform(0.008, 0.05),
            cell_strength: if convective { strength } else { 0.0 },
            turbulence: random.uniform(0.02, 0.07),
            cell_size_km: random.log_uniform(8.0, 34.0),
            cell_cover: random.uniform(0.35, 1.0),
            noise: Noise::draw(random),
        }
    }

    /// What the wind speed is multiplied with; in a vortex the rolls follow its spirals.
    pub(super) fn factor(&self, place: Place, vortex: Option<&Vortex>) -> f64 {
        let (x, y) = (place.east_km, place.north_km);
        let eddies = self.noise.layer(1).fractal(x / 22.0, y / 22.0, 4, 0.62);
        let patchy = 1.0 + 0.5 * self.noise.layer(2).gradient(x / 90.0, y / 90.0);
        let rolls = self.roll_strength * self.rolls(place, vortex);
        1.0 + self.cells(place) + patchy.max(0.0) * (rolls + self.turbulence * eddies)
    }

    fn rolls(&self, place: Place, vortex: Option<&Vortex>) -> f64 {
        let noise = self.noise.layer(3);
        let straight = || {
            let length_km = ROLL_ASPECT * self.roll_spacing_km;
            let along = self.roll_axis.along(place) / length_km;
            noise.fractal(along, self.roll_axis.right_of(place) / self.roll_spacing_km, 2, 0.7)
        };
        match vortex.map(|v| (v, v.influence(place))) {
            Some((vortex, influence)) if influence > 0.02 => {
                mix(straight(), self.bent_rolls(place, vortex), influence)
            }
            _ => straight(),
        }
    }

    /// Rolls along the spirals of the flow into a vortex: everything is a function of the logarithm of
    /// the radius and of the angle, so that rolls are wider farther out.
    fn bent_rolls(&self, place: Place, vortex: &Vortex) -> f64 {
        let way = place.from(vortex.centre);
        let ratio = (way.length_km() / vortex.radius_km).max(0.01).ln();
        let inflow = vortex.inflow_deg.to_radians();
        let turns = (way.angle() + ratio / inflow.tan()) / TAU;
        let scale = 1.3 * vortex.radius_km / self.roll_spacing_km;
        let period = (TAU * scale * inflow.sin()).round().max(3.0);
        let along = ratio * scale / (inflow.sin() * ROLL_ASPECT);
        self.noise.layer(4).periodic(turns * period, along, period as i32)
    }

    fn cells(&self, place: Place) -> f64 {
        if self.cell_strength == 0.0 {
            return 0.0;
        }
        let (x, y) = (place.east_km, place.north_km);
        let cover = self.noise.layer(5).gradient(x / 130.0, y / 130.0);
        let threshold = 2.0 * (0.5 - self.cell_cover);
        let here = smoothstep(threshold - 0.4, threshold + 0.4, cover);
        if here == 0.0 {
            return 0.0;
        }
        let bend = |layer: u32| 0.25 * self.noise.layer(layer).gradient(x / 24.0, y / 24.0);
        let (x, y) = (x / self.cell_size_km + bend(6), y / self.cell_size_km + bend(7));
        here * self.cell_strength * self.noise.layer(8).cells(x, y).0
    }
}
