//! The gradient of the input of a separable convolution.

use std::ops::Range;
use std::sync::Arc;

use super::{PIXELS, Separable, tile_rows};
use crate::bands::{self, Band, Maps, Shape};
use crate::bilinear::{Doubling, gather_down};
use crate::depthwise::{convolve_rows, turned};
use crate::level::{Sums, at_level};
use crate::product::{LANES, Pixels, Weights, multiply};
use crate::{Level, scratch};

impl Separable<'_> {
    /// The gradient of each source, from that of the output; `output` is what came out, and says
    /// where the ReLU was open.
    ///
    /// # Panics
    /// If shapes and weights do not fit each other.
    pub fn backward(
        &self,
        level: Level,
        sources: &[Shape],
        output: &[f32],
        gradient: Maps,
    ) -> Vec<Vec<f32>> {
        assert_eq!(output.len(), gradient.shape.len());
        assert_eq!(gradient.shape.n_channels, self.n_out());
        let n_in: usize = sources.iter().map(|s| s.n_channels).sum();
        let multiplier = self.multiplier(n_in);
        let output = Maps { values: output, shape: gradient.shape };
        self.check_matrix();
        let weights = self.pointwise.transposed(level);
        let kernels: Vec<[f32; 9]> = self.depthwise.chunks_exact(9).map(turned).collect();
        let doubling = self.doubled.then(|| Doubling::new(sources[0].height, sources[0].width));
        let work =
            Backward { conv: self, weights, kernels, multiplier, doubling, output, gradient };
        // Every source gets its rows at the height of the output; interpolated ones are gathered
        // down their columns afterwards.
        let shapes = sources.iter().map(|s| s.with_size(gradient.shape.height, s.width));
        let shapes: Vec<Shape> = shapes.collect();
        let at_least = 8.max(PIXELS.div_ceil(gradient.shape.width.max(1)));
        let rows = bands::rows_per_band(gradient.shape, at_least, 1);
        let arrays = match shapes.as_slice() {
            [one] => bands::fill_many([*one], rows, |bands| work.band(level, bands)).to_vec(),
            [one, two] => {
                bands::fill_many([*one, *two], rows, |bands| work.band(level, bands)).to_vec()
            }
            _ => panic!("one or two maps side by side"),
        };
        match &work.doubling {
            None => arrays,
            Some(doubling) => {
                let gather = |(array, shape): (&Vec<f32>, &Shape)| {
                    gather_down(level, doubling, array, *shape)
                };
                arrays.iter().zip(sources).map(gather).collect()
            }
        }
    }
}

struct Backward<'a> {
    conv: &'a Separable<'a>,
    weights: Arc<Weights>,
    kernels: Vec<[f32; 9]>,
    multiplier: usize,
    doubling: Option<Doubling>,
    output: Maps<'a>,
    gradient: Maps<'a>,
}

impl Backward<'_> {
    /// Goes down a band tile by tile. The gradient behind the pointwise convolution is kept in a
    /// window of rows: two rows of the last tile are the upper neighbours of the next one.
    fn band<const N: usize>(&self, level: Level, mut bands: [&mut Band; N]) {
        let Shape { height, width, .. } = self.gradient.shape;
        let (n_depthwise, n_out) = (self.conv.n_depthwise(), self.conv.n_out());
        let rows = bands[0].rows.clone();
        let tile_rows = tile_rows(n_depthwise + n_out, width).max(4);
        let stride = ((tile_rows + 2) * width).next_multiple_of(LANES) + LANES;
        let tile_stride = ((tile_rows + 2) * width).next_multiple_of(LANES);
        // A tile of one channel, the same of one more, and a row.
        let n_out_space = 2 * tile_rows * width + width;
        scratch::with(n_depthwise * stride + n_out * tile_stride + n_out_space, |space| {
            let (window, rest) = space.split_at_mut(n_depthwise * stride);
            let (masked, out) = rest.split_at_mut(n_out * tile_stride);
            // The window holds rows from `first` on, `held` of them.
            let (mut first, mut held) = (rows.start.saturating_sub(1), 0);
            for start in rows.clone().step_by(tile_rows) {
                let tile = start..(start + tile_rows).min(rows.end);
                let needed = tile.start.saturating_sub(1)..(tile.end + 1).min(height);
                at_level!(level, |sums| {
                    let kept = (first + held).saturating_sub(needed.start);
                    slide(window, stride, held * width, kept * width);
                    (first, held) = (needed.start, kept);
                    let new = first + held..needed.end;
                    self.pointwise(bands[0].example, new.clone(), masked, tile_stride);
                    let n = new.len() * width;
                    let x = Pixels { values: masked, stride: tile_stride };
                    multiply(&self.weights, x, n, (&mut window[held * width..], stride), false);
                    held += new.len();
                    let held = first..first + held;
                    self.depthwise(sums, (window, stride), held, &tile, out, &mut bands);
                });
            }
        });
    }

    /// The output's gradient where the ReLU was open.
    #[inline(always)]
    fn pointwise(&self, example: usize, rows: Range<usize>, masked: &mut [f32], stride: usize) {
        let width = self.gradient.shape.width;
        let n = rows.len() * width;
        for (c, masked) in masked.chunks_exact_mut(stride).take(self.conv.n_out()).enumerate() {
            let gradient = &self.gradient.plane(example, c)[rows.start * width..][..n];
            match self.conv.relu {
                false => masked[..n].copy_from_slice(gradient),
                true => {
                    let output = &self.output.plane(example, c)[rows.start * width..][..n];
                    for ((m, &g), &y) in masked[..n].iter_mut().zip(gradient).zip(output) {
                        *m = if y > 0.0 { g } else { 0.0 };
                    }
                }
            }
            masked[n..n.next_multiple_of(LANES)].fill(0.0);
        }
    }

    #[inline(always)]
    fn depthwise<const N: usize>(
        &self,
        sums: Sums,
        (window, stride): (&[f32], usize),
        held: Range<usize>,
        tile: &Range<usize>,
        out: &mut [f32],
        bands: &mut [&mut Band; N],
    ) {
        let width = self.gradient.shape.width;
        let (out, between) = out.split_at_mut(out.len() - width);
        let (out, more) = out.split_at_mut(out.len() / 2);
        let (out, more) = (&mut out[..tile.len() * width], &mut more[..tile.len() * width]);
        let rows = tile.start - held.start..tile.end - held.start;
        // Rows beyond the window are beyond the picture: `held` has a neighbour on either side
        // wherever the picture has one.
        let plane = |c: usize| &window[c * stride..][..held.len() * width];
        let mut c = 0;
        for band in bands {
            for channel in 0..band.n_channels() {
                convolve_rows(sums, plane(c), width, &self.kernels[c], rows.clone(), out);
                for c in c + 1..c + self.multiplier {
                    convolve_rows(sums, plane(c), width, &self.kernels[c], rows.clone(), more);
                    for (out, &more) in out.iter_mut().zip(&*more) {
                        *out += more;
                    }
                }
                match &self.doubling {
                    None => band.append(channel, out, |v| v),
                    Some(doubling) => {
                        let across = doubling.across();
                        for row in out.chunks_exact(width) {
                            let half = &mut between[..width / 2];
                            across.gather(row, half);
                            band.append(channel, half, |v| v);
                        }
                    }
                }
                c += self.multiplier;
            }
        }
    }
}

/// Moves the last `kept` of `held` numbers of every channel to its front.
#[inline(always)]
fn slide(window: &mut [f32], stride: usize, held: usize, kept: usize) {
    for channel in window.chunks_exact_mut(stride) {
        channel.copy_within(held - kept..held, 0);
    }
}
