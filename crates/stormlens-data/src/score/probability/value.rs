//! What a forecast is worth to somebody who can protect something at a cost: the cost–loss model.
//!
//! Richardson 2000, doi:10.1002/qj.49712656313. Protecting costs C and avoids the loss L. With the base rate s, a
//! user without a forecast always or never protects, whichever is cheaper, and spends min(C, s L). The value is the part
//! of what perfect forecasts would save that these ones save: 1 is perfect, 0 is no better than the base rate,
//! below 0 one should not use them.

use serde::{Deserialize, Serialize};

use super::roc::all_points;
use super::{OperatingPoint, Tie, base_rate};
use crate::score::list::ratio;

/// Ratios below 0.01, for rare events.
const SMALL: [f64; 6] = [0.001, 0.0015, 0.002, 0.003, 0.005, 0.007];

/// Values at one ratio of cost to loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValuePoint {
    /// C / L.
    pub cost_loss: f64,
    /// Of a user who takes the probability for what it says and protects from C / L on.
    pub as_said: f64,
    /// Of a user who knows the best probability to act from, known only afterwards: the envelope, never below 0.
    pub envelope: f64,
}

/// Value of acting at a hit rate and a false alarm rate. `None` where nothing can be saved: a ratio or a base rate of
/// 0 or 1.
pub fn relative_value(point: &OperatingPoint, base_rate: f64, cost_loss: f64) -> Option<f64> {
    let OperatingPoint { hit_rate, false_alarm_rate, .. } = *point;
    let without = cost_loss.min(base_rate);
    let protecting = (base_rate * hit_rate + (1.0 - base_rate) * false_alarm_rate) * cost_loss;
    let with = protecting + base_rate * (1.0 - hit_rate);
    // Rounding leaves something of a denominator that is zero.
    let saved = without - base_rate * cost_loss;
    ratio(without - with, if saved > 1e-15 { saved } else { 0.0 })
}

/// Value over C / L, from 0.001 to 0.99, with the base rate among them, where forecasts are worth most. `None` where
/// the event always or never occurs.
pub fn value_curve(ties: &[Tie]) -> Option<Vec<ValuePoint>> {
    let (points, rate) = (all_points(ties)?, base_rate(ties)?);
    let mut ratios: Vec<f64> =
        SMALL.into_iter().chain((1..100).map(|i| f64::from(i) / 100.0)).collect();
    ratios.push(rate);
    ratios.sort_by(f64::total_cmp);
    ratios.dedup();
    Some(ratios.into_iter().filter_map(|cost_loss| value(&points, rate, cost_loss)).collect())
}

fn value(points: &[OperatingPoint], rate: f64, cost_loss: f64) -> Option<ValuePoint> {
    let acts = |point: &&OperatingPoint| point.threshold.is_none_or(|p| p >= cost_loss);
    let as_said = relative_value(points.iter().rfind(acts)?, rate, cost_loss)?;
    let all = points.iter().filter_map(|point| relative_value(point, rate, cost_loss));
    Some(ValuePoint { cost_loss, as_said, envelope: all.fold(f64::NEG_INFINITY, f64::max) })
}
