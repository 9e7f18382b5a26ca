//! The Brier score, and how much better it is than another.

use super::{Tie, base_rate};
use crate::score::list::ratio;

/// Mean of (probability − outcome)², where an outcome is 0 or 1 (Brier 1950). Best 0.
pub fn brier(ties: &[Tie]) -> Option<f64> {
    let square =
        |t: &Tie| t.occurred * (1.0 - t.probability).powi(2) + t.quiet * t.probability.powi(2);
    ratio(ties.iter().map(square).sum(), ties.iter().map(Tie::weight).sum())
}

/// Skill of a score whose best value is 0 over that of a reference forecast: 1 − score / reference. Best 1; 0 is as
/// good as the reference.
pub fn skill(score: Option<f64>, reference: Option<f64>) -> Option<f64> {
    ratio(score?, reference?).map(|share| 1.0 - share)
}

/// The Brier score's skill over the base rate of the same cases, a climatology that knows them. `None` where the
/// event always or never occurs.
pub fn brier_skill(ties: &[Tie]) -> Option<f64> {
    skill(brier(ties), uncertainty(ties))
}

/// Brier score of the base rate itself: UNC.
pub(super) fn uncertainty(ties: &[Tie]) -> Option<f64> {
    base_rate(ties).map(|rate| rate * (1.0 - rate))
}
