//! Terrain at the fine nodes.

use std::path::Path;

use super::{Geometry, Tile, high_land};
use crate::field::rain_name::is_rain;
use crate::field::{
    Content, FieldError, FieldFile, GriddedField, Interval, LeftOut, Statistic, Wanted, number,
};

/// The highest mountain, m: what an elevation of 1 stands for in the network's second channel.
pub const ELEVATION_SCALE_M: f64 = 8848.9;
/// From the deepest sea to above the highest mountain, m.
pub const POSSIBLE_M: std::ops::Range<f32> = -11_500.0..9_000.0;

/// Reads the one field of heights in a file, or that of a name.
///
/// # Errors
/// As [`terrain_of`], and for a file that cannot be read.
pub fn open_terrain(path: &Path, variable: Option<&str>) -> Result<GriddedField, FieldError> {
    terrain_of(&FieldFile::open(path)?, variable)
}

/// The heights of a file that is open: those of a name, or its one field in metres.
///
/// # Errors
/// For a file that has no such field or several, and for heights that there are not.
pub fn terrain_of(file: &FieldFile, variable: Option<&str>) -> Result<GriddedField, FieldError> {
    let wanted = match variable {
        Some(name) => Wanted::variable(name),
        None => only_height(file)?,
    };
    let field = file.read_wanted(&wanted)?;
    check_elevation(&field, field.grid.bounds())?;
    Ok(on_land(field))
}

/// The one field of a file that may be of heights.
///
/// # Errors
/// Where there is none, and what may be heights is none of the fields of the file: why.
fn only_height(file: &FieldFile) -> Result<Wanted, FieldError> {
    // Terrain in GRIB has a date; rain in metres is a sum.
    let is_no_sum = |interval: &Interval| interval.statistic == Statistic::Instantaneous;
    let is_height = |content: &&Content| {
        is_metres(&content.unit) && content.interval.as_ref().is_none_or(is_no_sum)
    };
    let heights: Vec<&Content> = file.contents().iter().filter(is_height).collect();
    if let [only] = heights[..] {
        return Ok(Wanted::variable(&only.variable));
    }
    if heights.is_empty() {
        file.check_none_left_out(may_be_heights)?;
    }
    // None, or several: what says so in words.
    Ok(Wanted::default())
}

fn may_be_heights(left: &LeftOut) -> bool {
    left.n_dimensions > 1 && is_metres(&left.content.unit) && !is_rain(&left.content)
}

/// The lowest land lies at −430 m (Dead Sea): a field that goes below has the sea floor in it, and its negative heights
/// are water.
const LOWEST_LAND_M: f32 = -450.0;

/// Without the sea floor: water is at 0 m.
fn on_land(field: GriddedField) -> GriddedField {
    let is_land = |height: &f32| height.is_nan() || *height >= LOWEST_LAND_M;
    if field.values.iter().all(is_land) {
        return field;
    }
    let values = field.values.iter().map(|height| height.max(0.0)).collect();
    GriddedField { values, ..field }
}

fn is_metres(unit: &str) -> bool {
    let unit = unit.to_lowercase();
    ["m", "metre", "metres", "meter", "meters", "gpm"].contains(&unit.as_str())
}

/// Checks that a field is terrain in metres and covers `[south, north, west, east]`.
///
/// # Errors
/// For another unit, heights that the Earth does not have, kilometres where the land is [high for certain](high_land), no
/// data at all, and a field that is too small.
pub fn check_elevation(field: &GriddedField, bounds: [f64; 4]) -> Result<(), FieldError> {
    if !is_metres(&field.unit) {
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
        let height = number(*height);
        let what = format!("{} holds {height} m, which is no height on the Earth", field.source);
        return Err(FieldError::Domains { what });
    }
    check_no_code(field)?;
    high_land::check(field)?;
    field.grid.check_covers(&field.source, bounds)
}

/// Below it lie a few trenches, whose nodes have many depths.
const TRENCHES_M: f32 = -9_000.0;
/// What is usually written where a height is missing.
const CODE_M: f32 = -9_999.0;

/// Taken for the sea, nodes of that height would be 0 m in the middle of the land.
fn check_no_code(field: &GriddedField) -> Result<(), FieldError> {
    let trenches = || field.values.iter().filter(|height| **height < TRENCHES_M);
    let n = trenches().count();
    if n == 0 || trenches().any(|height| *height != CODE_M) {
        return Ok(());
    }
    let what = format!(
        "{} holds {CODE_M} m at {n} nodes, which is usual for a missing height, and does not say that it is: declare it \
         (_FillValue or missing_value)",
        field.source
    );
    Err(FieldError::Domains { what })
}

/// The second input channel of a tile: height of the nearest node (of two equally near the one of the lower index,
/// as in the published program), m / [`ELEVATION_SCALE_M`]; missing heights, as over the sea, are 0.
pub fn tile_elevation(field: &GriddedField, tile: &Tile, geometry: &Geometry) -> Vec<f32> {
    let nodes = [tile.min_lat, tile.min_lon].map(|minimum| geometry.fine_nodes(minimum));
    elevation_at(field, &nodes)
}

/// The same at every latitude with every longitude, row by row.
pub fn elevation_at(field: &GriddedField, [latitudes, longitudes]: &[Vec<f64>; 2]) -> Vec<f32> {
    let heights = field.nearest_nodes(latitudes, longitudes);
    let scaled = |height: f32| match height.is_nan() {
        true => 0.0,
        false => (f64::from(height) / ELEVATION_SCALE_M) as f32,
    };
    heights.into_iter().map(scaled).collect()
}
