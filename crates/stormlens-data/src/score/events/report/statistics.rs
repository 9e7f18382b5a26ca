//! The numbers of a report: one entry each.

use crate::score::events::{ForecastSums, Settings};
use crate::score::{SCORES, Score};

/// From sums to a score; `None` where it is undefined.
type Function = dyn Fn(&ForecastSums) -> Option<f64>;

/// A number that sums are made to.
pub struct Statistic {
    pub name: &'static str,
    pub threshold: Option<f64>,
    pub scale_km: Option<f64>,
    pub best: f64,
    pub of: Box<Function>,
}

impl Statistic {
    /// How far a value is from the best one; smaller is better.
    pub fn distance(&self, value: f64) -> f64 {
        (value - self.best).abs()
    }
}

/// Scores of the list and the Fractions Skill Score at each threshold, and SAL.
pub fn statistics(settings: &Settings) -> Vec<Statistic> {
    let mut all = Vec::new();
    for score in SCORES.iter().filter(|score| score.is_of(settings.field)) {
        let n = if score.depends_on_threshold() { settings.thresholds.len() } else { 1 };
        all.extend((0..n).map(|place| of_list(settings, score, place)));
    }
    all.extend(structure());
    for place in 0..settings.thresholds.len() {
        let scales = 0..settings.scales_px.len();
        all.extend(scales.map(|scale| fractions(settings, place, scale)));
    }
    all
}

fn of_list(settings: &Settings, score: &'static Score, place: usize) -> Statistic {
    Statistic {
        name: score.name,
        threshold: score.depends_on_threshold().then(|| settings.thresholds[place]),
        scale_km: None,
        best: score.best,
        of: Box::new(move |sums| sums.tallies().nth(place).and_then(|tally| score.of(&tally))),
    }
}

fn fractions(settings: &Settings, place: usize, scale: usize) -> Statistic {
    Statistic {
        name: "fss",
        threshold: Some(settings.thresholds[place]),
        scale_km: Some(settings.scales_px[scale] as f64 * settings.spacing_km),
        best: 1.0,
        of: Box::new(move |sums| sums.fractions.score(place, scale)),
    }
}

/// The components of SAL.
fn structure() -> [Statistic; 3] {
    let of = |name: &'static str, of: Box<Function>| {
        let (threshold, scale_km) = (None, None);
        Statistic { name, threshold, scale_km, best: 0.0, of }
    };
    [
        of("structure", Box::new(|sums| Some(sums.structure.mean()?.structure))),
        of("amount", Box::new(|sums| Some(sums.structure.mean()?.amount))),
        of("location", Box::new(|sums| Some(sums.structure.mean()?.location))),
    ]
}
