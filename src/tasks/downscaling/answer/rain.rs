//! The rain of the network, what it was given, and what was observed.

use std::ops::RangeInclusive;

use stormlens_data::downscale::{Conservation, TileRain};
use stormlens_data::outcome::{Colours, Quantity, Role, Variable};

use super::said::not_kept;
use super::{Made, SHARE_OF_COARSE, interval};
use crate::tasks::downscaling::map::Ground;
use crate::tasks::downscaling::prepare::Work;

/// Shares of the coarse rain that need no words.
const KEPT: RangeInclusive<f64> = 0.8..=1.25;

impl Made<'_> {
    /// What the network says, what it was given, and what was observed.
    pub(super) fn add_rain(&mut self) {
        let prediction = self.rain("prediction", Role::Prediction, &self.refined.mm);
        self.variables.push(prediction);
        if self.work.rain.is_fine {
            let field = &self.work.rain.field;
            let nodes = field.linear_nodes(&self.ground.latitudes, &self.ground.longitudes);
            let observed: Vec<f32> = nodes.into_iter().map(|mm| mm as f32).collect();
            let own =
                Quantity { name: own_name(self.work, &self.quantity), ..self.quantity.clone() };
            let own = self.rain_of(own, "observation", Role::Observation, &observed);
            self.variables.push(own);
            self.observed = Some(observed);
        }
        self.variables.push(coarse(self.work, &self.ground));
        let Self { work, refined, .. } = self;
        let (n_tiles, n_wet) = (work.tiles.len(), work.wet.len());
        let is_missing = |(_, rain): &&(_, TileRain)| matches!(rain, TileRain::Missing { .. });
        let n_missing = work.tiles.iter().filter(is_missing).count();
        let clipped = refined.clipped;
        let total: f64 = refined.mm.iter().filter(|mm| !mm.is_nan()).map(|&mm| f64::from(mm)).sum();
        self.count("tiles/all", n_tiles as f64, "1", "tiles of the domain");
        self.count(
            "tiles/wet",
            n_wet as f64,
            "1",
            "tiles with rain, which went through the network",
        );
        self.count(
            "tiles/missing",
            n_missing as f64,
            "1",
            "tiles with missing coarse rain, which have no data",
        );
        let share = if total > 0.0 { clipped.mm_nodes / total } else { 0.0 };
        let meaning = "negative rain of the network that is 0 now, as a share of all rain";
        self.count("clipped_share", share, "1", meaning);
        self.add_share_of_coarse();
    }

    /// How much of the coarse rain is left, and how it can be kept where that is much less or more.
    fn add_share_of_coarse(&mut self) {
        let Some(share) = self.refined.share_of_coarse else { return };
        let meaning =
            "mean of the refined rain divided by that of the coarse rain, over the same cells";
        self.count(SHARE_OF_COARSE, share, "1", meaning);
        let is_kept = self.work.refinement.conservation == Conservation::Coarse;
        if !is_kept && !self.work.wet.is_empty() && !KEPT.contains(&share) {
            self.notes.push(not_kept(share));
        }
    }

    pub(super) fn add_terrain(&mut self) {
        let Some(terrain) = &self.work.terrain else { return };
        let heights = terrain.field.nearest_nodes(&self.ground.latitudes, &self.ground.longitudes);
        let heights: Vec<f32> =
            heights.into_iter().map(|m| if m.is_nan() { 0.0 } else { m }).collect();
        let quantity = Quantity {
            standard_name: Some("surface_altitude".to_owned()),
            ..Quantity::new("terrain", "m", Colours::Amount)
        };
        self.variables.push(self.map("elevation", Role::Context, quantity, &heights));
        self.elevation_m = Some(heights);
    }
}

/// The coarse rain, each node in the middle of its cell.
fn coarse(work: &Work, ground: &Ground) -> Variable {
    let factor = work.geometry.factor();
    let first = work.geometry.first_fine_deg();
    let every = |axis: &[f64]| {
        let nodes = axis.iter().step_by(factor);
        nodes.map(|degrees| degrees - first).collect::<Vec<f64>>()
    };
    let nodes =
        Ground::new(every(&ground.latitudes), every(&ground.longitudes), work.geometry.coarse_deg);
    let values = work.rain.field.linear_nodes(&nodes.latitudes, &nodes.longitudes);
    let values: Vec<f32> = values.into_iter().map(|mm| mm as f32).collect();
    let quantity = Quantity::rain_amount(work.refining.rain.hours);
    let name = format!("coarse {}", quantity.name);
    let quantity = Quantity { name, ..quantity };
    Variable { axes: interval(work), ..nodes.variable("coarse", Role::Context, quantity, &values) }
}

/// What the fine field is called that the network is compared with.
fn own_name(work: &Work, quantity: &Quantity) -> String {
    match work.rain.is_observed {
        true => quantity.name.clone(),
        false => format!("{} of the file", quantity.name),
    }
}
