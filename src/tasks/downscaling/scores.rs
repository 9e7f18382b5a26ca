//! How good a refined map is, beside its rivals, where fine rain was observed.
//!
//! Counted are the tiles that do not overlap, so that no node counts twice.

mod ensemble;
mod gains;
mod variables;

use stormlens_data::card::Refining;
use stormlens_data::downscale::{Geometry, Tile, TileRain};
use stormlens_data::outcome::{Axis, Colours, Domain, Quantity, Role, Values, Variable};
use stormlens_data::score::downscaling::{
    CONTINUOUS_SCORES, Fractions, Merge, Missing, Moments, Verified,
};

pub use self::ensemble::Ensemble;
use super::map::Ground;
use super::prepare::Work;

pub const THRESHOLDS_MM: [f64; 5] = [0.1, 1.0, 5.0, 10.0, 20.0];
/// Sides of neighbourhoods, nodes: 3 km to 100 km.
pub const SCALES: [usize; 6] = [1, 3, 5, 9, 17, 33];

/// What names of scores begin with, in millimetres and in the network's unit.
pub const SCORES: &str = "scores/";
pub const NETWORK_SCORES: &str = "scores_normalised/";

/// A map that is scored, with its name.
pub struct Scored<'a> {
    pub name: &'a str,
    pub mm: &'a [f32],
}

/// Sums of each map over each tile.
pub struct Scores {
    names: Vec<String>,
    /// By map, then by tile.
    by_tile: Vec<Vec<Verified>>,
    all: Vec<Verified>,
    refining: Refining,
    tiles: Vec<Tile>,
}

impl Scores {
    /// `None` where no tile has an observation at any node.
    pub fn new(
        work: &Work,
        ground: &Ground,
        maps: &[Scored<'_>],
        observed: &[f32],
        elevation: Option<&[f32]>,
    ) -> Option<Self> {
        let primary = work
            .tiles
            .iter()
            .filter(|(tile, rain)| !tile.is_secondary && !matches!(rain, TileRain::Missing { .. }));
        let primary: Vec<&(Tile, TileRain)> = primary.collect();
        let n_coarse = work.geometry.n_coarse().pow(2);
        let verify = |map: &Scored<'_>| -> Vec<Verified> {
            let of_tile = |(tile, rain): &&(Tile, TileRain)| {
                let cut = |values: &[f32]| cut(values, ground, tile, &work.geometry);
                let fractions = Fractions::new(&THRESHOLDS_MM, &SCALES, Missing::LeftOut);
                let mut sums = Verified::new(work.geometry, work.scale, fractions);
                let dry = vec![0.0; n_coarse];
                let coarse = if let TileRain::Wet(coarse) = rain { coarse } else { &dry };
                let heights = elevation.map(cut);
                sums.add(tile.id, [&cut(map.mm), &cut(observed)], coarse, heights.as_deref());
                sums
            };
            primary.iter().map(of_tile).collect()
        };
        let by_tile: Vec<Vec<Verified>> = maps.iter().map(verify).collect();
        let all: Vec<Verified> = by_tile.iter().filter_map(|tiles| merged(tiles)).collect();
        let is_there = all.first().is_some_and(|sums| sums.mm.n > 0);
        is_there.then(|| Self {
            names: maps.iter().map(|map| map.name.to_owned()).collect(),
            by_tile,
            all,
            refining: work.refining,
            tiles: primary.iter().map(|(tile, _)| *tile).collect(),
        })
    }
}

/// A forecast in words.
pub fn label(name: &str) -> String {
    let words = match name {
        "prediction" => "the network",
        "mean" => "the network, mean of members",
        "bilinear_reference" => "bilinear, as published",
        "block_constant" => "coarse cells",
        "rainfarm" => "RainFARM, one member",
        "rainfarm_mean" => "RainFARM, mean",
        "rainfarm_orographic" => "RainFARM with terrain, one member",
        "rainfarm_orographic_mean" => "RainFARM with terrain, mean",
        _ => return name.replace('_', " "),
    };
    words.to_owned()
}

/// A score of that name; NaN where it is not defined.
fn score(name: &str, moments: &Moments) -> f64 {
    let found = CONTINUOUS_SCORES.iter().find(|score| score.name == name);
    found.and_then(|score| (score.of)(moments)).unwrap_or(f64::NAN)
}

fn merged(tiles: &[Verified]) -> Option<Verified> {
    let (first, others) = tiles.split_first()?;
    let mut all = first.clone();
    others.iter().for_each(|tile| all.merge(tile));
    Some(all)
}

/// The nodes of a tile, from those of a map, both from the south.
pub fn cut(map: &[f32], ground: &Ground, tile: &Tile, geometry: &Geometry) -> Vec<f32> {
    let first = |axis: &[f64], minimum: f64| {
        ((minimum + geometry.first_fine_deg() - axis[0]) / geometry.fine_deg).round() as usize
    };
    let (row, column) =
        (first(&ground.latitudes, tile.min_lat), first(&ground.longitudes, tile.min_lon));
    let rows = map.chunks_exact(ground.width()).skip(row).take(geometry.size);
    rows.flat_map(|row| row[column..column + geometry.size].iter().copied()).collect()
}

/// Numbers that are no map.
pub fn numbers(name: &str, title: &str, axes: Vec<Axis>, values: Vec<f64>) -> Variable {
    Variable {
        name: name.to_owned(),
        role: Role::Diagnostic,
        quantity: Quantity::new(title, "1", Colours::None),
        axes,
        plane: None,
        domain: Domain::None,
        values: Values::F64(values),
    }
}
