//! Fronts and shear lines.

use serde::{Deserialize, Serialize};

use super::super::Random;
use super::super::geometry::{Azimuth, Place, smoothstep};
use super::super::noise::Noise;
use super::Wind;

/// A line, curved and wavy, across which the wind changes speed and direction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Front {
    pub through: Place,
    /// The line there; behind the front is to its right.
    pub axis: Azimuth,
    /// Bend of the line: one over its radius, positive to the right.
    pub curvature_per_km: f64,
    pub waviness_km: f64,
    /// Half width of the change.
    pub width_km: f64,
    /// Relative change of speed behind it, and turn of the wind clockwise.
    pub speed_change: f64,
    pub turn_deg: f64,
    /// Relative strengthening in the line itself.
    pub ridge: f64,
    /// Distance behind the line over which the change fades.
    pub decay_km: f64,
    pub noise: Noise,
}

impl Front {
    pub(super) fn draw(random: &mut Random) -> Self {
        let radius_km = random.log_uniform(130.0, 2_000.0);
        let change = random.uniform(-0.55, 0.7);
        Self {
            through: Place::draw(random, 140.0),
            axis: Azimuth::draw(random),
            curvature_per_km: random.sign() / radius_km,
            waviness_km: random.uniform(1.0, 9.0),
            width_km: random.log_uniform(0.7, 9.0),
            speed_change: change,
            turn_deg: random.uniform(-70.0, 70.0),
            ridge: random.uniform(-0.1, 0.25),
            decay_km: random.log_uniform(50.0, 500.0),
            noise: Noise::draw(random),
        }
    }

    pub(super) fn change(&self, place: Place, wind: Wind) -> Wind {
        let distance_km = self.distance_km(place);
        if distance_km < -5.0 * self.width_km {
            return wind;
        }
        let fading = (-distance_km.max(0.0) / self.decay_km).exp();
        let behind = smoothstep(-2.0 * self.width_km, 2.0 * self.width_km, distance_km) * fading;
        let ridge = self.ridge * (-(distance_km / (1.6 * self.width_km)).powi(2)).exp();
        wind.turned(self.turn_deg * behind).times(1.0 + self.speed_change * behind + ridge)
    }

    /// How far behind the line a place is.
    fn distance_km(&self, place: Place) -> f64 {
        let way = place.from(self.through);
        let along = self.axis.along(way);
        let waves = self.waviness_km * self.noise.fractal(along / 55.0, 0.5, 3, 0.5);
        let bend = 0.5 * self.curvature_per_km * along * along;
        let slope = (self.curvature_per_km * along).hypot(1.0);
        (self.axis.right_of(way) - bend - waves) / slope
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wind_changes_behind_the_line_only() {
        let front = Front {
            through: Place::new(0.0, 0.0),
            axis: Azimuth::from_deg(0.0),
            curvature_per_km: 0.0,
            waviness_km: 0.0,
            width_km: 2.0,
            speed_change: 0.5,
            turn_deg: 90.0,
            ridge: 0.0,
            decay_km: 1e9,
            noise: Noise::draw(&mut Random::new(1)),
        };
        let north = Wind { east_ms: 0.0, north_ms: 10.0 };
        assert_eq!(front.change(Place::new(-30.0, 5.0), north), north);
        let behind = front.change(Place::new(30.0, 5.0), north);
        assert!((behind.east_ms - 15.0).abs() < 1e-3, "{behind:?}");
        assert!(behind.north_ms.abs() < 1e-3, "{behind:?}");
    }
}
