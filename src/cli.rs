//! The command line: one variant and one file a command.

#[cfg(feature = "nn")]
mod ask;
mod dataset;
#[cfg(feature = "nn")]
pub mod evaluate;
#[cfg(feature = "nn")]
mod explain;
#[cfg(feature = "nn")]
mod help;
#[cfg(feature = "nn")]
pub mod import;
#[cfg(feature = "nn")]
mod network;
#[cfg(feature = "nn")]
mod output;
#[cfg(feature = "nn")]
mod predict;
mod progress;
pub mod render;
pub mod serve;
#[cfg(feature = "nn")]
pub mod train;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::Config;
use crate::networks::Networks;

/// See what a weather network predicts, how good that is, and why.
///
/// Without a command it serves the dashboard.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Config,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Config),
    Dataset(dataset::Args),
    #[cfg(feature = "nn")]
    Predict(predict::Args),
    #[cfg(feature = "nn")]
    Explain(explain::Args),
    #[cfg(feature = "nn")]
    Evaluate(evaluate::Args),
    #[cfg(feature = "nn")]
    Import(import::Args),
    #[cfg(feature = "nn")]
    Train(train::Args),
    /// Draw a figure again from the recipe in itself, in another format or size
    #[cfg(feature = "nn")]
    Render(Render),
}

#[cfg(feature = "nn")]
#[derive(Debug, clap::Args)]
struct Render {
    #[command(flatten)]
    figure: render::Args,
    #[command(flatten)]
    sources: crate::config::Sources,
}

/// Parses the command line and runs it; errors go to standard error in one line.
pub fn main() -> ExitCode {
    let cli = parse();
    let filter =
        EnvFilter::try_from_env("STORMLENS_LOG").unwrap_or_else(|_| "stormlens=info,warn".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn parse() -> Cli {
    let command = Cli::command();
    #[cfg(feature = "nn")]
    let command = help::with_parameters(command);
    Cli::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
}

fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(config) => serve::run(&config, networks(&config)),
        Command::Dataset(args) => dataset::run(args),
        #[cfg(feature = "nn")]
        Command::Predict(args) => predict::run(args),
        #[cfg(feature = "nn")]
        Command::Explain(args) => explain::run(args),
        #[cfg(feature = "nn")]
        Command::Evaluate(args) => evaluate::run(args),
        #[cfg(feature = "nn")]
        Command::Import(args) => import::run(args),
        #[cfg(feature = "nn")]
        Command::Train(args) => train::run(args),
        #[cfg(feature = "nn")]
        Command::Render(args) => {
            render::run(&args.figure, &|request| crate::worker::answer(&args.sources, request))
        }
    }
}

#[cfg(feature = "nn")]
fn networks(config: &Config) -> Networks {
    crate::worker::networks(&config.sources)
}

#[cfg(not(feature = "nn"))]
fn networks(_: &Config) -> Networks {
    Networks::none()
}
