//! How good probabilities are: of one event (it rains, a scene shows a polar low), or of ordered classes.
//!
//! Everything begins with [`Cases`]: a probability, whether the event came, and which *event id* the case is of (a
//! day, a storm, an acquisition). Cases of one id are not independent trials, so bands and intervals draw ids again
//! and never cases. All scores of one forecast depend on the cases only through [`Tie`]s: how much of each
//! probability came true.
//!
//! | what | where |
//! |---|---|
//! | recalibration | [`Calibration`], [`monotone_exceedance`] |
//! | Brier score, its parts, skill | [`brier`], [`Reliability`] |
//! | CORP reliability diagram with consistency band | [`Reliability`] |
//! | ROC, precision and recall | [`operating_points`], [`roc_area`], [`average_precision`] |
//! | relative economic value | [`value_curve`] |
//! | Murphy diagram | [`murphy_curve`] |
//! | contingency scores at a probability | [`Contingency`] |
//! | ordered classes: RPS, confusion matrix | [`ClassCases`] |
//! | shares of the members of an ensemble, pixel by pixel, streamed | [`ExceedanceCounts`] |
//! | lead times | [`Cases::with_leads`], [`LeadScores`] |
//! | intervals | [`interval`], [`difference_interval`] |
//! | all of it for one forecast, to be stored | [`ProbabilityVerification`], [`PROBABILITY_SCORES`] |
//!
//! The CRPS of ensembles stands in [`super::downscaling`]. A score without a denominator is `None`, never zero.

mod band;
mod brier;
mod cases;
mod classes;
mod contingency;
mod exceedance;
mod isotonic;
mod list;
mod murphy;
mod reliability;
mod resampling;
mod roc;
#[cfg(test)]
mod tests;
mod ties;
mod value;
mod verification;

pub use band::Band;
pub use brier::{brier, brier_skill, skill};
pub use cases::{CaseCount, CaseError, Cases};
pub use classes::{ClassCases, ClassError, Matrix};
pub use contingency::Contingency;
pub use exceedance::ExceedanceCounts;
pub use isotonic::{Calibration, CalibrationError, monotone_exceedance};
pub use list::{PROBABILITY_SCORES, ProbabilityScore};
pub use murphy::{murphy_curve, murphy_score};
pub use reliability::{Bin, Reliability, Step};
pub use resampling::{difference_interval, interval};
pub use roc::{OperatingPoint, average_precision, operating_points, roc_area};
pub use ties::{Tie, base_rate};
pub use value::{ValuePoint, relative_value, value_curve};
pub use verification::{Labels, LeadScores, ProbabilityVerification, ScoreValue, Settings};
