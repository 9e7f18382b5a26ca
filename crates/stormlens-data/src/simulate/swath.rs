//! What of a scene the satellite has seen, and from where.

use serde::{Deserialize, Serialize};

use super::Random;
use super::geometry::{Azimuth, Place, SCENE_KM};

/// Inclination of the orbit of Sentinel-1, in degrees.
const INCLINATION_DEG: f64 = 98.18;
/// The largest share of a scene without data.
const MOST_MISSING: f64 = 0.45;

/// The two imaging modes used over the sea in polar regions (Sentinel-1 Product Definition).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    InterferometricWide,
    ExtraWide,
}

impl Mode {
    /// Width on the ground.
    pub fn width_km(self) -> f64 {
        match self {
            Self::InterferometricWide => 250.0,
            Self::ExtraWide => 410.0,
        }
    }

    /// Incidence angle at the near and at the far edge of the swath.
    pub fn incidence_deg(self) -> [f64; 2] {
        match self {
            Self::InterferometricWide => [29.1, 46.0],
            Self::ExtraWide => [18.9, 47.0],
        }
    }

    /// Beams side by side.
    pub fn n_subswaths(self) -> usize {
        match self {
            Self::InterferometricWide => 3,
            Self::ExtraWide => 5,
        }
    }

    /// Equivalent number of looks of a cell of `cell_km` × `cell_km`.
    ///
    /// The detected products have 4.4 looks in 20 m × 22 m (interferometric wide, high resolution)
    /// and 10.7 in 93 m × 87 m (extra wide, medium resolution); averaging over a cell multiplies the
    /// looks by the number of resolution cells in it. So 500 m have about 2500 and 330 looks,
    /// speckle of 0.09 and 0.24 dB.
    pub fn n_looks(self, cell_km: f64) -> f64 {
        let (looks, resolution_km2) = match self {
            Self::InterferometricWide => (4.4, 0.020 * 0.022),
            Self::ExtraWide => (10.7, 0.093 * 0.087),
        };
        (looks * cell_km * cell_km / resolution_km2).max(1.0)
    }
}

/// A strip of ground along the orbit, seen from its left side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Swath {
    pub mode: Mode,
    /// Where the satellite flies; it looks to the right.
    pub heading: Azimuth,
    /// The middle of the swath, to the right of the middle of the scene.
    pub offset_km: f64,
    /// Where the data begin and end along the track, from the middle of the scene.
    pub along_km: [f64; 2],
}

impl Swath {
    /// A swath that covers at least 55 % of the scene.
    pub fn draw(random: &mut Random) -> Self {
        loop {
            let swath = Self::draw_any(random);
            if swath.missing_share() <= MOST_MISSING {
                return swath;
            }
        }
    }

    fn draw_any(random: &mut Random) -> Self {
        let wide = random.chance(0.16);
        let mode = if wide { Mode::InterferometricWide } else { Mode::ExtraWide };
        let mut along_km = [-SCENE_KM, SCENE_KM];
        if random.chance(0.12) {
            along_km[random.integer(0, 1)] = random.sign() * random.uniform(110.0, 200.0);
            along_km.sort_by(f64::total_cmp);
        }
        let heading = Azimuth::from_deg(draw_heading_deg(random));
        Self { mode, heading, offset_km: random.normal() * 60.0, along_km }
    }

    /// Distance from the near edge on the ground, as a share of the width, 0 to 1 inside.
    pub fn range_share(&self, place: Place) -> f64 {
        (self.heading.right_of(place) - self.offset_km) / self.mode.width_km() + 0.5
    }

    pub fn covers(&self, place: Place) -> bool {
        let along = self.heading.along(place);
        (0.0..=1.0).contains(&self.range_share(place))
            && (self.along_km[0]..=self.along_km[1]).contains(&along)
    }

    pub fn incidence_deg(&self, range_share: f64) -> f64 {
        let [near, far] = self.mode.incidence_deg();
        near + (far - near) * range_share
    }

    /// Share of the scene without data, from a coarse grid.
    pub fn missing_share(&self) -> f64 {
        let n_px = 24;
        let missing =
            (0..n_px * n_px).filter(|i| !self.covers(Place::of_pixel(i / n_px, i % n_px, n_px)));
        missing.count() as f64 / (n_px * n_px) as f64
    }
}

/// Heading of a pass: sin(heading) = cos(inclination) / cos(latitude), northward or southward, and a
/// few degrees more or less since maps of polar seas are not all north up.
fn draw_heading_deg(random: &mut Random) -> f64 {
    let latitude_deg = random.uniform(35.0, 77.0_f64);
    let sine = INCLINATION_DEG.to_radians().cos() / latitude_deg.to_radians().cos();
    let ascending = sine.asin().to_degrees() + random.uniform(-6.0, 6.0);
    if random.chance(0.5) { ascending } else { 180.0 - ascending }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swath(mode: Mode, heading_deg: f64, offset_km: f64) -> Swath {
        let along_km = [-SCENE_KM, SCENE_KM];
        Swath { mode, heading: Azimuth::from_deg(heading_deg), offset_km, along_km }
    }

    #[test]
    fn the_near_range_is_left_of_the_track() {
        let check = |heading: f64, east: f64, covered: bool, incidence: f64| {
            let swath = swath(Mode::InterferometricWide, heading, 0.0);
            let place = Place::new(east, 10.0);
            assert_eq!(swath.covers(place), covered, "{heading} {east}");
            let found = swath.incidence_deg(swath.range_share(place));
            assert!((found - incidence).abs() < 1e-9, "{heading} {east}: {found}");
        };
        check(0.0, -125.0, true, 29.1);
        check(0.0, 125.0, true, 46.0);
        check(180.0, 125.0, true, 29.1);
        check(0.0, 130.0, false, 46.338);
    }

    #[test]
    fn most_of_a_drawn_scene_has_data() {
        let mut random = Random::new(1);
        let drawn: Vec<Swath> = (0..200).map(|_| Swath::draw(&mut random)).collect();
        assert!(drawn.iter().all(|s| s.missing_share() <= MOST_MISSING));
        assert!(drawn.iter().any(|s| s.missing_share() < 0.03));
        assert!(drawn.iter().any(|s| s.missing_share() > 0.3));
    }

    #[test]
    fn passes_lean_as_the_orbit_does() {
        let mut random = Random::new(2);
        for _ in 0..200 {
            let deg = draw_heading_deg(&mut random);
            let lean = if deg.abs() < 90.0 { -deg } else { deg - 180.0 };
            assert!((3.0..46.0).contains(&lean), "{deg}");
        }
    }

    #[test]
    fn looks_grow_with_the_cell() {
        let check = |mode: Mode, expected: f64| {
            assert!((mode.n_looks(0.5) / expected - 1.0).abs() < 0.02, "{}", mode.n_looks(0.5));
        };
        check(Mode::InterferometricWide, 2500.0);
        check(Mode::ExtraWide, 330.0);
    }
}
