//! From coarse nodes to fine ones by bilinear interpolation: where values belong, and where they were published.
//!
//! The published program upsamples 10 × 10 values to 80 × 80 with the convention of pixel *areas* and cuts out the
//! middle, although the values stand at *points*: what it puts at fine node `k` belongs 3.5 nodes (0.109°) to the
//! south-west. Its baseline upsamples the 8 × 8 values without padding in the same way.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Geometry;

/// Where interpolated values are placed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// At the coordinates of the fine nodes.
    #[default]
    Aligned,
    /// As published, 3.5 fine nodes aside.
    Reference,
}

impl Registration {
    pub const ALL: [Self; 2] = [Self::Aligned, Self::Reference];

    pub fn name(self) -> &'static str {
        match self {
            Self::Aligned => "aligned",
            Self::Reference => "reference",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|registration| registration.name() == text)
    }
}

impl fmt::Display for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Places between coarse nodes that fine nodes take values from, in steps of coarse nodes.
type Places = Vec<f64>;

/// Fine nodes by their coordinates.
fn aligned(geometry: &Geometry) -> Places {
    let first = geometry.padding as f64 + geometry.first_fine_deg() / geometry.coarse_deg;
    let step = geometry.fine_deg / geometry.coarse_deg;
    (0..geometry.size).map(|k| first + k as f64 * step).collect()
}

/// Pixels of an area `factor` times finer: centre on centre, `(k + ½) / factor − ½`, from pixel `skip` on.
fn half_pixel(factor: usize, size: usize, skip: usize) -> Places {
    (0..size).map(|k| ((k + skip) as f64 + 0.5) / factor as f64 - 0.5).collect()
}

/// The interpolated input channel of the network: coarse `[n_coarse, n_coarse]` in any unit to `[size, size]`.
///
/// # Panics
/// If `coarse` has another size.
pub fn channel(coarse: &[f64], geometry: &Geometry, registration: Registration) -> Vec<f64> {
    assert_eq!(coarse.len(), geometry.n_coarse().pow(2), "coarse values with padding");
    let places = match registration {
        Registration::Aligned => aligned(geometry),
        Registration::Reference => {
            let factor = geometry.factor();
            half_pixel(factor, geometry.size, geometry.padding * factor)
        }
    };
    interpolate(coarse, geometry.n_coarse(), &places)
}

/// The bilinear rival: aligned it is the aligned [`channel`], with the values around the tile; as published it
/// has the values inside only.
///
/// # Panics
/// As [`channel`].
pub fn bilinear(coarse: &[f64], geometry: &Geometry, registration: Registration) -> Vec<f64> {
    match registration {
        Registration::Aligned => channel(coarse, geometry, registration),
        Registration::Reference => {
            upsample(&inner(coarse, geometry), geometry.n_inner(), geometry.factor())
        }
    }
}

/// Square maps `factor` times finer with the convention of pixel areas; edges repeat.
///
/// # Panics
/// If `values` is no square of that side.
pub fn upsample(values: &[f64], side: usize, factor: usize) -> Vec<f64> {
    assert_eq!(values.len(), side * side, "a square");
    interpolate(values, side, &half_pixel(factor, side * factor, 0))
}

/// Coarse values without padding.
pub fn inner(coarse: &[f64], geometry: &Geometry) -> Vec<f64> {
    let (n, padding) = (geometry.n_coarse(), geometry.padding);
    let rows = coarse.chunks_exact(n).skip(padding).take(geometry.n_inner());
    rows.flat_map(|row| &row[padding..padding + geometry.n_inner()]).copied().collect()
}

/// Coarse values of fine ones on shared nodes: every `factor`-th of them.
pub fn coarse_of(fine: &[f64], geometry: &Geometry) -> Vec<f64> {
    let (size, factor) = (geometry.size, geometry.factor());
    let rows = fine.chunks_exact(size).step_by(factor);
    rows.flat_map(|row| row.iter().step_by(factor)).copied().collect()
}

fn interpolate(values: &[f64], side: usize, places: &[f64]) -> Vec<f64> {
    let last = side - 1;
    let between: Vec<(usize, usize, f64)> = places
        .iter()
        .map(|&place| {
            let place = place.clamp(0.0, last as f64);
            let low = place.floor() as usize;
            (low, (low + 1).min(last), place - low as f64)
        })
        .collect();
    let along = |row: usize, (low, high, weight): (usize, usize, f64)| {
        let [a, b] = [low, high].map(|column| values[row * side + column]);
        if weight == 0.0 { a } else { a * (1.0 - weight) + b * weight }
    };
    let of_row = |&(low, high, weight): &(usize, usize, f64)| {
        between.iter().map(move |&column| match weight {
            0.0 => along(low, column),
            weight => along(low, column) * (1.0 - weight) + along(high, column) * weight,
        })
    };
    between.iter().flat_map(of_row).collect()
}
