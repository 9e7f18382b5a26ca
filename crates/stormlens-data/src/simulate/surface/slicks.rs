//! Films on the sea.

use serde::{Deserialize, Serialize};

use super::super::Random;
use super::super::geometry::{Place, smoothstep};
use super::super::noise::Noise;
use super::{Swirl, before, ridges};

/// Natural films: thin dark lines, drawn out and wound up by eddies, where the wind is weak.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slicks {
    /// Distance between the lines.
    pub spacing_km: f64,
    /// Loss of backscatter in them.
    pub damping_db: f64,
    pub swirls: Vec<Swirl>,
    pub noise: Noise,
}

impl Slicks {
    pub(crate) fn draw(n_swirls: usize, random: &mut Random) -> Self {
        let mut swirl = || {
            let centre = Place::draw(random, 180.0);
            Swirl::draw(centre, random)
        };
        Self {
            swirls: (0..n_swirls).map(|_| swirl()).collect(),
            spacing_km: random.log_uniform(8.0, 30.0),
            damping_db: random.uniform(2.0, 7.0),
            noise: Noise::draw(random),
        }
    }

    /// Loss of backscatter at a place; wind of more than 8 m/s mixes films into the water.
    pub(crate) fn damping_db(&self, place: Place, speed_ms: f64) -> f64 {
        let weak = 1.0 - smoothstep(4.0, 8.0, speed_ms);
        if weak == 0.0 {
            return 0.0;
        }
        let source = before(&self.swirls, place);
        let (x, y) = (source.east_km / self.spacing_km, source.north_km / self.spacing_km);
        weak * self.damping_db * ridges(self.noise, x, y, 3, 5.0)
    }
}
