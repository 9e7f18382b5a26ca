//! What a network has to be better than: how often it rains, the model's own rain, and a logistic regression on the same
//! fields.

use anyhow::Context as _;
use stormlens_data::card::{FieldStatement, Part};
use stormlens_data::probability::Logistic;
use stormlens_data::probability::iberia::{Climatology, Iberia, Regressions};
use stormlens_data::score::probability::Calibration;

use super::{Forecast, in_order};
use crate::tasks::rain_probability::calibrate::Asked;
use crate::tasks::rain_probability::world::{Case, World};

/// Fitted on the training block; the model's rain is recalibrated on the block that recalibrates the network.
pub struct Rivals<'a> {
    kind: Kind<'a>,
    raw: Vec<Calibration>,
}

/// One of each for every event.
enum Kind<'a> {
    /// By gauge.
    Iberia { iberia: &'a Iberia, climatology: Vec<Climatology>, regressions: Vec<Regressions> },
    /// The same everywhere.
    Synthetic { frequencies: Vec<f64>, regressions: Vec<Logistic> },
}

impl<'a> Rivals<'a> {
    /// # Errors
    /// Where a block has no cases, or nothing to tell apart.
    pub fn fit(world: &'a World, statement: &FieldStatement) -> anyhow::Result<Self> {
        let validation = unasked(world, statement, Part::Validation)?;
        let raw_mm =
            |_: usize| validation.cases.iter().map(|case| f64::from(case.raw_mm)).collect();
        let thresholds = || statement.thresholds_mm.iter().copied();
        let kind = match world {
            World::Iberia(iberia) => Kind::Iberia {
                iberia,
                climatology: thresholds().map(|mm| Climatology::fit(iberia, mm)).collect(),
                regressions: thresholds()
                    .map(|mm| Regressions::fit(iberia, mm).map_err(anyhow::Error::msg))
                    .collect::<anyhow::Result<_>>()?,
            },
            World::Synthetic(_) => {
                let training = unasked(world, statement, Part::Training)?;
                Kind::Synthetic {
                    frequencies: thresholds().map(|mm| frequency(&training, mm)).collect(),
                    regressions: thresholds()
                        .map(|mm| logistic(&training, mm))
                        .collect::<anyhow::Result<_>>()?,
                }
            }
        };
        Ok(Self { kind, raw: validation.maps(statement, raw_mm) })
    }

    /// Probabilities of all of them, for the same cases.
    pub fn forecasts(&self, asked: &Asked, statement: &FieldStatement) -> Vec<Forecast> {
        let n_events = statement.thresholds_mm.len();
        let of = |name, label, probability: &dyn Fn(usize, usize) -> f64| {
            let of_event =
                |event| (0..asked.cases.len()).map(|case| probability(event, case)).collect();
            let probabilities = in_order((0..n_events).map(of_event).collect());
            Forecast { name, label, probabilities }
        };
        let regression = |event: usize, case: usize| self.regression(asked, event, case);
        let mut forecasts = vec![of("logistic", "Logistic regression", &regression)];
        if !self.raw.is_empty() {
            let raw = |event: usize, case: usize| {
                self.raw[event].apply(f64::from(asked.cases[case].raw_mm))
            };
            forecasts.push(of("raw", "Model’s own rain, recalibrated", &raw));
        }
        let climatology = |event: usize, case: usize| self.climatology(&asked.cases[case], event);
        forecasts.push(of("climatology", "Climatology", &climatology));
        if asked.cases.iter().all(|case| case.truth.is_some()) {
            let truth = |event: usize, case: usize| {
                asked.cases[case].truth.as_ref().map_or(f64::NAN, |truth| truth[event])
            };
            // Diagrams show the first five forecasts.
            forecasts.insert(0, of("truth", "True probability", &truth));
        }
        forecasts
    }

    fn regression(&self, asked: &Asked, event: usize, case: usize) -> f64 {
        let Case { sample, place, .. } = asked.cases[case];
        match &self.kind {
            Kind::Iberia { iberia, regressions, .. } => {
                regressions[event].probabilities(iberia, sample)[place]
            }
            Kind::Synthetic { regressions, .. } => {
                regressions[event].probability(&asked.predictors[case])
            }
        }
    }

    fn climatology(&self, case: &Case, event: usize) -> f64 {
        match &self.kind {
            Kind::Iberia { iberia, climatology, .. } => {
                climatology[event].probabilities(iberia, case.sample)[case.place]
            }
            Kind::Synthetic { frequencies, .. } => frequencies[event],
        }
    }
}

/// All cases of a block; no network is needed for rivals.
fn unasked(world: &World, statement: &FieldStatement, part: Part) -> anyhow::Result<Asked> {
    let n = (statement.thresholds_mm.len() + 1) * statement.size[0] * statement.size[1];
    Asked::of(world, statement, part, |_, _, _| Ok(vec![0.0; n]))
}

/// How often it rained so much.
fn frequency(training: &Asked, threshold_mm: f64) -> f64 {
    let known: Vec<bool> = training.occurred(threshold_mm).into_iter().flatten().collect();
    known.iter().filter(|&&occurred| occurred).count() as f64 / known.len().max(1) as f64
}

fn logistic(training: &Asked, threshold_mm: f64) -> anyhow::Result<Logistic> {
    let cases = training.predictors.iter().cloned().zip(training.occurred(threshold_mm));
    let known = cases.filter_map(|(row, occurred)| Some((row, occurred?)));
    let (rows, occurred): (Vec<Vec<f64>>, Vec<bool>) = known.unzip();
    let fitted = Logistic::fit(&rows, &occurred).map_err(anyhow::Error::msg);
    fitted.with_context(|| format!("a logistic regression for {threshold_mm} mm"))
}
