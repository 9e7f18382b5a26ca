//! All that is counted of one forecast.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Fractions, MassResidual, Merge, Moments, RainHistogram, Spectrum};
use crate::downscale::{Geometry, LogScale, coarse_means, inner};

/// Lower bounds of bands of elevation, metres; the first holds everything below the second.
pub const ELEVATION_BANDS_M: [f64; 6] = [f64::NEG_INFINITY, 500.0, 1000.0, 1500.0, 2000.0, 2500.0];

/// A network that says −1 mm says minus infinity in its own unit; rounding to float32 does, too.
const LEAST_MM: f64 = -0.999_999;

/// Sums and counts of tiles of one forecast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verified {
    geometry: Geometry,
    scale: LogScale,
    pub n_fields: u64,
    /// Rain as it is, without clipping.
    pub mm: Moments,
    /// In the network's unit.
    pub z: Moments,
    pub forecast: RainHistogram,
    pub observation: RainHistogram,
    pub fractions: Fractions,
    pub spectrum: Spectrum,
    pub mass: MassResidual,
    /// By id of the tile, mm.
    pub by_tile: BTreeMap<usize, Moments>,
    /// By place in [`ELEVATION_BANDS_M`], mm.
    pub by_elevation: Vec<Moments>,
}

impl Verified {
    /// Nothing counted yet; `fractions` has thresholds, scales and its rule for missing nodes, and no sums.
    pub fn new(geometry: Geometry, scale: LogScale, fractions: Fractions) -> Self {
        Self {
            geometry,
            scale,
            n_fields: 0,
            mm: Moments::default(),
            z: Moments::default(),
            forecast: RainHistogram::default(),
            observation: RainHistogram::default(),
            fractions,
            spectrum: Spectrum::new(geometry.size),
            mass: MassResidual::default(),
            by_tile: BTreeMap::new(),
            by_elevation: vec![Moments::default(); ELEVATION_BANDS_M.len()],
        }
    }

    /// Counts a tile: forecast and observation `[size, size]` mm, coarse rain with padding, terrain in metres (`None`:
    /// not counted by elevation).
    ///
    /// # Panics
    /// If sizes differ.
    pub fn add(
        &mut self,
        tile: usize,
        [forecast, observation]: [&[f32]; 2],
        coarse_mm: &[f64],
        elevation_m: Option<&[f32]>,
    ) {
        let (size, scale) = (self.geometry.size, self.scale);
        assert_eq!((forecast.len(), observation.len()), (size * size, size * size), "tiles");
        let of_tile = self.by_tile.entry(tile).or_default();
        for (i, (&f, &o)) in forecast.iter().zip(observation).enumerate() {
            if f.is_nan() || o.is_nan() {
                continue;
            }
            let (f, o) = (f64::from(f), f64::from(o));
            self.mm.add(f, o);
            of_tile.add(f, o);
            self.z.add(scale.z(f.max(LEAST_MM)), scale.z(o));
            self.forecast.add(f);
            self.observation.add(o);
            if let Some(height) = elevation_m.map(|terrain| f64::from(terrain[i])) {
                let band = ELEVATION_BANDS_M.iter().rposition(|&from| height >= from);
                if let Some(band) = band {
                    self.by_elevation[band].add(f, o);
                }
            }
        }
        self.fractions.add(size, forecast, observation);
        self.spectrum.add(forecast, observation);
        let means = coarse_means(forecast, size, self.geometry.factor());
        self.mass.add(&means, &inner(coarse_mm, &self.geometry));
        self.n_fields += 1;
    }
}

impl Merge for Verified {
    /// # Panics
    /// If geometry, unit, thresholds or scales differ.
    fn merge(&mut self, other: &Self) {
        assert_eq!((self.geometry, self.scale), (other.geometry, other.scale), "of one kind");
        self.n_fields += other.n_fields;
        self.mm.merge(&other.mm);
        self.z.merge(&other.z);
        self.forecast.merge(&other.forecast);
        self.observation.merge(&other.observation);
        self.fractions.merge(&other.fractions);
        self.spectrum.merge(&other.spectrum);
        self.mass.merge(&other.mass);
        for (tile, moments) in &other.by_tile {
            self.by_tile.entry(*tile).or_default().merge(moments);
        }
        self.by_elevation.iter_mut().zip(&other.by_elevation).for_each(|(a, b)| a.merge(b));
    }
}
