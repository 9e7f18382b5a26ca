//! Bar, rows and weights of a run.

use crate::cli::say;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use stormlens_checkpoint::{self as checkpoint, CheckpointError, Metadata, Precision};
use stormlens_nn::engine;
use stormlens_nn::models::HostTensors;
use stormlens_nn::train::{EpochReport, Observer};

/// Shows how a run goes and keeps its best weights.
pub(super) struct Terminal<'a> {
    best: PathBuf,
    /// Folder of the weights of each epoch.
    epochs: PathBuf,
    metadata: &'a dyn Fn(&EpochReport) -> Metadata,
    bar: ProgressBar,
}

impl<'a> Terminal<'a> {
    pub fn new(
        best: PathBuf,
        epochs: PathBuf,
        metadata: &'a dyn Fn(&EpochReport) -> Metadata,
    ) -> anyhow::Result<Self> {
        let style = ProgressStyle::with_template(
            "{prefix} {wide_bar} {pos}/{len} batches, {msg}, {per_sec} [{elapsed}, {eta} left]",
        )?;
        Ok(Self { best, epochs, metadata, bar: ProgressBar::new(1).with_style(style) })
    }
}

impl Observer for Terminal<'_> {
    fn batch(&mut self, epoch: usize, done: usize, total: usize, loss: f64) -> bool {
        if done == 1 {
            self.bar.reset();
            self.bar.set_length(total as u64);
            self.bar.set_prefix(format!("epoch {epoch}"));
        }
        self.bar.set_position(done as u64);
        self.bar.set_message(format!("loss {loss:.4}"));
        true
    }

    fn epoch(&mut self, report: &EpochReport) {
        let line = line(report);
        self.bar.suspend(|| say(format_args!("{line}")));
    }

    fn best(&mut self, weights: &HostTensors, report: &EpochReport) -> Result<(), CheckpointError> {
        self.write(&self.best, weights, report)
    }

    fn kept(&mut self, weights: &HostTensors, report: &EpochReport) -> Result<(), CheckpointError> {
        let io = |source| CheckpointError::Write { path: self.epochs.clone(), source };
        std::fs::create_dir_all(&self.epochs).map_err(io)?;
        let file = self.epochs.join(format!("{:03}.safetensors", report.epoch));
        self.write(&file, weights, report)
    }
}

impl Terminal<'_> {
    fn write(
        &self,
        path: &Path,
        weights: &HostTensors,
        report: &EpochReport,
    ) -> Result<(), CheckpointError> {
        let state = engine::state_dict(weights, report.n_steps);
        let metadata = (self.metadata)(report);
        checkpoint::write_safetensors(path, &state, &metadata, Precision::F32)
    }
}

fn line(report: &EpochReport) -> String {
    let mut line = format!(
        "epoch {:3}: training loss {:.4}, validation loss {:.4}{}, learning rate {:.0e}, {:.2} samples/s",
        report.epoch,
        report.train_loss,
        report.validation_loss,
        if report.is_best { " (best)" } else { "" },
        report.learning_rate,
        report.samples_per_s,
    );
    for (name, score) in &report.scores {
        let score = score.map(|s| ((s * 1e4).round() / 1e4).to_string());
        line +=
            &format!(", {} {}", name.replace('_', " "), score.as_deref().unwrap_or("undefined"));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_named_and_counts_are_whole() {
        let report = EpochReport {
            epoch: 7,
            learning_rate: 5e-4,
            train_loss: 0.25,
            validation_loss: 0.5,
            is_best: true,
            n_steps: 70,
            samples_per_s: 31.5,
            scores: vec![("true_positives", Some(12.0)), ("f1", Some(0.95238)), ("recall", None)],
        };
        assert_eq!(
            line(&report),
            "epoch   7: training loss 0.2500, validation loss 0.5000 (best), learning rate 5e-4, \
             31.50 samples/s, true positives 12, f1 0.9524, recall undefined"
        );
    }
}
