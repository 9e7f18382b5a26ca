//! Depthwise 3 × 3, then pointwise 1 × 1, then bias and ReLU, without the result in between.
//!
//! A task takes a few rows: the depthwise results of all channels stay in the second-level cache,
//! are multiplied with the pointwise weights there, and only what comes out behind the ReLU goes to
//! memory. The input may be several maps side by side (a skip connection and what came from below)
//! and may be interpolated to twice its size on the way; neither is ever written down.

mod end;
mod gradient;
mod weights;

use std::ops::Range;

use crate::bands::{self, Band, Maps, Shape};
use crate::bilinear::Doubling;
use crate::depthwise::{convolve_row, convolve_rows, rows_of};
use crate::level::{Sums, at_level};
use crate::product::{LANES, Matrix, Pixels, Weights, multiply};
use crate::{Level, scratch};
pub use weights::Gradients;

/// Weights of one depthwise-separable convolution.
#[derive(Clone, Copy, Debug)]
pub struct Separable<'a> {
    /// `[channels in × k × 9]`: each channel feeds `k` depthwise ones, which follow each other.
    pub depthwise: &'a [f32],
    /// From depthwise channels to channels out.
    pub pointwise: &'a Matrix,
    /// `[channels out]`
    pub bias: &'a [f32],
    /// Whether a ReLU follows.
    pub relu: bool,
    /// Whether the input is interpolated to twice its size first (bilinear, corners aligned).
    pub doubled: bool,
}

/// Numbers that a tile may hold in and out together: what a second-level cache of one megabyte has
/// room for beside the weights.
const TILE: usize = 192 << 10;

/// Pixels below which reading the weights takes longer than multiplying with them.
pub(crate) const PIXELS: usize = 160;

impl Separable<'_> {
    fn n_depthwise(&self) -> usize {
        self.depthwise.len() / 9
    }

    /// Depthwise channels that each of `n_in` channels feeds.
    fn multiplier(&self, n_in: usize) -> usize {
        let n = self.n_depthwise();
        let fits = n_in > 0 && n >= n_in && n.is_multiple_of(n_in);
        assert!(fits, "{n_in} channels and {n} depthwise kernels");
        n / n_in
    }

    fn n_out(&self) -> usize {
        self.bias.len()
    }

    fn kernel(&self, channel: usize) -> &[f32; 9] {
        self.depthwise.as_chunks::<9>().0.get(channel).expect("nine weights for every channel")
    }

    fn check(&self, sources: &[Maps]) -> Shape {
        let first = sources[0].shape;
        let same = |s: &Maps| s.shape.with_channels(0) == first.with_channels(0);
        assert!(sources.iter().all(same), "maps of different sizes");
        let n_in: usize = sources.iter().map(|s| s.shape.n_channels).sum();
        self.multiplier(n_in);
        self.check_matrix();
        first.with_channels(n_in)
    }

    fn check_matrix(&self) {
        let sizes = (self.pointwise.n_in(), self.pointwise.n_out());
        assert_eq!(sizes, (self.n_depthwise(), self.n_out()), "pointwise weights and channels");
    }

    /// Of maps that lie side by side: channels of the first one first.
    ///
    /// # Panics
    /// If the maps differ in size, or the weights do not fit them.
    pub fn forward(&self, level: Level, sources: &[Maps]) -> Vec<f32> {
        let shape = self.check(sources);
        let doubling = self.doubled.then(|| Doubling::new(shape.height, shape.width));
        let grown = if self.doubled { 2 } else { 1 };
        let out =
            shape.with_channels(self.n_out()).with_size(grown * shape.height, grown * shape.width);
        let weights = self.pointwise.forward(level);
        let channels = channels(sources, self.multiplier(shape.n_channels));
        let tile_rows = tile_rows(self.n_depthwise() + self.n_out(), out.width);
        let rows = bands::rows_per_band(out, PIXELS.div_ceil(out.width.max(1)), tile_rows);
        bands::fill(out, rows, |band| {
            for start in band.rows.clone().step_by(tile_rows) {
                let rows = start..(start + tile_rows).min(band.rows.end);
                let tile = Tile { weights: &weights, sources, channels: &channels, rows };
                scratch::with(tile.n_scratch(out.width, self.doubled), |space| {
                    at_level!(level, |sums| {
                        self.forward_tile(sums, &tile, doubling.as_ref(), space, band);
                    });
                });
            }
        })
    }

    #[inline(always)]
    fn forward_tile(
        &self,
        sums: Sums,
        tile: &Tile,
        doubling: Option<&Doubling>,
        space: &mut [f32],
        band: &mut Band,
    ) {
        let Tile { weights, sources, channels, ref rows } = *tile;
        let width = sources[0].shape.width * if self.doubled { 2 } else { 1 };
        let n = rows.len() * width;
        let stride = n.next_multiple_of(LANES);
        let (tile, rest) = space.split_at_mut(self.n_depthwise() * stride);
        let (product, between) = rest.split_at_mut(self.n_out() * stride);
        for (c, tile) in tile.chunks_exact_mut(stride).enumerate() {
            let (source, channel) = channels[c];
            let plane = sources[source].plane(band.example, channel);
            let kernel = self.kernel(c);
            match doubling {
                None => convolve_rows(sums, plane, width, kernel, rows.clone(), tile),
                Some(doubling) => {
                    doubled_rows(sums, doubling, plane, kernel, rows.clone(), between, tile);
                }
            }
            tile[n..].fill(0.0);
        }
        multiply(weights, Pixels { values: tile, stride }, n, (product, stride), false);
        for (c, product) in product.chunks_exact(stride).enumerate() {
            let bias = self.bias[c];
            match self.relu {
                true => band.append(c, &product[..n], |v| relu(v + bias)),
                false => band.append(c, &product[..n], |v| v + bias),
            }
        }
    }
}

/// What goes into some rows of the result.
struct Tile<'a> {
    weights: &'a Weights,
    sources: &'a [Maps<'a>],
    channels: &'a [(usize, usize)],
    rows: Range<usize>,
}

impl Tile<'_> {
    /// Room for the depthwise results, their products, and rows interpolated on the way.
    fn n_scratch(&self, width: usize, is_doubled: bool) -> usize {
        let stride = (self.rows.len() * width).next_multiple_of(LANES);
        let n_between = if is_doubled { (self.rows.len() / 2 + 4) * width } else { 0 };
        (self.weights.n_in() + self.weights.n_out()) * stride + n_between
    }
}

/// Rows of the depthwise convolution of an interpolated plane: rows of the plane are interpolated
/// across, and what lies between them goes into the weights.
#[inline(always)]
fn doubled_rows(
    sums: Sums,
    doubling: &Doubling,
    plane: &[f32],
    kernel: &[f32; 9],
    rows: Range<usize>,
    space: &mut [f32],
    out: &mut [f32],
) {
    let height = doubling.down.len();
    let width = 2 * plane.len() / (height / 2);
    let needed = rows.start.saturating_sub(1)..(rows.end + 1).min(height);
    let below = doubling.rows_below(&needed);
    for (row, wide) in below.clone().zip(space.chunks_exact_mut(width)) {
        doubling.across().interpolate(&plane[row * width / 2..][..width / 2], wide);
    }
    let last = below.len() - 1;
    for (row, out) in rows.zip(out.chunks_exact_mut(width)) {
        let (first, weights) = doubling.weights_below(row, rows_of(kernel));
        // Weights of rows below the last one are zero.
        let of = |i: usize| &space[(first - below.start + i).min(last) * width..][..width];
        convolve_row(sums, [of(0), of(1), of(2)], weights, out);
    }
}

/// Which source and which of its channels each depthwise channel reads.
fn channels(sources: &[Maps], multiplier: usize) -> Vec<(usize, usize)> {
    let of = |(i, s): (usize, &Maps)| {
        (0..multiplier * s.shape.n_channels).map(move |c| (i, c / multiplier))
    };
    sources.iter().enumerate().flat_map(of).collect()
}

/// Rows that a tile of so many channels has: few enough to stay in the cache, but enough pixels for
/// each weight that is read.
pub(crate) fn tile_rows(n_channels: usize, width: usize) -> usize {
    let rows = (TILE / (n_channels * width).max(1)).max(PIXELS.div_ceil(width.max(1)));
    // Depthwise convolutions take rows in pairs.
    rows.next_multiple_of(2)
}

#[inline(always)]
pub(crate) fn relu(v: f32) -> f32 {
    if v > 0.0 { v } else { 0.0 }
}
