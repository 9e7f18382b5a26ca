//! The scores: one entry each.

use super::moments::Moments;
use super::tally::{Counts, Tally};
use crate::card::NowcastField;

/// A score.
#[derive(Clone, Copy, Debug)]
pub struct Score {
    /// Name in files and on the command line, with its unit if it has one, e.g. `mae_mm_h`.
    pub name: &'static str,
    /// Name for people, e.g. `CSI`.
    pub label: &'static str,
    /// What it is, in one line for a legend.
    pub meaning: &'static str,
    /// For people, e.g. `mm/h`; empty for ratios.
    pub unit: &'static str,
    /// The value of a perfect forecast; of two forecasts the one nearer to it is better.
    pub best: f64,
    pub basis: Basis,
    /// The only field that it is of; `None`: every field.
    pub field: Option<NowcastField>,
    /// Whether pages show it. Files hold all.
    pub is_on_pages: bool,
}

/// What a score is a function of. `None` without a denominator.
#[derive(Clone, Copy, Debug)]
pub enum Basis {
    /// Events, so it depends on the threshold.
    Events(fn(&Counts) -> Option<f64>),
    /// Values, so it is equal at all thresholds.
    Values(fn(&Moments) -> Option<f64>),
}

impl Score {
    /// The score of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        SCORES.iter().find(|score| score.name == name)
    }

    /// Whether the field has this score.
    pub fn is_of(&self, field: NowcastField) -> bool {
        self.field.is_none_or(|only| only == field)
    }

    pub fn depends_on_threshold(&self) -> bool {
        matches!(self.basis, Basis::Events(_))
    }

    pub fn of(&self, tally: &Tally) -> Option<f64> {
        match self.basis {
            Basis::Events(score) => score(&tally.counts),
            Basis::Values(score) => score(&tally.moments),
        }
    }

    /// How far a value is from the best one; smaller is better.
    pub fn distance(&self, value: f64) -> f64 {
        (value - self.best).abs()
    }
}

/// A score of events that every field has.
const fn events(
    name: &'static str,
    label: &'static str,
    meaning: &'static str,
    score: fn(&Counts) -> Option<f64>,
) -> Score {
    let (basis, field) = (Basis::Events(score), None);
    Score { name, label, meaning, unit: "", best: 1.0, basis, field, is_on_pages: false }
}

/// A mean error of one field.
const fn error(
    field: NowcastField,
    (name, unit): (&'static str, &'static str),
    (label, meaning): (&'static str, &'static str),
    score: fn(&Moments) -> Option<f64>,
) -> Score {
    let (basis, field) = (Basis::Values(score), Some(field));
    Score { name, label, meaning, unit, best: 0.0, basis, field, is_on_pages: true }
}

use NowcastField::{CloudCover, Precipitation};

const MSE: (&str, &str) = ("Mean squared error", "Mean squared error a pixel");
const MAE: (&str, &str) = ("Mean absolute error", "Mean absolute error a pixel");
const BIAS: (&str, &str) =
    ("Mean error", "Mean of forecast minus observation, positive where too much is forecast");

/// All scores, in the order of tables: H hits, M misses, F false alarms, C correct negatives.
pub const SCORES: [Score; 17] = [
    events("precision", "Precision", "H / (H + F), 1 − FAR", |c| over(c.hits, forecast(c))),
    Score {
        is_on_pages: true,
        ..events("recall", "POD", "Probability of detection or recall, H / (H + M)", recall)
    },
    events("accuracy", "Accuracy", "Share of right pixels, (H + C) / all", |c| {
        over(c.hits + c.correct_negatives, c.n_pixels())
    }),
    // The harmonic mean, which the reference programs take, is the same number, but undefined where there
    // are events and no hits, which is the worst forecast and not none.
    events("f1", "F1", "Harmonic mean of precision and POD, 2 H / (2 H + M + F)", |c| {
        over(2 * c.hits, 2 * c.hits + c.misses + c.false_alarms)
    }),
    Score {
        is_on_pages: true,
        ..events("csi", "CSI", "Critical success index, H / (H + M + F)", |c| {
            over(c.hits, c.hits + c.misses + c.false_alarms)
        })
    },
    Score {
        best: 0.0,
        is_on_pages: true,
        ..events("far", "FAR", "False alarm ratio, F / (H + F)", |c| {
            over(c.false_alarms, forecast(c))
        })
    },
    Score {
        is_on_pages: true,
        ..events(
            "frequency_bias",
            "Bias",
            "Frequency bias, forecast per observed events, (H + F) / (H + M)",
            |c| over(forecast(c), observed(c)),
        )
    },
    Score {
        is_on_pages: true,
        ..events(
            "hss",
            "HSS",
            "Heidke skill score, skill over chance, \
             2 (H C − M F) / ((H + M)(M + C) + (H + F)(F + C))",
            |c| half_heidke(c).map(|half| 2.0 * half),
        )
    },
    Score {
        best: 0.5,
        ..events(
            "hss_paper",
            "HSS (paper)",
            "Heidke skill score as the papers' program computes it, without the factor 2",
            half_heidke,
        )
    },
    events(
        "ets",
        "ETS",
        "Equitable threat score (Gilbert skill score), CSI without the hits of chance, \
         (H − R) / (H + M + F − R) with R = (H + M)(H + F) / all",
        equitable_threat,
    ),
    // 12 steps of 5 minutes make an hour, so mm/h are 12 times mm/5 min.
    error(Precipitation, ("mse_mm2_per_5min2", "(mm / 5 min)²"), MSE, |e| {
        mean(e.error_squared / 144.0, e)
    }),
    error(Precipitation, ("mae_mm_h", "mm/h"), MAE, |e| mean(e.error_absolute, e)),
    error(Precipitation, ("bias_mm_h", "mm/h"), BIAS, |e| mean(e.forecast - e.observation, e)),
    error(CloudCover, ("mse", ""), MSE, |e| mean(e.error_squared, e)),
    error(CloudCover, ("mae", ""), MAE, |e| mean(e.error_absolute, e)),
    error(CloudCover, ("bias", ""), BIAS, |e| mean(e.forecast - e.observation, e)),
    Score {
        name: "correlation",
        label: "r",
        meaning: "Pearson correlation of forecast and observation",
        unit: "",
        best: 1.0,
        basis: Basis::Values(Moments::correlation),
        field: None,
        is_on_pages: false,
    },
];

fn forecast(c: &Counts) -> u64 {
    c.hits + c.false_alarms
}

fn observed(c: &Counts) -> u64 {
    c.hits + c.misses
}

fn recall(c: &Counts) -> Option<f64> {
    over(c.hits, observed(c))
}

fn equitable_threat(c: &Counts) -> Option<f64> {
    let by_chance = observed(c) as f64 * forecast(c) as f64 / c.n_pixels() as f64;
    let hits = c.hits as f64 - by_chance;
    ratio(hits, hits + (c.misses + c.false_alarms) as f64).filter(|score| score.is_finite())
}

fn half_heidke(c: &Counts) -> Option<f64> {
    // Products of pixel counts exceed 64 bits for large test sets, not float64's range.
    let [h, m, f, c] =
        [c.hits, c.misses, c.false_alarms, c.correct_negatives].map(|count| count as f64);
    ratio(h * c - m * f, (h + m) * (m + c) + (h + f) * (f + c))
}

fn mean(sum: f64, moments: &Moments) -> Option<f64> {
    ratio(sum, moments.n as f64)
}

fn over(part: u64, whole: u64) -> Option<f64> {
    ratio(part as f64, whole as f64)
}

/// `None` without a denominator.
pub(crate) fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator != 0.0).then(|| numerator / denominator)
}
