//! Batch normalisation with the statistics of the batch, perhaps with an activation: what training does.

use rayon::prelude::*;

use crate::Level;
use crate::activation::{Activation, bent, sloped};
use crate::bands::{self, Maps};
use crate::level::at_level;
use crate::planes::sum;

/// Weights of one normalisation.
#[derive(Clone, Copy, Debug)]
pub struct BatchNorm<'a> {
    /// `[channels]`
    pub weight: &'a [f32],
    /// `[channels]`
    pub bias: &'a [f32],
    /// Added to the variance under the root.
    pub epsilon: f64,
    /// What follows.
    pub activation: Activation,
}

/// What a batch was normalised with, `[channels]` each.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    pub mean: Vec<f32>,
    /// Mean of the squared differences from the mean.
    pub variance: Vec<f32>,
}

/// Gradients of the maps and of the weights.
#[derive(Clone, Debug)]
pub struct Gradients {
    pub input: Vec<f32>,
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

impl Statistics {
    /// Over examples and pixels of each channel.
    pub fn of(level: Level, x: Maps) -> Self {
        let n = x.shape.plane();
        let of_plane = |plane: &[f32]| {
            at_level!(level, || {
                let mean = sum(plane) / n as f32;
                (f64::from(mean), f64::from(squares(plane, mean)))
            })
        };
        let planes: Vec<_> = x.values.par_chunks_exact(n.max(1)).map(of_plane).collect();
        let all = |c: usize| planes.iter().skip(c).step_by(x.shape.n_channels);
        let of_channel = |c: usize| {
            let n_batch = x.shape.n_batch as f64;
            let mean = all(c).map(|(mean, _)| mean).sum::<f64>() / n_batch;
            // Within planes, and between them (Chan, Golub and LeVeque 1983).
            let squares = all(c).map(|(own, squares)| squares + n as f64 * (own - mean).powi(2));
            (mean as f32, (squares.sum::<f64>() / (n_batch * n as f64)) as f32)
        };
        let (mean, variance) = (0..x.shape.n_channels).map(of_channel).unzip();
        Self { mean, variance }
    }
}

/// `Σ (v − mean)²` in running sums.
#[inline(always)]
fn squares(values: &[f32], mean: f32) -> f32 {
    let (blocks, rest) = values.as_chunks::<32>();
    let mut sums = [0.0f32; 32];
    for block in blocks {
        for i in 0..32 {
            let difference = block[i] - mean;
            sums[i] += difference * difference;
        }
    }
    let rest: f32 = rest.iter().map(|v| (v - mean) * (v - mean)).sum();
    sums.iter().sum::<f32>() + rest
}

/// `(x − mean) · factor + bias` of one channel.
#[derive(Clone, Copy)]
struct Affine {
    mean: f32,
    factor: f32,
    bias: f32,
}

impl Affine {
    #[inline(always)]
    fn of(self, x: f32) -> f32 {
        (x - self.mean) * self.factor + self.bias
    }

    /// The gradient of `x`; `share` is what comes by the mean, and by the variance for each unit of x − mean.
    #[inline(always)]
    fn gradient(self, (by_mean, by_variance): (f32, f32), x: f32, g: f32) -> f32 {
        (x - self.mean) * by_variance + (by_mean + self.factor * g)
    }
}

impl BatchNorm<'_> {
    /// One over the standard deviation of a channel.
    fn root(&self, statistics: &Statistics, channel: usize) -> f64 {
        1.0 / (f64::from(statistics.variance[channel]) + self.epsilon).sqrt()
    }

    fn affine(&self, statistics: &Statistics, channel: usize) -> Affine {
        let factor = f64::from(self.weight[channel]) * self.root(statistics, channel);
        let (mean, bias) = (statistics.mean[channel], self.bias[channel]);
        Affine { mean, factor: factor as f32, bias }
    }

    /// # Panics
    /// If the weights or the statistics do not fit the channels.
    pub fn forward(&self, level: Level, x: Maps, statistics: &Statistics) -> Vec<f32> {
        let n_channels = x.shape.n_channels;
        assert_eq!([self.weight.len(), self.bias.len()], [n_channels; 2], "weights and channels");
        bands::fill_planes(x.shape, |plane, band| {
            let channel = plane % n_channels;
            let affine = self.affine(statistics, channel);
            let x = x.plane(plane / n_channels, channel);
            let slope = self.activation.slope();
            at_level!(level, || match self.activation {
                Activation::None => band.append(0, x, |v| affine.of(v)),
                _ => band.append(0, x, |v| bent(affine.of(v), slope)),
            });
        })
    }

    /// The gradients from that of the result. The statistics follow the batch, and so does their part.
    ///
    /// # Panics
    /// As [`Self::forward`], and if the gradient has another shape.
    pub fn backward(
        &self,
        level: Level,
        x: Maps,
        statistics: &Statistics,
        gradient: Maps,
    ) -> Gradients {
        assert_eq!(x.shape, gradient.shape, "a gradient of the result");
        let (n_channels, n) = (x.shape.n_channels, x.shape.plane());
        assert_eq!([self.weight.len(), self.bias.len()], [n_channels; 2], "weights and channels");
        let affine: Vec<Affine> = (0..n_channels).map(|c| self.affine(statistics, c)).collect();
        let pairs =
            x.values.par_chunks_exact(n.max(1)).zip(gradient.values.par_chunks_exact(n.max(1)));
        let sums: Vec<[f32; 2]> = pairs
            .enumerate()
            .map(|(plane, (x, g))| at_level!(level, || self.sums(affine[plane % n_channels], x, g)))
            .collect();
        // Of the gradient behind the normalisation: its sum, and that of its products with x − mean.
        let total = |c: usize, i: usize| -> f64 {
            sums.iter().skip(c).step_by(n_channels).map(|sums| f64::from(sums[i])).sum()
        };
        let n_values = (x.shape.n_batch * n) as f64;
        let shares = |c: usize| {
            let root = self.root(statistics, c);
            let factor = f64::from(self.weight[c]) * root;
            let by_mean = -factor * total(c, 0) / n_values;
            let by_variance = -factor * root * root * total(c, 1) / n_values;
            (by_mean as f32, by_variance as f32)
        };
        let shares: Vec<(f32, f32)> = (0..n_channels).map(shares).collect();
        let input = bands::fill_planes(x.shape, |plane, band| {
            let (example, channel) = (plane / n_channels, plane % n_channels);
            let (affine, share) = (affine[channel], shares[channel]);
            let both = (x.plane(example, channel), gradient.plane(example, channel));
            let slope = self.activation.slope();
            at_level!(level, || match self.activation {
                Activation::None => {
                    band.append_both(0, both, |x, g| affine.gradient(share, x, g));
                }
                _ => band.append_both(0, both, |x, g| {
                    affine.gradient(share, x, if affine.of(x) > 0.0 { g } else { sloped(g, slope) })
                }),
            });
        });
        let weight = (0..n_channels).map(|c| (total(c, 1) * self.root(statistics, c)) as f32);
        let bias = (0..n_channels).map(|c| total(c, 0) as f32);
        Gradients { input, weight: weight.collect(), bias: bias.collect() }
    }

    /// Sums of a plane's gradient behind the activation, and of its products with x − mean.
    #[inline(always)]
    fn sums(&self, affine: Affine, x: &[f32], gradient: &[f32]) -> [f32; 2] {
        let slope = self.activation.slope();
        match self.activation {
            Activation::None => sums(x, gradient, |x, g| [g, g * (x - affine.mean)]),
            _ => sums(x, gradient, |x, g| {
                let g = if affine.of(x) > 0.0 { g } else { sloped(g, slope) };
                [g, g * (x - affine.mean)]
            }),
        }
    }
}

/// The sums of two terms of all pairs.
#[inline(always)]
fn sums(x: &[f32], gradient: &[f32], terms: impl Fn(f32, f32) -> [f32; 2]) -> [f32; 2] {
    const LANES: usize = 16;
    let (mut first, mut second) = ([0.0f32; LANES], [0.0f32; LANES]);
    let (x, x_rest) = x.as_chunks::<LANES>();
    let (g, g_rest) = gradient.as_chunks::<LANES>();
    for (x, g) in x.iter().zip(g) {
        for i in 0..LANES {
            let [a, b] = terms(x[i], g[i]);
            first[i] += a;
            second[i] += b;
        }
    }
    for (i, (&x, &g)) in x_rest.iter().zip(g_rest).enumerate() {
        let [a, b] = terms(x, g);
        first[i] += a;
        second[i] += b;
    }
    [first.iter().sum(), second.iter().sum()]
}
