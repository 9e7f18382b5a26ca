//! What wrong answers cost.

use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::{Device, Tensor, TensorData};
use stormlens_data::probability::{IGNORED, Labels, N_CLASSES};

use super::options::FieldTraining;

/// A number for each value of a prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighted {
    pub shape: [usize; 4],
    pub values: Vec<f32>,
}

impl Weighted {
    fn tensor(&self, device: &Device) -> Tensor<4> {
        Tensor::from_data(TensorData::new(self.values.clone(), self.shape), device)
    }
}

/// The mean square of the errors that count: Σ weight · (prediction − fields)² / Σ weight. With a weight of 1 on all values of
/// hidden tokens it is the published loss, whose tokens all have the same number of values.
pub(crate) fn reconstruction(
    prediction: Tensor<4>,
    fields: &Weighted,
    weights: &Weighted,
    device: &Device,
) -> Tensor<1> {
    // A batch without a hidden value has nothing to learn, and no 0 / 0.
    let n: f32 = weights.values.iter().sum();
    let error = (prediction - fields.tensor(device)).square() * weights.tensor(device);
    error.sum().div_scalar(n.max(1.0))
}

/// Shares of −ln(probability) of each class and pixel in the loss of a batch, `[batch, classes, rows, columns]`.
///
/// β · CE of the hard classes, which is divided by the sum of the weights of the classes that came, plus (1 − β) · CE of the
/// density labels, which is divided by the number of pixels (Lee et al. 2025, as released). Pixels of which nothing is known
/// have no share.
pub(super) fn shares(
    labels: &[Labels],
    [rows, columns]: [usize; 2],
    options: &FieldTraining,
) -> Weighted {
    let n_pixels = rows * columns;
    let hard =
        || labels.iter().flat_map(|labels| &labels.hard).copied().filter(|&class| class != IGNORED);
    let n_known = (hard().count() as f64).max(1.0);
    let weight_sum: f64 = hard().map(|class| options.class_weights[usize::from(class)]).sum();
    let mut values = vec![0.0; labels.len() * N_CLASSES * n_pixels];
    for (labels, values) in labels.iter().zip(values.chunks_exact_mut(N_CLASSES * n_pixels)) {
        for pixel in (0..n_pixels).filter(|&pixel| labels.hard[pixel] != IGNORED) {
            for (class, weight) in options.class_weights.iter().enumerate() {
                let soft = f64::from(labels.soft[class * n_pixels + pixel]);
                let is_it = f64::from(u8::from(usize::from(labels.hard[pixel]) == class));
                let share =
                    options.beta * is_it / weight_sum + (1.0 - options.beta) * soft / n_known;
                values[class * n_pixels + pixel] = (weight * share) as f32;
            }
        }
    }
    Weighted { shape: [labels.len(), N_CLASSES, rows, columns], values }
}

/// −Σ share · ln(probability). With `double_softmax` the probabilities go through a softmax once more, as published.
pub(super) fn cross_entropy(
    logits: Tensor<4>,
    shares: &Weighted,
    double_softmax: bool,
    device: &Device,
) -> Tensor<1> {
    let logarithm = match double_softmax {
        true => log_softmax(softmax(logits, 1), 1),
        false => log_softmax(logits, 1),
    };
    (logarithm * shares.tensor(device)).sum().neg()
}
