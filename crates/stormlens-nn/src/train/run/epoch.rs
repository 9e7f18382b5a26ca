//! Once through the samples.

use std::time::Instant;

use burn::tensor::Device;

use super::{EpochReport, Observer, Run, TrainError};
use crate::network::Network;
use crate::parameters::{Mode, to_vec};
use crate::random::Random;
use crate::train::config::Monitor;
use crate::train::prefetch::prefetch;
use crate::train::supervision::{Batch, Score, Supervision};
use crate::{Parameters, Tap};

impl<L: Supervision> Run<'_, L> {
    pub(super) fn epoch(&mut self, observer: &mut dyn Observer) -> Result<EpochReport, TrainError> {
        let started = Instant::now();
        // Drawn from a copy that takes its place only when the epoch is whole.
        let mut random = self.counters.random.clone();
        let supervision = self.supervision;
        let plan = supervision.plan(&mut random);
        let n_samples: usize = plan.iter().map(Vec::len).sum();
        let batches = plan.iter().map(|picks| supervision.training_batch(picks, &mut random));
        let train_loss = prefetch(batches, |batches| self.learn(batches, plan.len(), observer))?;
        let samples_per_s = n_samples as f64 / started.elapsed().as_secs_f64();
        let (validation_loss, scores) = self.validation().of(&self.usable_parameters())?;
        self.counters.random = random;
        Ok(self.close(EpochReport {
            epoch: self.counters.n_epochs + 1,
            learning_rate: self.counters.schedule.rates(self.counters.n_steps).learning_rate,
            train_loss,
            validation_loss,
            is_best: false,
            n_steps: self.counters.n_steps,
            samples_per_s,
            scores,
        }))
    }

    /// Mean loss over the batches of an epoch.
    fn learn(
        &mut self,
        batches: &mut dyn Iterator<Item = Result<Batch<L::Answers>, TrainError>>,
        n_batches: usize,
        observer: &mut dyn Observer,
    ) -> Result<f64, TrainError> {
        let epoch = self.counters.n_epochs + 1;
        let mut sum = 0.0;
        for (i, batch) in batches.enumerate() {
            let loss = self.step(batch?);
            sum += loss;
            if !loss.is_finite() {
                return Err(TrainError::Diverged(loss, epoch));
            }
            if !observer.batch(epoch, i + 1, n_batches, loss) {
                return Err(TrainError::Stopped(epoch - 1));
            }
        }
        Ok(sum / n_batches as f64)
    }

    /// One batch into the weights; its loss. What is random within the network has a generator of its own for every step, so
    /// that the draws of the samples stay what they are.
    fn step(&mut self, batch: Batch<L::Answers>) -> f64 {
        let random = Random::of_stream(self.recipe.seed, self.counters.n_steps as u64);
        let rates = self.counters.schedule.rates(self.counters.n_steps);
        let loss = self.stepper.step(self.supervision, batch, rates, Some(random));
        self.counters.n_steps += 1;
        self.supervision.in_units(loss)
    }

    fn validation(&self) -> Validation<'_, L> {
        Validation { network: self.network, supervision: self.supervision, device: self.device }
    }

    /// Tells schedule, early stopping and `metrics.csv` of an epoch.
    fn close(&mut self, mut report: EpochReport) -> EpochReport {
        let counters = &mut self.counters;
        let loss = match self.recipe.monitor {
            Monitor::Validation => report.validation_loss,
            Monitor::Training => report.train_loss,
        };
        counters.n_epochs = report.epoch;
        counters.schedule.step(loss);
        report.is_best = counters.stopping.step(loss);
        counters.metrics += &row(&report);
        report
    }
}

/// What validates weights.
pub(super) struct Validation<'a, L> {
    pub network: &'a dyn Network,
    pub supervision: &'a L,
    pub device: &'a Device,
}

impl<L: Supervision> Validation<'_, L> {
    /// Mean loss of the validation samples, and what else is counted.
    pub fn of(&self, parameters: &Parameters) -> Result<(f64, Vec<Score>), TrainError> {
        let supervision = self.supervision;
        let plan = supervision.validation_plan();
        let batches = plan.iter().map(|picks| supervision.validation_batch(picks));
        let (mut sum, mut n, mut tally) = (0.0, 0, L::Tally::default());
        prefetch(batches, |batches| {
            for batch in batches {
                let batch = batch?;
                let n_examples = batch.n();
                sum += self.judge(parameters, batch, &mut tally) * n_examples as f64;
                n += n_examples;
            }
            Ok::<_, TrainError>(())
        })?;
        Ok((supervision.in_units(sum / n as f64), supervision.scores(&tally)))
    }

    /// The mean loss of a batch that nothing is learnt from.
    fn judge(
        &self,
        parameters: &Parameters,
        batch: Batch<L::Answers>,
        tally: &mut L::Tally,
    ) -> f64 {
        let (input, answers) = batch.into_tensor(self.device);
        let mode = Mode::inference();
        let prediction = self.network.forward(parameters, input, &mut Tap::off(), &mode);
        self.supervision.count(tally, &prediction, &answers);
        let loss = self.supervision.loss(prediction, &answers, self.device);
        f64::from(to_vec(loss)[0])
    }
}

/// A line of `metrics.csv`; scores without a value are empty.
fn row(report: &EpochReport) -> String {
    let EpochReport { epoch, learning_rate, train_loss, validation_loss, is_best, .. } = report;
    let mut row =
        format!("{epoch},{learning_rate:e},{train_loss:.6},{validation_loss:.6},{is_best}");
    for (_, score) in &report.scores {
        row.push(',');
        // Counts stay whole numbers.
        row += &score.map(|s| ((s * 1e6).round() / 1e6).to_string()).unwrap_or_default();
    }
    row + "\n"
}
