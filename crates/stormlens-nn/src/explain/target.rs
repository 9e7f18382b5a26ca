//! The one number that is explained.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, TensorData};
use stormlens_data::request::ClassOutput;

use crate::network::Prediction;

/// The reference's factor from normalised values to mm in 5 minutes.
pub const NORMALISATION_MM_5MIN: f32 = 47.83;
/// From mm in 5 minutes to mm/h.
pub const STEPS_PER_HOUR: f32 = 12.0;

/// Reduces a prediction to the number that is explained.
pub trait Target {
    /// The number of each example of a batch, `[batch]`, with the tape of the prediction.
    fn of(&self, prediction: Prediction) -> Tensor<1>;
    /// The number of one example from its prediction on the host, in `f64`.
    fn score(&self, prediction: &[f32]) -> f64;
}

/// The predicted rain, summed over the pixels where it exceeds a threshold.
///
/// The mask is a constant of the prediction: no gradient flows through the decision which pixels
/// count (segmentation form of Grad-CAM, Vinogradova et al. 2020).
#[derive(Clone, Debug)]
pub struct MaskedSum {
    /// 1 or 0 for each pixel of the first lead time.
    pub mask: Vec<f32>,
    pub n_pixels: usize,
    /// Sum of the normalised prediction over the mask.
    pub score: f64,
}

impl MaskedSum {
    /// Masks a normalised prediction of the first lead time, `[height × width]`.
    ///
    /// The rate is two `f32` products in this order and is compared in `f64`, as the reference
    /// program does, so that the mask has the same pixels.
    pub fn above(threshold_mm_h: f64, prediction: &[f32]) -> Self {
        let rate = |y: f32| f64::from(y * NORMALISATION_MM_5MIN * STEPS_PER_HOUR);
        let mask = prediction.iter().map(|&y| f32::from(u8::from(rate(y) > threshold_mm_h)));
        Self::over(mask.collect(), prediction)
    }

    /// A prediction over pixels chosen in another way; `mask` holds 1 or 0 for each.
    pub fn over(mask: Vec<f32>, prediction: &[f32]) -> Self {
        let n_pixels = mask.iter().filter(|&&m| m > 0.0).count();
        let score = masked_sum(prediction, &mask);
        Self { mask, n_pixels, score }
    }
}

impl Target for MaskedSum {
    fn of(&self, prediction: Prediction) -> Tensor<1> {
        let field = prediction.field();
        let [n_batch, _, height, width] = field.dims();
        let device: Device = field.device().without_autodiff();
        let mask = TensorData::new(self.mask.clone(), [1, 1, height, width]);
        let first = field.narrow(1, 0, 1) * Tensor::from_data(mask, &device);
        first.reshape([n_batch, height * width]).sum_dim(1).reshape([n_batch])
    }

    fn score(&self, prediction: &[f32]) -> f64 {
        masked_sum(prediction, &self.mask)
    }
}

/// Sum over the pixels where the mask is 1, in `f64`.
fn masked_sum(prediction: &[f32], mask: &[f32]) -> f64 {
    prediction.iter().zip(mask).filter(|&(_, &m)| m > 0.0).map(|(&y, _)| f64::from(y)).sum()
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
