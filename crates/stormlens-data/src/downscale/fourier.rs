//! Two-dimensional Fourier transforms of maps.

use rustfft::num_complex::Complex64;
use rustfft::{FftDirection, FftPlanner};

/// The transform of a map of `height` × `width` values, row by row, in place; not divided by anything.
///
/// # Panics
/// If the map is no whole number of rows.
pub(crate) fn transform(map: &mut [Complex64], width: usize, direction: FftDirection) {
    let height = map.len() / width;
    assert_eq!(height * width, map.len(), "whole rows");
    let mut planner = FftPlanner::new();
    planner.plan_fft(width, direction).process(map);
    let columns = planner.plan_fft(height, direction);
    let mut turned = transpose(map, width);
    columns.process(&mut turned);
    map.copy_from_slice(&transpose(&turned, height));
}

fn transpose(map: &[Complex64], width: usize) -> Vec<Complex64> {
    (0..width).flat_map(|column| map.iter().skip(column).step_by(width)).copied().collect()
}

/// Frequencies of a transform of `n` values, in steps: 0, 1, …, −1.
pub(crate) fn frequencies(n: usize) -> impl Iterator<Item = f64> + Clone {
    (0..n).map(move |k| if 2 * k < n { k as f64 } else { k as f64 - n as f64 })
}

/// Power of a real map at each wavenumber vector, `|F|²`.
pub(crate) fn power(map: &[f64], width: usize) -> Vec<f64> {
    let mut transformed: Vec<Complex64> = map.iter().map(|&v| Complex64::new(v, 0.0)).collect();
    transform(&mut transformed, width, FftDirection::Forward);
    transformed.iter().map(Complex64::norm_sqr).collect()
}
