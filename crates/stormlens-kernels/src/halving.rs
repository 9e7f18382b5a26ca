//! A convolution at every second pixel with a kernel of any size, then bias and perhaps ReLU.
//!
//! A task takes a few rows of results: the pixels under each place of the kernel are laid side by side in the second-level
//! cache, and what is left is a product of matrices.

mod gradient;

use std::ops::Range;

use crate::bands::{self, Band, Maps, Shape};
use crate::level::at_level;
use crate::product::{LANES, Matrix, Pixels, Weights, multiply, multiply_on_all_cores};
use crate::separable::{PIXELS, relu, tile_rows};
use crate::{Level, scratch};

/// Zero padding of half the kernel on all sides, of an even one less a pixel: n pixels become ⌈n / 2⌉.
#[derive(Clone, Copy, Debug)]
pub struct Halving<'a> {
    /// From channels in, and of each of these the places of the kernel, to channels out.
    pub weight: &'a Matrix,
    /// `[channels out]`
    pub bias: &'a [f32],
    /// Height and width of the kernel.
    pub side: usize,
    /// Whether a ReLU follows.
    pub relu: bool,
}

impl Halving<'_> {
    fn shape_out(&self, x: Shape) -> Shape {
        let is_even = x.height.is_multiple_of(2) && x.width.is_multiple_of(2);
        assert!(self.side % 2 == 1 || is_even, "an even kernel over an odd number of pixels");
        let out = x.with_size(x.height.div_ceil(2), x.width.div_ceil(2));
        out.with_channels(self.bias.len())
    }

    /// Pixels of zero before the first one.
    fn before(&self) -> usize {
        (self.side - 1) / 2
    }

    /// Room for the even and the odd pixels of a row with zeros around them.
    fn n_line(&self, width_out: usize) -> usize {
        2 * (width_out + self.side)
    }

    /// # Panics
    /// If the weights do not fit the map, or an even kernel does not fit height and width.
    pub fn forward(&self, level: Level, x: Maps) -> Vec<f32> {
        let out = self.shape_out(x.shape);
        let n_in = x.shape.n_channels * self.side * self.side;
        let sizes = (self.weight.n_in(), self.weight.n_out());
        assert_eq!(sizes, (n_in, self.bias.len()), "channels, weights");
        let weights = self.weight.forward(level);
        let tile_rows = tile_rows(n_in + self.bias.len(), out.width);
        let at_least = PIXELS.div_ceil(out.width.max(1));
        let band_rows = bands::rows_per_band(out, at_least, tile_rows);
        let is_small = bands::are_few(out, band_rows);
        bands::fill(out, band_rows, |band| {
            for start in band.rows.clone().step_by(tile_rows) {
                let rows = start..(start + tile_rows).min(band.rows.end);
                let stride = (rows.len() * out.width).next_multiple_of(LANES);
                let n_scratch = (n_in + self.bias.len()) * stride + self.n_line(out.width);
                scratch::with(n_scratch, |space| {
                    at_level!(level, || {
                        let tile = (rows, out.width, is_small);
                        self.forward_tile(&weights, x, tile, space, band);
                    });
                });
            }
        })
    }

    #[inline(always)]
    fn forward_tile(
        &self,
        weights: &Weights,
        x: Maps,
        (rows, width, is_small): (Range<usize>, usize, bool),
        space: &mut [f32],
        band: &mut Band,
    ) {
        let n = rows.len() * width;
        let stride = n.next_multiple_of(LANES);
        let (taps, rest) = space.split_at_mut(weights.n_in() * stride);
        let (products, line) = rest.split_at_mut(weights.n_out() * stride);
        let of_channel = self.side * self.side * stride;
        for (channel, taps) in taps.chunks_exact_mut(of_channel).enumerate() {
            let plane = x.plane(band.example, channel);
            self.collect(plane, x.shape, rows.clone(), width, taps, line);
        }
        let pixels = Pixels { values: taps, stride };
        match is_small {
            true => multiply_on_all_cores(weights, pixels, n, (&mut *products, stride)),
            false => multiply(weights, pixels, n, (&mut *products, stride), false),
        }
        for (c, product) in products.chunks_exact(stride).enumerate() {
            let bias = self.bias[c];
            match self.relu {
                true => band.append(c, &product[..n], |v| relu(v + bias)),
                false => band.append(c, &product[..n], |v| v + bias),
            }
        }
    }

    /// The pixels of a channel under each place of the kernel, `[places × stride]`.
    #[inline(always)]
    fn collect(
        &self,
        plane: &[f32],
        shape: Shape,
        rows: Range<usize>,
        width: usize,
        taps: &mut [f32],
        line: &mut [f32],
    ) {
        let stride = taps.len() / (self.side * self.side);
        let n = rows.len() * width;
        taps.chunks_exact_mut(stride).for_each(|taps| taps[n..].fill(0.0));
        for (number, row) in rows.enumerate() {
            for down in 0..self.side {
                let source = (2 * row + down).checked_sub(self.before());
                let source = source.filter(|&row| row < shape.height);
                let source = source.map(|row| &plane[row * shape.width..][..shape.width]);
                self.split(source, line);
                let (even, odd) = line.split_at(line.len() / 2);
                for across in 0..self.side {
                    let from = if across % 2 == 0 { even } else { odd };
                    let place = (down * self.side + across) * stride + number * width;
                    taps[place..][..width].copy_from_slice(&from[across / 2..][..width]);
                }
            }
        }
    }

    /// The even, then the odd pixels of a row with half the kernel before it and zeros around; zeros of no row.
    #[inline(always)]
    fn split(&self, row: Option<&[f32]>, line: &mut [f32]) {
        line.fill(0.0);
        let Some(row) = row else { return };
        let (even, odd) = line.split_at_mut(line.len() / 2);
        let half = self.before();
        // The first pixel of the row counts as number `half`.
        let (first, second) = if half.is_multiple_of(2) { (even, odd) } else { (odd, even) };
        let (pairs, last) = row.as_chunks::<2>();
        let firsts = first[half / 2..].iter_mut().zip(&mut second[half.div_ceil(2)..]);
        for ((first, second), pair) in firsts.zip(pairs) {
            (*first, *second) = (pair[0], pair[1]);
        }
        if let [last] = *last {
            first[half / 2 + pairs.len()] = last;
        }
    }
}
