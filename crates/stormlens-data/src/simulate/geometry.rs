//! Places and directions in a scene.

use serde::{Deserialize, Serialize};

use super::Random;

/// Side of a scene: the footprint of the published quicklooks is about 400 km × 400 km.
pub const SCENE_KM: f64 = 400.0;

/// A place, or the way from one to another, in km; the middle of the scene is the origin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    pub east_km: f64,
    pub north_km: f64,
}

impl Place {
    pub fn new(east_km: f64, north_km: f64) -> Self {
        Self { east_km, north_km }
    }

    /// The middle of a pixel of a scene of `size_px` × `size_px`, row 0 in the north.
    pub fn of_pixel(row: usize, column: usize, size_px: usize) -> Self {
        let km = |index: usize| ((index as f64 + 0.5) / size_px as f64 - 0.5) * SCENE_KM;
        Self::new(km(column), -km(row))
    }

    /// Anywhere in the middle square of a scene whose half side is `half_side_km`.
    pub fn draw(random: &mut Random, half_side_km: f64) -> Self {
        let mut km = || random.uniform(-half_side_km, half_side_km);
        Self::new(km(), km())
    }

    /// The way from `origin` to here.
    pub fn from(self, origin: Self) -> Self {
        Self::new(self.east_km - origin.east_km, self.north_km - origin.north_km)
    }

    pub fn plus(self, other: Self) -> Self {
        Self::new(self.east_km + other.east_km, self.north_km + other.north_km)
    }

    pub fn times(self, factor: f64) -> Self {
        Self::new(factor * self.east_km, factor * self.north_km)
    }

    pub fn length_km(self) -> f64 {
        (self.east_km * self.east_km + self.north_km * self.north_km).sqrt()
    }

    /// Angle counterclockwise from east, in radians.
    pub fn angle(self) -> f64 {
        self.north_km.atan2(self.east_km)
    }
}

/// A direction, clockwise from north; as text its degrees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "f64", into = "f64")]
pub struct Azimuth {
    deg: f64,
    /// Unit vector in this direction.
    pub east: f64,
    pub north: f64,
}

impl Azimuth {
    pub fn from_deg(deg: f64) -> Self {
        let (east, north) = deg.to_radians().sin_cos();
        Self { deg, east, north }
    }

    pub fn draw(random: &mut Random) -> Self {
        Self::from_deg(random.uniform(0.0, 360.0))
    }

    pub fn deg(self) -> f64 {
        self.deg
    }

    pub fn turned(self, deg: f64) -> Self {
        Self::from_deg((self.deg + deg).rem_euclid(360.0))
    }

    /// How far `way` leads in this direction, in km.
    pub fn along(self, way: Place) -> f64 {
        way.east_km * self.east + way.north_km * self.north
    }

    /// How far `way` leads to the right of this direction, in km.
    pub fn right_of(self, way: Place) -> f64 {
        way.east_km * self.north - way.north_km * self.east
    }

    /// So many km in this direction.
    pub fn way(self, km: f64) -> Place {
        Place::new(km * self.east, km * self.north)
    }
}

impl From<f64> for Azimuth {
    fn from(deg: f64) -> Self {
        Self::from_deg(deg)
    }
}

impl From<Azimuth> for f64 {
    fn from(azimuth: Azimuth) -> Self {
        azimuth.deg
    }
}

/// From 0 at `low` to 1 at `high`, level at both ends.
pub(super) fn smoothstep(low: f64, high: f64, x: f64) -> f64 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// From `a` at 0 to `b` at 1.
pub(super) fn mix(a: f64, b: f64, share: f64) -> f64 {
    a + (b - a) * share
}

/// A power ratio from decibels.
pub(super) fn from_db(db: f64) -> f64 {
    (0.1 * std::f64::consts::LN_10 * db).exp()
}

/// Decibels of a power ratio.
pub(super) fn to_db(ratio: f64) -> f64 {
    10.0 * ratio.log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn azimuths_are_clockwise_from_north() {
        let check = |deg: f64, place: Place, along: f64, right: f64| {
            let azimuth = Azimuth::from_deg(deg);
            assert!((azimuth.along(place) - along).abs() < 1e-9, "{deg} {place:?}");
            assert!((azimuth.right_of(place) - right).abs() < 1e-9, "{deg} {place:?}");
        };
        let (east, north) = (Place::new(3.0, 0.0), Place::new(0.0, 2.0));
        check(0.0, north, 2.0, 0.0);
        check(0.0, east, 0.0, 3.0);
        check(90.0, east, 3.0, 0.0);
        check(90.0, north, 0.0, -2.0);
        check(180.0, east, 0.0, -3.0);
    }

    #[test]
    fn pixels_are_counted_from_the_north_west() {
        let check = |row, column, east, north| {
            assert_eq!(Place::of_pixel(row, column, 4), Place::new(east, north));
        };
        check(0, 0, -150.0, 150.0);
        check(0, 3, 150.0, 150.0);
        check(3, 1, -50.0, -150.0);
    }

    #[test]
    fn an_azimuth_is_written_as_degrees() {
        let text = serde_json::to_string(&Azimuth::from_deg(12.5)).unwrap();
        assert_eq!(text, "12.5");
        assert_eq!(serde_json::from_str::<Azimuth>(&text).unwrap(), Azimuth::from_deg(12.5));
    }
}
