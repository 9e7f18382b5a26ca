//! The gradient of the weights by minimal filtering.
//!
//! The adjoint of the minimal filtering: with the transformed pixels V and the transformed gradients U = A g Aᵀ of each
//! tile, that of a kernel is `Gᵀ (Σ U ⊙ V) G`, summed over tiles and examples. So 16 products take the place of 36 here,
//! too.

use rayon::prelude::*;

use super::super::Inputs;
use super::super::pass::Rows as _;
use super::super::tiles::{POSITIONS, Tiles};
use crate::bands::{Maps, Shape};
use crate::level::at_level;
use crate::parts::Parts;
use crate::product::{Columns, LANES, Pixels};
use crate::{Level, scratch};

/// Numbers of transformed pixels and gradients that are summed up together: they stay in a cache that
/// cores share.
const NEAR: usize = 1 << 20;

/// The same where each group of parts has a core: they stay in its second-level cache.
const NEAR_CORE: usize = 128 << 10;

/// `[channels out × n_in × 9]`
pub(super) fn gradient(level: Level, rows: &Inputs, n_in: usize, gradient: Maps) -> Vec<f32> {
    let Shape { n_batch, n_channels: n_out, height, width } = gradient.shape;
    let across = width.div_ceil(2) + 1;
    let stride = n_in.next_multiple_of(LANES);
    let n_sums = POSITIONS * n_out * stride;
    // As many numbers as there are sums, which are read and written for each part.
    let near = if Parts::n_groups(n_sums) > 1 { NEAR_CORE } else { NEAR }.max(n_sums);
    let down = near / (POSITIONS * (n_in + n_out) * across);
    let n_rows = 2 * down.clamp(1, height.div_ceil(2).max(1));
    let n_tiles = Tiles::over(n_rows, width.max(1)).stride();
    let begin = || {
        let columns = Columns::new(level, n_in, POSITIONS, n_tiles);
        (columns, vec![0.0; n_out * POSITIONS * n_tiles])
    };
    let of_example = height.div_ceil(n_rows);
    let parts = Parts { n: n_batch * of_example, n_sums };
    let sums = parts.sum(begin, |(columns, spread), number, sums| {
        let (example, first) = (number / of_example, number % of_example * n_rows);
        let tiles = Tiles::over(n_rows.min(height - first), width);
        let part = Part { level, tiles, example, first };
        part.transform(rows, [height, width], columns);
        let n = tiles.stride();
        let spread = &mut spread[..n_out * POSITIONS * n];
        part.spread(gradient, spread);
        sums.par_chunks_exact_mut(n_out * stride).enumerate().for_each(|(place, sums)| {
            let values = &spread[place * n..];
            let pixels = Pixels { values, stride: POSITIONS * n };
            columns.add_products(place, pixels, sums, stride);
        });
    });
    kernels(&sums, [n_out, n_in], stride)
}

/// Some rows of tiles of one example.
struct Part {
    level: Level,
    tiles: Tiles,
    example: usize,
    /// The first row of results.
    first: usize,
}

impl Part {
    /// `Bᵀ d B` of the pixels of all channels.
    fn transform(&self, rows: &Inputs, [height, width]: [usize; 2], columns: &mut Columns) {
        let tiles = self.tiles;
        columns.fill(tiles.stride(), |channel, out| {
            scratch::with(tiles.n_planes() + 2 * width, |space| {
                let (planes, line) = space.split_at_mut(tiles.n_planes());
                at_level!(self.level, || {
                    tiles.clear_ends(planes);
                    for number in 0..2 * tiles.down + 2 {
                        let row = (self.first + number).checked_sub(1).filter(|&row| row < height);
                        let row = row.map(|row| rows.row(self.example, channel, row, line));
                        tiles.set_row(planes, number, row);
                    }
                    tiles.transform(planes, out, tiles.stride());
                });
            });
        });
    }

    /// `A g Aᵀ` of the gradients of all channels, `[channels × positions × tiles]`.
    fn spread(&self, gradient: Maps, out: &mut [f32]) {
        let tiles = self.tiles;
        let Shape { height, width, .. } = gradient.shape;
        let channels = out.par_chunks_exact_mut(POSITIONS * tiles.stride()).enumerate();
        channels.for_each(|(channel, out)| {
            let plane = gradient.plane(self.example, channel);
            scratch::with(tiles.n_planes(), |planes| {
                at_level!(self.level, || {
                    planes.fill(0.0);
                    for number in 0..2 * tiles.down {
                        let row = Some(self.first + number).filter(|&row| row < height);
                        let row = row.map(|row| &plane[row * width..][..width]);
                        tiles.set_results(planes, number, row);
                    }
                    tiles.spread(planes, out, tiles.stride());
                });
            });
        });
    }
}

/// `Gᵀ M G` of every pair of channels.
fn kernels(sums: &[f32], [n_out, n_in]: [usize; 2], stride: usize) -> Vec<f32> {
    let kernel = |o: usize, i: usize| {
        let m = |place: usize| f64::from(sums[(place * n_out + o) * stride + i]);
        let rows = [0, 4, 8, 12].map(|p| gather([m(p), m(p + 1), m(p + 2), m(p + 3)]));
        let columns: [[f64; 3]; 3] =
            std::array::from_fn(|j| gather([rows[0][j], rows[1][j], rows[2][j], rows[3][j]]));
        std::array::from_fn::<f32, 9, _>(|p| columns[p % 3][p / 3] as f32)
    };
    let mut found = vec![0.0; 9 * n_out * n_in];
    found.par_chunks_exact_mut(9 * n_in).enumerate().for_each(|(o, found)| {
        let (kernels, _) = found.as_chunks_mut::<9>();
        kernels.iter_mut().enumerate().for_each(|(i, place)| *place = kernel(o, i));
    });
    found
}

/// `Gᵀ m`
fn gather([a, b, c, d]: [f64; 4]) -> [f64; 3] {
    [a + (b + c) / 2.0, (b - c) / 2.0, (b + c) / 2.0 + d]
}
