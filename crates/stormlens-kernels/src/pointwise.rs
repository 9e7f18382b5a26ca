//! 1 × 1 convolution with bias, of maps that lie side by side, added to another map if there is one, then perhaps an activation.

mod weights;

use std::ops::Range;

use crate::activation::{Activation, bent};
use crate::bands::{self, Band, Maps, Shape};
use crate::level::at_level;
use crate::product::{LANES, Matrix, Pixels, Weights, multiply, multiply_on_all_cores};
use crate::separable::{PIXELS, tile_rows};
use crate::{Level, scratch};
pub(crate) use weights::weight_gradient;

/// Weights of one 1 × 1 convolution.
#[derive(Clone, Copy, Debug)]
pub struct Pointwise<'a> {
    /// From channels in to channels out.
    pub weight: &'a Matrix,
    /// `[channels out]`
    pub bias: &'a [f32],
    /// 1: every pixel; 2: those of even row and column.
    pub step: usize,
    /// What follows the sum.
    pub activation: Activation,
}

/// Some rows of the result.
struct Tile {
    rows: Range<usize>,
    /// Of the whole result.
    shape: Shape,
    /// Whether there are fewer bands than cores.
    is_small: bool,
}

impl Pointwise<'_> {
    fn n_out(&self) -> usize {
        self.bias.len()
    }

    fn n_in(&self) -> usize {
        self.weight.n_in()
    }

    fn shape_out(&self, source: Shape) -> Shape {
        let Shape { height, width, .. } = source;
        let shape = source.with_size(height.div_ceil(self.step), width.div_ceil(self.step));
        shape.with_channels(self.n_out())
    }

    /// Of maps side by side, plus `addend`, which has the shape of the result.
    ///
    /// # Panics
    /// If the maps differ in size, or the weights do not fit them.
    pub fn forward(&self, level: Level, sources: &[Maps], addend: Option<Maps>) -> Vec<f32> {
        let shape = self.shape_out(sources[0].shape);
        let n_in: usize = sources.iter().map(|s| s.shape.n_channels).sum();
        assert_eq!((n_in, self.n_out()), (self.n_in(), self.weight.n_out()), "channels, weights");
        assert!(sources.iter().all(|s| self.shape_out(s.shape) == shape), "different sizes");
        assert!(addend.is_none_or(|a| a.shape == shape), "an addend of another shape");
        let weights = self.weight.forward(level);
        let at_least = PIXELS.div_ceil(shape.width.max(1));
        let tile_rows = tile_rows(n_in + self.n_out(), shape.width);
        let band_rows = bands::rows_per_band(shape, at_least, tile_rows);
        let is_small = bands::are_few(shape, band_rows);
        bands::fill(shape, band_rows, |band| {
            for start in band.rows.clone().step_by(tile_rows) {
                let rows = start..(start + tile_rows).min(band.rows.end);
                let n = (rows.len() * shape.width).next_multiple_of(LANES);
                scratch::with((n_in + self.n_out()) * n, |space| {
                    at_level!(level, || {
                        let maps = (sources, addend);
                        let tile = Tile { rows, shape, is_small };
                        self.forward_tile(&weights, maps, tile, space, band);
                    });
                });
            }
        })
    }

    #[inline(always)]
    fn forward_tile(
        &self,
        weights: &Weights,
        (sources, addend): (&[Maps], Option<Maps>),
        Tile { rows, shape, is_small }: Tile,
        space: &mut [f32],
        band: &mut Band,
    ) {
        let n = rows.len() * shape.width;
        let stride = n.next_multiple_of(LANES);
        let (tile, product) = space.split_at_mut(self.n_in() * stride);
        let mut tiles = tile.chunks_exact_mut(stride);
        for source in sources {
            for (c, tile) in (0..source.shape.n_channels).zip(&mut tiles) {
                let plane = source.plane(band.example, c);
                let width = source.shape.width;
                self.collect(plane, width, rows.clone(), shape.width, &mut tile[..n]);
                tile[n..].fill(0.0);
            }
        }
        let pixels = Pixels { values: tile, stride };
        match is_small {
            true => multiply_on_all_cores(weights, pixels, n, (&mut *product, stride)),
            false => multiply(weights, pixels, n, (&mut *product, stride), false),
        }
        let slope = self.activation.slope();
        for (c, product) in product.chunks_exact(stride).enumerate() {
            let bias = self.bias[c];
            let other = addend.map(|addend| addend.plane(band.example, c));
            let other = other.map(|plane| &plane[rows.start * shape.width..][..n]);
            match (other, self.activation) {
                (None, Activation::None) => band.append(c, &product[..n], |v| v + bias),
                (None, _) => band.append(c, &product[..n], |v| bent(v + bias, slope)),
                (Some(other), Activation::None) => {
                    band.append_both(c, (&product[..n], other), |v, a| v + bias + a);
                }
                (Some(other), _) => {
                    band.append_both(c, (&product[..n], other), |v, a| bent(v + bias + a, slope));
                }
            }
        }
    }

    /// The pixels that some rows of the result are made of.
    #[inline(always)]
    fn collect(
        &self,
        plane: &[f32],
        width: usize,
        rows: Range<usize>,
        out_width: usize,
        tile: &mut [f32],
    ) {
        if self.step == 1 {
            return tile.copy_from_slice(&plane[rows.start * width..][..tile.len()]);
        }
        for (row, tile) in rows.zip(tile.chunks_exact_mut(out_width)) {
            let source = &plane[row * self.step * width..][..width];
            for (t, &v) in tile.iter_mut().zip(source.iter().step_by(2)) {
                *t = v;
            }
        }
    }

    /// The gradient of each source from that of the sum.
    ///
    /// # Panics
    /// If shapes and weights do not fit each other.
    pub fn backward(&self, level: Level, sources: &[Shape], gradient: Maps) -> Vec<Vec<f32>> {
        let n_in: usize = sources.iter().map(|s| s.n_channels).sum();
        let sizes = (n_in, gradient.shape.n_channels);
        assert_eq!(sizes, (self.n_in(), self.weight.n_out()), "channels and weights");
        assert!(
            sources.iter().all(|&s| self.shape_out(s) == gradient.shape),
            "gradients of different sizes"
        );
        let at_least = PIXELS.div_ceil(sources[0].width.max(1));
        let rows = bands::rows_per_band(sources[0], at_least, self.step);
        let weights = self.weight.transposed(level);
        match sources {
            [one] => {
                let fill = |bands: [&mut Band; 1]| {
                    self.backward_band(level, &weights, gradient, *one, bands)
                };
                bands::fill_many([*one], rows, fill).to_vec()
            }
            [one, two] => {
                let fill = |bands: [&mut Band; 2]| {
                    self.backward_band(level, &weights, gradient, *one, bands)
                };
                bands::fill_many([*one, *two], rows, fill).to_vec()
            }
            _ => panic!("one or two maps side by side"),
        }
    }

    fn backward_band<const N: usize>(
        &self,
        level: Level,
        weights: &Weights,
        gradient: Maps,
        source: Shape,
        mut bands: [&mut Band; N],
    ) {
        let n_channels = weights.n_out() + weights.n_in();
        let tile_rows = tile_rows(n_channels, source.width).next_multiple_of(self.step);
        let all = bands[0].rows.clone();
        for start in all.clone().step_by(tile_rows) {
            let rows = start..(start + tile_rows).min(all.end);
            let n = (rows.len() * source.width).next_multiple_of(LANES);
            scratch::with(n_channels * n + source.width, |space| {
                at_level!(level, || {
                    self.backward_tile(weights, rows, source, gradient, space, &mut bands);
                });
            });
        }
    }

    #[inline(always)]
    fn backward_tile<const N: usize>(
        &self,
        weights: &Weights,
        rows: Range<usize>,
        source: Shape,
        gradient: Maps,
        space: &mut [f32],
        bands: &mut [&mut Band; N],
    ) {
        let width = gradient.shape.width;
        let seen = rows.start / self.step..rows.end.div_ceil(self.step);
        let n = seen.len() * width;
        let stride = n.next_multiple_of(LANES);
        let (tile, rest) = space.split_at_mut(weights.n_in() * stride);
        let (product, rest) = rest.split_at_mut(weights.n_out() * stride);
        for (c, tile) in tile.chunks_exact_mut(stride).enumerate() {
            let plane = gradient.plane(bands[0].example, c);
            tile[..n].copy_from_slice(&plane[seen.start * width..][..n]);
            tile[n..].fill(0.0);
        }
        multiply(weights, Pixels { values: tile, stride }, n, (product, stride), false);
        let mut products = product.chunks_exact(stride);
        for band in bands {
            for (c, product) in (0..band.n_channels()).zip(&mut products) {
                match self.step {
                    1 => band.append(c, &product[..n], |v| v),
                    _ => {
                        let row_space = &mut rest[..source.width];
                        spread(&product[..n], width, rows.clone(), row_space, c, band);
                    }
                }
            }
        }
    }
}

/// Values go to even rows and columns; between them is nothing.
#[inline(always)]
fn spread(
    values: &[f32],
    width: usize,
    rows: Range<usize>,
    space: &mut [f32],
    channel: usize,
    band: &mut Band,
) {
    for row in rows.clone() {
        space.fill(0.0);
        if row % 2 == 0 {
            let values = &values[(row - rows.start) / 2 * width..][..width];
            for (place, &v) in space.iter_mut().step_by(2).zip(values) {
                *place = v;
            }
        }
        band.append(channel, space, |v| v);
    }
}
