//! `stormlens train CONFIG.toml`.

use std::path::PathBuf;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use stormlens_data::import::knmi::NORMALISATION_MM_5MIN;
use stormlens_nn::checkpoint::{self, CheckpointError, Metadata, Precision};
use stormlens_nn::models::HostTensors;
use stormlens_nn::train::{EpochReport, Observer, TrainConfig, Trainee, open, train};
use stormlens_nn::{device, engine, registry};

use crate::config::DeviceArgs;

/// Train a network; Ctrl-C stops a run, the same command goes on with it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run's options; checkpoints/sar-unet-precip/knmi-20100826/train.toml is an example
    config: PathBuf,
    #[command(flatten)]
    device: DeviceArgs,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(&args.config)
        .with_context(|| format!("cannot read {}", args.config.display()))?;
    let config: TrainConfig =
        toml::from_str(&text).with_context(|| args.config.display().to_string())?;
    let entry = registry::find(&config.model).map_err(|known| {
        anyhow::anyhow!("there is no model {:?}; known are {}", config.model, known.join(", "))
    })?;
    let card = (entry.card)();
    let examples = open(&config.data, card.n_input_frames, card.lead_time_min)?;
    let (device, report) = device::choose(args.device.device)?;
    println!("{} on {} ({})", card.title, report.name, report.reason);
    let initial = (entry.initialise)(config.seed);
    let trainee = Trainee { network: entry.network, initial, rescale: entry.rescale };
    let mut terminal = Terminal::new(&config)?;
    let summary = train(&config, trainee, examples.as_ref(), &device, &mut terminal)?;
    println!(
        "ended after {} epochs; best validation loss {:.6}; weights in {}",
        summary.n_epochs,
        summary.best_validation_loss.unwrap_or(f64::NAN),
        config.output.join("best.safetensors").display()
    );
    Ok(())
}

/// Bar, rows and weights of a run.
struct Terminal<'a> {
    config: &'a TrainConfig,
    bar: ProgressBar,
}

impl<'a> Terminal<'a> {
    fn new(config: &'a TrainConfig) -> anyhow::Result<Self> {
        let style = ProgressStyle::with_template(
            "{prefix} {wide_bar} {pos}/{len} batches, {msg}, {per_sec} [{elapsed}, {eta} left]",
        )?;
        Ok(Self { config, bar: ProgressBar::new(1).with_style(style) })
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
        let line = format!(
            "epoch {:3}: training loss {:.4}, validation loss {:.4}{}, learning rate {:.0e}, {:.2} samples/s",
            report.epoch,
            report.train_loss,
            report.validation_loss,
            if report.is_best { " (best)" } else { "" },
            report.learning_rate,
            report.samples_per_s,
        );
        self.bar.suspend(|| println!("{line}"));
    }

    fn best(&mut self, weights: &HostTensors, report: &EpochReport) -> Result<(), CheckpointError> {
        let state = engine::state_dict(weights, report.n_steps);
        let metadata = Metadata {
            model: self.config.model.clone(),
            hyper_parameters: json!({
                "training": self.config.training,
                "augmentation": self.config.augmentation,
                "seed": self.config.seed,
                "train_until": self.config.data.train_until,
                "validate_until": self.config.data.validate_until,
                "epoch": report.epoch,
                "validation_loss": report.validation_loss,
            }),
            normalisation_mm_5min: NORMALISATION_MM_5MIN,
            training_data: self.config.data.description.clone(),
            licence: self.config.data.licence.clone(),
            created_by: format!("stormlens {}", env!("CARGO_PKG_VERSION")),
        };
        let path = self.config.output.join("best.safetensors");
        checkpoint::write_safetensors(&path, &state, &metadata, Precision::F32)
    }
}
