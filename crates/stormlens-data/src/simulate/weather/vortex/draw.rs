//! Vortices at random.

use super::super::super::Random;
use super::super::super::geometry::{Azimuth, Place};
use super::super::super::noise::Noise;
use super::super::super::scene::Footprint;
use super::{Bands, Profile, Vortex};

/// Half sides of the squares in which the centre mostly, and always, lies.
const CENTRAL_KM: f64 = 128.0;
const ANYWHERE_KM: f64 = 185.0;
/// How much of the core has to be visible.
const VISIBLE_SHARE: f64 = 0.6;

pub(super) fn draw(footprint: &Footprint, random: &mut Random) -> Vortex {
    let radius_km = random.log_uniform(15.0, 80.0);
    Vortex {
        centre: draw_centre(footprint, radius_km, random),
        radius_km,
        maximum_ms: random.uniform(14.0, 32.0),
        profile: draw_profile(random),
        inflow_deg: random.uniform(10.0, 25.0),
        translation: Azimuth::draw(random),
        translation_ms: random.uniform(2.0, 8.0),
        roundness: random.uniform(0.72, 1.0),
        long_axis: Azimuth::draw(random),
        irregularity: random.uniform(0.04, 0.16),
        eye: random.uniform(0.1, 0.7),
        bands: draw_bands(random),
        noise: Noise::draw(random),
    }
}

fn draw_profile(random: &mut Random) -> Profile {
    if random.chance(0.5) {
        Profile::Holland { b: random.uniform(1.0, 2.0) }
    } else {
        Profile::Rankine { decay: random.uniform(0.45, 0.95) }
    }
}

fn draw_bands(random: &mut Random) -> Bands {
    Bands {
        n_arms: random.integer(1, 3),
        pitch_deg: random.uniform(14.0, 32.0),
        strength: random.uniform(0.08, 0.34),
        line: random.uniform(0.0, 0.2),
        phase_deg: random.uniform(0.0, 360.0),
        blur: random.log_uniform(0.04, 0.25),
        reach: random.uniform(2.5, 6.0),
    }
}

/// The first of many places at which enough of the core is visible, or else the best of them.
fn draw_centre(footprint: &Footprint, radius_km: f64, random: &mut Random) -> Place {
    let half_side_km = if random.chance(0.9) { CENTRAL_KM } else { ANYWHERE_KM };
    let mut best = (Place::new(0.0, 0.0), -1.0);
    for _ in 0..80 {
        let centre = Place::draw(random, half_side_km);
        let share = visible_share(footprint, centre, radius_km);
        if share > best.1 {
            best = (centre, share);
        }
        if share >= VISIBLE_SHARE {
            break;
        }
    }
    best.0
}

/// Share of a disc of 1.4 radii that is sea with data.
fn visible_share(footprint: &Footprint, centre: Place, radius_km: f64) -> f64 {
    let (n_rings, n_rays) = (4, 12);
    let visible = (0..n_rings * n_rays).filter(|i| {
        let ring = (f64::from(i / n_rays) + 0.5) / f64::from(n_rings);
        let ray = Azimuth::from_deg(f64::from(i % n_rays) * 360.0 / f64::from(n_rays));
        footprint.is_sea(centre.plus(ray.way(1.4 * radius_km * ring.sqrt())))
    });
    visible.count() as f64 / f64::from(n_rings * n_rays)
}
