//! How good fine rain is: sums and counts over any number of tiles and times.
//!
//! Everything here is an accumulator: fields are added one by one, accumulators are merged, numbers are taken at the
//! end. What is kept does not grow with the fields, but for the parts that intervals are made of. Nodes without data
//! in either field count nowhere. Maps are row by row; rain is in mm in the interval.
//!
//! | what | accumulator |
//! |---|---|
//! | MSE, MAE, bias, r, wet share | [`Moments`], in mm and in the network's unit, and the list [`CONTINUOUS_SCORES`] |
//! | quantiles, Q–Q | [`RainHistogram`] |
//! | Fractions Skill Score | [`Fractions`] |
//! | radial power spectrum | [`Spectrum`] |
//! | mass of coarse cells | [`MassResidual`] |
//! | ensembles | [`EnsembleSums`] |
//! | by tile, by elevation | [`Verified`] |
//! | intervals | [`resampled_interval`] |

mod ensemble;
mod fractions;
mod list;
mod mass;
mod quantiles;
mod resampling;
mod spectrum;
#[cfg(test)]
mod tests;
mod verified;

pub use super::moments::Moments;
pub use ensemble::EnsembleSums;
pub use fractions::{Fractions, FractionsSums, Missing};
pub use list::{CONTINUOUS_SCORES, ContinuousScore};
pub use mass::MassResidual;
pub use quantiles::{QUANTILES, QuantileCurve, QuantileCurves, RainHistogram};
pub use resampling::{Estimate, resampled_interval};
pub use spectrum::Spectrum;
pub use verified::{ELEVATION_BANDS_M, Verified};

/// Rain from which a node is wet, mm in the interval.
pub const WET_MM: f64 = 0.1;

/// Accumulators of one kind that can be put together.
pub trait Merge: Clone {
    /// Adds what another one has counted.
    fn merge(&mut self, other: &Self);
}
