//! Structural similarity.

use stormlens_kernels::similarity::{RADIUS, Similarity};
use stormlens_kernels::{Level, Maps};

use super::{assert_near, differences, draw, wide};

/// Larger than usual: variances are differences of numbers in `f32`, whose last digits would show beside 10⁻³.
const CONSTANTS: [f64; 2] = [0.01, 0.03];

fn window() -> [f32; 2 * RADIUS + 1] {
    let weight = |i: usize| (-(i.abs_diff(RADIUS) as f64 / 1.5).powi(2) / 2.0).exp();
    let sum: f64 = (0..2 * RADIUS + 1).map(weight).sum();
    std::array::from_fn(|i| (weight(i) / sum) as f32)
}

/// The sum over the pixels of a plane, by the book.
fn define([height, width]: [usize; 2], a: &[f64], b: &[f64]) -> f64 {
    let mirrored = |i: usize, n: usize| {
        let place = i.abs_diff(RADIUS);
        if place < n { place } else { (2 * (n - 1)).saturating_sub(place) }
    };
    let cut = |plane: &[f64], i: usize| plane[i].clamp(0.0, 1.0);
    let mean = |pixel: usize, of: &dyn Fn(usize) -> f64| -> f64 {
        let places = (0..window().len().pow(2)).map(|k| (k / window().len(), k % window().len()));
        let term = |(down, across): (usize, usize)| {
            let row = mirrored(pixel / width + down, height);
            let column = mirrored(pixel % width + across, width);
            f64::from(window()[down]) * f64::from(window()[across]) * of(row * width + column)
        };
        places.map(term).sum()
    };
    let similarity = |pixel: usize| {
        let mean_a = mean(pixel, &|i| cut(a, i));
        let mean_b = mean(pixel, &|i| cut(b, i));
        let spread_a = mean(pixel, &|i| cut(a, i).powi(2)) - mean_a.powi(2);
        let spread_b = mean(pixel, &|i| cut(b, i).powi(2)) - mean_b.powi(2);
        let covariance = mean(pixel, &|i| cut(a, i) * cut(b, i)) - mean_a * mean_b;
        let [c1, c2] = CONSTANTS;
        (2.0 * mean_a * mean_b + c1) * (2.0 * covariance + c2)
            / ((mean_a.powi(2) + mean_b.powi(2) + c1) * (spread_a + spread_b + c2))
    };
    (0..height * width).map(similarity).sum()
}

/// Sizes below the window, across whole vectors, and with values beyond 0 and 1 on one side.
#[test]
fn similarity_and_its_gradient_are_their_definition() {
    let options = Similarity { window: window(), constants: CONSTANTS.map(|c| c as f32) };
    for [n_batch, n_channels, height, width] in
        [[1, 1, 1, 1], [2, 1, 3, 4], [1, 2, 7, 9], [1, 1, 12, 19]]
    {
        let shape = [n_batch, n_channels, height, width];
        let n = shape.iter().product();
        let a: Vec<f32> = draw(1, n).iter().map(|v| 0.45 + 0.7 * v).collect();
        let b: Vec<f32> = draw(2, n).iter().map(|v| 0.5 + 0.4 * v).collect();
        let of = |a: &[f64]| -> f64 {
            let planes = a.chunks_exact(height * width);
            let pairs = planes.zip(b.chunks_exact(height * width));
            pairs.map(|(a, b)| define([height, width], a, &wide(b))).sum::<f64>() / n as f64
        };
        let expected = of(&wide(&a));
        let gradient = differences(&|a: &[f64]| vec![of(a)], &wide(&a), &[1.0]);
        for level in Level::available() {
            let found = options.measure(level, Maps::new(&a, shape), Maps::new(&b, shape));
            let what = format!("{height} × {width}, {level}");
            assert!((found.mean - expected).abs() < 1e-5, "{what}: {} {expected}", found.mean);
            assert_near(&found.gradient, &gradient, 5e-5, &what);
        }
    }
}
