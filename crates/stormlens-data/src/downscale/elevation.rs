//! Terrain at the fine nodes.

use super::{Geometry, Tile};
use crate::field::{FieldError, GriddedField};

/// The highest mountain, m: what an elevation of 1 stands for in the network's second channel.
pub const ELEVATION_SCALE_M: f64 = 8848.9;
/// From the deepest sea to above the highest mountain, m.
const POSSIBLE_M: std::ops::Range<f32> = -11_500.0..9_000.0;

/// Checks that a field is terrain in metres and covers `[south, north, west, east]`.
///
/// # Errors
/// For another unit, heights that the Earth does not have, no data at all, and a field that is too small.
pub fn check_elevation(field: &GriddedField, bounds: [f64; 4]) -> Result<(), FieldError> {
    let unit = field.unit.to_lowercase();
    if !["m", "metre", "metres", "meter", "meters", "gpm"].contains(&unit.as_str()) {
        let needed = "where terrain has to be in metres";
        return Err(FieldError::Unit {
            name: field.source.clone(),
            unit: field.unit.clone(),
            needed,
        });
    }
    let present = || field.values.iter().filter(|height| !height.is_nan());
    if present().next().is_none() {
        return Err(FieldError::AllMissing {
            name: field.source.clone(),
            count: field.values.len(),
        });
    }
    if let Some(height) = present().find(|height| !POSSIBLE_M.contains(height)) {
        let what = format!("{} holds {height} m, which is no height on the Earth", field.source);
        return Err(FieldError::Domains { what });
    }
    field.grid.check_covers(&field.source, bounds)
}

/// The second input channel of a tile: height of the nearest node (of two equally near the one of the lower index,
/// as in the published program), m / [`ELEVATION_SCALE_M`]; missing heights, as over the sea, are 0.
pub fn tile_elevation(field: &GriddedField, tile: &Tile, geometry: &Geometry) -> Vec<f32> {
    let nodes = [tile.min_lat, tile.min_lon].map(|minimum| geometry.fine_nodes(minimum));
    let heights = field.nearest_nodes(&nodes[0], &nodes[1]);
    let scaled = |height: f32| match height.is_nan() {
        true => 0.0,
        false => (f64::from(height) / ELEVATION_SCALE_M) as f32,
    };
    heights.into_iter().map(scaled).collect()
}
