//! What of a map is explained: the rain of one tile, or of the map over several, and the nodes of the target in them.

use std::ops::Range;

use stormlens_data::downscale::{Geometry, Tile, TileRain};
use stormlens_data::field::degrees;
use stormlens_data::request::RefinedPlace;

use super::across::{Several, across};
use super::{Work, fine_bounds};

/// What is explained.
#[derive(Clone, Debug, PartialEq)]
pub enum Focus {
    /// The rain that the network says of one tile.
    Tile(Part),
    /// The rain of the map, which several tiles make together.
    Several(Several),
}

/// The part of a tile that is explained.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Among the tiles.
    pub tile_idx: usize,
    pub rows: Range<usize>,
    pub columns: Range<usize>,
    pub above_mm: Option<f64>,
    /// What share of the map each node of the tile has, row by row; `None`: all of it.
    pub weights: Option<Vec<f32>>,
}

impl Focus {
    /// What of a tile is explained, if anything is.
    pub fn part(&self, tile_idx: usize) -> Option<&Part> {
        self.parts().iter().find(|part| part.tile_idx == tile_idx)
    }

    fn parts(&self) -> &[Part] {
        match self {
            Self::Tile(part) => std::slice::from_ref(part),
            Self::Several(several) => &several.parts,
        }
    }
}

/// Where what is explained lies; `None` where no tile has rain.
pub(super) fn focus(
    work: &Work,
    (place, above_mm): (RefinedPlace, Option<f64>),
) -> Result<Option<Focus>, String> {
    let size = work.geometry.size;
    let whole = |tile_idx| {
        let (rows, columns) = (0..size, 0..size);
        Focus::Tile(Part { tile_idx, rows, columns, above_mm, weights: None })
    };
    let wettest = || {
        // Not by its largest value, which may lie on the rim that it shares with other tiles.
        let amount = |&&i: &&usize| match &work.tiles[i].1 {
            TileRain::Wet(coarse) => coarse.iter().sum(),
            _ => 0.0,
        };
        work.wet.iter().max_by(|a, b| amount(a).total_cmp(&amount(b))).copied()
    };
    let n_tiles = work.tiles.len();
    match place {
        RefinedPlace::Wettest => Ok(wettest().map(whole)),
        RefinedPlace::Tile(number) if number >= n_tiles => {
            Err(format!("there is no tile {number}: the domain has {n_tiles}, counted from 0"))
        }
        RefinedPlace::Tile(number) => match &work.tiles[number].1 {
            TileRain::Wet(_) => Ok(Some(whole(number))),
            TileRain::Dry => Err(format!(
                "tile {number} is dry: it does not go through the network, so there is nothing to explain"
            )),
            TileRain::Missing { .. } => Err(format!("tile {number} has missing rain")),
        },
        RefinedPlace::Box([west, south, east, north]) if west > east || south > north => {
            Err(format!(
                "a box is WEST,SOUTH,EAST,NORTH, and of {} a side is turned round: write the smaller number first",
                in_words([west, south, east, north])
            ))
        }
        RefinedPlace::Box([west, south, east, north]) => {
            let turned = turned_towards(work, f64::midpoint(west, east));
            box_of(work, [west + turned, south, east + turned, north], above_mm).map(Some)
        }
        RefinedPlace::Node([latitude, longitude]) => {
            let longitude = longitude + turned_towards(work, longitude);
            let half = work.geometry.fine_deg / 2.0;
            let around = [longitude - half, latitude - half, longitude + half, latitude + half];
            box_of(work, around, above_mm).map(Some)
        }
    }
}

/// How many degrees a longitude is turned, so that it is written as those of the tiles: 248 is -112, too.
fn turned_towards(work: &Work, longitude: f64) -> f64 {
    let tiles: Vec<Tile> = work.tiles.iter().map(|(tile, _)| *tile).collect();
    let [_, _, west, east] = fine_bounds(&tiles, &work.geometry);
    360.0 * ((f64::midpoint(west, east) - longitude) / 360.0).round()
}

/// A box within one tile with rain, or else over several.
fn box_of(work: &Work, around: [f64; 4], above_mm: Option<f64>) -> Result<Focus, String> {
    match holder(work, around) {
        Some(tile_idx) => within(work, tile_idx, around, above_mm).map(Focus::Tile),
        None => across(work, around, above_mm).map(Focus::Several),
    }
}

/// The wet tile in whose middle a box lies best, of those that hold all of it.
fn holder(work: &Work, [west, south, east, north]: [f64; 4]) -> Option<usize> {
    let side = work.geometry.tile_deg();
    let is_in = |tile: &Tile| {
        let slack = slack(&work.geometry);
        tile.min_lat - slack <= south
            && north <= tile.min_lat + side + slack
            && tile.min_lon - slack <= west
            && east <= tile.min_lon + side + slack
            && has_all(&work.geometry, tile, [west, south, east, north])
    };
    let away = |&&i: &&usize| {
        let tile = &work.tiles[i].0;
        let middle = [tile.min_lat + side / 2.0, tile.min_lon + side / 2.0];
        (middle[0] - (south + north) / 2.0).abs() + (middle[1] - (west + east) / 2.0).abs()
    };
    let candidates = work.wet.iter().filter(|&&i| is_in(&work.tiles[i].0));
    candidates.min_by(|a, b| away(a).total_cmp(&away(b))).copied()
}

/// Whether a tile has every node of the grid that lies in a box: at its edge begins the next one.
fn has_all(geometry: &Geometry, tile: &Tile, [west, south, east, north]: [f64; 4]) -> bool {
    let has = |minimum: f64, ends: [f64; 2]| {
        let own = nodes(geometry, (minimum, geometry.size), ends);
        // One node more on each side.
        let wider = nodes(geometry, (minimum - geometry.fine_deg, geometry.size + 2), ends);
        own.len() == wider.len()
    };
    has(tile.min_lat, [south, north]) && has(tile.min_lon, [west, east])
}

/// How far a box may reach beyond the edge of what it lies in, degrees.
pub(super) fn slack(geometry: &Geometry) -> f64 {
    geometry.fine_deg / 2.0 + 1e-6
}

/// The nodes of a tile that lie in a box.
fn within(
    work: &Work,
    tile_idx: usize,
    [west, south, east, north]: [f64; 4],
    above_mm: Option<f64>,
) -> Result<Part, String> {
    let (tile, size) = (&work.tiles[tile_idx].0, work.geometry.size);
    let rows = nodes(&work.geometry, (tile.min_lat, size), [south, north]);
    let columns = nodes(&work.geometry, (tile.min_lon, size), [west, east]);
    if rows.is_empty() || columns.is_empty() {
        return Err(no_node([west, south, east, north]));
    }
    Ok(Part { tile_idx, rows, columns, above_mm, weights: None })
}

/// Which of `n` nodes along a side lie from `low` to `high`, both included. The side begins at `minimum`, degrees.
pub(super) fn nodes(
    geometry: &Geometry,
    (minimum, n): (f64, usize),
    [low, high]: [f64; 2],
) -> Range<usize> {
    let (first, step) = (minimum + geometry.first_fine_deg(), geometry.fine_deg);
    let from = ((low - first) / step - 1e-6).ceil().max(0.0) as usize;
    let to = ((high - first) / step + 1e-6).floor();
    from..if to < 0.0 { 0 } else { (to as usize + 1).min(n) }
}

pub(super) fn no_node(around: [f64; 4]) -> String {
    format!("no node lies in {}: choose a larger box", in_words(around))
}

/// `WEST,SOUTH,EAST,NORTH`, as it is written.
pub(super) fn in_words(around: [f64; 4]) -> String {
    around.map(|n| degrees(n).to_string()).join(",")
}

/// Why no tile with rain has a part of a box.
pub(super) fn no_tile(work: &Work, around: [f64; 4]) -> String {
    let (side, step) = (work.geometry.tile_deg(), work.geometry.fine_deg);
    let [west, south, east, north] = around;
    let touches = |(tile, _): &(Tile, TileRain)| {
        south <= tile.min_lat + side + step
            && north >= tile.min_lat - step
            && west <= tile.min_lon + side + step
            && east >= tile.min_lon - step
    };
    match work.tiles.iter().any(touches) {
        false => outside(work, &in_words(around)),
        true => {
            let place = in_words(around);
            format!("no tile at {place} has rain that is known: choose another place")
        }
    }
}

/// That `what` is no part of the domain.
pub(super) fn outside(work: &Work, what: &str) -> String {
    let tiles: Vec<Tile> = work.tiles.iter().map(|(tile, _)| *tile).collect();
    let [south, north, west, east] = fine_bounds(&tiles, &work.geometry).map(degrees);
    format!(
        "{what} lies outside of the domain, whose tiles go from {south} to {north}° N and {west} to {east}° E: choose a \
         place within it"
    )
}
