//! Sheltered zones behind islands and mountains.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::super::Random;
use super::super::geometry::{Azimuth, Place, smoothstep};
use super::super::surface::Island;
use super::BaseFlow;

/// An elongated zone of weak wind that may meander like a vortex street (von Kármán), with jets at
/// its sides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wake {
    /// What makes the wake; an island of radius 0 is a mountain that cannot be seen.
    pub island: Island,
    pub downwind: Azimuth,
    pub length_km: f64,
    pub half_width_km: f64,
    /// Relative loss of wind speed in its axis.
    pub deficit: f64,
    pub meander_km: f64,
    pub meander_wavelength_km: f64,
    pub phase_deg: f64,
}

impl Wake {
    pub(super) fn draw(base: &BaseFlow, random: &mut Random) -> Self {
        let island = Island::draw(random);
        let half_width_km = random.log_uniform(3.0, 14.0).max(0.8 * island.radius_km);
        Self {
            island,
            downwind: base.towards.turned(random.normal() * 8.0),
            length_km: random.log_uniform(35.0, 220.0),
            half_width_km,
            deficit: random.uniform(0.2, 0.75),
            meander_km: half_width_km * random.uniform(0.0, 0.9),
            meander_wavelength_km: half_width_km * random.uniform(6.0, 12.0),
            phase_deg: random.uniform(0.0, 360.0),
        }
    }

    pub(super) fn factor(&self, place: Place) -> f64 {
        let way = place.from(self.island.centre);
        let along = self.downwind.along(way);
        if along < 0.0 || along > 4.0 * self.length_km {
            return 1.0;
        }
        let turns = along / self.meander_wavelength_km + self.phase_deg / 360.0;
        let growth = smoothstep(0.0, 6.0 * self.half_width_km, along);
        let middle = self.meander_km * growth * (TAU * turns).sin();
        let width_km = self.half_width_km * (0.8 + 0.4 * along / self.length_km);
        let offset = (self.downwind.right_of(way) - middle) / width_km;
        let shelter = self.deficit * (-0.5 * offset * offset).exp();
        let jets = 0.25 * self.deficit * (-((offset.abs() - 2.2) / 0.7).powi(2)).exp();
        let start = smoothstep(0.0, 1.5 * self.half_width_km, along);
        1.0 + start * (-along / self.length_km).exp() * (jets - shelter)
    }
}
