//! RainFARM: coarse rain, and below it noise with the spectrum of rain (Rebora, Ferraris, von Hardenberg and
//! Provenzale, J. Hydrometeorol. 7, 2006; weights for terrain: Terzago, Palazzi and von Hardenberg, Nat. Hazards
//! Earth Syst. Sci. 18, 2018). Spatial only, and without smoothing, as pysteps does by default.
//!
//! 1. The power of coarse rain falls with the wavenumber as `k^−α`.
//! 2. A Gaussian field with that spectrum and random phases is continued to the fine grid, divided by its standard
//!    deviation and exponentiated.
//! 3. It is multiplied by weights, where there are some, and in each coarse cell by what makes its mean the coarse
//!    rain.

use std::ops::RangeInclusive;

use rustfft::FftDirection;
use rustfft::num_complex::Complex64;

use super::fourier::{frequencies, power, transform};
use super::rivals::expand;
use crate::simulate::Random;

/// Rain that noise cannot be made for.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RainFarmError {
    #[error("RainFARM needs rain everywhere in its domain, and {n_missing} cells have no data")]
    Missing { n_missing: usize },
    #[error(
        "no spectral slope can be found in {height} × {width} cells of this rain: state one, e.g. 1.7"
    )]
    NoSlope { height: usize, width: usize },
    #[error("{n_weights} weights do not fit {n_nodes} fine nodes")]
    Weights { n_weights: usize, n_nodes: usize },
}

/// What is known before a member is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct RainFarm {
    /// Fine nodes along a side of a coarse cell.
    pub factor: usize,
    /// Spectral slope α.
    pub slope: f64,
    /// Of the fine nodes: the climatology there over its mean in the coarse cell; `None`: 1 everywhere.
    pub weights: Option<Vec<f64>>,
}

impl RainFarm {
    /// One member: fine rain whose mean in each cell is the coarse rain, in its unit.
    ///
    /// # Errors
    /// For missing rain, and weights of another size.
    pub fn member(
        &self,
        coarse: &[f64],
        width: usize,
        seed: u64,
        number: u64,
    ) -> Result<Vec<f64>, RainFarmError> {
        let mut random = Random::of(seed, RAINFARM_STREAM, number);
        let n_nodes = coarse.len() * self.factor * self.factor;
        let phases: Vec<f64> = (0..n_nodes).map(|_| random.unit()).collect();
        self.with_phases(coarse, width, &phases)
    }

    /// The same with given phases, shares of a turn, one for each wavenumber vector.
    ///
    /// # Errors
    /// As [`Self::member`].
    ///
    /// # Panics
    /// If there is another number of phases than of fine nodes.
    pub fn with_phases(
        &self,
        coarse: &[f64],
        width: usize,
        phases: &[f64],
    ) -> Result<Vec<f64>, RainFarmError> {
        let n_missing = coarse.iter().filter(|mm| !mm.is_finite()).count();
        if n_missing > 0 {
            return Err(RainFarmError::Missing { n_missing });
        }
        let n_nodes = coarse.len() * self.factor * self.factor;
        assert_eq!(phases.len(), n_nodes, "a phase a node");
        let mut noise = self.noise(width * self.factor, phases);
        if let Some(weights) = &self.weights {
            if weights.len() != n_nodes {
                return Err(RainFarmError::Weights { n_weights: weights.len(), n_nodes });
            }
            noise.iter_mut().zip(weights).for_each(|(noise, weight)| *noise *= weight);
        }
        let means = means(&noise, width * self.factor, self.factor);
        let factors: Vec<f64> = coarse
            .iter()
            .zip(means)
            .map(|(&rain, mean)| if rain == 0.0 { 0.0 } else { rain / mean })
            .collect();
        let factors = expand(&factors, width, self.factor);
        Ok(noise.into_iter().zip(factors).map(|(noise, factor)| noise * factor).collect())
    }

    /// The exponential of a field of standard deviation 1 with power `k^−α`.
    fn noise(&self, width: usize, phases: &[f64]) -> Vec<f64> {
        let height = phases.len() / width;
        let wavenumbers = wavenumbers(height, width);
        let mut spectrum: Vec<Complex64> = phases
            .iter()
            .zip(wavenumbers)
            .map(|(&phase, k)| match k == 0.0 {
                true => Complex64::new(0.0, 0.0),
                false => {
                    Complex64::from_polar(k.powf(-self.slope / 2.0), std::f64::consts::TAU * phase)
                }
            })
            .collect();
        transform(&mut spectrum, width, FftDirection::Inverse);
        let n = spectrum.len() as f64;
        let mean = spectrum.iter().map(|value| value.re).sum::<f64>() / n;
        let variance = spectrum.iter().map(|value| (value.re - mean).powi(2)).sum::<f64>() / n;
        let deviation = variance.sqrt();
        spectrum.iter().map(|value| (value.re / deviation).exp()).collect()
    }
}

/// A stream of random numbers of its own.
const RAINFARM_STREAM: u64 = 0x5241_494E;

/// Slope where coarse rain shows none (Rebora et al. 2006 find 1.5 to 2.5 in fields of rain).
const USUAL_SLOPE: f64 = 1.7;
/// Outside of these a fit is of a few cells and not of rain: power that grows with the wavenumber, or that lies in the
/// longest wave alone.
const SLOPES: RangeInclusive<f64> = 0.0..=5.0;

/// Slope α of coarse rain: the power of all wavenumber vectors against their length, both as logarithms, by least
/// squares over the middle two thirds.
///
/// # Errors
/// Without rain, or with too little of it; for missing rain.
pub fn spectral_slope(coarse: &[f64], width: usize) -> Result<f64, RainFarmError> {
    let n_missing = coarse.iter().filter(|mm| !mm.is_finite()).count();
    if n_missing > 0 {
        return Err(RainFarmError::Missing { n_missing });
    }
    let height = coarse.len() / width;
    let powers = power(coarse, width);
    let points: Vec<(f64, f64)> = wavenumbers(height, width)
        .zip(powers)
        .map(|(k, power)| (k.ln(), power.ln()))
        .filter(|(k, power)| k.is_finite() && power.is_finite())
        .collect();
    let low = points.iter().map(|p| p.0).fold(f64::INFINITY, f64::min);
    let high = points.iter().map(|p| p.0).fold(f64::NEG_INFINITY, f64::max);
    let margin = (high - low) / 6.0;
    let middle = points.iter().filter(|p| (low + margin..=high - margin).contains(&p.0));
    let middle: Vec<_> = middle.copied().collect();
    let n = middle.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| middle.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let covariance: f64 = middle.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    let variance: f64 = middle.iter().map(|p| (p.0 - x).powi(2)).sum();
    let slope = -covariance / variance;
    match middle.len() > 2 && slope.is_finite() {
        true => Ok(slope),
        false => Err(RainFarmError::NoSlope { height, width }),
    }
}

/// [`spectral_slope`], or the usual one where coarse rain shows none that rain can have; and whether it was measured.
///
/// # Errors
/// For missing rain.
pub fn usable_slope(coarse: &[f64], width: usize) -> Result<(f64, bool), RainFarmError> {
    match spectral_slope(coarse, width) {
        Ok(slope) if SLOPES.contains(&slope) => Ok((slope, true)),
        Ok(_) | Err(RainFarmError::NoSlope { .. }) => Ok((USUAL_SLOPE, false)),
        Err(error) => Err(error),
    }
}

/// Weights from a climatology at the fine nodes: its value over its mean in the coarse cell; 1 in cells where it is
/// 0 or missing.
///
/// # Panics
/// If the climatology is no whole number of cells.
pub fn climatology_weights(climatology: &[f64], width: usize, factor: usize) -> Vec<f64> {
    let means = expand(&means(climatology, width, factor), width / factor, factor);
    let weight = |(&value, mean): (&f64, f64)| if mean > 0.0 { value / mean } else { 1.0 };
    climatology.iter().zip(means).map(weight).collect()
}

/// Means of cells.
fn means(map: &[f64], width: usize, factor: usize) -> Vec<f64> {
    let n_columns = width / factor;
    let n_rows = map.len() / width / factor;
    assert_eq!(n_rows * n_columns * factor * factor, map.len(), "whole cells");
    let mut sums = vec![0.0; n_rows * n_columns];
    for (i, value) in map.iter().enumerate() {
        sums[i / width / factor * n_columns + i % width / factor] += value;
    }
    sums.into_iter().map(|sum| sum / (factor * factor) as f64).collect()
}

/// Lengths of the wavenumber vectors of a map, in steps of the longer wave that fits into each side.
fn wavenumbers(height: usize, width: usize) -> impl Iterator<Item = f64> {
    // Cycles per coarse cell in the published program; a common factor changes neither slope nor noise, but sides
    // of different lengths do.
    let (rows, columns) = (frequencies(height), frequencies(width));
    rows.flat_map(move |row| {
        let row = row / height as f64;
        columns.clone().map(move |column| row.hypot(column / width as f64))
    })
}
