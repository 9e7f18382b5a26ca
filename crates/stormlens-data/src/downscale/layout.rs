//! Where tiles and their nodes lie.

use serde::{Deserialize, Serialize};

/// Decimals of a degree do not decide whether a tile fits.
const TOLERANCE_DEG: f64 = 1e-6;

/// A rectangle on the Earth, degrees; west may be more than east minus 360, never more than east.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Domain {
    pub south: f64,
    pub north: f64,
    pub west: f64,
    pub east: f64,
}

impl Domain {
    /// `[south, north, west, east]`.
    pub fn bounds(&self) -> [f64; 4] {
        [self.south, self.north, self.west, self.east]
    }
}

/// Where fine nodes lie among the coarse ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nodes {
    /// Every eighth fine node is a coarse one, the first at the corner of the tile (versions 3 and 4).
    Shared,
    /// Four fine nodes a coarse one, centred on it (versions 1 and 2).
    Centred,
}

/// Sizes of tiles.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Geometry {
    pub coarse_deg: f64,
    pub fine_deg: f64,
    /// Fine nodes along a side.
    pub size: usize,
    /// Rings of coarse nodes around the tile.
    pub padding: usize,
    pub nodes: Nodes,
}

impl Geometry {
    /// Tiles of 2° with 64 × 64 nodes, of versions 3 and 4.
    pub const V4: Self =
        Self { coarse_deg: 0.25, fine_deg: 0.03125, size: 64, padding: 1, nodes: Nodes::Shared };
    /// Tiles of 4° with 64 × 64 nodes, of versions 1 and 2.
    pub const V1: Self =
        Self { coarse_deg: 0.25, fine_deg: 0.0625, size: 64, padding: 1, nodes: Nodes::Centred };

    /// Side of a tile, degrees.
    pub fn tile_deg(&self) -> f64 {
        self.fine_deg * self.size as f64
    }

    /// Fine nodes along a side of a coarse cell.
    pub fn factor(&self) -> usize {
        (self.coarse_deg / self.fine_deg).round() as usize
    }

    /// Coarse nodes along a side without padding.
    pub fn n_inner(&self) -> usize {
        self.size / self.factor()
    }

    /// Coarse nodes along a side with padding.
    pub fn n_coarse(&self) -> usize {
        self.n_inner() + 2 * self.padding
    }

    /// The first fine node, from the corner of a tile, degrees.
    pub fn first_fine_deg(&self) -> f64 {
        match self.nodes {
            Nodes::Shared => 0.0,
            Nodes::Centred => (self.fine_deg - self.coarse_deg) / 2.0,
        }
    }

    /// Latitudes or longitudes of the coarse nodes, padding included, from the tile's minimum on.
    pub fn coarse_nodes(&self, minimum: f64) -> Vec<f64> {
        let first = minimum - self.padding as f64 * self.coarse_deg;
        (0..self.n_coarse()).map(|k| first + k as f64 * self.coarse_deg).collect()
    }

    /// The same of the fine nodes.
    pub fn fine_nodes(&self, minimum: f64) -> Vec<f64> {
        let first = minimum + self.first_fine_deg();
        (0..self.size).map(|k| first + k as f64 * self.fine_deg).collect()
    }
}

/// A square that goes through the network at once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tile {
    pub id: usize,
    pub min_lat: f64,
    pub min_lon: f64,
    /// Whether it lies half a tile aside, over the edges of the others.
    pub is_secondary: bool,
}

impl Tile {
    /// Nodes that the coarse input of this tile is taken at: `[south, north, west, east]`.
    pub fn coarse_bounds(&self, geometry: &Geometry) -> [f64; 4] {
        let ends = |minimum: f64| {
            let nodes = geometry.coarse_nodes(minimum);
            [nodes[0], nodes[nodes.len() - 1]]
        };
        let ([south, north], [west, east]) = (ends(self.min_lat), ends(self.min_lon));
        [south, north, west, east]
    }
}

/// What becomes of a domain that is no whole number of tiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Tiles stay inside, as published; what is left over has no data.
    #[default]
    Inside,
    /// Tiles reach over the northern and the eastern edge.
    Covering,
}

/// Primary tiles of a domain from its south-western corner on, row by row, then secondary ones over their inner
/// edges. Ids are consecutive. Empty where no tile fits.
pub fn tiles(domain: &Domain, geometry: &Geometry, fit: Fit) -> Vec<Tile> {
    let side = geometry.tile_deg();
    let count = |from: f64, to: f64| {
        let n = (to - from) / side;
        let n = match fit {
            Fit::Inside => (n + TOLERANCE_DEG).floor(),
            Fit::Covering => (n - TOLERANCE_DEG).ceil(),
        };
        n.max(0.0) as usize
    };
    let (n_rows, n_columns) = (count(domain.south, domain.north), count(domain.west, domain.east));
    let grid = |rows: usize, columns: usize, offset: f64, is_secondary: bool| {
        (0..rows).flat_map(move |row| {
            (0..columns).map(move |column| {
                let from = |edge: f64, n: usize| edge + offset + n as f64 * side;
                let (min_lat, min_lon) = (from(domain.south, row), from(domain.west, column));
                Tile { id: 0, min_lat, min_lon, is_secondary }
            })
        })
    };
    let primary = grid(n_rows, n_columns, 0.0, false);
    let secondary = grid(n_rows.saturating_sub(1), n_columns.saturating_sub(1), side / 2.0, true);
    primary.chain(secondary).enumerate().map(|(id, tile)| Tile { id, ..tile }).collect()
}
