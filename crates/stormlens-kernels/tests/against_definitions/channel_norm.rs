//! Layer normalisation over channels, the Gaussian error linear unit, and a depthwise convolution by itself.

use stormlens_kernels::channel_norm::ChannelNorm;
use stormlens_kernels::depthwise::Depthwise;
use stormlens_kernels::{Level, Maps, gelu};

use super::{assert_near, at, differences, draw, wide};

/// `Φ(x)`, integrated from the density by Simpson's rule.
fn distribution(x: f64) -> f64 {
    let density = |x: f64| (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let (n, h) = (1000, x / 1000.0);
    let weight = |i: usize| match i {
        0 => 1.0,
        i if i == n => 1.0,
        i if i % 2 == 1 => 4.0,
        _ => 2.0,
    };
    0.5 + (0..=n).map(|i| weight(i) * density(i as f64 * h)).sum::<f64>() * h / 3.0
}

fn unit(x: f64) -> f64 {
    x * distribution(x)
}

#[test]
fn the_gaussian_unit_is_its_definition_and_so_is_its_gradient() {
    let x: Vec<f32> = (-100..=100).map(|i| i as f32 * 0.087).collect();
    let g = draw(1, x.len());
    let expected: Vec<f64> = x.iter().map(|&x| unit(f64::from(x))).collect();
    let gradient = differences(&|x| x.iter().map(|&x| unit(x)).collect(), &wide(&x), &wide(&g));
    for level in Level::available() {
        for ((ours, expected), &x) in gelu::forward(level, &x).iter().zip(&expected).zip(&x) {
            let x = f64::from(x);
            let error = (f64::from(*ours) - expected).abs();
            // A distribution near 1 or 0 is rounded to 6e-8, and multiplied by up to 8.7.
            assert!(error < 1e-7 * (1.0 + x.abs()), "{level}, {x}: {ours}, not {expected}");
        }
        for ((ours, expected), x) in gelu::backward(level, &x, &g).iter().zip(&gradient).zip(&x) {
            let error = (f64::from(*ours) - expected).abs();
            assert!(error < 1e-6, "{level}, {x}: {ours}, not {expected}");
        }
        assert!(gelu::forward(level, &[f32::NAN])[0].is_nan());
        assert_eq!(gelu::forward(level, &[1e30, -1e3])[0], 1e30);
        assert_eq!(gelu::backward(level, &[1e30, -1e30], &[1.0; 2])[0], 1.0);
    }
}

/// One pixel of `[channels × pixels]`, by the book.
fn define(norm: &ChannelNorm, n_pixels: usize, x: &[f64]) -> Vec<f64> {
    let n = norm.weight.len();
    let mut y = vec![0.0; x.len()];
    for pixel in 0..n_pixels {
        let of = |c: usize| x[c * n_pixels + pixel];
        let mean = (0..n).map(of).sum::<f64>() / n as f64;
        let variance = (0..n).map(|c| (of(c) - mean).powi(2)).sum::<f64>() / n as f64;
        for c in 0..n {
            let u = (of(c) - mean) / (variance + f64::from(norm.epsilon)).sqrt();
            let value = u * f64::from(norm.weight[c]) + f64::from(norm.bias[c]);
            y[c * n_pixels + pixel] = if norm.gelu { unit(value) } else { value };
        }
    }
    y
}

#[test]
fn channel_norm_is_its_definition_and_so_is_its_gradient() {
    for (dims, gelu) in [([2, 3, 2, 5], false), ([1, 5, 3, 4], true), ([1, 4, 9, 16], false)] {
        let [n_batch, n, height, width] = dims;
        let n_pixels = height * width;
        let (weight, bias) = (draw(1, n), draw(2, n));
        let norm = ChannelNorm { weight: &weight, bias: &bias, epsilon: 1e-6, gelu };
        let (x, g) = (draw(3, n_batch * n * n_pixels), draw(4, n_batch * n * n_pixels));
        for level in Level::available() {
            let what = format!("{dims:?}, {gelu}, {level}");
            let y = norm.forward(level, Maps::new(&x, dims));
            let back = norm.backward(level, Maps::new(&x, dims), Maps::new(&g, dims));
            for i in 0..n_batch {
                let of = |values: &[f32]| wide(&values[i * n * n_pixels..][..n * n_pixels]);
                let define = |x: &[f64]| define(&norm, n_pixels, x);
                let own = &y[i * n * n_pixels..][..n * n_pixels];
                assert_near(own, &define(&of(&x)), 2e-6, &what);
                let expected = differences(&define, &of(&x), &of(&g));
                // Differences of 1e-6, and pixels whose channels are nearly alike.
                let own = &back[i * n * n_pixels..][..n * n_pixels];
                assert_near(own, &expected, 1e-5, &format!("gradient, {what}"));
            }
        }
    }
}

#[test]
fn a_depthwise_convolution_is_its_definition_and_so_is_its_gradient() {
    for dims in [[2, 3, 5, 4], [1, 2, 1, 1], [1, 2, 7, 33]] {
        let [n_batch, n, height, width] = dims;
        let n_pixels = height * width;
        let (weight, bias) = (draw(1, 9 * n), draw(2, n));
        let layer = Depthwise { weight: &weight, bias: &bias };
        let (x, g) = (draw(3, n_batch * n * n_pixels), draw(4, n_batch * n * n_pixels));
        let define = |x: &[f64]| -> Vec<f64> {
            let value = |i: usize| {
                let (c, pixel) = (i / n_pixels % n, i % n_pixels);
                let (row, column) = ((pixel / width) as isize, (pixel % width) as isize);
                let plane = &x[i / n_pixels * n_pixels..][..n_pixels];
                let tap = |k: usize| {
                    let (dy, dx) = (k as isize / 3 - 1, k as isize % 3 - 1);
                    f64::from(weight[9 * c + k]) * at(plane, width, row + dy, column + dx)
                };
                f64::from(bias[c]) + (0..9).map(tap).sum::<f64>()
            };
            (0..x.len()).map(value).collect()
        };
        for level in Level::available() {
            let what = format!("{dims:?}, {level}");
            let y = layer.forward(level, Maps::new(&x, dims));
            assert_near(&y, &define(&wide(&x)), 1e-6, &what);
            let back = layer.backward(level, Maps::new(&g, dims));
            let expected = differences(&define, &wide(&x), &wide(&g));
            assert_near(&back, &expected, 1e-6, &format!("gradient, {what}"));
        }
    }
}
