//! A map as the sum of maps of one scale each, from the longest waves to the shortest (Seed, J. Appl. Meteorol. 42,
//! 2003; Pulkkinen et al. 2019, section 3.2).

mod bandpass;

pub use bandpass::Bandpass;

use rustfft::FftDirection;
use rustfft::num_complex::Complex64;

use crate::downscale::fourier;

/// One scale of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// With mean 0 and standard deviation 1; 0 everywhere where the scale does not vary.
    pub values: Vec<f64>,
    /// What they were before.
    pub mean: f64,
    pub deviation: f64,
}

/// The transform of a map.
pub fn spectrum(map: &[f64], width: usize) -> Vec<Complex64> {
    let mut spectrum: Vec<Complex64> = map.iter().map(|&value| value.into()).collect();
    fourier::transform(&mut spectrum, width, FftDirection::Forward);
    spectrum
}

/// Levels of the map with that transform, one for each band.
///
/// # Panics
/// If the bands are those of another size.
pub fn decompose(spectrum: &[Complex64], bands: &Bandpass) -> Vec<Level> {
    bands.weights.chunks(2).flat_map(|pair| two_levels(spectrum, bands.width, pair)).collect()
}

/// The map of levels, each with its values, mean and deviation.
pub fn recompose<'a>(levels: impl Iterator<Item = (&'a [f64], f64, f64)>) -> Vec<f64> {
    let mut sum: Vec<f64> = Vec::new();
    for (values, mean, deviation) in levels {
        sum.resize(values.len(), 0.0);
        sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value * deviation + mean);
    }
    sum
}

/// Both maps are real, so that one transform back has the first as its real and the second as its imaginary part.
fn two_levels(spectrum: &[Complex64], width: usize, bands: &[Vec<f64>]) -> Vec<Level> {
    let (first, second) = (&bands[0], bands.get(1));
    assert_eq!(spectrum.len(), first.len(), "one size");
    let weight = |i: usize| Complex64::new(first[i], second.map_or(0.0, |second| second[i]));
    let mut both: Vec<Complex64> =
        spectrum.iter().enumerate().map(|(i, value)| value * weight(i)).collect();
    fourier::transform(&mut both, width, FftDirection::Inverse);
    let scale = 1.0 / both.len() as f64;
    let parts: [fn(&Complex64) -> f64; 2] = [|value| value.re, |value| value.im];
    let maps = parts[..bands.len()].iter();
    maps.map(|part| normalised(both.iter().map(|value| part(value) * scale).collect())).collect()
}

fn normalised(mut values: Vec<f64>) -> Level {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
    let deviation = variance.sqrt();
    // What is left of a constant by rounding is no structure.
    let is_flat = deviation <= FLAT * mean.abs().max(1.0);
    let scale = if is_flat { 0.0 } else { 1.0 / deviation };
    values.iter_mut().for_each(|value| *value = (*value - mean) * scale);
    Level { values, mean, deviation: if is_flat { 0.0 } else { deviation } }
}

const FLAT: f64 = 1e-11;
