//! The gradient of an attention module's input.
//!
//! With `x₁ = x · s` and `y = x₁ · a`: the gradient of `a` is a sum over channels, that of `s` one
//! over the plane, and maxima pass theirs to the first largest value.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::{Attention, Kept, blocks, of_example, places};
use crate::Level;
use crate::bands::{self, Maps, Shape};
use crate::level::at_level;
use crate::planes::{BLOCK, dot};

/// The gradient of the input from that of the attended maps.
///
/// # Panics
/// If shapes do not fit each other.
pub fn backward(
    attention: &Attention,
    level: Level,
    x: Maps,
    kept: &Kept,
    gradient: Maps,
) -> Vec<f32> {
    assert_eq!(x.shape, gradient.shape);
    let shape = x.shape;
    let one = shape.with_channels(1);
    let before_sigmoid = of_places(level, x, kept, gradient);
    let before_sigmoid = Maps { values: &before_sigmoid, shape: one };
    let [to_mean, to_peak] = places::backward(level, attention.places_weight, before_sigmoid);
    through_channels(attention, level, (x, kept, gradient), [&to_mean, &to_peak]).0
}

/// The gradient of the input, and of what goes into the sigmoid of the channels, `[batch × channels]`, from those of the
/// attended maps and of mean and maximum of the weighed channels.
pub(super) fn through_channels(
    attention: &Attention,
    level: Level,
    (x, kept, gradient): (Maps, &Kept, Maps),
    [to_mean, to_peak]: [&[f32]; 2],
) -> (Vec<f32>, Vec<f32>) {
    let shape = x.shape;
    let through = Through { x, kept, gradient, to_mean, to_peak };
    // The gradient of x₁, and the sum of its products with x over each plane: that of s.
    let (mut array, to_channels) = through.run(level);
    let perceptron = attention.perceptron();
    let plane = shape.plane();
    let pairs = to_channels.iter().zip(&kept.channels);
    let before: Vec<f32> = pairs.map(|(g, s)| g * s * (1.0 - s)).collect();
    for example in 0..shape.n_batch {
        let own = |values| of_example(values, shape, example);
        let weights = own(&kept.channels);
        let to_mean = perceptron.backward(own(&kept.mean), own(&before));
        let to_maximum = perceptron.backward(own(&kept.maximum), own(&before));
        let planes = array[example * shape.n_channels * plane..].par_chunks_exact_mut(plane);
        planes.take(shape.n_channels).enumerate().for_each(|(c, out)| {
            let everywhere = to_mean[c] / plane as f32;
            at_level!(level, || out.iter_mut().for_each(|v| *v = *v * weights[c] + everywhere));
            let maximum = own(&kept.maximum)[c];
            // Of equal values the first one; there is none only where nothing is a number.
            if let Some(place) = x.plane(example, c).iter().position(|&v| v == maximum) {
                out[place] += to_maximum[c];
            }
        });
    }
    (array, before)
}

/// The gradient of what goes into the sigmoid of the places, `[batch × height × width]`.
pub(super) fn of_places(level: Level, x: Maps, kept: &Kept, gradient: Maps) -> Vec<f32> {
    let out = x.shape.with_channels(1);
    let places = Maps { values: &kept.places, shape: out };
    bands::fill(out, bands::rows_per_band(out, 1, 1), |band| {
        let example = band.example;
        blocks(x.shape, band.rows.clone(), |pixels| {
            let mut sums = [0.0; BLOCK];
            at_level!(level, || {
                let sums = &mut sums[..pixels.len()];
                let weights = of_example(&kept.channels, x.shape, example);
                for (c, &weight) in weights.iter().enumerate() {
                    let x = &x.plane(example, c)[pixels.clone()];
                    let gradient = &gradient.plane(example, c)[pixels.clone()];
                    for ((sum, &x), &g) in sums.iter_mut().zip(x).zip(gradient) {
                        *sum += weight * x * g;
                    }
                }
                let places = &places.plane(example, 0)[pixels];
                band.append_both(0, (sums, places), |sum, a| sum * a * (1.0 - a));
            });
        });
    })
}

struct Through<'a> {
    x: Maps<'a>,
    kept: &'a Kept,
    gradient: Maps<'a>,
    to_mean: &'a [f32],
    to_peak: &'a [f32],
}

impl Through<'_> {
    /// The gradient of x₁, and `[batch × channels]` that of the channels' weights.
    fn run(&self, level: Level) -> (Vec<f32>, Vec<f32>) {
        let shape = self.x.shape;
        // Bands end in any order; their sums are added in order, so that results repeat.
        let sums = Mutex::new(BTreeMap::new());
        let array = bands::fill(shape, bands::rows_per_band(shape, 1, 1), |band| {
            let mut of_band = vec![0.0; shape.n_channels];
            blocks(shape, band.rows.clone(), |pixels| {
                at_level!(level, || self.block(pixels, band, &mut of_band));
            });
            let mut sums = sums.lock().unwrap_or_else(PoisonError::into_inner);
            sums.insert((band.example, band.rows.start), of_band);
        });
        let mut total = vec![0.0; shape.n_batch * shape.n_channels];
        for ((example, _), sums) in sums.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let total = &mut total[example * shape.n_channels..];
            total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        }
        (array, total)
    }

    #[inline(always)]
    fn block(&self, pixels: std::ops::Range<usize>, band: &mut bands::Band, sums: &mut [f32]) {
        let (shape, example, n) = (self.x.shape, band.example, pixels.len());
        let own = |values| plane_of(values, shape, example, pixels.clone());
        let (places, peak) = (own(&self.kept.places), own(&self.kept.peak));
        let n_channels = shape.n_channels as f32;
        let (mut share, mut waiting, mut space) = ([0.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK]);
        for (share, &g) in share[..n].iter_mut().zip(own(self.to_mean)) {
            *share = g / n_channels;
        }
        // What still waits for the first channel that is as large as the peak.
        waiting[..n].copy_from_slice(own(self.to_peak));
        let weights = of_example(&self.kept.channels, shape, example);
        for (c, &weight) in weights.iter().enumerate() {
            let x = &self.x.plane(example, c)[pixels.clone()];
            let gradient = &self.gradient.plane(example, c)[pixels.clone()];
            let (space, waiting, share) = (&mut space[..n], &mut waiting[..n], &share[..n]);
            for i in 0..n {
                let is_peak = weight * x[i] == peak[i];
                let taken = if is_peak { waiting[i] } else { 0.0 };
                waiting[i] = if is_peak { 0.0 } else { waiting[i] };
                space[i] = gradient[i] * places[i] + share[i] + taken;
            }
            sums[c] += dot(space, x);
            band.append(c, space, |v| v);
        }
    }
}

fn plane_of(
    values: &[f32],
    shape: Shape,
    example: usize,
    pixels: std::ops::Range<usize>,
) -> &[f32] {
    &values[example * shape.plane()..][..shape.plane()][pixels]
}
