//! Convolutional block attention module (Woo et al. 2018), with its normalisation folded.
//!
//! `y = x · s · a`: `s` weighs channels, from a shared perceptron over the mean and the maximum of
//! each plane; `a` weighs places, from a 7 × 7 convolution over the mean and the maximum of the
//! weighed channels. Three passes read the input, one writes the result; nothing of its size is
//! written in between.

mod gradient;
mod perceptron;
mod places;
mod training;

use rayon::prelude::*;

pub use self::gradient::backward;
use self::perceptron::Perceptron;
pub use self::training::{Gradients, KeptTraining, Training};
use crate::Level;
use crate::bands::{self, Maps, Shape};
use crate::level::at_level;
use crate::planes::{BLOCK, largest, sum};

/// Weights of one attention module.
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a> {
    /// `[hidden × channels]`
    pub hidden_weight: &'a [f32],
    /// `[hidden]`
    pub hidden_bias: &'a [f32],
    /// `[channels × hidden]`
    pub out_weight: &'a [f32],
    /// `[channels]`
    pub out_bias: &'a [f32],
    /// `[2 × 7 × 7]`: for the mean, then for the maximum.
    pub places_weight: &'a [f32],
    pub places_bias: f32,
}

/// What the gradient needs of a forward pass.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Mean and maximum of each plane, `[batch × channels]`.
    mean: Vec<f32>,
    maximum: Vec<f32>,
    /// The weight of each channel, `[batch × channels]`.
    channels: Vec<f32>,
    /// Mean of the weighed channels, `[batch × height × width]`.
    mean_over_channels: Vec<f32>,
    /// Largest of the weighed channels, `[batch × height × width]`.
    peak: Vec<f32>,
    /// The weight of each place, `[batch × height × width]`.
    places: Vec<f32>,
}

impl Kept {
    /// What the convolution sees.
    fn summary(&self, x: Maps) -> [Maps<'_>; 2] {
        let shape = x.shape.with_channels(1);
        [&self.mean_over_channels, &self.peak].map(|values| Maps { values, shape })
    }
}

impl<'a> Attention<'a> {
    fn perceptron(&self) -> Perceptron<'a> {
        let Self { hidden_weight, hidden_bias, out_weight, out_bias, .. } = *self;
        Perceptron { hidden_weight, hidden_bias, out_weight, out_bias }
    }

    /// The attended maps, and what their gradient will need.
    ///
    /// # Panics
    /// If the weights do not fit the channels.
    pub fn forward(&self, level: Level, x: Maps) -> (Vec<f32>, Kept) {
        let mut kept = self.summarise(level, x);
        kept.places =
            places::convolve(level, self.places_weight, self.places_bias, kept.summary(x), sigmoid);
        (weigh(level, x, &kept.channels, &kept.places), kept)
    }

    /// All that comes before the convolution.
    fn summarise(&self, level: Level, x: Maps) -> Kept {
        assert_eq!(self.out_bias.len(), x.shape.n_channels, "weights and channels");
        let (mean, maximum) = summarise_planes(level, x);
        let channels = self.perceptron().attend(&mean, &maximum);
        let [mean_over_channels, peak] = summarise_channels(level, x, &channels);
        Kept { mean, maximum, channels, mean_over_channels, peak, places: Vec::new() }
    }
}

/// Mean and maximum of each plane, `[batch × channels]`.
fn summarise_planes(level: Level, x: Maps) -> (Vec<f32>, Vec<f32>) {
    let n = x.shape.plane() as f32;
    let planes = x.values.par_chunks_exact(x.shape.plane().max(1));
    planes.map(|plane| at_level!(level, || (sum(plane) / n, largest(plane)))).unzip()
}

/// Mean and maximum over the weighed channels, `[batch × height × width]` each.
fn summarise_channels(level: Level, x: Maps, channels: &[f32]) -> [Vec<f32>; 2] {
    let out = x.shape.with_channels(1);
    bands::fill_many([out, out], bands::rows_per_band(out, 1, 1), |[means, peaks]| {
        blocks(x.shape, means.rows.clone(), |pixels| {
            let (mut sums, mut largest) = ([0.0; BLOCK], [f32::NEG_INFINITY; BLOCK]);
            let n = pixels.len();
            at_level!(level, || {
                let (sums, largest) = (&mut sums[..n], &mut largest[..n]);
                for (c, &weight) in of_example(channels, x.shape, means.example).iter().enumerate()
                {
                    let plane = &x.plane(means.example, c)[pixels.clone()];
                    for ((sum, largest), &v) in sums.iter_mut().zip(&mut *largest).zip(plane) {
                        let v = weight * v;
                        *sum += v;
                        *largest = if v > *largest { v } else { *largest };
                    }
                }
                let n_channels = x.shape.n_channels as f32;
                means.append(0, sums, |sum| sum / n_channels);
                peaks.append(0, largest, |v| v);
            });
        });
    })
}

/// `x · s · a`
fn weigh(level: Level, x: Maps, channels: &[f32], places: &[f32]) -> Vec<f32> {
    let shape = x.shape;
    let places = Maps { values: places, shape: shape.with_channels(1) };
    bands::fill(shape, bands::rows_per_band(shape, 1, 1), |band| {
        let example = band.example;
        let pixels = band.rows.start * shape.width..band.rows.end * shape.width;
        let places = &places.plane(example, 0)[pixels.clone()];
        at_level!(level, || {
            for (c, &weight) in of_example(channels, shape, example).iter().enumerate() {
                let plane = &x.plane(example, c)[pixels.clone()];
                band.append_both(c, (plane, places), |v, place| v * weight * place);
            }
        });
    })
}

/// Rows of a plane in blocks of pixels that stay in the nearest cache.
fn blocks(
    shape: Shape,
    rows: std::ops::Range<usize>,
    mut work: impl FnMut(std::ops::Range<usize>),
) {
    let end = rows.end * shape.width;
    for start in (rows.start * shape.width..end).step_by(BLOCK) {
        work(start..(start + BLOCK).min(end));
    }
}

/// The part of `[batch × channels]` values that belongs to one example.
fn of_example(values: &[f32], shape: Shape, example: usize) -> &[f32] {
    &values[example * shape.n_channels..][..shape.n_channels]
}

fn sigmoid(v: f32) -> f32 {
    1.0 / (1.0 + (-v).exp())
}
