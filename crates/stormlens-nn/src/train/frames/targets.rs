//! Frames of a batch side by side, and what of the targets is known.

use burn::tensor::{Device, Tensor, TensorData};
use stormlens_data::patches::enlarged;

use super::examples::Example;
use crate::train::supervision::Batch;

/// By how much the known pixels of a sample are multiplied at most, so that no few of them drown a batch.
const MAX_WEIGHT: f32 = 4.0;

/// The frames that followed.
pub struct Targets {
    /// `[batch, lead times, height, width]`
    shape: [usize; 4],
    /// Scaled; 0 where nothing is known.
    values: Vec<f32>,
    /// What the squared error of each pixel is multiplied by; `None` where that is 1 for all.
    weights: Option<Vec<f32>>,
}

impl Targets {
    /// The squared error summed over pixels, of the mean example.
    ///
    /// What is not known counts nowhere. What is known of an example is multiplied so that the example weighs as
    /// much as a whole one: by the number of its pixels over that of the known ones, but by 4 at most.
    pub fn loss(&self, prediction: Tensor<4>, device: &Device) -> Tensor<1> {
        let tensor = |values: &[f32]| {
            Tensor::<4>::from_data(TensorData::new(values.to_vec(), self.shape), device)
        };
        let squares = (prediction - tensor(&self.values)).square();
        let squares = match &self.weights {
            Some(weights) => squares * tensor(weights),
            None => squares,
        };
        squares.sum().div_scalar(self.shape[0] as f64)
    }
}

/// Inputs `[batch, frames, height, width]` and targets `[batch, lead times, height, width]`, times `scale`.
///
/// Missing inputs (NaN) become 0. All frames get the size of the largest, rounded up to a multiple of `multiple`: what is
/// added on the right and below is 0 in the inputs and unknown in the targets.
pub fn batch(examples: &[Example], scale: f32, multiple: usize) -> Batch<Targets> {
    let largest = |side: fn(&Example) -> usize| {
        let sides = examples.iter().map(side);
        sides.max().unwrap_or_default().next_multiple_of(multiple)
    };
    let (height, width) = (largest(|e| e.height), largest(|e| e.width));
    let shape = |n_values: usize| {
        let n = examples.len();
        [n, n_values / (n * height * width), height, width]
    };
    let enlarge =
        |frames: &[f32], e: &Example| enlarged(frames, [e.height, e.width], [height, width]);
    let inputs: Vec<f32> = examples.iter().flat_map(|e| enlarge(&e.inputs, e)).collect();
    let inputs: Vec<f32> = inputs.into_iter().map(|v| known_or_zero(v) * scale).collect();
    let targets: Vec<Vec<f32>> = examples.iter().map(|e| enlarge(&e.target, e)).collect();
    let weights = weights(&targets, examples);
    let values: Vec<f32> = targets.concat().into_iter().map(|v| known_or_zero(v) * scale).collect();
    let answers = Targets { shape: shape(values.len()), values, weights };
    Batch { shape: shape(inputs.len()), inputs, answers }
}

fn known_or_zero(value: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value }
}

/// See [`Targets::loss`]; the pixels of an example are those that it had before anything was added.
fn weights(targets: &[Vec<f32>], examples: &[Example]) -> Option<Vec<f32>> {
    if targets.iter().flatten().all(|v| !v.is_nan()) {
        return None;
    }
    let of_example = |(target, example): (&Vec<f32>, &Example)| {
        let n_known = target.iter().filter(|v| !v.is_nan()).count();
        let weight = (example.target.len() as f32 / n_known.max(1) as f32).min(MAX_WEIGHT);
        target.iter().map(|v| if v.is_nan() { 0.0 } else { weight }).collect::<Vec<f32>>()
    };
    Some(targets.iter().zip(examples).flat_map(of_example).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::to_vec;

    fn example(height: usize, width: usize, first: f32) -> Example {
        let values = |n: usize| (0..n).map(|i| first + i as f32).collect();
        let n = height * width;
        Example { inputs: values(2 * n), target: values(n), height, width }
    }

    /// Of a prediction of zeros: the mean over examples of the weighted sums of squares.
    fn loss_of_zeros(batch: &Batch<Targets>) -> f32 {
        let device = Device::flex();
        let zeros = Tensor::<4>::zeros(batch.answers.shape, &device);
        to_vec(batch.answers.loss(zeros, &device))[0]
    }

    #[test]
    fn what_is_not_known_counts_nowhere() {
        let whole = [example(2, 3, 1.0), example(2, 3, 2.0)];
        let mut gaps = whole.clone();
        gaps[0].target[2] = f32::NAN;
        gaps[0].inputs[4] = f32::NAN;
        let found = batch(&gaps, 2.0, 1);
        assert_eq!(found.inputs[..6], [2.0, 4.0, 6.0, 8.0, 0.0, 12.0]);
        assert_eq!(found.inputs[6..], batch(&whole, 2.0, 1).inputs[6..]);
        // 1² + 2² + 4² + 5² + 6² of six pixels, of which five are known, and 2² + … + 7².
        let expected = 4.0 * (82.0 * 6.0 / 5.0 + 139.0) / 2.0;
        assert!((loss_of_zeros(&found) / expected - 1.0).abs() < 1e-6);
        assert!(batch(&whole, 2.0, 1).answers.weights.is_none(), "as published");
    }

    /// The gradient of a pixel that is not known is nothing, that of the others is scaled.
    #[test]
    fn nothing_is_learnt_where_nothing_is_known() {
        let mut one = example(1, 4, 1.0);
        one.target[1] = f32::NAN;
        let targets = batch(&[one], 1.0, 1).answers;
        let device = Device::flex();
        let leaf = Tensor::<4>::zeros([1, 1, 1, 4], &device).autodiff().require_grad();
        let mut gradients = targets.loss(leaf.clone(), &device).backward();
        let gradient = to_vec(leaf.grad_remove(&mut gradients).expect("a leaf"));
        let expected = [1.0, 0.0, 3.0, 4.0].map(|v: f32| -2.0 * v * 4.0 / 3.0);
        for (found, expected) in gradient.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{gradient:?}");
        }
    }

    #[test]
    fn few_known_pixels_do_not_drown_the_others() {
        let mut one = example(4, 4, 1.0);
        one.target[1..].fill(f32::NAN);
        assert_eq!(loss_of_zeros(&batch(&[one.clone()], 1.0, 1)), 4.0);
        one.target.fill(f32::NAN);
        assert_eq!(loss_of_zeros(&batch(&[one], 1.0, 1)), 0.0);
    }

    /// Frames of any size go together; what is added to them changes no loss.
    #[test]
    fn what_is_added_around_frames_is_not_known() {
        let (small, large) = (example(2, 3, 1.0), example(3, 2, 1.0));
        let found = batch(&[small.clone(), large.clone()], 1.0, 4);
        assert_eq!((found.shape, found.answers.shape), ([2, 2, 4, 4], [2, 1, 4, 4]));
        assert_eq!(found.inputs[..8], [1.0, 2.0, 3.0, 0.0, 4.0, 5.0, 6.0, 0.0]);
        assert_eq!(found.inputs[16..20], [7.0, 8.0, 9.0, 0.0]);
        let alone = loss_of_zeros(&batch(&[small], 1.0, 1));
        assert_eq!(loss_of_zeros(&found), alone);
        assert_eq!(loss_of_zeros(&batch(&[large], 1.0, 1)), alone);
    }
}
