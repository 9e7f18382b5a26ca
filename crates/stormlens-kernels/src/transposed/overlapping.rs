//! The transposed convolution that doubles height and width with kernels that overlap: kernel 4 × 4, stride 2, padding 1.
//!
//! One pixel becomes four, and of each of these the kernels see 2 × 2 pixels: those that begin a row or a column before the one
//! it comes from, or at that one. So each of the four is a sum of four products of matrices. Rows of pixels lie one zero
//! apart, so that a neighbour is as far from every pixel, and nothing has to be copied for it.

use std::sync::Arc;

use crate::bands::{self, Band, Maps, Shape};
use crate::halving::Halving;
use crate::level::at_level;
use crate::product::{Forms, LANES, Matrix, Pixels, Weights, multiply_part};
use crate::{Level, scratch};

/// The weights of such a convolution, which keeps them as its kernels take them once they have been asked for.
#[derive(Debug)]
pub struct OverlappingFilter {
    values: Arc<Vec<f32>>,
    n_in: usize,
    n_out: usize,
    packed: Forms<[Weights; 16]>,
    /// The same from outputs, and of each of these the places of the kernel, to inputs.
    backward: Matrix,
}

impl OverlappingFilter {
    /// From `[n_in × n_out × 16]`, row-major.
    ///
    /// # Panics
    /// If there are no inputs or no outputs, or not as many kernels of sixteen weights for each.
    pub fn new(values: Arc<Vec<f32>>, n_in: usize) -> Self {
        assert!(n_in > 0 && values.len().is_multiple_of(16 * n_in), "sixteen weights for each");
        let n_out = values.len() / (16 * n_in);
        assert!(n_out > 0, "a convolution to no channels");
        let backward = Matrix::new(values.clone(), n_in);
        Self { values, n_in, n_out, packed: Forms::default(), backward }
    }

    /// Rearranges the weights now, so that no first pass has to.
    ///
    /// # Panics
    /// If this processor lacks the level.
    pub fn prepare(&self, level: Level) {
        self.packed(level);
    }

    /// A matrix from inputs to outputs for each place of the kernel.
    fn packed(&self, level: Level) -> Arc<[Weights; 16]> {
        self.packed.get((level, false), || {
            Weights::pack_each(level, [self.n_out, self.n_in], |out, channel| {
                let kernel = self.values[16 * (channel * self.n_out + out)..].first_chunk();
                *kernel.expect("sixteen weights for each pair")
            })
        })
    }

    /// The map at twice its size, plus a bias for each channel.
    ///
    /// # Panics
    /// If the weights do not fit map and bias.
    pub fn forward(&self, level: Level, bias: &[f32], x: Maps) -> Vec<f32> {
        assert_eq!((x.shape.n_channels, bias.len()), (self.n_in, self.n_out), "channels, weights");
        let Shape { height, width, .. } = x.shape;
        let out = x.shape.with_size(2 * height, 2 * width).with_channels(self.n_out);
        let weights = self.packed(level);
        let n_rows = self.n_rows(x.shape);
        bands::fill(out, bands::rows_per_band(out, 2 * n_rows, 2 * n_rows), |band| {
            let rows = band.rows.start / 2..band.rows.end / 2;
            for first_row in rows.clone().step_by(n_rows) {
                let tile = Tile { first_row, n_rows: n_rows.min(rows.end - first_row), width };
                let n_scratch = self.n_in * tile.n_padded() + 4 * self.n_out * tile.stride();
                scratch::with(n_scratch + 2 * width, |space| {
                    at_level!(level, || self.forward_tile(&weights, bias, x, tile, space, band));
                });
            }
        })
    }

    #[inline(always)]
    fn forward_tile(
        &self,
        weights: &[Weights; 16],
        bias: &[f32],
        x: Maps,
        tile: Tile,
        space: &mut [f32],
        band: &mut Band,
    ) {
        let (n_padded, stride) = (tile.n_padded(), tile.stride());
        let (pixels, rest) = space.split_at_mut(self.n_in * n_padded);
        let (products, line) = rest.split_at_mut(4 * self.n_out * stride);
        for (channel, pixels) in pixels.chunks_exact_mut(n_padded).enumerate() {
            tile.fill(x.plane(band.example, channel), x.shape.height, pixels);
        }
        for (part, products) in products.chunks_exact_mut(self.n_out * stride).enumerate() {
            for neighbour in 0..4 {
                let [down, across] = [part / 2 + neighbour / 2, part % 2 + neighbour % 2];
                let from = &pixels[down * tile.pitch() + across..];
                let source = Pixels { values: from, stride: n_padded };
                // Of two neighbours the kernel sees the first with its later half.
                let [row, column] = [3 + part / 2 - 2 * down, 3 + part % 2 - 2 * across];
                let weights = &weights[4 * row + column];
                let out = (&mut *products, stride);
                multiply_part(weights, 0..self.n_in, source, tile.n(), out, neighbour > 0);
            }
        }
        for (channel, &bias) in bias.iter().enumerate() {
            for number in 0..2 * tile.n_rows {
                let start = channel * stride + number / 2 * tile.pitch();
                let part = |column: usize| {
                    &products[(2 * (number % 2) + column) * self.n_out * stride + start..]
                };
                let pairs = part(0).iter().zip(part(1));
                for (pair, (&even, &odd)) in line.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
                    *pair = [even, odd];
                }
                band.append(channel, line, |v| v + bias);
            }
        }
    }

    /// The gradient of the map, from that of the result.
    ///
    /// # Panics
    /// If the gradient does not fit the weights.
    pub fn backward(&self, level: Level, gradient: Maps) -> Vec<f32> {
        self.turned(&vec![0.0; self.n_in]).forward(level, gradient)
    }

    /// The gradient of the weights for a map, from that of the result: `[n_in × n_out × 16]`.
    ///
    /// # Panics
    /// If map and gradient do not fit each other and the weights.
    pub fn weight_gradient(&self, level: Level, x: Maps, gradient: Maps) -> Vec<f32> {
        self.turned(&vec![0.0; self.n_in]).weight_gradient(level, gradient, x)
    }

    /// Backwards the layer is a convolution at every second pixel with the same kernels.
    fn turned<'a>(&'a self, bias: &'a [f32]) -> Halving<'a> {
        Halving { weight: &self.backward, bias, side: 4, relu: false }
    }

    /// Rows of the map that are multiplied together: few enough to stay in the cache, enough for the weights that are read,
    /// and some for every core.
    fn n_rows(&self, shape: Shape) -> usize {
        let width = shape.width.max(1);
        let near = NEAR / ((self.n_in + 4 * self.n_out) * width);
        let n_cores = rayon::current_num_threads().div_ceil(shape.n_batch.max(1));
        near.max(PIXELS.div_ceil(width)).min(shape.height.div_ceil(n_cores)).max(1)
    }
}

/// Numbers that pixels and products of a tile may hold together.
const NEAR: usize = 300 << 10;

/// Pixels below which reading the weights takes longer than multiplying with them.
const PIXELS: usize = 192;

/// Some rows of a map.
#[derive(Clone, Copy)]
struct Tile {
    first_row: usize,
    n_rows: usize,
    width: usize,
}

impl Tile {
    /// From one row to the next: between them is a zero.
    fn pitch(self) -> usize {
        self.width + 1
    }

    /// Pixels that are multiplied: all, and what lies between their rows.
    fn n(self) -> usize {
        self.n_rows * self.pitch() - 1
    }

    /// Room for the products of a channel, in whole vectors.
    fn stride(self) -> usize {
        self.n().next_multiple_of(LANES)
    }

    /// Room for the pixels of a channel with a row before and one behind them, and for vectors that begin at the last
    /// neighbour.
    fn n_padded(self) -> usize {
        self.stride() + 2 * self.pitch() + 2
    }

    /// The rows of a plane with zeros around them.
    #[inline(always)]
    fn fill(self, plane: &[f32], height: usize, pixels: &mut [f32]) {
        let (rows, rest) = pixels.split_at_mut((self.n_rows + 2) * self.pitch());
        rest.fill(0.0);
        for (number, pixels) in rows.chunks_exact_mut(self.pitch()).enumerate() {
            let row = (self.first_row + number).checked_sub(1).filter(|&row| row < height);
            pixels[0] = 0.0;
            match row {
                Some(row) => {
                    pixels[1..].copy_from_slice(&plane[row * self.width..][..self.width]);
                }
                None => pixels.fill(0.0),
            }
        }
    }
}
