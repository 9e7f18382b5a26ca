//! Power by wavelength: whether fine rain is as rough as what was observed.

use serde::{Deserialize, Serialize};

use super::Merge;
use crate::downscale::fourier::{frequencies, power};

/// Mean power of square fields of one size by wavenumber, radially averaged. Neither mean nor edges are taken away, so
/// compare two spectra of one kind of fields and do not read slopes off one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spectrum {
    /// Nodes along a side.
    pub size: usize,
    pub n_fields: u64,
    /// Fields that were left out, since some node has no data: a transform needs all of them.
    pub n_left_out: u64,
    /// By wavenumber, waves in a side, from 0 on; sums over fields.
    forecast: Vec<f64>,
    observation: Vec<f64>,
}

impl Spectrum {
    pub fn new(size: usize) -> Self {
        let sums = vec![0.0; size.div_ceil(2)];
        Self { size, n_fields: 0, n_left_out: 0, forecast: sums.clone(), observation: sums }
    }

    /// Adds a pair of fields.
    ///
    /// # Panics
    /// For another size.
    pub fn add(&mut self, forecast: &[f32], observation: &[f32]) {
        let n = self.size * self.size;
        assert_eq!((forecast.len(), observation.len()), (n, n), "squares of side {}", self.size);
        if forecast.iter().chain(observation).any(|value| value.is_nan()) {
            self.n_left_out += 1;
            return;
        }
        self.n_fields += 1;
        for (sums, map) in [(&mut self.forecast, forecast), (&mut self.observation, observation)] {
            let map: Vec<f64> = map.iter().map(|&value| f64::from(value)).collect();
            sums.iter_mut().zip(radial(&map, self.size)).for_each(|(sum, power)| *sum += power);
        }
    }

    /// `[waves in a side, power of the forecast, power of the observation]`, from wave 1 on; empty without fields.
    pub fn means(&self) -> Vec<[f64; 3]> {
        let n = self.n_fields as f64;
        let both = self.forecast.iter().zip(&self.observation).enumerate().skip(1);
        let mean = |(k, (f, o)): (usize, (&f64, &f64))| [k as f64, f / n, o / n];
        if self.n_fields > 0 { both.map(mean).collect() } else { Vec::new() }
    }

    /// Power of the forecast for power of the observation: below 1 where it is too smooth. `None` where nothing was
    /// observed. From wave 1 on.
    pub fn ratios(&self) -> Vec<Option<f64>> {
        let ratio = |[_, f, o]: [f64; 3]| crate::score::list::ratio(f, o);
        self.means().into_iter().map(ratio).collect()
    }
}

impl Merge for Spectrum {
    /// # Panics
    /// If the sizes differ.
    fn merge(&mut self, other: &Self) {
        assert_eq!(self.size, other.size, "equally long spectra");
        self.n_fields += other.n_fields;
        self.n_left_out += other.n_left_out;
        self.forecast.iter_mut().zip(&other.forecast).for_each(|(a, b)| *a += b);
        self.observation.iter_mut().zip(&other.observation).for_each(|(a, b)| *a += b);
    }
}

/// Mean power on rings of whole wavenumbers, over the number of nodes.
pub(super) fn radial(map: &[f64], size: usize) -> Vec<f64> {
    let mut rings = vec![(0.0, 0_u64); size.div_ceil(2)];
    let lengths =
        frequencies(size).flat_map(|row| frequencies(size).map(move |column| row.hypot(column)));
    for (length, power) in lengths.zip(power(map, size)) {
        // Even to even, as NumPy rounds.
        if let Some((sum, n)) = rings.get_mut(length.round_ties_even() as usize) {
            *sum += power;
            *n += 1;
        }
    }
    let n_nodes = (size * size) as f64;
    rings.into_iter().map(|(sum, n)| sum / n as f64 / n_nodes).collect()
}
