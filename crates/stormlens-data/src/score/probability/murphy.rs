//! The Murphy diagram: the mean elementary score of all decision thresholds.
//!
//! Ehm, Gneiting, Jordan and Krüger 2016, doi:10.1111/rssb.12154. With the threshold θ, acting in vain costs 2 θ and
//! missing the event 2 (1 − θ); the area under the curve is the Brier score. A forecast whose curve is nowhere above
//! another's is at least as good by every proper score.

use super::Tie;
use crate::score::list::ratio;

/// The mean elementary score at θ; the event is acted upon where the probability is above θ. Best 0.
pub fn murphy_score(ties: &[Tie], theta: f64) -> Option<f64> {
    let cost = |tie: &Tie| match tie.probability > theta {
        true => 2.0 * theta * tie.quiet,
        false => 2.0 * (1.0 - theta) * tie.occurred,
    };
    ratio(ties.iter().map(cost).sum(), ties.iter().map(Tie::weight).sum())
}

/// The score at 0, 0.01, … 1. `None` without cases.
pub fn murphy_curve(ties: &[Tie]) -> Option<Vec<(f64, f64)>> {
    let point = |i: u32| {
        let theta = f64::from(i) / 100.0;
        Some((theta, murphy_score(ties, theta)?))
    };
    (0..=100).map(point).collect()
}
