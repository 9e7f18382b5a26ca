//! What lies under the wind: sea, land, ice, and what floats on the sea.

use serde::{Deserialize, Serialize};

use super::Random;
use super::geometry::{Azimuth, Place};
use super::noise::Noise;

mod ice;
mod land;
mod slicks;

pub use ice::Ice;
pub use land::{Island, Land};
pub use slicks::Slicks;

/// What the radar sees at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Surface {
    /// Open water, with films that weaken the backscatter by so many decibels.
    Sea { damping_db: f64 },
    /// Sea of which this share, 0 to 1, is covered by ice of that backscatter (power ratios).
    Ice { cover: f64, co: f64, cross: f64 },
    /// Land of that backscatter (power ratios).
    Land { co: f64, cross: f64 },
}

/// A small eddy of the sea: it winds up whatever floats there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Swirl {
    pub centre: Place,
    pub radius_km: f64,
    /// Rotation of its middle, counterclockwise.
    pub turn_deg: f64,
}

impl Swirl {
    /// An eddy of at most 15 km near `centre`.
    fn draw(centre: Place, random: &mut Random) -> Self {
        let radius_km = random.log_uniform(4.0, 14.0);
        let turn_deg = random.sign() * random.uniform(120.0, 420.0);
        Self { centre, radius_km, turn_deg }
    }

    /// Where what floats at `place` has come from.
    fn undone(&self, place: Place) -> Place {
        let way = place.from(self.centre);
        let ratio = way.length_km() / self.radius_km;
        if ratio > 3.0 {
            return place;
        }
        let back = Azimuth::from_deg(self.turn_deg * (-ratio * ratio).exp());
        let turned = Place::new(back.north, -back.east).times(way.east_km);
        self.centre.plus(turned).plus(Place::new(back.east, back.north).times(way.north_km))
    }
}

/// Where what floats at `place` was before all eddies.
fn before(swirls: &[Swirl], place: Place) -> Place {
    swirls.iter().fold(place, |place, swirl| swirl.undone(place))
}

/// Ridges: 1 in thin winding lines, 0 elsewhere.
fn ridges(noise: Noise, x: f64, y: f64, n_octaves: u32, sharpness: f64) -> f64 {
    let value = sharpness * noise.fractal(x, y, n_octaves, 0.55);
    (-value * value).exp()
}
