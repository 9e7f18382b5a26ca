//! Depthwise 3 × 3, then pointwise 1 × 1, then bias and ReLU, without the result in between.
//!
//! A task takes a few rows: the depthwise results of all channels stay in the second-level cache,
//! are multiplied with the pointwise weights there, and only what comes out behind the ReLU goes to
//! memory. The input may be several maps side by side (a skip connection and what came from below)
//! and may be interpolated to twice its size on the way; neither is ever written down.

use std::ops::Range;
use std::sync::Arc;

use crate::bands::{self, Band, Maps, Shape};
use crate::bilinear::Doubling;
use crate::depthwise::{convolve_row, convolve_rows, rows_of, turned};
use crate::level::{Sums, at_level};
use crate::pointwise::Pointwise;
use crate::product::{LANES, Matrix, Pixels, Weights, multiply};
use crate::{Level, scratch};

/// Weights of one depthwise-separable convolution.
#[derive(Clone, Copy, Debug)]
pub struct Separable<'a> {
    /// `[channels in × 9]`
    pub depthwise: &'a [f32],
    /// From channels in to channels out.
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
    fn n_in(&self) -> usize {
        self.depthwise.len() / 9
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
        assert_eq!(n_in, self.n_in(), "channels and depthwise weights");
        self.check_matrix();
        first.with_channels(n_in)
    }

    fn check_matrix(&self) {
        let sizes = (self.pointwise.n_in(), self.pointwise.n_out());
        assert_eq!(sizes, (self.n_in(), self.n_out()), "pointwise weights and channels");
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
        let channels = channels(sources);
        let tile_rows = tile_rows(self.n_in() + self.n_out(), out.width);
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
        let (tile, rest) = space.split_at_mut(self.n_in() * stride);
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
        let n_tile = self.n_in().max(n_straight) + 2 * self.n_out();
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
        assert_eq!(n_in, self.n_in(), "channels and depthwise weights");
        let output = Maps { values: output, shape: gradient.shape };
        self.check_matrix();
        let weights = self.pointwise.transposed(level);
        let kernels: Vec<[f32; 9]> = self.depthwise.chunks_exact(9).map(turned).collect();
        let doubling = self.doubled.then(|| Doubling::new(sources[0].height, sources[0].width));
        let work = Backward { conv: self, weights, kernels, doubling, output, gradient };
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
        let (n_in, n_out) = (self.conv.n_in(), self.conv.n_out());
        let (products, tile) = space.split_at_mut(2 * n_out * stride);
        let (product, straight) = products.split_at_mut(n_out * stride);
        let [weights, straight_weights] = &self.weights;
        for (c, tile) in tile.chunks_exact_mut(stride).take(n_in).enumerate() {
            let plane = self.x.plane(band.example, c);
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

struct Backward<'a> {
    conv: &'a Separable<'a>,
    weights: Arc<Weights>,
    kernels: Vec<[f32; 9]>,
    doubling: Option<Doubling>,
    output: Maps<'a>,
    gradient: Maps<'a>,
}

impl Backward<'_> {
    /// Goes down a band tile by tile. The gradient behind the pointwise convolution is kept in a
    /// window of rows: two rows of the last tile are the upper neighbours of the next one.
    fn band<const N: usize>(&self, level: Level, mut bands: [&mut Band; N]) {
        let Shape { height, width, .. } = self.gradient.shape;
        let (n_in, n_out) = (self.conv.n_in(), self.conv.n_out());
        let rows = bands[0].rows.clone();
        let tile_rows = tile_rows(n_in + n_out, width).max(4);
        let stride = ((tile_rows + 2) * width).next_multiple_of(LANES) + LANES;
        let tile_stride = ((tile_rows + 2) * width).next_multiple_of(LANES);
        scratch::with(n_in * stride + n_out * tile_stride + tile_rows * width + width, |space| {
            let (window, rest) = space.split_at_mut(n_in * stride);
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
        let out = &mut out[..tile.len() * width];
        let rows = tile.start - held.start..tile.end - held.start;
        let mut c = 0;
        for band in bands {
            for channel in 0..band.n_channels() {
                let plane = &window[c * stride..][..held.len() * width];
                // Rows beyond the window are beyond the picture: `held` has a neighbour on either
                // side wherever the picture has one.
                convolve_rows(sums, plane, width, &self.kernels[c], rows.clone(), out);
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
                c += 1;
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

fn gather_down(level: Level, doubling: &Doubling, array: &[f32], shape: Shape) -> Vec<f32> {
    let tall = shape.with_size(2 * shape.height, shape.width);
    let array = Maps { values: array, shape: tall };
    // A plane is a task: one channel of one example.
    let planes = Shape { n_batch: shape.n_batch * shape.n_channels, n_channels: 1, ..shape };
    bands::fill(planes, shape.height, |band| {
        let (example, channel) = (band.example / shape.n_channels, band.example % shape.n_channels);
        scratch::with(shape.plane(), |out| {
            at_level!(level, || doubling.gather_down(array.plane(example, channel), out));
            band.append(0, out, |v| v);
        });
    })
}

/// Which source and which of its channels each channel side by side is.
fn channels(sources: &[Maps]) -> Vec<(usize, usize)> {
    let of = |(i, s): (usize, &Maps)| (0..s.shape.n_channels).map(move |c| (i, c));
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
