//! What happens when one acts from some probability on: ROC, precision and recall.

use serde::{Deserialize, Serialize};

use super::{Tie, base_rate};
use crate::score::list::ratio;

/// Points nearer to the last one than this are left out of curves, which are drawn. Areas are of all points.
const APART: f64 = 0.01;

/// Rates when the event is forecast from a probability on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperatingPoint {
    /// The event is forecast where the probability is at least that; `None`: never.
    pub threshold: Option<f64>,
    /// Hits / all that occurred: POD, recall.
    pub hit_rate: f64,
    /// False alarms / all that did not occur: POFD.
    pub false_alarm_rate: f64,
}

impl OperatingPoint {
    /// Hits / all that were forecast (precision, 1 − FAR), where the event occurs in a share `base_rate` of cases.
    pub fn precision(&self, base_rate: f64) -> Option<f64> {
        let hits = self.hit_rate * base_rate;
        ratio(hits, hits + self.false_alarm_rate * (1.0 - base_rate))
    }

    /// Forecast per observed events, where the event occurs in a share `base_rate` of cases.
    pub fn frequency_bias(&self, base_rate: f64) -> Option<f64> {
        let forecast = self.hit_rate * base_rate + self.false_alarm_rate * (1.0 - base_rate);
        ratio(forecast, base_rate)
    }
}

/// Every point, from never to always. `None` where the event always or never occurs.
pub(super) fn all_points(ties: &[Tie]) -> Option<Vec<OperatingPoint>> {
    let sum = |of: fn(&Tie) -> f64| ties.iter().map(of).sum::<f64>();
    let (occurred, quiet) = (sum(|t| t.occurred), sum(|t| t.quiet));
    if occurred == 0.0 || quiet == 0.0 {
        return None;
    }
    let (mut hits, mut false_alarms) = (0.0, 0.0);
    let never = OperatingPoint { threshold: None, hit_rate: 0.0, false_alarm_rate: 0.0 };
    let point = |tie: &Tie| {
        hits += tie.occurred;
        false_alarms += tie.quiet;
        OperatingPoint {
            threshold: Some(tie.probability),
            // Sums of weights may end beside 1.
            hit_rate: (hits / occurred).min(1.0),
            false_alarm_rate: (false_alarms / quiet).min(1.0),
        }
    };
    Some(std::iter::once(never).chain(ties.iter().rev().map(point)).collect())
}

/// The curve of ROC, precision–recall and performance diagrams, from never to always, without points that lie
/// within a hundredth of the one before. `None` where the event always or never occurs.
pub fn operating_points(ties: &[Tie]) -> Option<Vec<OperatingPoint>> {
    let all = all_points(ties)?;
    let last = all.len() - 1;
    let mut kept: Vec<OperatingPoint> = Vec::new();
    for (i, point) in all.into_iter().enumerate() {
        let is_near = kept.last().is_some_and(|before| {
            let across = point.false_alarm_rate - before.false_alarm_rate;
            (point.hit_rate - before.hit_rate).max(across) < APART
        });
        // The first points decide about precision.
        if !is_near || i == last || kept.len() < 20 {
            kept.push(point);
        }
    }
    Some(kept)
}

/// Area under the ROC curve: how often a case with the event has a higher probability than one without, ties
/// counting half (Hanley and McNeil 1982). Best 1; 0.5 is no order at all.
pub fn roc_area(ties: &[Tie]) -> Option<f64> {
    let (mut below, mut occurred, mut pairs) = (0.0, 0.0, 0.0);
    for tie in ties {
        pairs += tie.occurred * (below + tie.quiet / 2.0);
        below += tie.quiet;
        occurred += tie.occurred;
    }
    ratio(pairs, occurred * below)
}

/// Area under precision over recall as a sum of steps: the mean of the precision at each event. `None` where the event
/// never occurs.
pub fn average_precision(ties: &[Tie]) -> Option<f64> {
    base_rate(ties)?;
    let (mut hits, mut forecast, mut sum) = (0.0, 0.0, 0.0);
    for tie in ties.iter().rev() {
        hits += tie.occurred;
        forecast += tie.weight();
        sum += tie.occurred * hits / forecast;
    }
    ratio(sum, hits)
}
