//! All gradients of a separable convolution: what training needs.

use std::ops::Range;
use std::sync::OnceLock;

use super::{Separable, doubled_rows};
use crate::Activation;
use crate::bands::{self, Band, Maps, Shape};
use crate::bilinear::Doubling;
use crate::depthwise::{convolve_rows, turned};
use crate::level::{Sums, at_level};
use crate::pointwise::{Pointwise, weight_gradient};
use crate::{Level, planes, scratch};

/// Gradients of the maps, and of the weights as they lie in [`Separable`].
#[derive(Clone, Debug)]
pub struct Gradients {
    pub sources: Vec<Vec<f32>>,
    pub depthwise: Vec<f32>,
    pub pointwise: Vec<f32>,
    pub bias: Vec<f32>,
}

/// Columns that are summed up together.
const LANES: usize = 8;

impl Separable<'_> {
    /// The gradients of everything from that of the result of a convolution without ReLU.
    ///
    /// # Panics
    /// If shapes and weights do not fit each other, and for a convolution with ReLU.
    pub fn gradients(&self, level: Level, sources: &[Maps], gradient: Maps) -> Gradients {
        assert!(!self.relu, "what goes through a ReLU its result must say");
        let shape = self.check(sources);
        assert_eq!(gradient.shape.n_channels, self.n_out(), "a gradient of the result");
        let doubling = self.doubled.then(|| Doubling::new(shape.height, shape.width));
        let middle = gradient.shape.with_channels(self.n_depthwise());
        let linear = Pointwise {
            weight: self.pointwise,
            bias: self.bias,
            step: 1,
            activation: Activation::None,
        };
        let mut found = linear.backward(level, &[middle], gradient);
        let to_middle = found.pop().unwrap_or_default();
        let to_middle = Maps { values: &to_middle, shape: middle };
        let multiplier = self.multiplier(shape.n_channels);
        let all = All { conv: self, level, doubling, multiplier, to_middle };
        let mut depthwise = Vec::with_capacity(self.depthwise.len());
        let mut first = 0;
        let mut of_source = |source: &Maps| {
            let (own, weights) = all.of_source(source, first);
            depthwise.extend(weights);
            first += multiplier * source.shape.n_channels;
            own
        };
        let sources_found = sources.iter().map(&mut of_source).collect();
        Gradients {
            sources: sources_found,
            depthwise,
            pointwise: all.pointwise(sources, gradient),
            bias: planes::sums_over_examples(level, gradient),
        }
    }
}

/// What is asked for all sources.
struct All<'a> {
    conv: &'a Separable<'a>,
    level: Level,
    doubling: Option<Doubling>,
    multiplier: usize,
    /// The gradient of the depthwise results.
    to_middle: Maps<'a>,
}

impl All<'_> {
    fn pointwise(&self, sources: &[Maps], gradient: Maps) -> Vec<f32> {
        let channels = super::channels(sources, self.multiplier);
        let width = gradient.shape.width;
        weight_gradient(self.level, channels.len(), gradient, |example, c, rows, out| {
            let (source, channel) = channels[c];
            let (plane, kernel) = (sources[source].plane(example, channel), self.conv.kernel(c));
            at_level!(self.level, |sums| match &self.doubling {
                None => convolve_rows(sums, plane, width, kernel, rows, out),
                Some(doubling) => scratch::with((rows.len() / 2 + 4) * width, |between| {
                    doubled_rows(sums, doubling, plane, kernel, rows, between, out);
                }),
            });
        })
    }

    /// The gradient of a source and of its kernels, the first of which has that number.
    fn of_source(&self, source: &Maps, first: usize) -> (Vec<f32>, Vec<f32>) {
        let (shape, k) = (source.shape, self.multiplier);
        let n_planes = shape.n_batch * shape.n_channels;
        let of_planes: Vec<OnceLock<Vec<f32>>> = (0..n_planes).map(|_| OnceLock::new()).collect();
        let own = bands::fill_planes(shape, |plane, band| {
            let (example, channel) = (plane / shape.n_channels, plane % shape.n_channels);
            let kernels = first + k * channel..first + k * (channel + 1);
            let x = source.plane(example, channel);
            let n = self.to_middle.shape.plane();
            let n_padded = (self.to_middle.shape.height + 2) * (self.to_middle.shape.width + 2);
            let n_narrow = if self.doubling.is_some() { 3 * n } else { 0 };
            let found = scratch::with(2 * n + n_padded + n_narrow, |space| {
                at_level!(self.level, |sums| self.of_plane(
                    sums,
                    x,
                    (example, kernels),
                    space,
                    band
                ))
            });
            of_planes[plane].get_or_init(|| found);
        });
        let mut kernels = vec![0.0; 9 * k * shape.n_channels];
        for (plane, found) in of_planes.iter().enumerate() {
            let sums = &mut kernels[9 * k * (plane % shape.n_channels)..];
            let found = found.get().into_iter().flatten();
            sums.iter_mut().zip(found).for_each(|(sum, v)| *sum += v);
        }
        (own, kernels)
    }

    /// The gradient of a plane to `band`, and those of its kernels, `[kernels × 9]`.
    #[inline(always)]
    fn of_plane(
        &self,
        sums: Sums,
        x: &[f32],
        (example, kernels): (usize, Range<usize>),
        space: &mut [f32],
        band: &mut Band,
    ) -> Vec<f32> {
        let Shape { height, width, .. } = self.to_middle.shape;
        let (padded, rest) = space.split_at_mut((height + 2) * (width + 2));
        let (total, rest) = rest.split_at_mut(height * width);
        let (one, between) = rest.split_at_mut(height * width);
        padded.fill(0.0);
        for (row, out) in padded.chunks_exact_mut(width + 2).skip(1).take(height).enumerate() {
            let out = &mut out[1..=width];
            match &self.doubling {
                None => out.copy_from_slice(&x[row * width..][..width]),
                Some(doubling) => out.copy_from_slice(doubling.row(x, row, between)),
            }
        }
        let mut found = Vec::with_capacity(9 * kernels.len());
        for (i, number) in kernels.enumerate() {
            let gradient = self.to_middle.plane(example, number);
            found.extend(correlate(sums, padded, gradient, width));
            let kernel = turned(self.conv.kernel(number));
            convolve_rows(sums, gradient, width, &kernel, 0..height, one);
            match i {
                0 => total.copy_from_slice(one),
                _ => total.iter_mut().zip(&*one).for_each(|(total, &v)| *total += v),
            }
        }
        match &self.doubling {
            None => band.append(0, total, |v| v),
            Some(doubling) => {
                let (narrow, rest) = between.split_at_mut(height * width / 2);
                let out = &mut rest[..height * width / 4];
                for (row, narrow) in
                    total.chunks_exact(width).zip(narrow.chunks_exact_mut(width / 2))
                {
                    doubling.across().gather(row, narrow);
                }
                doubling.gather_down(narrow, out);
                band.append(0, out, |v| v);
            }
        }
        found
    }
}

/// `Σ x[row + dy, column + dx] · g[row, column]` for each of nine places; `padded` is x with zeros around it.
#[inline(always)]
fn correlate(sums: Sums, padded: &[f32], gradient: &[f32], width: usize) -> [f32; 9] {
    let [mut above, mut beside, mut below] = [[[0.0f32; LANES]; 3]; 3];
    let mut found = [0.0f32; 9];
    for (row, gradient) in gradient.chunks_exact(width).enumerate() {
        let of = |dy: usize| &padded[(row + dy) * (width + 2)..][..width + 2];
        let rows = [of(0), of(1), of(2)];
        let (whole, rest) = gradient.as_chunks::<LANES>();
        for (block, g) in whole.iter().enumerate() {
            let start = LANES * block;
            add_three(sums, &mut above, &rows[0][start..], g);
            add_three(sums, &mut beside, &rows[1][start..], g);
            add_three(sums, &mut below, &rows[2][start..], g);
        }
        for (i, &g) in rest.iter().enumerate() {
            for (place, found) in found.iter_mut().enumerate() {
                *found += rows[place / 3][LANES * whole.len() + i + place % 3] * g;
            }
        }
    }
    let lanes = above.into_iter().chain(beside).chain(below);
    found.iter_mut().zip(lanes).for_each(|(sum, lanes)| *sum += lanes.iter().sum::<f32>());
    found
}

/// Adds the products with pixels at three neighbouring places. Written out, so that the sums stay in registers.
#[inline(always)]
fn add_three(fused: Sums, sums: &mut [[f32; LANES]; 3], x: &[f32], g: &[f32; LANES]) {
    let x: &[f32; LANES + 2] = x.first_chunk().expect("blocks end before the padding does");
    for i in 0..LANES {
        sums[0][i] = fused.add(sums[0][i], x[i], g[i]);
    }
    for i in 0..LANES {
        sums[1][i] = fused.add(sums[1][i], x[i + 1], g[i]);
    }
    for i in 0..LANES {
        sums[2][i] = fused.add(sums[2][i], x[i + 2], g[i]);
    }
}
