//! From millimetres to the network's units and back, and which tiles need no network.

use serde::{Deserialize, Serialize};

use super::{Geometry, Tile};
use crate::field::GriddedField;

/// A tile whose coarse values all lie below is dry, mm in the interval.
pub const DRY_MM: f64 = 0.01;

/// The wettest node of a tile counts at least as so much, mm, where the rain of tiles is multiplied: steps of a
/// hundredth of a millimetre, in which radar rain comes, would be large in drizzle.
const LEAST_WETTEST_MM: f64 = 1.0;

/// The network's unit: `z = (ln(1 + factor · mm) − mean) / std`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogScale {
    pub mean: f64,
    pub std: f64,
    /// Rain is multiplied by it first; 1 as published.
    #[serde(default = "one")]
    pub factor: f64,
}

fn one() -> f64 {
    1.0
}

impl LogScale {
    /// As published: rain as it is.
    pub const fn new(mean: f64, std: f64) -> Self {
        Self { mean, std, factor: 1.0 }
    }

    /// The unit in which the wettest coarse node of a tile has `wettest_mm`; of a tile with less than 1 mm everywhere,
    /// 1 mm would have it. `coarse_mm` are the nodes of the tile and around it.
    #[must_use]
    pub fn with_wettest(self, wettest_mm: f64, coarse_mm: &[f64]) -> Self {
        let wettest = coarse_mm.iter().copied().fold(LEAST_WETTEST_MM, f64::max);
        Self { factor: wettest_mm / wettest, ..self }
    }

    pub fn z(&self, mm: f64) -> f64 {
        ((self.factor * mm).ln_1p() - self.mean) / self.std
    }

    /// Less than zero where the network says less than no rain, down to −1 mm divided by the factor.
    pub fn mm(&self, z: f64) -> f64 {
        (z * self.std + self.mean).exp_m1() / self.factor
    }

    /// What stands for no rain.
    pub fn dry_z(&self) -> f64 {
        -self.mean / self.std
    }
}

/// The coarse rain of a tile.
#[derive(Clone, Debug, PartialEq)]
pub enum TileRain {
    /// Less than [`DRY_MM`] everywhere: 0 mm, and no network.
    Dry,
    /// At least one node has no data: neither has the tile.
    Missing { n_missing: usize },
    /// `[n_coarse, n_coarse]`, mm.
    Wet(Vec<f64>),
}

/// Whether all values lie below [`DRY_MM`], as float32, in which fields come. Missing values are not dry (a comparison with `NaN` fails in the
/// published program, too).
pub fn is_dry(coarse_mm: &[f64]) -> bool {
    coarse_mm.iter().all(|&mm| (mm as f32) < DRY_MM as f32)
}

/// Rain at the coarse nodes of a tile, linear between the nodes of a field in mm.
pub fn tile_rain(field: &GriddedField, tile: &Tile, geometry: &Geometry) -> TileRain {
    let nodes = [tile.min_lat, tile.min_lon].map(|minimum| geometry.coarse_nodes(minimum));
    let coarse = field.linear_nodes(&nodes[0], &nodes[1]);
    match coarse.iter().filter(|mm| mm.is_nan()).count() {
        0 if is_dry(&coarse) => TileRain::Dry,
        0 => TileRain::Wet(coarse),
        n_missing => TileRain::Missing { n_missing },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: LogScale = LogScale::new(0.3, 0.6);

    #[test]
    fn the_wettest_node_of_a_tile_is_brought_to_one_amount() {
        for (coarse, factor) in [([0.0, 12.0], 0.25), ([2.0, 1.5], 1.5), ([0.1, 0.2], 3.0)] {
            let unit = SCALE.with_wettest(3.0, &coarse);
            assert_eq!(unit.factor, factor, "{coarse:?}: less than 1 mm counts as 1 mm");
            for mm in [0.0, 0.2, 7.0, 120.0] {
                assert_eq!(unit.z(mm), SCALE.z(factor * mm));
                assert!((unit.mm(unit.z(mm)) - mm).abs() < 1e-12 * (1.0 + mm));
            }
            assert_eq!(unit.dry_z(), SCALE.dry_z());
        }
    }

    #[test]
    fn a_unit_without_a_factor_is_that_of_rain_as_it_is() {
        let read: LogScale = serde_json::from_str(r#"{"mean": 0.3, "std": 0.6}"#).unwrap();
        assert_eq!(read, SCALE);
    }
}
