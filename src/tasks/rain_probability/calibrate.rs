//! Recalibration: isotonic maps from memberships to probabilities, fitted on the years that choose.

use stormlens_data::card::{FieldStatement, Part};
use stormlens_data::score::probability::Calibration;

use super::answer::{exceedances, softmax};
use super::world::{Case, World};

/// What a network says of each case of a block: memberships of the classes.
pub struct Asked {
    pub cases: Vec<Case>,
    /// `[cases][classes]`
    pub shares: Vec<Vec<f64>>,
    /// The network's input at the node of each case, a value a variable.
    pub predictors: Vec<Vec<f64>>,
}

impl Asked {
    /// Asks about every sample of a block; `network` gives logits `[classes, rows, columns]`.
    ///
    /// # Errors
    /// Where the network cannot answer.
    pub fn of(
        world: &World,
        statement: &FieldStatement,
        part: Part,
        mut network: impl FnMut(usize, usize, Vec<f32>) -> anyhow::Result<Vec<f32>>,
    ) -> anyhow::Result<Self> {
        let n_classes = statement.thresholds_mm.len() + 1;
        let n = statement.size[0] * statement.size[1];
        let mut asked = Self { cases: Vec::new(), shares: Vec::new(), predictors: Vec::new() };
        let samples = world.samples(part);
        for (i, &sample) in samples.iter().enumerate() {
            let input = world.input(sample, statement);
            let cases = world.cases(sample, part, statement);
            let at = |maps: &[f32], node: usize| -> Vec<f64> {
                maps.chunks_exact(n).map(|map| f64::from(map[node])).collect()
            };
            asked.predictors.extend(cases.iter().map(|case| at(&input, case.node)));
            let shares = softmax(&network(i, samples.len(), input)?, n_classes);
            asked.shares.extend(cases.iter().map(|case| at(&shares, case.node)));
            asked.cases.extend(cases);
        }
        Ok(asked)
    }

    /// Memberships of a threshold and above.
    pub fn exceeding(&self, event: usize) -> Vec<f64> {
        let of = |shares: &Vec<f64>| {
            let shares: Vec<f32> = shares.iter().map(|&share| share as f32).collect();
            f64::from(exceedances(&shares, shares.len())[event])
        };
        self.shares.iter().map(of).collect()
    }

    /// Whether it happened, as far as it was measured.
    pub fn occurred(&self, threshold_mm: f64) -> Vec<Option<bool>> {
        let of = |case: &Case| {
            (!case.observed_mm.is_nan()).then(|| f64::from(case.observed_mm) >= threshold_mm)
        };
        self.cases.iter().map(of).collect()
    }

    pub fn events(&self) -> Vec<u64> {
        self.cases.iter().map(|case| case.event).collect()
    }

    /// An isotonic map for each threshold, of any number of each case that rises with its probability; empty where one
    /// cannot be fitted.
    pub fn maps(
        &self,
        statement: &FieldStatement,
        value: impl Fn(usize) -> Vec<f64>,
    ) -> Vec<Calibration> {
        let events = self.events();
        let thresholds = statement.thresholds_mm.iter().enumerate();
        let fit = |(event, &mm): (usize, &f64)| {
            Calibration::fit_values(&value(event), &self.occurred(mm), &events)
        };
        thresholds.map(fit).collect::<Option<_>>().unwrap_or_default()
    }
}
