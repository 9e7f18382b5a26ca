//! The gradients of a convolution at every second pixel: of its weights, and of its map.

use std::ops::Range;

use rayon::prelude::*;

use super::Halving;
use crate::bands::{self, Band, Maps, Shape};
use crate::level::at_level;
use crate::pointwise::weight_gradient;
use crate::product::{LANES, Pixels, Weights, multiply};
use crate::separable::{PIXELS, tile_rows};
use crate::{Level, scratch};

impl Halving<'_> {
    /// The gradient of the weights for a map, from that of the result before a ReLU: `[channels out × channels in × places]`.
    ///
    /// # Panics
    /// If map and gradient do not fit each other and the weights.
    pub fn weight_gradient(&self, level: Level, x: Maps, gradient: Maps) -> Vec<f32> {
        let out = self.shape_out(x.shape);
        assert_eq!(gradient.shape, out, "another result");
        let n_places = self.side * self.side;
        let n_line = self.n_line(out.width);
        let lines = self.split_all(level, x, n_line);
        weight_gradient(level, x.shape.n_channels * n_places, gradient, |example, i, rows, taps| {
            let plane = example * x.shape.n_channels + i / n_places;
            let [down, across] = [i % n_places / self.side, i % n_places % self.side];
            for (row, taps) in rows.zip(taps.chunks_exact_mut(out.width)) {
                let row = (2 * row + down).checked_sub(self.before());
                let Some(row) = row.filter(|&row| row < x.shape.height) else {
                    taps.fill(0.0);
                    continue;
                };
                let line = &lines[(plane * x.shape.height + row) * n_line..][..n_line];
                let from = &line[across % 2 * (n_line / 2) + across / 2..];
                taps.copy_from_slice(&from[..out.width]);
            }
        })
    }

    /// The gradient of the map, from that of the result before a ReLU.
    ///
    /// # Panics
    /// If shape and gradient do not fit each other and the weights.
    pub fn backward(&self, level: Level, x: Shape, gradient: Maps) -> Vec<f32> {
        let out = self.shape_out(x);
        assert_eq!(gradient.shape, out, "another result");
        let weights = self.weight.transposed(level);
        assert_eq!(weights.n_out(), x.n_channels * self.side * self.side, "channels, weights");
        let n_numbers = weights.n_out() + weights.n_in();
        let tile_rows = 2 * tile_rows(n_numbers, out.width);
        let at_least = 2 * PIXELS.div_ceil(out.width.max(1));
        bands::fill(x, bands::rows_per_band(x, at_least, tile_rows), |band| {
            for start in band.rows.clone().step_by(tile_rows) {
                let rows = start..(start + tile_rows).min(band.rows.end);
                let seen = self.seeing(rows.clone(), out.height);
                let stride = (seen.len() * out.width).next_multiple_of(LANES).max(LANES);
                scratch::with(n_numbers * stride + self.n_line(out.width) + x.width, |space| {
                    at_level!(level, || {
                        self.backward_tile(&weights, gradient, [rows, seen], space, band);
                    });
                });
            }
        })
    }

    /// The rows of results whose kernels see some rows of the map.
    fn seeing(&self, rows: Range<usize>, height_out: usize) -> Range<usize> {
        let first = (rows.start + self.before()).saturating_sub(self.side - 1).div_ceil(2);
        let end = (rows.end - 1 + self.before()) / 2 + 1;
        first..end.min(height_out).max(first)
    }

    #[inline(always)]
    fn backward_tile(
        &self,
        weights: &Weights,
        gradient: Maps,
        [rows, seen]: [Range<usize>; 2],
        space: &mut [f32],
        band: &mut Band,
    ) {
        let width = gradient.shape.width;
        let n = seen.len() * width;
        // Of an odd row under a kernel of one pixel there is nothing.
        let stride = n.next_multiple_of(LANES).max(LANES);
        let (pixels, rest) = space.split_at_mut(weights.n_in() * stride);
        let (taps, rest) = rest.split_at_mut(weights.n_out() * stride);
        let (line, row_space) = rest.split_at_mut(self.n_line(width));
        for (channel, pixels) in pixels.chunks_exact_mut(stride).enumerate() {
            let plane = gradient.plane(band.example, channel);
            pixels[..n].copy_from_slice(&plane[seen.start * width..][..n]);
            pixels[n..].fill(0.0);
        }
        multiply(weights, Pixels { values: pixels, stride }, n, (taps, stride), false);
        let of_channel = self.side * self.side * stride;
        for (channel, taps) in taps.chunks_exact(of_channel).enumerate() {
            for row in rows.clone() {
                line.fill(0.0);
                for down in 0..self.side {
                    // The result that sees this row under that row of its kernel.
                    let from = (row + self.before()).checked_sub(down).filter(|n| n % 2 == 0);
                    let Some(from) = from.map(|n| n / 2).filter(|n| seen.contains(n)) else {
                        continue;
                    };
                    let (even, odd) = line.split_at_mut(line.len() / 2);
                    for across in 0..self.side {
                        let start = (down * self.side + across) * stride;
                        let taps = &taps[start + (from - seen.start) * width..][..width];
                        let to = if across % 2 == 0 { &mut *even } else { &mut *odd };
                        for (sum, &tap) in to[across / 2..][..width].iter_mut().zip(taps) {
                            *sum += tap;
                        }
                    }
                }
                self.join(line, row_space);
                band.append(channel, row_space, |v| v);
            }
        }
    }

    /// A row of even and odd pixels: what [`Self::split`] took apart.
    #[inline(always)]
    fn join(&self, line: &[f32], row: &mut [f32]) {
        let (even, odd) = line.split_at(line.len() / 2);
        let half = self.before();
        let (first, second) = if half.is_multiple_of(2) { (even, odd) } else { (odd, even) };
        let (pairs, last) = row.as_chunks_mut::<2>();
        let n = pairs.len();
        let both = first[half / 2..].iter().zip(&second[half.div_ceil(2)..]);
        for (pair, (&first, &second)) in pairs.iter_mut().zip(both) {
            *pair = [first, second];
        }
        if let [last] = last {
            *last = first[half / 2 + n];
        }
    }

    /// All rows in even and odd pixels, so that those under a place of the kernel lie together.
    fn split_all(&self, level: Level, x: Maps, n_line: usize) -> Vec<f32> {
        let Shape { height, width, .. } = x.shape;
        let mut lines = vec![0.0; x.values.len() / width.max(1) * n_line];
        let planes = lines.par_chunks_exact_mut((height * n_line).max(1));
        planes.zip(x.values.par_chunks_exact((height * width).max(1))).for_each(
            |(lines, plane)| {
                at_level!(level, || {
                    let rows = plane.chunks_exact(width);
                    for (line, row) in lines.chunks_exact_mut(n_line).zip(rows) {
                        self.split(Some(row), line);
                    }
                });
            },
        );
        lines
    }
}
