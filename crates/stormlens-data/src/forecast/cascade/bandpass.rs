//! Bands of wavenumbers with Gaussian weights in their logarithm (Pulkkinen, Chandrasekar and Harri, IEEE Geosci.
//! Remote Sens. Lett. 15, 2018).

use crate::downscale::fourier::frequencies;
use crate::forecast::ForecastError;

/// Standard deviation of a weight, in distances between bands.
const DEVIATION: f64 = 0.5;

/// Weights of wavenumbers, which add up to 1 at each.
#[derive(Clone, Debug, PartialEq)]
pub struct Bandpass {
    pub height: usize,
    pub width: usize,
    /// By band, longest waves first; in the order of a Fourier transform of `height` × `width` values.
    pub weights: Vec<Vec<f64>>,
}

impl Bandpass {
    /// Bands whose limits are `q^k`, with `q^n` as many waves as fit into half the longer side. The mean belongs to the
    /// first.
    ///
    /// # Errors
    /// For fewer than 3 bands.
    pub fn gaussian(height: usize, width: usize, n_levels: usize) -> Result<Self, ForecastError> {
        if n_levels < 3 {
            return Err(ForecastError::Levels { n_levels, height, width });
        }
        let logarithm = (0.5 * height.max(width) as f64).ln() / n_levels as f64;
        let centres: Vec<f64> = (1..=n_levels)
            .map(|k| [k - 1, k].map(|k| (logarithm * k as f64).exp()))
            .map(|[low, high]| (0.5 * (low + high)).ln() / logarithm)
            .collect();
        let mut weights = vec![Vec::with_capacity(height * width); n_levels];
        for row in frequencies(height) {
            for column in frequencies(width) {
                let at = shares(&centres, row.hypot(column), logarithm);
                weights.iter_mut().zip(at).for_each(|(band, weight)| band.push(weight));
            }
        }
        Ok(Self { height, width, weights })
    }
}

/// Weight of each band at a wavenumber, in waves that fit into the map.
fn shares(centres: &[f64], wavenumber: f64, logarithm: f64) -> Vec<f64> {
    if wavenumber == 0.0 {
        return centres.iter().enumerate().map(|(k, _)| f64::from(u8::from(k == 0))).collect();
    }
    let place = wavenumber.ln() / logarithm;
    let weight = |centre: &f64| (-(place - centre).powi(2) / (2.0 * DEVIATION.powi(2))).exp();
    let weights: Vec<f64> = centres.iter().map(weight).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}
