//! One way through a convolution, forward or backward, some rows of tiles after the other.

use std::ops::Range;

use super::filter::Matrices;
use super::tiles::{POSITIONS, Tiles};
use crate::bands::{self, Shape};
use crate::level::at_level;
use crate::product::{Pixels, multiply_part};
use crate::{Level, scratch};

/// Where rows of channels come from.
pub(super) trait Rows: Sync {
    /// A row, perhaps made in `space`, which holds twice as many numbers.
    fn row<'a>(
        &'a self,
        example: usize,
        channel: usize,
        row: usize,
        space: &'a mut [f32],
    ) -> &'a [f32];
}

/// Where rows of results go.
pub(super) trait Take {
    /// The next row of a channel, before its bias; channels come in any order.
    fn take(&mut self, channel: usize, row: &[f32]);
}

/// Numbers that the transformed pixels of a few channels and their products may hold together: what
/// a second-level cache of two megabytes has room for beside the weights.
const NEAR: usize = 300 << 10;

/// Channels whose transformed pixels are multiplied at once, at least.
const CHANNELS: usize = 64;

/// Tiles below which reading the weights takes longer than multiplying with them.
const TILES: usize = 48;

/// The same where the weights come from beyond the second-level cache.
const TILES_FAR: usize = 192;

/// Weights that are taken to stay in the second-level cache.
const STAYS_NEAR: usize = 512 << 10;

pub(super) struct Pass<'a, R> {
    level: Level,
    weights: &'a Matrices,
    rows: R,
    /// Of the result, which is as high and wide as the input.
    shape: Shape,
    /// Rows of results that are computed together, an even number.
    n_rows: usize,
}

impl<'a, R: Rows> Pass<'a, R> {
    pub fn new(level: Level, weights: &'a Matrices, rows: R, shape: Shape) -> Self {
        let n_rows = n_rows(weights[0].n_in(), weights[0].n_out(), shape);
        Self { level, weights, rows, shape, n_rows }
    }

    /// Rows that a task takes.
    pub fn band_rows(&self) -> usize {
        bands::rows_per_band(self.shape, self.n_rows, self.n_rows)
    }

    /// Some rows of one example.
    pub fn run(&self, example: usize, rows: Range<usize>, results: &mut impl Take) {
        for start in rows.clone().step_by(self.n_rows) {
            let rows = start..(start + self.n_rows).min(rows.end);
            let tiles = Tiles::over(rows.len(), self.shape.width);
            let chunk = n_channels(self.weights[0].n_in(), self.weights[0].n_out(), tiles);
            let n = POSITIONS * tiles.stride();
            let n_scratch = (self.weights[0].n_out() + chunk) * n + tiles.n_planes();
            scratch::with(n_scratch + 2 * self.shape.width, |space| {
                let (products, rest) = space.split_at_mut(self.weights[0].n_out() * n);
                let (pixels, rest) = rest.split_at_mut(chunk * n);
                let (planes, line) = rest.split_at_mut(tiles.n_planes());
                at_level!(self.level, || {
                    let first_row = rows.start;
                    self.multiply(
                        example,
                        first_row,
                        tiles,
                        [&mut *products, pixels, planes, line],
                    );
                    self.finish(tiles, rows.len(), [products, planes, line], results);
                });
            });
        }
    }

    /// Transforms pixels, a few channels at a time, and multiplies them.
    #[inline(always)]
    fn multiply(
        &self,
        example: usize,
        first_row: usize,
        tiles: Tiles,
        [products, pixels, planes, line]: [&mut [f32]; 4],
    ) {
        let (n_in, n_out) = (self.weights[0].n_in(), self.weights[0].n_out());
        let stride = tiles.stride();
        let chunk = pixels.len() / (POSITIONS * stride);
        tiles.clear_ends(planes);
        for first in (0..n_in).step_by(chunk) {
            let channels = first..(first + chunk).min(n_in);
            let step = channels.len() * stride;
            for (i, channel) in channels.clone().enumerate() {
                for number in 0..2 * tiles.down + 2 {
                    let row = (first_row + number).checked_sub(1);
                    let row = row.filter(|&row| row < self.shape.height);
                    let row = row.map(|row| self.rows.row(example, channel, row, line));
                    tiles.set_row(planes, number, row);
                }
                tiles.transform(planes, &mut pixels[i * stride..], step);
            }
            for (position, weights) in self.weights.iter().enumerate() {
                let x = Pixels { values: &pixels[position * step..][..step], stride };
                let out = &mut products[position * n_out * stride..][..n_out * stride];
                let inputs = channels.clone();
                multiply_part(weights, inputs, x, tiles.n(), (out, stride), first > 0);
            }
        }
    }

    #[inline(always)]
    fn finish(
        &self,
        tiles: Tiles,
        n_rows: usize,
        [products, planes, line]: [&mut [f32]; 3],
        results: &mut impl Take,
    ) {
        let (n_out, stride) = (self.weights[0].n_out(), tiles.stride());
        let line = &mut line[..self.shape.width];
        for channel in 0..n_out {
            tiles.combine(&products[channel * stride..], n_out * stride, planes);
            for number in 0..n_rows {
                tiles.row(planes, number, line);
                results.take(channel, line);
            }
        }
    }
}

/// Rows that are computed together: few enough to stay in the cache, enough for the weights that are
/// read, and some for every core.
fn n_rows(n_in: usize, n_out: usize, shape: Shape) -> usize {
    let across = shape.width.div_ceil(2);
    let at_least = if POSITIONS * n_in * n_out > STAYS_NEAR { TILES_FAR } else { TILES };
    let near = NEAR / (POSITIONS * (n_in.min(CHANNELS) + n_out) * across);
    let down = near.max(at_least.div_ceil(across)).max(1);
    let n_cores = rayon::current_num_threads().div_ceil(shape.n_batch);
    2 * down.min(shape.height.div_ceil(2).div_ceil(n_cores))
}

/// Channels whose pixels are transformed together: as many as there is room for beside the
/// products, in equal parts. Products that find no room by themselves are rather written once.
fn n_channels(n_in: usize, n_out: usize, tiles: Tiles) -> usize {
    let room = (NEAR / (POSITIONS * tiles.stride())).saturating_sub(n_out);
    match room < CHANNELS / 2 {
        true => n_in,
        false => n_in.div_ceil(n_in.div_ceil(room)),
    }
}
