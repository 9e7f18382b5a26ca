//! Land: a fractal coast, mountains, towns, islands.

use serde::{Deserialize, Serialize};

use super::super::Random;
use super::super::geometry::{Azimuth, Place, from_db};
use super::super::noise::Noise;
use super::{Surface, ridges};

/// A small island.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Island {
    pub centre: Place,
    pub radius_km: f64,
    /// Mean backscatter, in decibels.
    pub co_db: f64,
    pub cross_db: f64,
    pub noise: Noise,
}

impl Island {
    pub fn draw(random: &mut Random) -> Self {
        let radius_km = if random.chance(0.7) { random.log_uniform(1.0, 9.0) } else { 0.0 };
        let co_db = random.uniform(-13.0, -6.5);
        Self {
            centre: Place::draw(random, 170.0),
            radius_km,
            co_db,
            cross_db: co_db - random.uniform(4.5, 8.0),
            noise: Noise::draw(random),
        }
    }

    pub fn covers(&self, place: Place) -> bool {
        let way = place.from(self.centre);
        let size_km = 1.3 * self.radius_km;
        way.length_km() < 2.0 * self.radius_km && {
            let (x, y) = (way.east_km / size_km, way.north_km / size_km);
            way.length_km() < self.radius_km * (1.0 + 0.25 * self.noise.fractal(x, y, 3, 0.5))
        }
    }

    pub(crate) fn surface(&self, place: Place) -> Surface {
        let relief = 2.0 * relief(self.noise, place);
        Surface::Land { co: from_db(self.co_db + relief), cross: from_db(self.cross_db + relief) }
    }
}

/// Land of a footprint, and how it looks to the radar.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Land {
    /// From the sea to the land.
    pub inland: Azimuth,
    /// How far the coast is from the middle of the scene, on average.
    pub coast_km: f64,
    /// How far bays and capes deviate from that.
    pub raggedness_km: f64,
    pub bay_km: f64,
    /// Mean backscatter, in decibels, and its variation with relief.
    pub co_db: f64,
    pub cross_db: f64,
    pub relief_db: f64,
    /// Brightening of towns.
    pub town_db: f64,
    pub noise: Noise,
}

impl Land {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let co_db = random.uniform(-13.0, -6.5);
        Self {
            inland: Azimuth::draw(random),
            coast_km: random.uniform(50.0, 260.0),
            raggedness_km: random.log_uniform(10.0, 75.0),
            bay_km: random.log_uniform(60.0, 180.0),
            co_db,
            cross_db: co_db - random.uniform(4.5, 8.0),
            relief_db: random.uniform(0.8, 2.6),
            town_db: if random.chance(0.3) { random.uniform(2.0, 8.0) } else { 0.0 },
            noise: Noise::draw(random),
        }
    }

    pub fn covers(&self, place: Place) -> bool {
        let along = self.inland.along(place) - self.coast_km;
        if along < -3.5 * self.raggedness_km {
            return false;
        }
        let (x, y) = (place.east_km / self.bay_km, place.north_km / self.bay_km);
        along + self.raggedness_km * self.noise.fractal(x, y, 7, 0.43) > 0.0
    }

    pub(crate) fn surface(&self, place: Place) -> Surface {
        let (x, y) = (place.east_km, place.north_km);
        let relief = self.relief_db * relief(self.noise, place);
        let town = self.town_db * self.town(x, y);
        let co = self.co_db + relief + 1.3 * town;
        let vegetation = 0.8 * self.noise.layer(4).gradient(x / 40.0, y / 40.0);
        let cross = self.cross_db + 0.8 * relief + town + vegetation;
        Surface::Land { co: from_db(co), cross: from_db(cross) }
    }

    /// 0 in the country to 1 in the middle of a town.
    fn town(&self, x: f64, y: f64) -> f64 {
        if self.town_db == 0.0 {
            return 0.0;
        }
        let plain = self.noise.layer(3).fractal(x / 45.0, y / 45.0, 5, 0.65);
        (0.9 * (plain - 0.7)).clamp(0.0, 1.0)
    }
}

/// Slopes towards and away from the radar, between valleys: mean near 0, deviation near 1.
fn relief(noise: Noise, place: Place) -> f64 {
    let (x, y) = (place.east_km, place.north_km);
    let valleys = ridges(noise.layer(1), x / 24.0, y / 24.0, 4, 2.2);
    let slopes = noise.layer(2).fractal(x / 10.0, y / 10.0, 4, 0.5);
    0.8 * slopes - 1.6 * (valleys - 0.4)
}
