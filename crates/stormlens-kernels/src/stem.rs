//! A 3 × 3 convolution of few channels at every second pixel, with bias and ReLU.

use std::ops::Range;

use crate::bands::{self, Band, Maps, Shape};
use crate::level::at_level;
use crate::separable::relu;
use crate::{Level, scratch};

/// Weights of a network's first convolution: padded as TensorFlow's `same`, so n pixels become
/// ⌈n / 2⌉.
#[derive(Clone, Copy, Debug)]
pub struct Stem<'a> {
    /// `[channels out × channels in × 9]`
    pub weight: &'a [f32],
    /// `[channels out]`
    pub bias: &'a [f32],
    /// Whether a ReLU follows.
    pub relu: bool,
}

impl Stem<'_> {
    fn n_out(&self) -> usize {
        self.bias.len()
    }

    fn shape_out(&self, source: Shape) -> Shape {
        let Shape { height, width, .. } = source;
        source.with_channels(self.n_out()).with_size(height.div_ceil(2), width.div_ceil(2))
    }

    fn kernel(&self, out: usize, channel: usize, n_in: usize) -> &[f32; 9] {
        self.weight.as_chunks::<9>().0.get(out * n_in + channel).expect("weights for each channel")
    }

    /// # Panics
    /// If the weights do not fit the channels.
    pub fn forward(&self, level: Level, x: Maps) -> Vec<f32> {
        let shape = self.shape_out(x.shape);
        assert_eq!(self.weight.len(), 9 * self.n_out() * x.shape.n_channels);
        bands::fill(shape, bands::rows_per_band(shape, 1, 1), |band| {
            scratch::with(9 * x.shape.n_channels * shape.width + shape.width, |space| {
                let (taps, out) = space.split_at_mut(9 * x.shape.n_channels * shape.width);
                for row in band.rows.clone() {
                    at_level!(level, || {
                        collect(x, band.example, row, shape.width, taps);
                        self.forward_row(taps, x.shape.n_channels, out, band);
                    });
                }
            });
        })
    }

    #[inline(always)]
    fn forward_row(&self, taps: &[f32], n_in: usize, out: &mut [f32], band: &mut Band) {
        let width = out.len();
        for (c, &bias) in self.bias.iter().enumerate() {
            out.fill(bias);
            let weights = &self.weight[9 * c * n_in..][..9 * n_in];
            for (taps, &k) in taps.chunks_exact(width).zip(weights) {
                for (out, &v) in out.iter_mut().zip(taps) {
                    *out += k * v;
                }
            }
            match self.relu {
                true => band.append(c, out, relu),
                false => band.append(c, out, |v| v),
            }
        }
    }

    /// The gradient of the input; `output` says where the ReLU was open.
    ///
    /// # Panics
    /// If shapes and weights do not fit each other.
    pub fn backward(
        &self,
        level: Level,
        source: Shape,
        output: &[f32],
        gradient: Maps,
    ) -> Vec<f32> {
        assert_eq!(gradient.shape, self.shape_out(source));
        assert_eq!(output.len(), gradient.shape.len());
        let output = Maps { values: output, shape: gradient.shape };
        bands::fill(source, bands::rows_per_band(source, 2, 1), |band| {
            scratch::with(source.n_channels * 3 * gradient.shape.width + source.width, |space| {
                for row in band.rows.clone() {
                    at_level!(level, || self
                        .backward_row(source, output, gradient, row, space, band));
                }
            });
        })
    }

    /// One row of every channel: the results whose windows cover it, by column of the window.
    #[inline(always)]
    fn backward_row(
        &self,
        source: Shape,
        output: Maps,
        gradient: Maps,
        row: usize,
        space: &mut [f32],
        band: &mut Band,
    ) {
        let Shape { height, width, .. } = gradient.shape;
        let (columns, out) = space.split_at_mut(source.n_channels * 3 * width);
        columns.fill(0.0);
        let padding = source.height % 2;
        for dy in 0..3 {
            // Window number r covers rows 2 r − padding to 2 r − padding + 2.
            let Some(twice) = (row + padding).checked_sub(dy) else { continue };
            let window = twice / 2;
            if twice % 2 == 1 || window >= height {
                continue;
            }
            for c in 0..self.n_out() {
                let range = window * width..(window + 1) * width;
                let gradient = &gradient.plane(band.example, c)[range.clone()];
                let output = &output.plane(band.example, c)[range];
                for (channel, columns) in columns.chunks_exact_mut(3 * width).enumerate() {
                    let kernel = self.kernel(c, channel, source.n_channels);
                    for (dx, column) in columns.chunks_exact_mut(width).enumerate() {
                        let k = kernel[3 * dy + dx];
                        for ((sum, &g), &y) in column.iter_mut().zip(gradient).zip(output) {
                            *sum += if y > 0.0 || !self.relu { k * g } else { 0.0 };
                        }
                    }
                }
            }
        }
        for (channel, columns) in columns.chunks_exact(3 * width).enumerate() {
            out.fill(0.0);
            for (dx, column) in columns.chunks_exact(width).enumerate() {
                for (i, x) in covered(dx, source.width, width) {
                    out[x] += column[i];
                }
            }
            band.append(channel, out, |v| v);
        }
    }
}

/// Pixels under each of the nine weights for one row of results, `[channels × 9 × width]`.
#[inline(always)]
fn collect(x: Maps, example: usize, row: usize, width: usize, taps: &mut [f32]) {
    let Shape { n_channels, height, width: full, .. } = x.shape;
    let padding = height % 2;
    for c in 0..n_channels {
        let plane = x.plane(example, c);
        for dy in 0..3 {
            let source = (2 * row + dy).checked_sub(padding).filter(|&y| y < height);
            for dx in 0..3 {
                let taps = &mut taps[((c * 3 + dy) * 3 + dx) * width..][..width];
                let Some(y) = source else {
                    taps.fill(0.0);
                    continue;
                };
                taps.fill(0.0);
                let source = &plane[y * full..][..full];
                for (i, x) in covered(dx, full, width) {
                    taps[i] = source[x];
                }
            }
        }
    }
}

/// Results and the pixel that column `dx` of their window covers, where there is one.
#[inline(always)]
fn covered(dx: usize, full: usize, width: usize) -> impl Iterator<Item = (usize, usize)> {
    let padding = full % 2;
    // 2 i + dx − padding is a pixel of the row.
    let first = usize::from(dx < padding);
    let end = (full + padding).saturating_sub(dx).div_ceil(2).min(width);
    let windows: Range<usize> = first..end.max(first);
    windows.map(move |i| (i, 2 * i + dx - padding))
}
