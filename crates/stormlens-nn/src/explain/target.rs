//! The one number that is explained.

use std::ops::Range;

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, TensorData};
use stormlens_data::card::NowcastField;
use stormlens_data::downscale::LogScale;
use stormlens_data::network;
use stormlens_data::request::ClassOutput;

use super::probability::ProbabilityTarget;
use crate::network::Prediction;

/// Reduces a prediction to the number that is explained.
pub trait Target {
    /// The number of each example of a batch, `[batch]`, with the tape of the prediction.
    fn of(&self, prediction: Prediction) -> Tensor<1>;
    /// The number of one example from its prediction on the host, in `f64`.
    fn score(&self, prediction: &[f32]) -> f64;
    /// 1 or its weight for each pixel that counts, else 0; only for sums over pixels.
    fn mask(&self) -> Option<&[f32]> {
        None
    }
    /// The same number of each event that the network tells apart, and which of them is this one.
    fn events(&self, prediction: &[f32]) -> (Vec<f64>, usize) {
        (vec![self.score(prediction)], 0)
    }
}

impl<T: Target + ?Sized> Target for Box<T> {
    fn of(&self, prediction: Prediction) -> Tensor<1> {
        (**self).of(prediction)
    }

    fn score(&self, prediction: &[f32]) -> f64 {
        (**self).score(prediction)
    }

    fn mask(&self) -> Option<&[f32]> {
        (**self).mask()
    }

    fn events(&self, prediction: &[f32]) -> (Vec<f64>, usize) {
        (**self).events(prediction)
    }
}

/// The target that is wanted of one prediction, row-major, of that shape without the batch.
///
/// # Panics
/// For a channel or a class that the prediction does not have.
pub fn target(wanted: &network::Target, prediction: &[f32], shape: &[usize]) -> Box<dyn Target> {
    match *wanted {
        network::Target::SumOver { ref rows, ref columns, above, mm, ref weights } => {
            let width = shape[2];
            let value = |i: usize| in_unit(mm, prediction[i]);
            let is_in = |i: usize| {
                let is_there = rows.contains(&(i / width)) && columns.contains(&(i % width));
                is_there && above.is_none_or(|above| value(i) > above)
            };
            let weight = |i: usize| weights.as_ref().map_or(1.0, |weights| weights[i]);
            let counts_as = |i: usize| if is_in(i) { weight(i) } else { 0.0 };
            let mask = (0..shape[1] * width).map(counts_as).collect();
            match mm {
                None => Box::new(MaskedSum::over(mask, prediction)),
                Some(scale) => Box::new(RainSum { sum: MaskedSum::over(mask, prediction), scale }),
            }
        }
        network::Target::SumAbove { ref channels, field, threshold, within } => {
            let n_pixels: usize = shape[1..].iter().product();
            let planes = &prediction[channels.start * n_pixels..channels.end * n_pixels];
            let above = MaskedSum::above(field, threshold, planes);
            let sum = match within {
                None => above,
                Some([rows, columns]) => {
                    let is_in = |i: usize| i / shape[2] % shape[1] < rows && i % shape[2] < columns;
                    let mask = above.mask.iter().enumerate();
                    let mask = mask.map(|(i, &m)| if is_in(i) { m } else { 0.0 });
                    MaskedSum::over(mask.collect(), planes)
                }
            };
            Box::new(sum.of_channels(channels.clone()))
        }
        network::Target::Class { class, output } => Box::new(ClassTarget { class, output }),
        network::Target::Probability { from_class, ref rows, ref columns, output } => {
            let part = [rows.clone(), columns.clone()];
            Box::new(ProbabilityTarget::new(from_class, part, output, shape))
        }
    }
}

/// Channels of a predicted field that follow each other, summed over the pixels where each exceeds a threshold.
///
/// The mask is a constant of the prediction: no gradient flows through the decision which pixels
/// count (segmentation form of Grad-CAM, Vinogradova et al. 2020).
#[derive(Clone, Debug)]
pub struct MaskedSum {
    /// Which output channels.
    pub channels: Range<usize>,
    /// What each pixel of each channel is multiplied by: 0 leaves it out, most others have 1.
    pub mask: Vec<f32>,
    pub n_pixels: usize,
    /// Sum of the prediction over the mask, in the unit of the network.
    pub score: f64,
}

impl MaskedSum {
    /// The pixels of `planes`, one or more channels, above a threshold in the field's unit.
    ///
    /// Values become physical in `f32` and are compared in `f64`, as the reference program does, so
    /// that the mask has the same pixels.
    pub fn above(field: NowcastField, threshold: f64, planes: &[f32]) -> Self {
        let is_above = |y: &f32| f64::from(field.to_physical(*y)) > threshold;
        let mask = planes.iter().map(|y| f32::from(u8::from(is_above(y))));
        Self::over(mask.collect(), planes)
    }

    /// The first channel of a prediction over pixels chosen in another way; `mask` holds 1 or 0 for
    /// each, or a weight.
    pub fn over(mask: Vec<f32>, prediction: &[f32]) -> Self {
        let n_pixels = mask.iter().filter(|&&m| m > 0.0).count();
        let score = masked_sum(prediction, &mask);
        Self { channels: 0..1, mask, n_pixels, score }
    }

    /// The same pixels of the same values in these channels, as many as the mask has planes.
    pub(super) fn of_channels(self, channels: Range<usize>) -> Self {
        Self { channels, ..self }
    }
}

impl Target for MaskedSum {
    fn of(&self, prediction: Prediction) -> Tensor<1> {
        let field = prediction.field();
        let [n_batch, _, height, width] = field.dims();
        let device: Device = field.device().without_autodiff();
        let n_channels = self.channels.len();
        let mask = TensorData::new(self.mask.clone(), [1, n_channels, height, width]);
        let planes =
            field.narrow(1, self.channels.start, n_channels) * Tensor::from_data(mask, &device);
        planes.reshape([n_batch, n_channels * height * width]).sum_dim(1).reshape([n_batch])
    }

    fn score(&self, prediction: &[f32]) -> f64 {
        let n_pixels = self.mask.len() / self.channels.len();
        masked_sum(&prediction[self.channels.start * n_pixels..], &self.mask)
    }

    fn mask(&self) -> Option<&[f32]> {
        Some(&self.mask)
    }
}

/// A value of a network, in millimetres where a scale says how.
fn in_unit(mm: Option<LogScale>, value: f32) -> f64 {
    mm.map_or(f64::from(value), |scale| scale.mm(f64::from(value)))
}

/// Rain in millimetres, summed over the pixels of a mask, of a network that gives its normalised logarithm.
#[derive(Clone, Debug)]
struct RainSum {
    /// The pixels.
    sum: MaskedSum,
    scale: LogScale,
}

impl Target for RainSum {
    fn of(&self, prediction: Prediction) -> Tensor<1> {
        let LogScale { mean, std, factor } = self.scale;
        let logarithm = prediction.field().mul_scalar(std).add_scalar(mean);
        self.sum.of(Prediction::Field(logarithm.exp().sub_scalar(1.0).div_scalar(factor)))
    }

    fn score(&self, prediction: &[f32]) -> f64 {
        let counts = prediction.iter().zip(&self.sum.mask).filter(|&(_, &m)| m > 0.0);
        counts.map(|(&z, &m)| self.scale.mm(f64::from(z)) * f64::from(m)).sum()
    }

    fn mask(&self) -> Option<&[f32]> {
        Some(&self.sum.mask)
    }
}

/// Sum over the pixels that the mask leaves in, each times its weight there, in `f64`.
fn masked_sum(plane: &[f32], mask: &[f32]) -> f64 {
    let counts = plane.iter().zip(mask).filter(|&(_, &m)| m > 0.0);
    counts.map(|(&y, &m)| f64::from(y) * f64::from(m)).sum()
}

/// A class of a classifier: its logit or its probability.
#[derive(Clone, Copy, Debug)]
pub struct ClassTarget {
    /// Place among the logits.
    pub class: usize,
    pub output: ClassOutput,
}

impl Target for ClassTarget {
    fn of(&self, prediction: Prediction) -> Tensor<1> {
        let logits = prediction.logits();
        let n_batch = logits.dims()[0];
        let outputs = match self.output {
            ClassOutput::Logit => logits,
            ClassOutput::Probability => softmax(logits, 1),
        };
        outputs.narrow(1, self.class, 1).reshape([n_batch])
    }

    fn score(&self, prediction: &[f32]) -> f64 {
        match self.output {
            ClassOutput::Logit => f64::from(prediction[self.class]),
            ClassOutput::Probability => probabilities(prediction)[self.class],
        }
    }
}

/// The softmax of logits, in `f64`.
pub fn probabilities(logits: &[f32]) -> Vec<f64> {
    let high = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = logits.iter().map(|&y| (f64::from(y) - f64::from(high)).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}
