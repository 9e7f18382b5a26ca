//! Structural similarity (Wang et al. 2004), as torchmetrics 1.9 measures it.

use burn::tensor::{Tensor, TensorData};
use stormlens_kernels::similarity::{RADIUS, Similarity, mirrored};

use crate::fused::{Kernels, SimilarityOperation, apply};
use crate::parameters::to_vec;

/// Standard deviation of the window in pixels, and the constants.
const DEVIATION: f64 = 1.5;
const C1: f64 = 0.01 * 0.01;
const C2: f64 = 0.03 * 0.03;

/// The mean of maps cut to 0 to 1 with others that are not on the tape, with Gaussian windows and mirrored edges: `[1]`.
///
/// # Panics
/// If the shapes differ.
pub(crate) fn similarity(x: Tensor<4>, others: Tensor<4>, kernels: Kernels) -> Tensor<1> {
    assert_eq!(x.dims(), others.dims(), "maps of one shape");
    let Some(level) = kernels.level_for(&x) else { return plain(x, others) };
    let measure = Similarity { window: weights(), constants: [C1 as f32, C2 as f32] };
    apply(SimilarityOperation { level, measure, others: to_vec(others).into() }, x).reshape([1])
}

fn plain(a: Tensor<4>, b: Tensor<4>) -> Tensor<1> {
    let (a, b) = (a.clamp(0.0, 1.0), b.clamp(0.0, 1.0));
    let [mean_a, mean_b] = [blur(a.clone()), blur(b.clone())];
    let variance_a = blur(a.clone().square()) - mean_a.clone().square();
    let variance_b = blur(b.clone().square()) - mean_b.clone().square();
    let covariance = blur(a * b) - mean_a.clone() * mean_b.clone();
    let above = (mean_a.clone() * mean_b.clone()).mul_scalar(2.0).add_scalar(C1)
        * covariance.mul_scalar(2.0).add_scalar(C2);
    let below = (mean_a.square() + mean_b.square()).add_scalar(C1)
        * (variance_a + variance_b).add_scalar(C2);
    (above / below).mean()
}

/// A weighted mean around each pixel, written as a product with a matrix on either side.
fn blur(x: Tensor<4>) -> Tensor<4> {
    let [n_batch, n_channels, height, width] = x.dims();
    let device = x.device().without_autodiff();
    let matrix = |n: usize| Tensor::<2>::from_data(TensorData::new(windows(n), [n, n]), &device);
    let planes = n_batch * n_channels;
    let x = x.reshape([planes * height, width]).matmul(matrix(width).transpose());
    let down = matrix(height).reshape([1, height, height]);
    down.matmul(x.reshape([planes, height, width])).reshape([n_batch, n_channels, height, width])
}

/// Those of a window in one direction.
fn weights() -> [f32; 2 * RADIUS + 1] {
    let weight = |i: usize| (-(i.abs_diff(RADIUS) as f64 / DEVIATION).powi(2) / 2.0).exp();
    let sum: f64 = (0..=2 * RADIUS).map(weight).sum();
    std::array::from_fn(|i| (weight(i) / sum) as f32)
}

/// `[n × n]`: each row holds the weights of the pixels around one, mirrored at the edges without repeating them.
fn windows(n: usize) -> Vec<f32> {
    let mut found = vec![0f32; n * n];
    for (row, found) in found.chunks_exact_mut(n).enumerate() {
        for (i, weight) in weights().into_iter().enumerate() {
            found[mirrored(n, row + i)] += weight;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    /// Both ways to compute it agree, in the gradient too.
    #[test]
    fn kernels_agree_with_plain_operations() {
        let shape = [2, 3, 21, 34];
        let n: usize = shape.iter().product();
        let device = Device::flex();
        let map = |factor: f32| {
            let values: Vec<f32> = (0..n).map(|i| (i as f32 * factor).sin() * 0.6 + 0.5).collect();
            Tensor::<4>::from_data(TensorData::new(values, shape), &device)
        };
        let of = |kernels: Kernels| {
            let x = map(0.37).autodiff().require_grad();
            let found = similarity(x.clone(), map(0.11), kernels);
            let value = to_vec(found.clone().inner())[0];
            let gradient = x.grad(&found.mul_scalar(3.0).backward()).expect("a gradient");
            (value, to_vec(gradient))
        };
        let (value, gradient) = of(Kernels::Plain);
        let largest = gradient.iter().fold(0f32, |m, v| m.max(v.abs()));
        for kernels in Kernels::all() {
            let (other, others) = of(kernels);
            assert!((other - value).abs() < 1e-6, "{kernels:?}: {other}, not {value}");
            for (a, b) in others.iter().zip(&gradient) {
                assert!((a - b).abs() < 2e-5 * largest, "{kernels:?}: {a}, not {b}");
            }
        }
    }
}
