//! What is counted of one forecast at one lead time in one part.

use serde::{Deserialize, Serialize};

use super::{INTENSITY_EDGES_MM_H, Settings, StructureSums};
use crate::field::Field;
use crate::score::downscaling::{Fractions, Merge, Missing, Spectrum};
use crate::score::{Counts, Moments, Tally};

/// Sums and counts, of which all scores are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForecastSums {
    /// By threshold.
    pub counts: Vec<Counts>,
    pub moments: Moments,
    pub fractions: Fractions,
    /// Of the largest square in the middle of a map, where half of it is known at least. What is not known is dry in both
    /// maps, so that edges are the same in both.
    pub spectrum: Spectrum,
    /// By class of the observed intensity.
    pub by_intensity: Vec<Moments>,
    pub structure: StructureSums,
}

impl ForecastSums {
    pub fn new(settings: &Settings) -> Self {
        let Settings { thresholds, scales_px, size: [height, width], .. } = settings;
        Self {
            counts: vec![Counts::default(); thresholds.len()],
            moments: Moments::default(),
            fractions: Fractions::new(thresholds, scales_px, Missing::LeftOut),
            spectrum: Spectrum::new(*height.min(width)),
            by_intensity: vec![Moments::default(); INTENSITY_EDGES_MM_H.len() + 1],
            structure: StructureSums::default(),
        }
    }

    /// Counts a pair of maps of one size, in the field's unit.
    pub fn add(&mut self, settings: &Settings, forecast: &Field, observation: &Field) {
        for (counts, &threshold) in self.counts.iter_mut().zip(&settings.thresholds) {
            counts.add(threshold, forecast, observation);
        }
        for (&f, &o) in forecast.values.iter().zip(&observation.values) {
            if f.is_nan() || o.is_nan() {
                continue;
            }
            let (f, o) = (f64::from(f), f64::from(o));
            self.moments.add(f, o);
            let class = INTENSITY_EDGES_MM_H.iter().filter(|&&edge| o >= edge).count();
            self.by_intensity[class].add(f, o);
        }
        self.fractions.add(forecast.width, &forecast.values, &observation.values);
        let [forecast_square, observed_square] = squares(forecast, observation);
        self.spectrum.add(&forecast_square, &observed_square);
        self.structure.add(forecast, observation, settings.spacing_km);
    }

    /// Counts and sums by threshold.
    pub fn tallies(&self) -> impl Iterator<Item = Tally> {
        self.counts.iter().map(|&counts| Tally { counts, moments: self.moments })
    }
}

impl Merge for ForecastSums {
    /// # Panics
    /// If the settings differ.
    fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(a, b)| a.merge(b));
        self.moments.merge(&other.moments);
        self.fractions.merge(&other.fractions);
        self.spectrum.merge(&other.spectrum);
        self.by_intensity.iter_mut().zip(&other.by_intensity).for_each(|(a, b)| a.merge(b));
        self.structure.merge(&other.structure);
    }
}

/// The largest squares in the middle of two maps, with zeros where either is not known; as they are where less than half of
/// them is known, which no spectrum is taken of.
fn squares(forecast: &Field, observation: &Field) -> [Vec<f32>; 2] {
    let [mut forecast, mut observed] = [forecast, observation].map(middle);
    let is_missing = |(f, o): (&f32, &f32)| f.is_nan() || o.is_nan();
    let n_missing = forecast.iter().zip(&observed).filter(|pair| is_missing(*pair)).count();
    if 2 * n_missing <= forecast.len() {
        for (f, o) in forecast.iter_mut().zip(&mut observed) {
            if is_missing((f, o)) {
                (*f, *o) = (0.0, 0.0);
            }
        }
    }
    [forecast, observed]
}

/// The largest square in the middle of a map.
fn middle(map: &Field) -> Vec<f32> {
    let side = map.height.min(map.width);
    let (top, left) = ((map.height - side) / 2, (map.width - side) / 2);
    let rows = map.values.chunks_exact(map.width).skip(top).take(side);
    rows.flat_map(|row| &row[left..left + side]).copied().collect()
}
