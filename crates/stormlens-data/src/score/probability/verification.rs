//! All that is known of one forecast of one event, to be stored and drawn.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::resampling::intervals;
use super::{
    Band, Cases, Contingency, OperatingPoint, PROBABILITY_SCORES, ProbabilityScore, Reliability,
    Step, ValuePoint, base_rate, murphy_curve, operating_points, skill, value_curve,
};

/// What is verified, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Labels<'a> {
    /// Whose probabilities these are, e.g. `recalibrated`.
    pub forecast: &'a str,
    /// What they are of, e.g. `rain of at least 1 mm in 24 h`.
    pub event: &'a str,
    /// What one case is, in the plural, e.g. `gauges and days`.
    pub cases: &'a str,
    /// What shares an event id, in the plural, e.g. `days`.
    pub drawn: &'a str,
}

/// How a forecast is verified.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The event is forecast from this probability on, where yes or no is asked.
    pub decision: f64,
    /// Rounds of intervals and of the consistency band; 0: neither.
    pub n_resamples: usize,
    /// Share of curves within the consistency band.
    pub level: f64,
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { decision: 0.5, n_resamples: 500, level: 0.9, seed: 1 }
    }
}

/// A score with the middle 95 % of what resampling of event ids gives, where there is any.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoreValue {
    pub value: Option<f64>,
    #[serde(default)]
    pub low: Option<f64>,
    #[serde(default)]
    pub high: Option<f64>,
}

/// Scores of the cases of one lead time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeadScores {
    /// Hours from the start of the model's run to the valid time.
    pub lead_h: f64,
    pub n_cases: usize,
    pub n_events: usize,
    pub base_rate: f64,
    /// By the names of [`PROBABILITY_SCORES`].
    pub scores: BTreeMap<String, ScoreValue>,
}

/// Curves and numbers of one forecast of one event. Numbers are exact; what is only drawn is rounded to six digits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbabilityVerification {
    /// Whose probabilities these are, e.g. `recalibrated`.
    pub forecast: String,
    /// What they are of, e.g. `rain of at least 1 mm in 24 h`.
    pub event: String,
    /// What one case is, in the plural.
    pub cases: String,
    /// What shares an event id and is drawn again together, in the plural, e.g. `days`.
    pub drawn: String,
    pub settings: Settings,
    pub n_cases: usize,
    pub n_events: usize,
    /// Cases left out, because a probability or the outcome is missing.
    pub n_missing: usize,
    /// Share of the cases in which the event occurred.
    pub base_rate: f64,
    /// By the names of [`PROBABILITY_SCORES`].
    pub scores: BTreeMap<String, ScoreValue>,
    /// The same by lead time, ascending; empty where no case says any, or all say 0: an analysis.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_lead: Vec<LeadScores>,
    /// At the probability of the decision.
    pub contingency: Contingency,
    pub reliability: Reliability,
    /// Share of the cases whose reliability curve lies in the consistency band.
    pub share_within_band: Option<f64>,
    /// From never to always; empty where the event always or never occurs.
    pub operating_points: Vec<OperatingPoint>,
    pub value: Vec<ValuePoint>,
    /// θ and the mean elementary score.
    pub murphy: Vec<(f64, f64)>,
}

impl ProbabilityVerification {
    /// `None` without cases.
    pub fn of(labels: &Labels<'_>, cases: &Cases, settings: &Settings) -> Option<Self> {
        let ties = cases.ties();
        let reliability = Reliability::of(cases, settings)?;
        let mut found = Self {
            forecast: labels.forecast.to_owned(),
            event: labels.event.to_owned(),
            cases: labels.cases.to_owned(),
            drawn: labels.drawn.to_owned(),
            settings: *settings,
            n_cases: cases.len(),
            n_events: cases.n_events(),
            n_missing: cases.n_missing(),
            base_rate: base_rate(&ties)?,
            scores: scores(cases, settings),
            by_lead: by_lead(cases, settings),
            contingency: Contingency::at(&ties, settings.decision),
            share_within_band: reliability.share_within(cases),
            reliability,
            operating_points: operating_points(&ties).unwrap_or_default(),
            value: value_curve(&ties).unwrap_or_default(),
            murphy: murphy_curve(&ties)?,
        };
        found.round();
        Some(found)
    }

    /// A score by its name in [`PROBABILITY_SCORES`].
    pub fn score(&self, name: &str) -> Option<f64> {
        self.scores.get(name)?.value
    }

    /// Skill of the Brier score over that of another forecast of the same cases; `None` where the cases cannot be the same.
    pub fn brier_skill_over(&self, reference: &Self) -> Option<f64> {
        let key = |v: &Self| (v.n_cases, v.n_events, v.base_rate.to_bits(), v.event.clone());
        let is_same = key(self) == key(reference);
        skill(self.score("brier"), reference.score("brier")).filter(|_| is_same)
    }

    /// Value to a user of this ratio of cost to loss, who takes the probability for what it says, and at best:
    /// between the ratios of the curve in a straight line. `None` outside of them.
    pub fn value_at(&self, cost_loss: f64) -> Option<ValuePoint> {
        let next = self.value.partition_point(|point| point.cost_loss < cost_loss);
        let after = self.value.get(next)?;
        if after.cost_loss == cost_loss {
            return Some(*after);
        }
        let before = self.value.get(next.checked_sub(1)?)?;
        let share = (cost_loss - before.cost_loss) / (after.cost_loss - before.cost_loss);
        let between = |a: f64, b: f64| a + share * (b - a);
        Some(ValuePoint {
            cost_loss,
            as_said: between(before.as_said, after.as_said),
            envelope: between(before.envelope, after.envelope),
        })
    }

    /// Whether it could have been made by [`Self::of`]: what is stored may be damaged.
    ///
    /// # Errors
    /// In words, for counts, shares, scores and curves that cannot be.
    pub fn check(&self) -> Result<(), String> {
        let share = |value: f64| (0.0..=1.0).contains(&value);
        let steps = &self.reliability.steps;
        let is_step =
            |s: &Step| share(s.from) && share(s.to) && s.from <= s.to && share(s.frequency);
        let n = |band: &Band| [band.low.len(), band.high.len(), band.probability.len()];
        let is_band = |band: &Band| n(band).iter().all(|&length| length == n(band)[0]);
        // Files of older programs lack scores that are newer.
        let has_scores = self.scores.contains_key("brier");
        for (is_right, what) in [
            (self.n_cases > 0 && self.n_events > 0, "it is of no cases"),
            (self.n_events <= self.n_cases, "it has more events than cases"),
            (share(self.base_rate), "the base rate is no share"),
            (has_scores, "scores are missing"),
            (!steps.is_empty() && steps.iter().all(is_step), "the reliability curve is not whole"),
            (self.reliability.band.iter().all(is_band), "the consistency band is not whole"),
            (self.murphy.len() > 1, "the Murphy diagram is not whole"),
        ] {
            if !is_right {
                return Err(what.to_owned());
            }
        }
        Ok(())
    }

    fn round(&mut self) {
        let band = self.reliability.band.iter_mut();
        let band = band.flat_map(|b| b.low.iter_mut().chain(&mut b.high).chain(&mut b.probability));
        let points = self.operating_points.iter_mut();
        let points = points.flat_map(|p| [&mut p.hit_rate, &mut p.false_alarm_rate]);
        let value = self.value.iter_mut().flat_map(|v| [&mut v.as_said, &mut v.envelope]);
        let murphy = self.murphy.iter_mut().map(|(_, score)| score);
        band.chain(points)
            .chain(value)
            .chain(murphy)
            .for_each(|number| *number = six_digits(*number));
    }
}

fn scores(cases: &Cases, settings: &Settings) -> BTreeMap<String, ScoreValue> {
    let all =
        |ties: &[_]| PROBABILITY_SCORES.iter().map(|s| (s.of)(ties, settings.decision)).collect();
    let values: Vec<Option<f64>> = all(&cases.ties());
    let found = intervals(&[cases], settings.n_resamples, settings.seed, |ties| all(&ties[0]));
    let entry = |(i, score): (usize, &ProbabilityScore)| {
        let (low, high) = (found[i].map(|found| found.low), found[i].map(|found| found.high));
        (score.name.to_owned(), ScoreValue { value: values[i], low, high })
    };
    PROBABILITY_SCORES.iter().enumerate().map(entry).collect()
}

fn by_lead(cases: &Cases, settings: &Settings) -> Vec<LeadScores> {
    let leads = cases.leads_h();
    if leads.iter().all(|&lead| lead == 0.0) {
        return Vec::new();
    }
    let of = |lead_h: f64| {
        let cases = cases.of_lead(lead_h);
        Some(LeadScores {
            lead_h,
            n_cases: cases.len(),
            n_events: cases.n_events(),
            base_rate: base_rate(&cases.ties())?,
            scores: scores(&cases, settings),
        })
    };
    leads.into_iter().filter_map(of).collect()
}

fn six_digits(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}
