//! What a network has to beat at the gauges: how often it rains in a month, and a regression on the same fields.

use super::{ENTRIES, GAUGES, Iberia};
use crate::card::Part;
use crate::probability::Logistic;

/// How often it rained, by gauge and month.
#[derive(Clone, Debug, PartialEq)]
pub struct Climatology([[f64; 12]; GAUGES.len()]);

impl Climatology {
    /// Of the training years.
    pub fn fit(iberia: &Iberia, threshold_mm: f64) -> Self {
        let mut counts = [[[0.0_f64; 2]; 12]; GAUGES.len()];
        for day in iberia.days_of(Part::Training) {
            let month = month(iberia, day);
            for (mm, counts) in iberia.gauge_rain(day).into_iter().zip(&mut counts) {
                if !mm.is_nan() {
                    counts[month][0] += 1.0;
                    counts[month][1] += f64::from(u8::from(f64::from(mm) >= threshold_mm));
                }
            }
        }
        Self(counts.map(|months| months.map(|[n, events]| events / n)))
    }

    /// The probability at each gauge on a day.
    pub fn probabilities(&self, iberia: &Iberia, day: usize) -> [f64; GAUGES.len()] {
        let month = month(iberia, day);
        self.0.map(|months| months[month])
    }
}

fn month(iberia: &Iberia, day: usize) -> usize {
    usize::try_from(iberia.days[day].month() - 1).unwrap_or_default()
}

/// A logistic regression for each gauge on the twelve fields there, in the units of the quantities; of the model's rain on its
/// logarithm ln(1 + mm), and on sine and cosine of the season.
#[derive(Clone, Debug, PartialEq)]
pub struct Regressions(Vec<Logistic>);

impl Regressions {
    /// Fitted to the training years.
    ///
    /// # Errors
    /// In words, for gauges of which nothing can be told apart.
    pub fn fit(iberia: &Iberia, threshold_mm: f64) -> Result<Self, String> {
        let days = iberia.days_of(Part::Training);
        let fit = |gauge: usize| {
            let case = |&day: &usize| {
                let mm = iberia.gauge_rain(day)[gauge];
                (!mm.is_nan())
                    .then(|| (predictors(iberia, day, gauge), f64::from(mm) >= threshold_mm))
            };
            let (predictors, occurred): (Vec<_>, Vec<_>) = days.iter().filter_map(case).unzip();
            Logistic::fit(&predictors, &occurred)
        };
        (0..GAUGES.len()).map(fit).collect::<Result<_, _>>().map(Self)
    }

    /// The probability at each gauge on a day; `NaN` where a field is missing.
    pub fn probabilities(&self, iberia: &Iberia, day: usize) -> [f64; GAUGES.len()] {
        std::array::from_fn(|gauge| self.0[gauge].probability(&predictors(iberia, day, gauge)))
    }
}

fn predictors(iberia: &Iberia, day: usize, gauge: usize) -> Vec<f64> {
    let place = &GAUGES[gauge];
    let at = |field: &super::Packed| field.linear(day, &[place.latitude], &[place.longitude])[0];
    let mut predictors: Vec<f64> = iberia.fields.iter().map(at).collect();
    let rain = &mut predictors[ENTRIES.len() - 1];
    *rain = rain.max(0.0).ln_1p();
    let season = std::f64::consts::TAU * f64::from(iberia.days[day].day_of_year()) / 365.25;
    predictors.extend([season.sin(), season.cos()]);
    predictors
}
