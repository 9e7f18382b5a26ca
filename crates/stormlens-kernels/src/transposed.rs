//! The transposed convolution that doubles height and width: kernel 2 × 2, stride 2.
//!
//! Kernels do not overlap, so every pixel becomes four, each a linear map of its channels: a product of
//! matrices, whose rows are then laid out as pixels. Larger kernels that overlap are in [`OverlappingFilter`].

mod overlapping;

use crate::Activation;
use crate::bands::{self, Maps, Shape};
use crate::level::at_level;
use crate::pointwise::Pointwise;
use crate::product::Matrix;
use crate::{Level, scratch};
pub use overlapping::OverlappingFilter;

/// Weights of one transposed convolution.
#[derive(Clone, Copy, Debug)]
pub struct Transposed<'a> {
    /// `[channels in × (channels out · 4)]`, the four being those of a kernel, row by row.
    pub weight: &'a Matrix,
    /// `[channels out]`
    pub bias: &'a [f32],
}

impl Transposed<'_> {
    /// The product is a 1 × 1 convolution the other way round.
    fn pointwise<'a>(&'a self, bias: &'a [f32]) -> Pointwise<'a> {
        Pointwise { weight: self.weight, bias, step: 1, activation: Activation::None }
    }

    fn shape_out(&self, source: Shape) -> Shape {
        source.with_size(2 * source.height, 2 * source.width).with_channels(self.bias.len())
    }

    /// # Panics
    /// If the weights do not fit the map.
    pub fn forward(&self, level: Level, x: Maps) -> Vec<f32> {
        let (source, out) = (x.shape, self.shape_out(x.shape));
        let bias = vec![0.0; source.n_channels];
        let apart = source.with_channels(4 * out.n_channels);
        let products = self.pointwise(&bias).backward(level, &[apart], x).remove(0);
        let products = Maps { values: &products, shape: apart };
        bands::fill(out, bands::rows_per_band(out, 1, 2), |band| {
            scratch::with(out.width, |row| {
                at_level!(level, || {
                    for (channel, &bias) in self.bias.iter().enumerate() {
                        for number in band.rows.clone() {
                            let start = number / 2 * source.width;
                            let [even, odd] = [0, 1].map(|column| {
                                let part = 4 * channel + 2 * (number % 2) + column;
                                &products.plane(band.example, part)[start..][..source.width]
                            });
                            let pairs = row.as_chunks_mut::<2>().0.iter_mut();
                            for (pair, (&even, &odd)) in pairs.zip(even.iter().zip(odd)) {
                                *pair = [even, odd];
                            }
                            band.append(channel, row, |v| v + bias);
                        }
                    }
                });
            });
        })
    }

    /// The gradient of a map of that shape, from that of the result.
    ///
    /// # Panics
    /// If weights and shapes do not fit each other.
    pub fn backward(&self, level: Level, source: Shape, gradient: Maps) -> Vec<f32> {
        assert_eq!(gradient.shape, self.shape_out(source), "the gradient of another result");
        let apart = source.with_channels(4 * self.bias.len());
        let parts = bands::fill(apart, bands::rows_per_band(apart, 1, 1), |band| {
            scratch::with(source.width, |row| {
                at_level!(level, || {
                    for part in 0..apart.n_channels {
                        let plane = gradient.plane(band.example, part / 4);
                        for number in band.rows.clone() {
                            let start = (2 * number + part % 4 / 2) * gradient.shape.width;
                            let pairs = plane[start..][..gradient.shape.width].as_chunks::<2>().0;
                            for (place, pair) in row.iter_mut().zip(pairs) {
                                *place = pair[part % 2];
                            }
                            band.append(part, row, |v| v);
                        }
                    }
                });
            });
        });
        let bias = vec![0.0; source.n_channels];
        self.pointwise(&bias).forward(level, &[Maps { values: &parts, shape: apart }], None)
    }
}
