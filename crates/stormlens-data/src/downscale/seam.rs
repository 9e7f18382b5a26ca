//! Whether one sees where tiles meet.

use super::{Geometry, Tile};

/// Steps across the edges of tiles against steps everywhere else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeamIndex {
    /// Mean absolute step between neighbours on both sides of an edge, in the unit of the map.
    pub across: f64,
    /// The same of all other neighbours inside the tiles.
    pub inside: f64,
    pub n_across: u64,
    pub n_inside: u64,
}

impl SeamIndex {
    /// 1 where edges are like any other place; `None` where nothing changes inside.
    pub fn ratio(&self) -> Option<f64> {
        (self.inside > 0.0 && self.n_across > 0).then(|| self.across / self.inside)
    }
}

/// The seam index of a map whose south-western node is that of the first tile's corner; steps with a missing value
/// count nowhere. Edges are those of all tiles, inside the map.
///
/// # Panics
/// If the map has no whole rows.
pub fn seam_index(
    map: &[f32],
    width: usize,
    [south, west]: [f64; 2],
    tiles: &[Tile],
    geometry: &Geometry,
) -> SeamIndex {
    assert_eq!(map.len() % width, 0, "whole rows");
    let height = map.len() / width;
    // Whether an edge lies below a node, and to the west of it.
    let (mut below, mut west_of) = (vec![false; map.len()], vec![false; map.len()]);
    let node = |from: f64, to: f64| ((to - from) / geometry.fine_deg).round() as usize;
    for tile in tiles {
        let (row, column) = (node(south, tile.min_lat), node(west, tile.min_lon));
        for k in 0..geometry.size {
            for row in
                [row, row + geometry.size].into_iter().filter(|row| (1..height).contains(row))
            {
                if column + k < width {
                    below[row * width + column + k] = true;
                }
            }
            for column in [column, column + geometry.size] {
                if (1..width).contains(&column) && row + k < height {
                    west_of[(row + k) * width + column] = true;
                }
            }
        }
    }
    let mut sums = [(0.0, 0_u64); 2];
    let mut count = |a: f32, b: f32, is_edge: bool| {
        let step = f64::from((a - b).abs());
        if !step.is_nan() {
            let (sum, n) = &mut sums[usize::from(is_edge)];
            *sum += step;
            *n += 1;
        }
    };
    for i in 0..map.len() {
        if i >= width {
            count(map[i], map[i - width], below[i]);
        }
        if i % width > 0 {
            count(map[i], map[i - 1], west_of[i]);
        }
    }
    let mean = |(sum, n): (f64, u64)| if n > 0 { sum / n as f64 } else { 0.0 };
    let [inside, across] = sums;
    SeamIndex { across: mean(across), inside: mean(inside), n_across: across.1, n_inside: inside.1 }
}
