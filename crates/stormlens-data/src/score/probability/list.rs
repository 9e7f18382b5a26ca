//! The scores of probabilities: one entry each.

use super::reliability::parts;
use super::{Contingency, Tie, average_precision, brier, brier_skill, roc_area};

/// A score of probabilities of one event.
#[derive(Clone, Copy, Debug)]
pub struct ProbabilityScore {
    /// Name in files, e.g. `brier_skill`.
    pub name: &'static str,
    /// Name for people.
    pub label: &'static str,
    /// What it is, in one line for a legend.
    pub meaning: &'static str,
    /// Empty: all are ratios or in units of probability.
    pub unit: &'static str,
    /// The value of a perfect forecast; `None` where it is no measure of quality.
    pub best: Option<f64>,
    /// Whether it depends on the probability from which the event is forecast.
    pub is_of_decision: bool,
    /// Of the cases, and of that probability. `None` without a denominator.
    pub of: fn(&[Tie], f64) -> Option<f64>,
}

impl ProbabilityScore {
    /// The score of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        PROBABILITY_SCORES.iter().find(|score| score.name == name)
    }
}

const fn score(
    name: &'static str,
    label: &'static str,
    meaning: &'static str,
    best: Option<f64>,
    of: fn(&[Tie], f64) -> Option<f64>,
) -> ProbabilityScore {
    ProbabilityScore { name, label, meaning, unit: "", best, is_of_decision: false, of }
}

const fn decision(
    name: &'static str,
    label: &'static str,
    meaning: &'static str,
    best: f64,
    of: fn(&[Tie], f64) -> Option<f64>,
) -> ProbabilityScore {
    ProbabilityScore { name, label, meaning, unit: "", best: Some(best), is_of_decision: true, of }
}

/// All of them, in the order of tables: H hits, M misses, F false alarms, C correct negatives when the event is
/// forecast from the decision's probability on.
pub const PROBABILITY_SCORES: [ProbabilityScore; 15] = [
    score("brier", "Brier score", "Mean squared error of the probability", Some(0.0), |t, _| {
        brier(t)
    }),
    score(
        "brier_skill",
        "Brier skill",
        "1 − Brier score / that of the base rate of these cases",
        Some(1.0),
        |t, _| brier_skill(t),
    ),
    score(
        "miscalibration",
        "MCB",
        "Miscalibration: what recalibration on these cases would take from the Brier score; cases drawn again have more of it, so the interval may lie above it",
        Some(0.0),
        |t, _| parts(t).map(|parts| parts[0]),
    ),
    score(
        "discrimination",
        "DSC",
        "Discrimination: what the recalibrated forecast is better than the base rate; the larger, the better",
        None,
        |t, _| parts(t).map(|parts| parts[1]),
    ),
    score("uncertainty", "UNC", "Uncertainty: Brier score of the base rate", None, |t, _| {
        parts(t).map(|parts| parts[2])
    }),
    score(
        "roc_area",
        "ROC area",
        "A case with the event has a higher probability than one without; 0.5 by chance",
        Some(1.0),
        |t, _| roc_area(t),
    ),
    score(
        "average_precision",
        "Average precision",
        "Mean of the precision at each event; the base rate by chance",
        Some(1.0),
        |t, _| average_precision(t),
    ),
    decision("pod", "POD", "Probability of detection or recall, H / (H + M)", 1.0, |t, p| {
        at(t, p).pod()
    }),
    decision("far", "FAR", "False alarm ratio, F / (H + F)", 0.0, |t, p| at(t, p).far()),
    decision("csi", "CSI", "Critical success index, H / (H + M + F)", 1.0, |t, p| at(t, p).csi()),
    decision(
        "frequency_bias",
        "Bias",
        "Frequency bias, forecast per observed events, (H + F) / (H + M)",
        1.0,
        |t, p| at(t, p).frequency_bias(),
    ),
    decision(
        "hss",
        "HSS",
        "Heidke skill score, skill over chance, 2 (H C − M F) / ((H + M)(M + C) + (H + F)(F + C))",
        1.0,
        |t, p| at(t, p).hss(),
    ),
    decision(
        "ets",
        "ETS",
        "Equitable threat score, CSI without the hits of chance",
        1.0,
        |t, p| at(t, p).ets(),
    ),
    decision("accuracy", "Accuracy", "Share of right cases, (H + C) / all", 1.0, |t, p| {
        at(t, p).accuracy()
    }),
    decision("f1", "F1", "Harmonic mean of precision and POD, 2 H / (2 H + M + F)", 1.0, |t, p| {
        at(t, p).f1()
    }),
];

fn at(ties: &[Tie], probability: f64) -> Contingency {
    Contingency::at(ties, probability)
}
