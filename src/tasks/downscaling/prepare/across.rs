//! A target that several tiles make together: what share each of them has in the mean of the map.
//!
//! A node of the map is the mean of its tiles, `Σ w_t mm_t / Σ w_t` over wet and dry tiles, so the mean over the nodes of a
//! box is a sum over tiles, and so are its gradient and what methods make of that by adding. Dry tiles say 0 mm and only
//! add to the weights; tiles with missing rain have none.

use std::ops::Range;

use stormlens_data::downscale::{
    Blending, Conservation, Geometry, Tile, TileRain, blending_weights,
};
use stormlens_data::request::Explain;

use super::Work;
use super::focus::{Part, in_words, no_node, no_tile, nodes, outside, slack};

/// Each of them takes as long to explain as a target within one tile.
const MAX_TILES: usize = 16;

/// Methods whose maps are sums over the tiles.
const ADDED: [&str; 1] = ["integrated-gradients"];

/// What is explained of several tiles.
#[derive(Clone, Debug, PartialEq)]
pub struct Several {
    /// Of each tile with rain that has nodes of the box.
    pub parts: Vec<Part>,
    pub frame: Frame,
    /// Whether any tile has data, of each node of the box, row by row from the south.
    pub has_data: Vec<bool>,
    pub above_mm: Option<f64>,
}

/// A box among the nodes of the map.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Least latitude and longitude of all tiles; nodes are counted from there.
    pub corner: [f64; 2],
    pub rows: Range<usize>,
    pub columns: Range<usize>,
}

impl Frame {
    fn new(work: &Work, around: [f64; 4]) -> Result<Self, String> {
        let [west, south, east, north] = around;
        let latitudes = Side::new(work, |tile| tile.min_lat);
        let longitudes = Side::new(work, |tile| tile.min_lon);
        let rows = latitudes.nodes(&work.geometry, [south, north]);
        let columns = longitudes.nodes(&work.geometry, [west, east]);
        let is_empty = rows.is_empty() || columns.is_empty();
        let holds = latitudes.holds(&work.geometry, [south, north])
            && longitudes.holds(&work.geometry, [west, east]);
        let place = in_words(around);
        match (holds, is_empty) {
            (true, false) => {}
            (true, true) => return Err(no_node(around)),
            (false, true) => return Err(outside(work, &place)),
            (false, false) => return Err(outside(work, &format!("a part of {place}"))),
        }
        Ok(Self { corner: [latitudes.first, longitudes.first], rows, columns })
    }

    /// Row and column of the first node of a tile on the map.
    pub fn first_node(&self, geometry: &Geometry, tile: &Tile) -> [usize; 2] {
        let [south, west] = self.corner;
        [tile.min_lat - south, tile.min_lon - west].map(|degrees| steps(geometry, degrees))
    }

    /// Rows and columns of a tile that lie in the box, counted from the first node of the tile.
    fn part_of(&self, geometry: &Geometry, tile: &Tile) -> [Range<usize>; 2] {
        let overlap = |own: &Range<usize>, first: usize| {
            let from = own.start.max(first) - first;
            let to = own.end.min(first + geometry.size).saturating_sub(first);
            from..to
        };
        let [row, column] = self.first_node(geometry, tile);
        [overlap(&self.rows, row), overlap(&self.columns, column)]
    }

    /// The nodes of a tile that lie in the box: their places in the tile, and in the box.
    pub fn shared(&self, geometry: &Geometry, tile: &Tile) -> Vec<[usize; 2]> {
        let [rows, columns] = self.part_of(geometry, tile);
        let [first_row, first_column] = self.first_node(geometry, tile);
        let place = |row: usize, column: usize| {
            let in_tile = row * geometry.size + column;
            let own_row = first_row + row - self.rows.start;
            let own_column = first_column + column - self.columns.start;
            [in_tile, own_row * self.columns.len() + own_column]
        };
        rows.flat_map(|row| columns.clone().map(move |column| (row, column)))
            .map(|(row, column)| place(row, column))
            .collect()
    }

    pub fn n_nodes(&self) -> usize {
        self.rows.len() * self.columns.len()
    }
}

/// One side of the map.
struct Side {
    /// Where the first and the last tile begin, degrees.
    first: f64,
    last: f64,
}

impl Side {
    fn new(work: &Work, begin: fn(&Tile) -> f64) -> Self {
        let all = || work.tiles.iter().map(|(tile, _)| begin(tile));
        let (first, last) =
            (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
        Self { first, last }
    }

    fn nodes(&self, geometry: &Geometry, ends: [f64; 2]) -> Range<usize> {
        let n = steps(geometry, self.last - self.first) + geometry.size;
        nodes(geometry, (self.first, n), ends)
    }

    fn holds(&self, geometry: &Geometry, [low, high]: [f64; 2]) -> bool {
        let slack = slack(geometry);
        self.first - slack <= low && high <= self.last + geometry.tile_deg() + slack
    }
}

fn steps(geometry: &Geometry, degrees: f64) -> usize {
    (degrees / geometry.fine_deg).round() as usize
}

/// A box that no tile with rain holds alone.
///
/// # Errors
/// For a box that reaches beyond the domain, without nodes, without rain or with too many tiles of it, and where the map is
/// no sum over its tiles.
pub(super) fn across(
    work: &Work,
    around: [f64; 4],
    above_mm: Option<f64>,
) -> Result<Several, String> {
    let frame = Frame::new(work, around)?;
    let has_nodes = |&&i: &&usize| {
        let part = frame.part_of(&work.geometry, &work.tiles[i].0);
        part.iter().all(|nodes| !nodes.is_empty())
    };
    let wet: Vec<usize> = work.wet.iter().filter(has_nodes).copied().collect();
    match wet.len() {
        0 => return Err(no_tile(work, around)),
        1..=MAX_TILES => {}
        n => {
            let place = in_words(around);
            return Err(format!(
                "{n} tiles with rain lie in {place}, and the network explains each of them: choose a smaller box, with at \
                 most {MAX_TILES} of them"
            ));
        }
    }
    check_is_sum(work)?;
    let weights =
        blending_weights(work.geometry.size, work.refinement.blending.options().weight_floor);
    let sums = weight_sums(work, &frame, &weights);
    let part = |tile_idx: usize| {
        let tile = &work.tiles[tile_idx].0;
        let mut shares = vec![0.0; weights.len()];
        for [own, at] in frame.shared(&work.geometry, tile) {
            shares[own] = (weights[own] / sums[at]) as f32;
        }
        let [rows, columns] = frame.part_of(&work.geometry, tile);
        Part { tile_idx, rows, columns, above_mm, weights: Some(shares) }
    };
    let parts = wet.into_iter().map(part).collect();
    let has_data = sums.iter().map(|&sum| sum > 0.0).collect();
    Ok(Several { parts, frame, has_data, above_mm })
}

/// Weights of all tiles that say something, at each node of the box.
fn weight_sums(work: &Work, frame: &Frame, weights: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; frame.n_nodes()];
    let says = |(_, rain): &&(Tile, TileRain)| !matches!(rain, TileRain::Missing { .. });
    for (tile, _) in work.tiles.iter().filter(says) {
        for [own, at] in frame.shared(&work.geometry, tile) {
            sums[at] += weights[own];
        }
    }
    sums
}

/// Whether the map is a sum over tiles, or why not.
fn check_is_sum(work: &Work) -> Result<(), String> {
    let side = work.geometry.tile_deg();
    let one = format!("a box of at most {side}° within one tile with rain");
    if work.refining.tiles.n_input_channels == 1 {
        return Err(format!(
            "these weights give millimetres, and negative rain becomes 0 before tiles are joined, so the target is no sum over \
             tiles: choose {one}"
        ));
    }
    if work.refinement.blending != Blending::Mm {
        return Err(format!(
            "tiles are joined in the unit of the network, so the target is no sum over tiles: choose blending={}, or {one}",
            Blending::Mm
        ));
    }
    if work.refinement.conservation != Conservation::None {
        return Err(format!(
            "each coarse cell keeps its mean, so the target is no sum over tiles: choose conservation={}, or {one}",
            Conservation::None
        ));
    }
    Ok(())
}

/// Whether maps of all these methods are sums over tiles, or why not.
pub(super) fn check_methods(work: &Work, explain: &[Explain]) -> Result<(), String> {
    let Some(other) = explain.iter().find(|explain| !ADDED.contains(&explain.method.as_str()))
    else {
        return Ok(());
    };
    let why = match other.method.as_str() {
        "grad-cam" => "its maps have weights and a maximum of one tile",
        "saliency" => "it is the size of a gradient, and sizes hide whether gradients cancel out",
        _ => "nothing says that its maps can be added",
    };
    let (method, side) = (&other.method, work.geometry.tile_deg());
    Err(format!(
        "the target lies in several tiles, and {method} cannot be added over tiles, because {why}: choose \
         {}, or a box of at most {side}° within one tile with rain",
        ADDED.join(", ")
    ))
}
