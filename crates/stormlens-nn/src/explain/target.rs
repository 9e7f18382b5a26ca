//! The one number that is explained.

use burn::tensor::{Device, Tensor, TensorData};

/// The reference's factor from normalised values to mm in 5 minutes.
pub const NORMALISATION_MM_5MIN: f32 = 47.83;
/// From mm in 5 minutes to mm/h.
pub const STEPS_PER_HOUR: f32 = 12.0;

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

    /// The target of a prediction `[1, lead times, height, width]` as a tensor `[1]`.
    pub(crate) fn of(&self, prediction: Tensor<4>) -> Tensor<1> {
        let [_, _, height, width] = prediction.dims();
        let device: Device = prediction.device().without_autodiff();
        let mask = TensorData::new(self.mask.clone(), [1, 1, height, width]);
        let first = prediction.narrow(1, 0, 1);
        (first * Tensor::from_data(mask, &device)).sum()
    }
}

/// Sum over the pixels where the mask is 1, in `f64`.
pub(crate) fn masked_sum(prediction: &[f32], mask: &[f32]) -> f64 {
    prediction.iter().zip(mask).filter(|&(_, &m)| m > 0.0).map(|(&y, _)| f64::from(y)).sum()
}
