//! Noise with the spectrum of rain (pysteps' non-parametric filter; Seed, Pierce and Norman, Water Resour. Res. 49,
//! 2013): white noise, whose transform is multiplied with the amplitudes of that of rain.

use rustfft::FftDirection;
use rustfft::num_complex::Complex64;

use super::cascade::spectrum;
use crate::downscale::fourier;
use crate::simulate::Random;

/// Amplitudes of rain at each wavenumber vector.
#[derive(Clone, Debug, PartialEq)]
pub struct NoiseFilter {
    pub width: usize,
    /// In the order of a Fourier transform.
    pub amplitudes: Vec<f64>,
}

/// Share of a map that tapers off towards its border.
const TAPER: f64 = 0.2;

impl NoiseFilter {
    /// Amplitudes of the mean transform of maps of rain in decibels, without the jump from dry to wet and tapered to 0
    /// at the border.
    ///
    /// # Panics
    /// Without maps, or for maps that are no whole number of rows.
    pub fn new(maps: &[Vec<f64>], width: usize) -> Self {
        let values = || maps.iter().flatten().copied();
        let lowest = values().fold(f64::INFINITY, f64::min);
        let least = values().filter(|&value| value > lowest).fold(f64::INFINITY, f64::min);
        let jump = if least.is_finite() { least - lowest } else { 0.0 };
        let mut sum = vec![Complex64::new(0.0, 0.0); maps[0].len()];
        for map in maps {
            let smooth = |&value: &f64| if value > lowest { value - jump } else { value };
            let map: Vec<f64> = map.iter().map(smooth).collect();
            sum.iter_mut().zip(spectrum(&tapered(map, width), width)).for_each(|(s, f)| *s += f);
        }
        let amplitudes = sum.iter().map(|sum| sum.norm() / maps.len() as f64).collect();
        Self { width, amplitudes }
    }

    /// The transform of a field of noise, of any scale.
    pub fn spectrum(&self, random: &mut Random) -> Vec<Complex64> {
        let white: Vec<f64> = self.amplitudes.iter().map(|_| random.normal()).collect();
        let mut noise = spectrum(&white, self.width);
        noise.iter_mut().zip(&self.amplitudes).for_each(|(n, amplitude)| *n *= amplitude);
        noise
    }

    /// A field of noise with mean 0 and variance 1; 0 where rain has no structure.
    pub fn field(&self, random: &mut Random) -> Vec<f64> {
        let mut noise = self.spectrum(random);
        noise[0] = Complex64::new(0.0, 0.0);
        fourier::transform(&mut noise, self.width, FftDirection::Inverse);
        let n = noise.len() as f64;
        let deviation = (noise.iter().map(|value| value.re * value.re).sum::<f64>() / n).sqrt();
        let scale = if deviation > 0.0 { 1.0 / deviation } else { 0.0 };
        noise.iter().map(|value| value.re * scale).collect()
    }
}

/// Above the lowest value and multiplied with Tukey's window of the distance from the middle.
fn tapered(mut map: Vec<f64>, width: usize) -> Vec<f64> {
    let height = map.len() / width;
    let lowest = map.iter().copied().fold(f64::INFINITY, f64::min);
    for (i, value) in map.iter_mut().enumerate() {
        let x = (i % width) as f64 / width as f64 - 0.5;
        let y = (i / width) as f64 / height as f64 - 0.5;
        *value = (*value - lowest) * tukey(x.hypot(y));
    }
    map
}

/// 1 in the middle, 0 from a distance of ½ on.
fn tukey(distance: f64) -> f64 {
    match distance {
        d if d >= 0.5 => 0.0,
        d if d > 0.5 * (1.0 - TAPER) => {
            let phase = d / (TAPER * 0.5) - 1.0 / TAPER + 1.0;
            0.5 * (1.0 + (std::f64::consts::PI * phase).cos())
        }
        _ => 1.0,
    }
}
