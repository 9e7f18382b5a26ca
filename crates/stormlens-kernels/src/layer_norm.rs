//! Layer normalisation over channels and pixels (Ba et al. 2016, <https://arxiv.org/abs/1607.06450>), with
//! a weight and a bias for each pixel of each channel, and perhaps a ReLU behind it.
//!
//! Two ways over a map: one for mean and variance of an example, one for the result. Sums are taken plane
//! by plane in `f32` and put together in `f64`; the variance of a plane is taken about the plane's own
//! mean, so that no digits are lost where the mean is large.

use rayon::prelude::*;

use crate::bands::{self, Maps, Shape};
use crate::level::{Level, at_level};
use crate::{planes, scratch};

/// Added to the variance under the root: PyTorch's default.
pub const EPSILON: f64 = 1e-5;

/// Numbers that a task takes at least: less is done before another core has begun.
const LEAST: usize = 16 << 10;

/// A layer normalisation.
#[derive(Clone, Copy, Debug)]
pub struct LayerNorm<'a> {
    /// `[channels × height × width]`
    pub weight: &'a [f32],
    /// `[channels × height × width]`
    pub bias: &'a [f32],
    /// Whether a ReLU follows.
    pub relu: bool,
}

/// What an example is normalised by: `(x − mean) · scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    pub mean: f32,
    pub scale: f32,
}

/// Of each example.
pub fn moments(level: Level, x: Maps) -> Vec<Moments> {
    let n_plane = x.shape.plane();
    let of_plane = |plane: &[f32]| at_level!(level, || spread(plane));
    let example = |i: usize| {
        let n = x.shape.n_channels * n_plane;
        let planes = x.values[i * n..][..n].par_chunks_exact(n_plane);
        let planes: Vec<[f64; 2]> =
            planes.with_min_len(LEAST.div_ceil(n_plane)).map(of_plane).collect();
        put_together(&planes, n_plane)
    };
    if x.shape.is_empty() { Vec::new() } else { (0..x.shape.n_batch).map(example).collect() }
}

/// Mean of a plane, and the sum of squares about it.
#[inline(always)]
fn spread(plane: &[f32]) -> [f64; 2] {
    let mean = planes::sum(plane) / plane.len() as f32;
    let mut sums = [0.0f32; SIDE_BY_SIDE];
    let (blocks, rest) = plane.as_chunks::<SIDE_BY_SIDE>();
    for block in blocks {
        for (sum, &v) in sums.iter_mut().zip(block) {
            *sum += (v - mean) * (v - mean);
        }
    }
    let rest: f32 = rest.iter().map(|&v| (v - mean) * (v - mean)).sum();
    // The rounded mean is off by a little, which the sum of squares about it does not mind.
    [f64::from(mean), sums.iter().map(|&sum| f64::from(sum)).sum::<f64>() + f64::from(rest)]
}

/// Running sums that are kept side by side.
const SIDE_BY_SIDE: usize = 64;

fn put_together(planes: &[[f64; 2]], n_plane: usize) -> Moments {
    let (n, n_plane) = (planes.len() as f64, n_plane as f64);
    let mean = planes.iter().map(|[mean, _]| mean).sum::<f64>() / n;
    let between = planes.iter().map(|[own, _]| (own - mean) * (own - mean)).sum::<f64>();
    let within = planes.iter().map(|[_, squares]| squares).sum::<f64>();
    let variance = (within + n_plane * between) / (n * n_plane);
    Moments { mean: mean as f32, scale: (1.0 / (variance + EPSILON).sqrt()) as f32 }
}

impl LayerNorm<'_> {
    fn check(&self, shape: Shape) {
        let n = shape.n_channels * shape.plane();
        assert_eq!((self.weight.len(), self.bias.len()), (n, n), "weights for each pixel");
    }

    /// # Panics
    /// If the weights are of another size.
    pub fn forward(&self, level: Level, x: Maps) -> (Vec<f32>, Vec<Moments>) {
        self.check(x.shape);
        let moments = moments(level, x);
        let over = Over { norm: *self, x, moments: &moments };
        let values = each_row(level, x.shape, &over);
        (values, moments)
    }

    /// The same, plus another map that another normalisation has gone over.
    ///
    /// # Panics
    /// If weights or maps are of different sizes.
    pub fn forward_pair(
        level: Level,
        norms: [&LayerNorm; 2],
        maps: [Maps; 2],
    ) -> (Vec<f32>, [Vec<Moments>; 2]) {
        assert_eq!(maps[0].shape, maps[1].shape, "maps of different sizes");
        norms.iter().for_each(|norm| norm.check(maps[0].shape));
        let moments = maps.map(|x| moments(level, x));
        let over = |k: usize| Over { norm: *norms[k], x: maps[k], moments: &moments[k] };
        let values = each_row(level, maps[0].shape, &Both(over(0), over(1)));
        (values, moments)
    }

    /// The gradient of the input `x`, from that of the result.
    ///
    /// With `h` the gradient behind weight and ReLU and `u` the normalised input, it is `scale · (h −
    /// mean(h) − u · mean(h u))`.
    ///
    /// # Panics
    /// If weights or maps are of different sizes.
    pub fn backward(&self, level: Level, x: Maps, moments: &[Moments], gradient: Maps) -> Vec<f32> {
        self.check(x.shape);
        assert_eq!(x.shape, gradient.shape, "the gradient of another result");
        if x.shape.is_empty() {
            return Vec::new();
        }
        let over = Over { norm: *self, x, moments };
        let n_plane = x.shape.plane();
        let of_example = |example: usize| {
            let of_plane = |channel: usize| {
                let gradient = gradient.plane(example, channel);
                at_level!(level, || over.part([example, channel, 0], n_plane).sums(gradient))
            };
            let channels = (0..x.shape.n_channels).into_par_iter();
            // Collected, so that sums are taken in the same order every time.
            let sums: Vec<[f64; 2]> =
                channels.with_min_len(LEAST.div_ceil(n_plane)).map(of_plane).collect();
            let n = (x.shape.n_channels * n_plane) as f64;
            [0, 1].map(|k| (sums.iter().map(|sums| sums[k]).sum::<f64>() / n) as f32)
        };
        let means: Vec<[f32; 2]> = (0..x.shape.n_batch).map(of_example).collect();
        each_row(level, x.shape, &Back { over, gradient, means: &means })
    }
}

/// What fills rows of a new map.
trait Fill: Sync {
    /// Numbers of a plane, `at` being example, channel and the first one's place.
    fn fill(&self, at: [usize; 3], row: &mut [f32]);
}

/// A normalisation and what it goes over.
struct Over<'a> {
    norm: LayerNorm<'a>,
    x: Maps<'a>,
    moments: &'a [Moments],
}

impl<'a> Over<'a> {
    #[inline(always)]
    fn part(&self, [example, channel, start]: [usize; 3], n: usize) -> Part<'a> {
        let place = channel * self.x.shape.plane() + start;
        Part {
            x: &self.x.plane(example, channel)[start..][..n],
            weight: &self.norm.weight[place..][..n],
            bias: &self.norm.bias[place..][..n],
            moments: self.moments[example],
            relu: self.norm.relu,
        }
    }
}

impl Fill for Over<'_> {
    #[inline(always)]
    fn fill(&self, at: [usize; 3], row: &mut [f32]) {
        let part = self.part(at, row.len());
        for (i, out) in row.iter_mut().enumerate() {
            *out = part.value(i);
        }
    }
}

/// The sum of two.
struct Both<'a>(Over<'a>, Over<'a>);

impl Fill for Both<'_> {
    #[inline(always)]
    fn fill(&self, at: [usize; 3], row: &mut [f32]) {
        let (one, other) = (self.0.part(at, row.len()), self.1.part(at, row.len()));
        for (i, out) in row.iter_mut().enumerate() {
            *out = one.value(i) + other.value(i);
        }
    }
}

/// The gradient of the input.
struct Back<'a> {
    over: Over<'a>,
    gradient: Maps<'a>,
    /// Of `h` and of `h u`, for each example.
    means: &'a [[f32; 2]],
}

impl Fill for Back<'_> {
    #[inline(always)]
    fn fill(&self, at: [usize; 3], row: &mut [f32]) {
        let [example, channel, start] = at;
        let part = self.over.part(at, row.len());
        let gradient = &self.gradient.plane(example, channel)[start..][..row.len()];
        let [mean, projection] = self.means[example];
        for (i, out) in row.iter_mut().enumerate() {
            let difference = part.behind(i, gradient[i]) - mean - part.unit(i) * projection;
            *out = part.moments.scale * difference;
        }
    }
}

/// A stretch of a plane, and what belongs to it.
struct Part<'a> {
    x: &'a [f32],
    weight: &'a [f32],
    bias: &'a [f32],
    moments: Moments,
    relu: bool,
}

impl Part<'_> {
    #[inline(always)]
    fn unit(&self, i: usize) -> f32 {
        (self.x[i] - self.moments.mean) * self.moments.scale
    }

    #[inline(always)]
    fn value(&self, i: usize) -> f32 {
        let y = self.unit(i) * self.weight[i] + self.bias[i];
        // As a comparison, so that a value that is no number stays visible.
        if self.relu && y < 0.0 { 0.0 } else { y }
    }

    /// The gradient behind ReLU and weight.
    #[inline(always)]
    fn behind(&self, i: usize, gradient: f32) -> f32 {
        let y = self.unit(i) * self.weight[i] + self.bias[i];
        if self.relu && y <= 0.0 { 0.0 } else { gradient * self.weight[i] }
    }

    /// Of the gradient behind weight and ReLU, and of its product with the normalised input.
    #[inline(always)]
    fn sums(&self, gradient: &[f32]) -> [f64; 2] {
        let mut sums = [[0.0f32; SIDE_BY_SIDE]; 2];
        let n = gradient.len();
        for start in (0..n).step_by(SIDE_BY_SIDE) {
            // All blocks but the last one are whole, which the compiler makes use of.
            match n - start {
                SIDE_BY_SIDE.. => self.add(&mut sums, gradient, start, SIDE_BY_SIDE),
                rest => self.add(&mut sums, gradient, start, rest),
            }
        }
        sums.map(|sums| sums.iter().map(|&sum| f64::from(sum)).sum())
    }

    #[inline(always)]
    fn add(&self, sums: &mut [[f32; SIDE_BY_SIDE]; 2], gradient: &[f32], start: usize, n: usize) {
        for lane in 0..n {
            let h = self.behind(start + lane, gradient[start + lane]);
            sums[0][lane] += h;
            sums[1][lane] += h * self.unit(start + lane);
        }
    }
}

/// A new map of that shape.
fn each_row(level: Level, shape: Shape, rows: &impl Fill) -> Vec<f32> {
    let at_least = LEAST.div_ceil((shape.n_channels * shape.width).max(1));
    bands::fill(shape, bands::rows_per_band(shape, at_least, 1), |band| {
        let (start, n) = (band.rows.start * shape.width, band.rows.len() * shape.width);
        scratch::with(n, |row| {
            at_level!(level, || {
                for channel in 0..shape.n_channels {
                    rows.fill([band.example, channel, start], row);
                    band.append(channel, row, |v| v);
                }
            });
        });
    })
}
