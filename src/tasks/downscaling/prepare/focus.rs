//! What of a map is explained: a tile, and the nodes of the target in it.

use std::ops::Range;

use stormlens_data::downscale::{Tile, TileRain};
use stormlens_data::field::degrees;
use stormlens_data::request::RefinedPlace;

use super::{Work, fine_bounds};

/// The part of a tile that is explained.
#[derive(Clone, Debug, PartialEq)]
pub struct Focus {
    /// Among the tiles.
    pub tile_idx: usize,
    pub rows: Range<usize>,
    pub columns: Range<usize>,
    pub above_mm: Option<f64>,
}

/// Where what is explained lies; `None` where no tile has rain.
pub(super) fn focus(
    work: &Work,
    (place, above_mm): (RefinedPlace, Option<f64>),
) -> Result<Option<Focus>, String> {
    let size = work.geometry.size;
    let whole = |tile_idx| Focus { tile_idx, rows: 0..size, columns: 0..size, above_mm };
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
        RefinedPlace::Box(around) => within(work, around, above_mm).map(Some),
        RefinedPlace::Node([latitude, longitude]) => {
            let half = work.geometry.fine_deg / 2.0;
            let around = [longitude - half, latitude - half, longitude + half, latitude + half];
            within(work, around, above_mm).map(Some)
        }
    }
}

/// The wet tile in whose middle a box lies best, and its nodes there.
fn within(
    work: &Work,
    [west, south, east, north]: [f64; 4],
    above_mm: Option<f64>,
) -> Result<Focus, String> {
    let geometry = &work.geometry;
    let (side, step) = (geometry.tile_deg(), geometry.fine_deg);
    let nodes = |minimum: f64, low: f64, high: f64| {
        let first = minimum + geometry.first_fine_deg();
        let from = ((low - first) / step - 1e-6).ceil().max(0.0) as usize;
        let to = ((high - first) / step + 1e-6).floor();
        from..if to < 0.0 { 0 } else { (to as usize + 1).min(geometry.size) }
    };
    let is_in = |tile: &Tile| {
        let slack = step / 2.0 + 1e-6;
        tile.min_lat - slack <= south
            && north <= tile.min_lat + side + slack
            && tile.min_lon - slack <= west
            && east <= tile.min_lon + side + slack
    };
    let away = |&&i: &&usize| {
        let tile = &work.tiles[i].0;
        let middle = [tile.min_lat + side / 2.0, tile.min_lon + side / 2.0];
        (middle[0] - (south + north) / 2.0).abs() + (middle[1] - (west + east) / 2.0).abs()
    };
    let candidates = work.wet.iter().filter(|&&i| is_in(&work.tiles[i].0));
    let best = candidates.min_by(|a, b| away(a).total_cmp(&away(b))).copied();
    let tile_idx = best.ok_or_else(|| {
        let is_dry = work.tiles.iter().any(|(tile, _)| is_in(tile));
        no_tile(work, [west, south, east, north], is_dry)
    })?;
    let tile = &work.tiles[tile_idx].0;
    let rows = nodes(tile.min_lat, south, north);
    let columns = nodes(tile.min_lon, west, east);
    if rows.is_empty() || columns.is_empty() {
        let [west, south, east, north] = [west, south, east, north].map(degrees);
        return Err(format!("no node lies in {west},{south},{east},{north}: choose a larger box"));
    }
    Ok(Focus { tile_idx, rows, columns, above_mm })
}

/// Why no tile with rain holds all of a box; some tile without rain may do.
fn no_tile(work: &Work, around: [f64; 4], is_dry: bool) -> String {
    let (side, step) = (work.geometry.tile_deg(), work.geometry.fine_deg);
    let [west, south, east, north] = around;
    let touches = |tile: &Tile| {
        south <= tile.min_lat + side + step
            && north >= tile.min_lat - step
            && west <= tile.min_lon + side + step
            && east >= tile.min_lon - step
    };
    let place = around.map(|n| degrees(n).to_string()).join(",");
    let tiles: Vec<Tile> = work.tiles.iter().map(|(tile, _)| *tile).collect();
    if !tiles.iter().any(touches) {
        let [south, north, west, east] = fine_bounds(&tiles, &work.geometry).map(degrees);
        return format!(
            "{place} lies outside of the domain, whose tiles go from {south} to {north}° N and {west} to {east}° E: choose \
             a place within it"
        );
    }
    match is_dry {
        true => {
            format!("the tile that holds {place} has no rain that is known: choose another place")
        }
        false => {
            format!(
                "no tile with rain holds all of {place}: choose a box of at most {side}° within one tile"
            )
        }
    }
}
