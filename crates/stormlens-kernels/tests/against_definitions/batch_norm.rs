//! Batch normalisation with the statistics of the batch.

use stormlens_kernels::batch_norm::{BatchNorm, Statistics};
use stormlens_kernels::{Activation, Level, Maps};

use super::{ACTIVATIONS, activated, assert_near, differences, draw, wide};

const EPSILON: f64 = 1e-3;

/// Mean and variance of each channel.
fn statistics(x: &[f64], [n_batch, n_channels, n]: [usize; 3]) -> Vec<(f64, f64)> {
    let of_channel = |c: usize| {
        let values: Vec<f64> =
            (0..n_batch).flat_map(|b| x[(b * n_channels + c) * n..][..n].to_vec()).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let square = |v: &f64| (v - mean).powi(2);
        (mean, values.iter().map(square).sum::<f64>() / values.len() as f64)
    };
    (0..n_channels).map(of_channel).collect()
}

/// `x`, then the weights, then the biases.
fn normalised(all: &[f64], dims: [usize; 3], activation: Activation) -> Vec<f64> {
    let [_, n_channels, n] = dims;
    let (x, weights) = all.split_at(all.len() - 2 * n_channels);
    let (weight, bias) = weights.split_at(n_channels);
    let statistics = statistics(x, dims);
    let value = |(i, v): (usize, &f64)| {
        let c = i / n % n_channels;
        let (mean, variance) = statistics[c];
        let y = (v - mean) / (variance + EPSILON).sqrt() * weight[c] + bias[c];
        activated(y, activation)
    };
    x.iter().enumerate().map(value).collect()
}

fn check([n_batch, n_channels, height, width]: [usize; 4], activation: Activation) {
    let (n, dims) = (height * width, [n_batch, n_channels, height * width]);
    // Far from zero, where the square of the mean drowns the variance.
    let x: Vec<f32> = draw(1, n_batch * n_channels * n).iter().map(|v| 30.0 + v).collect();
    let (weight, bias) = (draw(2, n_channels), draw(3, n_channels));
    let g = draw(4, x.len());
    let all = [wide(&x), wide(&weight), wide(&bias)].concat();
    let expected = normalised(&all, dims, activation);
    let gradient = differences(&|all| normalised(all, dims, activation), &all, &wide(&g));
    let expected_statistics = statistics(&wide(&x), dims);
    let shape = [n_batch, n_channels, height, width];
    let (maps, gradients) = (Maps::new(&x, shape), Maps::new(&g, shape));
    let norm = BatchNorm { weight: &weight, bias: &bias, epsilon: EPSILON, activation };
    for level in Level::available() {
        let what = format!("{level} {shape:?}, {activation:?}");
        let found = Statistics::of(level, maps);
        let (means, variances): (Vec<f64>, Vec<f64>) = expected_statistics.iter().copied().unzip();
        assert_near(&found.mean, &means, 1e-6, &what);
        assert_near(&found.variance, &variances, 1e-5, &what);
        assert_near(&norm.forward(level, maps, &found), &expected, 2e-5, &what);
        let ours = norm.backward(level, maps, &found, gradients);
        let ours = [ours.input, ours.weight, ours.bias].concat();
        assert_near(&ours, &gradient, 1e-4, &format!("gradients, {what}"));
    }
}

#[test]
fn batches_are_normalised_by_their_own_statistics() {
    for activation in ACTIVATIONS {
        check([1, 1, 3, 3], activation);
        check([2, 3, 7, 5], activation);
        check([3, 2, 4, 19], activation);
    }
}
