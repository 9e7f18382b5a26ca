//! Amounts of rain, counted in classes, so that a year of frames takes no more memory than one.

use super::{Likeness, PROBABILITIES};
use crate::import::radar::Measured;

/// So much rain makes a pixel wet, mm/h.
const WET_MM_H: f64 = 0.1;
/// Classes of amounts, each larger by a fortieth of a power of ten (5.9 %), from 0.1 mm/h to 10⁵ mm/h.
const N_CLASSES: usize = 240;
const CLASSES_PER_DECADE: f64 = 40.0;

/// What is counted.
pub(super) struct Amounts {
    n_pixels: usize,
    n_known: usize,
    wet_shares: Option<[f64; 2]>,
    classes: [usize; N_CLASSES],
    largest: Option<f64>,
}

impl Default for Amounts {
    fn default() -> Self {
        let classes = [0; N_CLASSES];
        Self { n_pixels: 0, n_known: 0, wet_shares: None, classes, largest: None }
    }
}

impl Amounts {
    /// Adds a map in mm/h; what is NaN is not known.
    pub fn add(&mut self, map: &[f32]) {
        let (mut n_known, mut n_wet) = (0, 0);
        for rate in map.iter().filter(|rate| !rate.is_nan()).map(|&rate| f64::from(rate)) {
            n_known += 1;
            self.largest = Some(self.largest.map_or(rate, |most| most.max(rate)));
            if rate >= WET_MM_H {
                n_wet += 1;
                let class = ((rate / WET_MM_H).log10() * CLASSES_PER_DECADE) as usize;
                self.classes[class.min(N_CLASSES - 1)] += 1;
            }
        }
        self.n_pixels += map.len();
        self.n_known += n_known;
        if n_known > 0 {
            let share = f64::from(n_wet) / n_known as f64;
            let [least, most] = self.wet_shares.unwrap_or([share; 2]);
            self.wet_shares = Some([least.min(share), most.max(share)]);
        }
    }

    pub fn finish(
        self,
        (source, measured, spacing_km): (&str, Option<Measured>, f64),
        frame_step_min: u32,
    ) -> Likeness {
        let n_wet: usize = self.classes.iter().sum();
        Likeness {
            source: source.to_owned(),
            measured,
            spacing_km,
            frame_step_min,
            known_share: self.n_known as f64 / self.n_pixels.max(1) as f64,
            wet_shares: self.wet_shares,
            quantiles_mm_h: (n_wet > 0).then(|| PROBABILITIES.map(|p| self.quantile(p, n_wet))),
            maximum_mm_h: self.largest,
        }
    }

    /// The middle of the class in which the quantile lies.
    fn quantile(&self, probability: f64, n_wet: usize) -> f64 {
        let wanted = probability * n_wet as f64;
        let mut n_below = 0.0;
        let is_reached = |n: &usize| {
            n_below += *n as f64;
            n_below >= wanted
        };
        let class = self.classes.iter().position(is_reached).unwrap_or(N_CLASSES - 1);
        WET_MM_H * 10f64.powf((class as f64 + 0.5) / CLASSES_PER_DECADE)
    }
}
