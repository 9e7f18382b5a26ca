//! The end of a residual block: a separable convolution and a straight path in one pass.

use std::ops::Range;
use std::sync::Arc;

use super::{PIXELS, Separable, relu, tile_rows};
use crate::bands::{self, Band, Maps};
use crate::depthwise::convolve_rows;
use crate::level::{Sums, at_level};
use crate::pointwise::Pointwise;
use crate::product::{LANES, Pixels, Weights, multiply};
use crate::{Level, scratch};

impl Separable<'_> {
    /// The same of one map, plus a 1 × 1 convolution of others: the end of a residual block, of which
    /// neither part is written down by itself.
    ///
    /// # Panics
    /// If the maps differ in size, or the weights do not fit them.
    pub fn forward_onto(
        &self,
        level: Level,
        x: Maps,
        straight: &Pointwise,
        others: &[Maps],
    ) -> Vec<f32> {
        assert!(!self.doubled && straight.step == 1, "both parts see every pixel once");
        let out = self.check(&[x]).with_channels(self.n_out());
        let n_straight: usize = others.iter().map(|other| other.shape.n_channels).sum();
        let same = |s: &Maps| s.shape.with_channels(0) == out.with_channels(0);
        assert!(others.iter().all(same), "maps of different sizes");
        let sizes = (straight.weight.n_in(), straight.weight.n_out());
        assert_eq!(sizes, (n_straight, self.n_out()), "straight weights and channels");
        let end = End {
            conv: self,
            weights: [self.pointwise.forward(level), straight.weight.forward(level)],
            x,
            straight,
            others,
        };
        let n_tile = self.n_depthwise().max(n_straight) + 2 * self.n_out();
        let tile_rows = tile_rows(n_tile, out.width);
        let rows = bands::rows_per_band(out, PIXELS.div_ceil(out.width.max(1)), tile_rows);
        bands::fill(out, rows, |band| {
            for start in band.rows.clone().step_by(tile_rows) {
                let rows = start..(start + tile_rows).min(band.rows.end);
                let stride = (rows.len() * out.width).next_multiple_of(LANES);
                scratch::with(n_tile * stride, |space| {
                    at_level!(level, |sums| end.tile(sums, rows, (space, stride), band));
                });
            }
        })
    }
}

/// The end of a residual block.
struct End<'a> {
    conv: &'a Separable<'a>,
    /// Of the separable convolution and of the straight path.
    weights: [Arc<Weights>; 2],
    x: Maps<'a>,
    straight: &'a Pointwise<'a>,
    others: &'a [Maps<'a>],
}

impl End<'_> {
    #[inline(always)]
    fn tile(
        &self,
        sums: Sums,
        rows: Range<usize>,
        (space, stride): (&mut [f32], usize),
        band: &mut Band,
    ) {
        let width = self.x.shape.width;
        let n = rows.len() * width;
        let (n_depthwise, n_out) = (self.conv.n_depthwise(), self.conv.n_out());
        let multiplier = self.conv.multiplier(self.x.shape.n_channels);
        let (products, tile) = space.split_at_mut(2 * n_out * stride);
        let (product, straight) = products.split_at_mut(n_out * stride);
        let [weights, straight_weights] = &self.weights;
        for (c, tile) in tile.chunks_exact_mut(stride).take(n_depthwise).enumerate() {
            let plane = self.x.plane(band.example, c / multiplier);
            convolve_rows(sums, plane, width, self.conv.kernel(c), rows.clone(), &mut tile[..n]);
            tile[n..].fill(0.0);
        }
        multiply(weights, Pixels { values: tile, stride }, n, (product, stride), false);
        let mut tiles = tile.chunks_exact_mut(stride);
        for other in self.others {
            for (c, tile) in (0..other.shape.n_channels).zip(&mut tiles) {
                let plane = other.plane(band.example, c);
                tile[..n].copy_from_slice(&plane[rows.start * width..][..n]);
                tile[n..].fill(0.0);
            }
        }
        multiply(straight_weights, Pixels { values: tile, stride }, n, (straight, stride), false);
        let pairs = product.chunks_exact(stride).zip(straight.chunks_exact(stride));
        for (c, (product, straight)) in pairs.enumerate() {
            let (bias, other) = (self.conv.bias[c], self.straight.bias[c]);
            let both = (&product[..n], &straight[..n]);
            match self.conv.relu {
                true => band.append_both(c, both, |v, s| relu(v + bias) + (s + other)),
                false => band.append_both(c, both, |v, s| (v + bias) + (s + other)),
            }
        }
    }
}
