//! A convolution at every second pixel with a kernel of any odd size, then bias and perhaps ReLU.
//!
//! A task takes a few rows of results: the pixels under each place of the kernel are laid side by side in the second-level
//! cache, and what is left is a product of matrices.

use std::ops::Range;

use crate::bands::{self, Band, Maps, Shape};
use crate::level::at_level;
use crate::pointwise::weight_gradient;
use crate::product::{LANES, Matrix, Pixels, Weights, multiply};
use crate::separable::{PIXELS, relu, tile_rows};
use crate::{Level, scratch};

/// Zero padding of half the kernel on all sides: n pixels become ⌈n / 2⌉.
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
    /// # Panics
    /// If the weights do not fit the map, or the kernel's side is even.
    pub fn forward(&self, level: Level, x: Maps) -> Vec<f32> {
        let Shape { n_channels, height, width, .. } = x.shape;
        let n_in = n_channels * self.side * self.side;
        let sizes = (self.weight.n_in(), self.weight.n_out());
        assert_eq!(sizes, (n_in, self.bias.len()), "channels, weights");
        assert!(self.side % 2 == 1, "a kernel has a pixel in its middle");
        let out = x.shape.with_size(height.div_ceil(2), width.div_ceil(2));
        let out = out.with_channels(self.bias.len());
        let weights = self.weight.forward(level);
        let tile_rows = tile_rows(n_in + self.bias.len(), out.width);
        let at_least = PIXELS.div_ceil(out.width.max(1));
        bands::fill(out, bands::rows_per_band(out, at_least, tile_rows), |band| {
            for start in band.rows.clone().step_by(tile_rows) {
                let rows = start..(start + tile_rows).min(band.rows.end);
                let stride = (rows.len() * out.width).next_multiple_of(LANES);
                let n_line = 2 * (out.width + self.side);
                scratch::with((n_in + self.bias.len()) * stride + n_line, |space| {
                    at_level!(level, || {
                        self.forward_tile(&weights, x, rows, out.width, space, band);
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
        rows: Range<usize>,
        width: usize,
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
        multiply(weights, Pixels { values: taps, stride }, n, (products, stride), false);
        for (c, product) in products.chunks_exact(stride).enumerate() {
            let bias = self.bias[c];
            match self.relu {
                true => band.append(c, &product[..n], |v| relu(v + bias)),
                false => band.append(c, &product[..n], |v| v + bias),
            }
        }
    }

    /// The gradient of the weights for a map, from that of the result before a ReLU: `[channels out × channels in × places]`.
    ///
    /// # Panics
    /// If map and gradient do not fit each other and the weights.
    pub fn weight_gradient(&self, level: Level, x: Maps, gradient: Maps) -> Vec<f32> {
        let Shape { n_channels, height, width, .. } = x.shape;
        let out = x.shape.with_size(height.div_ceil(2), width.div_ceil(2));
        assert_eq!(gradient.shape, out.with_channels(self.bias.len()), "another result");
        let n_places = self.side * self.side;
        weight_gradient(level, n_channels * n_places, gradient, |example, number, rows, taps| {
            let (plane, place) = (x.plane(example, number / n_places), number % n_places);
            let from = |row: usize, side: usize| (2 * row + side).checked_sub(self.side / 2);
            for (row, taps) in rows.zip(taps.chunks_exact_mut(out.width)) {
                taps.fill(0.0);
                let row = from(row, place / self.side).filter(|&row| row < height);
                let Some(row) = row.map(|row| &plane[row * width..][..width]) else { continue };
                // The first result whose pixel lies within the row, and that pixel.
                let first = (self.side / 2).saturating_sub(place % self.side).div_ceil(2);
                let Some(start) = from(first, place % self.side) else { continue };
                let pixels = row.iter().skip(start).step_by(2);
                taps.iter_mut().skip(first).zip(pixels).for_each(|(tap, &v)| *tap = v);
            }
        })
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
                let source = (2 * row + down).checked_sub(self.side / 2);
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
        let half = self.side / 2;
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
