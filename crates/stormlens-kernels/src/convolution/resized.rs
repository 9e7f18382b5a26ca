//! Dense 3 × 3 convolution of maps that lie side by side at the size of the first one, to which the others are interpolated.
//!
//! Interpolation weighs pixels, each of the nine kernel places weighs channels, and the one does not mind whether the
//! other came before it. So the nine linear maps of a smaller map are computed at its own size; what comes out is
//! interpolated, moved by the place within the kernel, and added: a quarter, a sixteenth of the products.

use std::sync::Arc;

use rayon::prelude::*;

use super::Filter;
use crate::Activation;
use crate::bands::{Maps, Shape};
use crate::level::{Sums, at_level};
use crate::pointwise::Pointwise;
use crate::product::Matrix;
use crate::{Level, scratch};

/// Bilinear interpolation along an axis, half a pixel being where a pixel's centre is: of each point the two pixels that it
/// lies between, and their shares.
#[derive(Clone, Debug, PartialEq)]
pub struct HalfPixel(Vec<[(usize, f32); 2]>);

impl HalfPixel {
    /// From that many pixels to that many points.
    pub fn new(from: usize, to: usize) -> Self {
        let scale = from as f32 / to as f32;
        let point = |i: usize| {
            let place = (scale * (i as f32 + 0.5) - 0.5).max(0.0);
            let low = (place as usize).min(from - 1);
            let share = place - low as f32;
            [(low, 1.0 - share), ((low + 1).min(from - 1), share)]
        };
        Self((0..to).map(point).collect())
    }

    pub fn points(&self) -> &[[(usize, f32); 2]] {
        &self.0
    }
}

/// The weights of a 3 × 3 convolution, cut where one map ends and the next one begins.
#[derive(Debug)]
pub struct SplitFilter {
    /// Of the first map.
    pub first: Arc<Filter>,
    /// Of each of the others: a linear map for each place of the kernel, `[9 × channels out] × channels in`.
    pub others: Vec<Matrix>,
}

impl SplitFilter {
    /// From `[n_out × (sum of channels) × 9]`, row-major.
    ///
    /// # Panics
    /// If there are no channels, or not nine weights for each pair.
    pub fn new(values: &[f32], n_out: usize, channels: &[usize]) -> Self {
        let n_in: usize = channels.iter().sum();
        assert_eq!(values.len(), 9 * n_out * n_in, "nine weights for each pair");
        let kernel = |out: usize, channel: usize| &values[9 * (out * n_in + channel)..][..9];
        let part = |out: usize| (0..channels[0]).flat_map(move |c| kernel(out, c).iter().copied());
        let first = Filter::new(Arc::new((0..n_out).flat_map(part).collect()), n_out);
        let first = Arc::new(first);
        let mut start = channels[0];
        let other = |&n: &usize| {
            let weight = |place: usize, out: usize, i: usize| kernel(out, start + i)[place];
            let rows = (0..9).flat_map(|place| (0..n_out).map(move |out| (place, out)));
            let all = rows.flat_map(|(place, out)| (0..n).map(move |i| (place, out, i)));
            let values = all.map(|(place, out, i)| weight(place, out, i)).collect();
            start += n;
            Matrix::new(Arc::new(values), 9 * n_out)
        };
        Self { first, others: channels[1..].iter().map(other).collect() }
    }
}

/// `onto` plus the parts of a convolution that smaller maps have, which are interpolated to its size: weights and map of
/// each.
///
/// # Panics
/// If the weights do not fit the maps.
pub fn add_resized(level: Level, parts: &[(&Matrix, Maps)], onto: Maps) -> Vec<f32> {
    let n_out = onto.shape.n_channels;
    let mut y = onto.values.to_vec();
    if y.is_empty() {
        return y;
    }
    let parts: Vec<Part> =
        parts.iter().map(|&(weights, x)| Part::new(level, weights, x, onto.shape)).collect();
    y.par_chunks_exact_mut(onto.shape.plane()).enumerate().for_each(|(i, plane)| {
        for part in &parts {
            let planes = part.planes([i / n_out, i % n_out], n_out);
            scratch::with(part.spread.n_rows(), |rows| {
                at_level!(level, |sums| part.spread.add(sums, planes, rows, plane));
            });
        }
    });
    y
}

/// What a smaller map adds, at its own size: the linear map of each place of the kernel.
struct Part {
    places: Vec<f32>,
    shape: Shape,
    spread: Spread,
}

impl Part {
    fn new(level: Level, weights: &Matrix, x: Maps, onto: Shape) -> Self {
        let n = 9 * onto.n_channels;
        assert_eq!(weights.n_out(), n, "a linear map for each place of the kernel");
        assert_eq!(x.shape.n_batch, onto.n_batch, "as many examples");
        let nothing = vec![0.0; n];
        let linear =
            Pointwise { weight: weights, bias: &nothing, step: 1, activation: Activation::None };
        let spread = Spread {
            down: HalfPixel::new(x.shape.height, onto.height),
            across: HalfPixel::new(x.shape.width, onto.width),
            width: x.shape.width,
        };
        let places = linear.forward(level, &[x], None);
        Self { places, shape: x.shape.with_channels(n), spread }
    }

    /// Those of a channel, by place.
    fn planes(&self, [example, channel]: [usize; 2], n_out: usize) -> [&[f32]; 9] {
        let places = Maps { values: &self.places, shape: self.shape };
        std::array::from_fn(|place| places.plane(example, place * n_out + channel))
    }
}

/// From the size of the smaller map to that of the result.
struct Spread {
    down: HalfPixel,
    across: HalfPixel,
    /// Of the smaller map.
    width: usize,
}

impl Spread {
    /// Room for three maps that are as high as the result and as wide as the smaller map.
    fn n_rows(&self) -> usize {
        3 * self.down.0.len() * self.width
    }

    /// Down the columns first, whole rows at a time, then across.
    #[inline(always)]
    fn add(&self, sums: Sums, planes: [&[f32]; 9], rows: &mut [f32], out: &mut [f32]) {
        rows.fill(0.0);
        let (height, width) = (self.down.0.len(), self.across.0.len());
        let mut columns = rows.chunks_exact_mut(height * self.width);
        for across in 0..3 {
            let rows = columns.next().expect("three of them");
            for (row, sum) in rows.chunks_exact_mut(self.width).enumerate() {
                for down in 0..3 {
                    let Some(points) = moved(&self.down, row, down) else { continue };
                    for (from, share) in *points {
                        let plane = &planes[3 * down + across][from * self.width..][..self.width];
                        for (sum, &value) in sum.iter_mut().zip(plane) {
                            *sum = sums.add(*sum, share, value);
                        }
                    }
                }
            }
        }
        for (row, out) in out.chunks_exact_mut(width).enumerate() {
            for across in 0..3 {
                let from = &rows[(across * height + row) * self.width..][..self.width];
                // Points whose place within the kernel lies within the map.
                let first = usize::from(across == 0);
                let points = &self.across.0[(first + across).saturating_sub(1)..];
                for (out, [(a, share_a), (b, share_b)]) in out[first..].iter_mut().zip(points) {
                    *out = sums.add(sums.add(*out, *share_a, from[*a]), *share_b, from[*b]);
                }
            }
        }
    }
}

/// The point that a place of the kernel, 0 to 2, looks at from point `at`; `None` beyond the edge.
#[inline(always)]
fn moved(axis: &HalfPixel, at: usize, place: usize) -> Option<&[(usize, f32); 2]> {
    axis.0.get((at + place).checked_sub(1)?)
}
