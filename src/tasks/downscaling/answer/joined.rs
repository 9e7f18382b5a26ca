//! How the tiles were joined.

use stormlens_data::downscale::seam_index;
use stormlens_data::outcome::{Colours, Note, Over, Quantity, Role, Variable};

use super::{Made, interval};
use crate::tasks::downscaling::map::Ground;

/// Above this ratio edges of tiles are steps of their own.
const VISIBLE_SEAMS: f64 = 2.0;

impl Made<'_> {
    /// How the tiles were joined, and whether one sees it; what each coarse cell was multiplied by.
    pub(super) fn add_seams(&mut self) {
        let Self { work, refined, ground, .. } = &*self;
        let weights = Quantity::new("sum of the weights of tiles", "1", Colours::Amount);
        let weights = self.map("weight_sum", Role::Context, weights, &refined.mosaic.weight_sum);
        let conservation = self.conservation();
        let tiles: Vec<_> = work.tiles.iter().map(|(tile, _)| *tile).collect();
        let corner = [ground.latitudes[0], ground.longitudes[0]]
            .map(|first| first - work.geometry.first_fine_deg());
        let seams = seam_index(&refined.mm, ground.width(), corner, &tiles, &work.geometry);
        self.variables.extend([weights, conservation]);
        if let Some(ratio) = seams.ratio() {
            let meaning = "mean step across the edges of tiles, divided by that inside tiles; 1 if edges are like any other place";
            self.count("seam_index", ratio, "1", meaning);
            if ratio > VISIBLE_SEAMS {
                let text = format!(
                    "edges of tiles can be seen: steps across them are {} times those inside tiles",
                    stormlens_plot::words::number(ratio)
                );
                self.notes.push(Note::new("seams", text, false));
            }
        }
    }

    fn conservation(&self) -> Variable {
        let factor = self.work.geometry.factor();
        let every = |axis: &[f64]| {
            let shift = self.work.geometry.fine_deg * (factor - 1) as f64 / 2.0;
            axis.iter().step_by(factor).map(|degrees| degrees + shift).collect::<Vec<f64>>()
        };
        let blocks = Ground::new(
            every(&self.ground.latitudes),
            every(&self.ground.longitudes),
            self.work.geometry.coarse_deg,
        );
        let has_gaps = self.refined.mosaic.mm.iter().any(|mm| mm.is_nan());
        let missing = if has_gaps { "no refined rain, or no data" } else { "no refined rain" };
        let quantity = Quantity::new("coarse over refined rain of a cell", "1", Colours::Factor)
            .missing_where(&format!("{missing}: undefined"))
            .over(Over::OfSum);
        let ratio = &self.refined.ratio;
        let map = blocks.variable("conservation_ratio", Role::Diagnostic, quantity, ratio);
        Variable { axes: interval(self.work), ..map }
    }
}
