//! How good a forecast is: accumulators over pixels and samples, and the table made of them.
//!
//! What a score is stands in one place, [`SCORES`]: its name, meaning, unit, best value and the
//! function of counts or sums that it is. Files, pages and commands loop over that list.
//!
//! Every score is *micro-averaged*: counts and sums run over all pixels of all samples, and ratios
//! are taken once at the end. Pixels missing in either map count nowhere. A ratio without a
//! denominator is `None`, never zero.

use crate::card::NowcastField;

pub mod classification;
pub mod downscaling;
pub mod events;
pub(crate) mod list;
mod moments;
pub mod probability;
mod resampling;
mod table;
mod tally;
mod verification;

/// The forecast that is verified, in tables.
pub const MODEL: &str = "model";
/// The reference forecast that is always beside it: the last input frame, unchanged, at every lead time.
pub const PERSISTENCE: &str = "persistence";

pub use list::{Basis, SCORES, Score};
pub use moments::Moments;
pub use table::{ScoreRow, ScoreTable};
pub use tally::{Counts, Tally};
pub use verification::{Verification, verify};

/// Rain rates from which rain counts as an event, unless the visitor chooses others.
pub const DEFAULT_THRESHOLDS_MM_H: [f64; 5] = [0.5, 1.0, 2.0, 5.0, 10.0];

/// Thresholds that the evaluation of SpaT-SparK names.
pub const PUBLISHED_THRESHOLDS: [f64; 3] = [0.2, 0.5, 1.0];

/// Rain rates in mm/h that the evaluation of SpaT-SparK in fact compares with where it says [`PUBLISHED_THRESHOLDS`], for
/// frames in mm in 5 minutes divided by `normaliser`.
///
/// The authors' program multiplies forecast and observation by 12 once more for each threshold, and never by the normaliser:
/// for 47.18 these are 9.4, 1.97 and 0.33 mm/h. Only to compare numbers with those of that program.
pub fn published_thresholds_mm_h(normaliser: f64) -> [f64; 3] {
    let mut factor = 1.0;
    PUBLISHED_THRESHOLDS.map(|threshold| {
        factor *= 12.0;
        threshold / factor * normaliser * 12.0
    })
}

/// Values of a field, in physical units, from which a pixel counts as an event, unless the visitor
/// chooses others. Cloud cover is 0 or 1 and forecasts of it are cut at one half, as the reference
/// program does.
pub fn default_thresholds(field: NowcastField) -> &'static [f64] {
    match field {
        NowcastField::Precipitation => &DEFAULT_THRESHOLDS_MM_H,
        NowcastField::CloudCover => &[0.5],
    }
}

#[cfg(test)]
mod tests;
