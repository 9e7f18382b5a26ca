//! `stormlens train CONFIG.toml`.

mod terminal;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use stormlens_checkpoint::Metadata;
use stormlens_data::files::read_text;
use stormlens_data::request::DeviceChoice;
use stormlens_nn::device;
use stormlens_nn::models::{HostTensors, Sizes};
use stormlens_nn::registry::{self, ModelEntry};
use stormlens_nn::train::{
    EpochReport, Monitor, Recipe, Supervision, Trainee, train, validation_loss,
};

use self::terminal::Terminal;
use crate::catalog::not_asked;
use crate::cli::say;
use crate::config::DeviceArgs;
use crate::tasks::TRAININGS;
use crate::written;

/// The best weights of a run, in its folder.
pub const BEST: &str = "best.safetensors";
/// The weights of each epoch, where a run keeps all.
pub const EPOCHS: &str = "epochs";

/// Train a network; Ctrl-C stops a run, the same command goes on with it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run's options; examples are the files train.toml in the folders below checkpoints/
    config: PathBuf,
    #[command(flatten)]
    device: DeviceArgs,
}

/// The part of the options that says what the others are.
#[derive(Deserialize)]
struct Head {
    model: String,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let text = read_text(&args.config)?;
    let Head { model } = parse(&text, &args.config)?;
    let entry = registry::find(&model).map_err(|known| {
        anyhow!("there is no model {model:?}; choose one of: {}", known.join(", "))
    })?;
    let run = Run { entry, text: &text, args: &args };
    let trained = TRAININGS.iter().find_map(|train| train(&run));
    trained.with_context(|| not_asked(&model))?
}

fn parse<T: DeserializeOwned>(text: &str, path: &Path) -> anyhow::Result<T> {
    toml::from_str(text).with_context(|| path.display().to_string())
}

/// What a task is given to train a network.
pub struct Run<'a> {
    pub entry: &'static ModelEntry,
    text: &'a str,
    args: &'a Args,
}

impl Run<'_> {
    /// The options of the run.
    ///
    /// # Errors
    /// For options that are not understood; the error names the file.
    pub fn config<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        parse(self.text, &self.args.config)
    }

    /// The name of the network.
    pub fn entry_id(&self) -> &'static str {
        (self.entry.card)().id
    }

    /// Where the run computes.
    pub fn device(&self) -> DeviceChoice {
        self.args.device.device
    }

    /// Trains, and tells the terminal how far it is. `metadata` is what stands beside the weights of an
    /// epoch.
    ///
    /// # Errors
    /// For sizes that the network cannot have, for a missing GPU, and for files that cannot be
    /// written.
    pub fn train<L: Supervision>(
        &self,
        sizes: &Sizes,
        recipe: &Recipe,
        supervision: &L,
        metadata: &dyn Fn(&EpochReport) -> Metadata,
    ) -> anyhow::Result<()> {
        let entry = self.entry;
        let architecture =
            (entry.design)(sizes).map_err(|reason| anyhow!("{}: {reason}", entry.name))?;
        let initial = (entry.initialise)(&architecture.schema, recipe.seed);
        self.train_from(initial, recipe, supervision, metadata)
    }

    /// The same, beginning with some weights.
    ///
    /// # Errors
    /// As [`Self::train`].
    pub fn train_from<L: Supervision>(
        &self,
        initial: HostTensors,
        recipe: &Recipe,
        supervision: &L,
        metadata: &dyn Fn(&EpochReport) -> Metadata,
    ) -> anyhow::Result<()> {
        let entry = self.entry;
        written::make_folder(&recipe.output)?;
        let (device, report) = device::choose(self.args.device.device)?;
        say(format_args!("{} on {} ({})", (entry.card)().title, report.name, report.reason));
        let trainee = Trainee { network: entry.network, initial };
        let best = recipe.output.join(BEST);
        let epochs = recipe.output.join(EPOCHS);
        let mut terminal = Terminal::new(best.clone(), epochs, metadata)?;
        let summary = train(recipe, trainee, supervision, &device, &mut terminal)?;
        say(format_args!(
            "ended after {} epochs; best {} loss {:.6}; weights in {}",
            summary.n_epochs,
            match recipe.monitor {
                Monitor::Validation => "validation",
                Monitor::Training => "training",
            },
            summary.best_loss.unwrap_or(f64::NAN),
            best.display()
        ));
        Ok(())
    }

    /// The loss of the validation samples under some weights.
    ///
    /// # Errors
    /// For a missing GPU, and for a sample that cannot be read.
    pub fn validation_loss<L: Supervision>(
        &self,
        weights: &HostTensors,
        supervision: &L,
    ) -> anyhow::Result<f64> {
        let (device, _) = device::choose(self.args.device.device)?;
        Ok(validation_loss(self.entry.network, weights, supervision, &device)?)
    }
}

/// What stands beside weights as their maker.
pub fn created_by() -> String {
    format!("stormlens {}", env!("CARGO_PKG_VERSION"))
}
