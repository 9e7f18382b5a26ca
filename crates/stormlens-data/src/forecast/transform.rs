//! Rain rates in decibels, 10 log₁₀(R / 1 mm/h), in which rain is nearly normal and errors of all sizes count
//! (Pulkkinen et al. 2019, section 3.1).

use crate::field::Field;

/// Less rain counts as none.
pub const THRESHOLD_MM_H: f64 = 0.1;
/// The same in decibels.
pub const THRESHOLD_DB: f64 = -10.0;
/// What stands for no rain: 5 dB below the threshold.
pub const DRY_DB: f64 = -15.0;

/// Rain of a map in decibels, row by row; NaN stays NaN.
pub fn to_decibels(rain_mm_h: &Field) -> Vec<f64> {
    rain_mm_h.values.iter().map(|&mm_h| decibels(f64::from(mm_h))).collect()
}

fn decibels(mm_h: f64) -> f64 {
    if mm_h < THRESHOLD_MM_H { DRY_DB } else { 10.0 * mm_h.log10() }
}

/// Back to mm/h; nothing below the threshold, NaN stays NaN.
pub fn to_mm_h(decibels: f64) -> f64 {
    if decibels < THRESHOLD_DB { 0.0 } else { 10_f64.powf(decibels / 10.0) }
}
