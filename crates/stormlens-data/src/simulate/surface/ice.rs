//! Sea ice: an edge with eddies, floes, leads.

use serde::{Deserialize, Serialize};

use super::super::Random;
use super::super::geometry::{Azimuth, Place, from_db, smoothstep};
use super::super::noise::Noise;
use super::{Surface, Swirl, before, ridges};

/// An ice field that begins at an edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ice {
    /// From the water to the ice.
    pub inwards: Azimuth,
    /// Distance of the edge from the middle of the scene, and how far it deviates from a line.
    pub edge_km: f64,
    pub raggedness_km: f64,
    /// Distance over which the ice becomes dense.
    pub marginal_km: f64,
    /// Mean backscatter, in decibels.
    pub co_db: f64,
    pub cross_db: f64,
    /// Variation from floe to floe.
    pub floe_db: f64,
    pub floe_km: f64,
    pub swirls: Vec<Swirl>,
    pub noise: Noise,
}

impl Ice {
    /// An ice field with `n_swirls` eddies at its edge.
    pub(crate) fn draw(n_swirls: usize, random: &mut Random) -> Self {
        let inwards = Azimuth::draw(random);
        let edge_km = random.uniform(-20.0, 190.0);
        let co_db = random.uniform(-15.5, -8.0);
        let mut near_edge = || {
            let along = inwards.turned(90.0).way(random.uniform(-190.0, 190.0));
            let centre = inwards.way(edge_km + 12.0 * random.normal()).plus(along);
            Swirl::draw(centre, random)
        };
        Self {
            swirls: (0..n_swirls).map(|_| near_edge()).collect(),
            inwards,
            edge_km,
            raggedness_km: random.uniform(8.0, 40.0),
            marginal_km: random.log_uniform(2.0, 50.0),
            co_db,
            cross_db: co_db - random.uniform(6.0, 11.0),
            floe_db: random.uniform(0.4, 2.0),
            floe_km: random.log_uniform(3.0, 16.0),
            noise: Noise::draw(random),
        }
    }

    /// Ice of this share of the surface, or nothing on open water.
    pub(crate) fn surface(&self, place: Place) -> Option<Surface> {
        let source = before(&self.swirls, place);
        let depth_km = self.inwards.along(source) - self.edge_km;
        if depth_km < -3.5 * self.raggedness_km {
            return None;
        }
        let (x, y) = (source.east_km, source.north_km);
        let edge = self.raggedness_km * self.noise.fractal(x / 55.0, y / 55.0, 6, 0.6);
        let cover = smoothstep(0.0, self.marginal_km, depth_km + edge);
        (cover > 0.0).then(|| self.backscatter(cover, x, y))
    }

    fn backscatter(&self, cover: f64, x: f64, y: f64) -> Surface {
        let bend = 0.35 * self.noise.layer(1).gradient(x / 6.0, y / 6.0);
        let floes = self.noise.layer(2);
        let (border, own) = floes.cells(x / self.floe_km + bend, y / self.floe_km - bend);
        let leads = ridges(self.noise.layer(3), x / 50.0, y / 50.0, 4, 9.0);
        let age = self.noise.layer(4).fractal(x / 60.0, y / 60.0, 5, 0.6);
        let floe = (own - 0.5) * 2.0 * self.floe_db - 0.35 * self.floe_db * border;
        let change = floe + 0.9 * age - 3.0 * leads;
        let co = from_db(self.co_db + change);
        Surface::Ice { cover, co, cross: from_db(self.cross_db + 1.3 * change) }
    }
}
