//! Layer normalisation over the channels of each pixel (Ba et al. 2016, <https://arxiv.org/abs/1607.06450>), with a
//! weight and a bias a channel, and perhaps a GELU behind it.
//!
//! A task takes a stretch of pixels through all channels three times, in the cache: for the mean, for the variance about
//! it, and for the result.

use crate::bands::{self, Maps, Shape};
use crate::gelu;
use crate::level::{Sums, at_level};
use crate::{Level, scratch};

/// Pixels that are taken together.
const STRETCH: usize = 64;

/// A layer normalisation over channels.
#[derive(Clone, Copy, Debug)]
pub struct ChannelNorm<'a> {
    /// `[channels]`
    pub weight: &'a [f32],
    /// `[channels]`
    pub bias: &'a [f32],
    /// Added to the variance under the root.
    pub epsilon: f32,
    /// Whether a GELU follows.
    pub gelu: bool,
}

/// What the pixels of a stretch are normalised by.
struct Moments {
    mean: [f32; STRETCH],
    scale: [f32; STRETCH],
}

impl ChannelNorm<'_> {
    fn check(&self, shape: Shape) {
        let n = shape.n_channels;
        assert_eq!((self.weight.len(), self.bias.len()), (n, n), "weights for each channel");
    }

    /// # Panics
    /// If there are not as many weights as channels.
    pub fn forward(&self, level: Level, x: Maps) -> Vec<f32> {
        self.check(x.shape);
        each_stretch(x.shape, |place, out| {
            at_level!(level, |sums| self.normalise(sums, x, place, out));
        })
    }

    #[inline(always)]
    fn normalise(&self, sums: Sums, x: Maps, place: [usize; 3], out: &mut [f32]) {
        let [example, start, n] = place;
        let moments = self.moments(sums, x, place);
        for (channel, out) in out.chunks_exact_mut(STRETCH).enumerate() {
            let values = &x.plane(example, channel)[start..][..n];
            let (weight, bias) = (self.weight[channel], self.bias[channel]);
            for (i, (out, &v)) in out.iter_mut().zip(values).enumerate() {
                let unit = (v - moments.mean[i]) * moments.scale[i];
                let y = sums.add(bias, unit, weight);
                *out = if self.gelu { gelu::value(sums, y) } else { y };
            }
        }
    }

    /// The gradient of the input `x`, from that of the result.
    ///
    /// With `h` the gradient behind weight and GELU and `u` the normalised pixel, it is `scale · (h − mean(h) − u ·
    /// mean(h u))`.
    ///
    /// # Panics
    /// If weights or maps are of different sizes.
    pub fn backward(&self, level: Level, x: Maps, gradient: Maps) -> Vec<f32> {
        self.check(x.shape);
        assert_eq!(x.shape, gradient.shape, "the gradient of another result");
        each_stretch(x.shape, |place, out| {
            at_level!(level, |sums| self.turn_back(sums, [x, gradient], place, out));
        })
    }

    #[inline(always)]
    fn turn_back(
        &self,
        sums: Sums,
        [x, gradient]: [Maps; 2],
        [example, start, n]: [usize; 3],
        out: &mut [f32],
    ) {
        let moments = self.moments(sums, x, [example, start, n]);
        let (mut mean, mut projection) = ([0.0; STRETCH], [0.0; STRETCH]);
        for (channel, out) in out.chunks_exact_mut(STRETCH).enumerate() {
            let values = &x.plane(example, channel)[start..][..n];
            let gradient = &gradient.plane(example, channel)[start..][..n];
            let (weight, bias) = (self.weight[channel], self.bias[channel]);
            for i in 0..n {
                let unit = (values[i] - moments.mean[i]) * moments.scale[i];
                let y = sums.add(bias, unit, weight);
                let slope = if self.gelu { gelu::slope(sums, y) } else { 1.0 };
                out[i] = gradient[i] * slope * weight;
                mean[i] += out[i];
                projection[i] = sums.add(projection[i], out[i], unit);
            }
        }
        let share = 1.0 / x.shape.n_channels as f32;
        for (channel, out) in out.chunks_exact_mut(STRETCH).enumerate() {
            let values = &x.plane(example, channel)[start..][..n];
            for i in 0..n {
                let unit = (values[i] - moments.mean[i]) * moments.scale[i];
                let rest = out[i] - share * mean[i] - unit * share * projection[i];
                out[i] = moments.scale[i] * rest;
            }
        }
    }

    #[inline(always)]
    fn moments(&self, sums: Sums, x: Maps, [example, start, n]: [usize; 3]) -> Moments {
        let share = 1.0 / x.shape.n_channels as f32;
        let mut mean = [0.0; STRETCH];
        for channel in 0..x.shape.n_channels {
            let values = &x.plane(example, channel)[start..][..n];
            mean.iter_mut().zip(values).for_each(|(sum, &v)| *sum += v);
        }
        mean.iter_mut().for_each(|sum| *sum *= share);
        let mut scale = [0.0; STRETCH];
        for channel in 0..x.shape.n_channels {
            let values = &x.plane(example, channel)[start..][..n];
            for ((sum, &v), &mean) in scale.iter_mut().zip(values).zip(&mean) {
                *sum = sums.add(*sum, v - mean, v - mean);
            }
        }
        scale.iter_mut().for_each(|v| *v = 1.0 / (*v * share + self.epsilon).sqrt());
        Moments { mean, scale }
    }
}

/// A new map of that shape. `fill` gets example, first pixel and number of pixels, and where the stretch goes, `[channels ×
/// STRETCH]`; it chooses its vector instructions itself, for a closure that is called for several of them is not
/// compiled for any.
fn each_stretch(shape: Shape, fill: impl Fn([usize; 3], &mut [f32]) + Sync) -> Vec<f32> {
    bands::fill(shape, bands::rows_per_band(shape, 1, 1), |band| {
        let (first, end) = (band.rows.start * shape.width, band.rows.end * shape.width);
        scratch::with(shape.n_channels * STRETCH, |out| {
            for start in (first..end).step_by(STRETCH) {
                let n = STRETCH.min(end - start);
                fill([band.example, start, n], out);
                for (channel, out) in out.chunks_exact(STRETCH).enumerate() {
                    band.append(channel, &out[..n], |v| v);
                }
            }
        });
    })
}
