//! The command line: one variant and one file a command.

#[cfg(feature = "nn")]
mod ask;
#[cfg(feature = "nn")]
pub mod compare;
mod completions;
mod dataset;
#[cfg(feature = "nn")]
mod downscale;
#[cfg(feature = "nn")]
pub mod evaluate;
#[cfg(feature = "nn")]
mod explain;
#[cfg(any(feature = "nn", test))]
mod given;
#[cfg(feature = "nn")]
mod help;
#[cfg(feature = "nn")]
pub mod import;
mod known;
#[cfg(feature = "nn")]
mod network;
#[cfg(feature = "nn")]
mod nowcast;
#[cfg(any(feature = "nn", test))]
#[cfg_attr(not(feature = "nn"), expect(dead_code, reason = "only commands with networks write"))]
mod output;
#[cfg(feature = "nn")]
pub mod predict;
mod progress;
pub mod render;
#[cfg(any(feature = "nn", test))]
mod said;
pub mod serve;
mod speech;
mod standard_output;
mod tip;
#[cfg(feature = "nn")]
pub mod train;

use std::io::{IsTerminal, Write as _};
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use self::speech::Speech;
#[cfg(feature = "nn")]
pub(crate) use self::speech::say;
use crate::causes::with_causes;
use crate::config::Config;
use crate::networks::Networks;

/// See what a weather network predicts, how good that is, and why.
///
/// Without a command it serves the dashboard.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Config,
    #[command(flatten)]
    verbosity: Verbosity,
}

/// How much is said.
#[derive(Clone, Copy, Debug, clap::Args)]
struct Verbosity {
    /// Print only warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Print more; twice, also messages of libraries. STORMLENS_LOG chooses more finely
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
}

impl Verbosity {
    /// What goes to the log, in the words of `STORMLENS_LOG`.
    fn filter(self) -> &'static str {
        match (self.quiet, self.verbose) {
            (true, _) => "warn",
            (false, 0) => "stormlens=info,warn",
            (false, 1) => "stormlens=debug,stormlens_data=debug,stormlens_nn=debug,info",
            (false, _) => "debug",
        }
    }
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
    Nowcast(nowcast::Args),
    #[cfg(feature = "nn")]
    Downscale(downscale::Args),
    #[cfg(feature = "nn")]
    Evaluate(evaluate::Args),
    #[cfg(feature = "nn")]
    Compare(compare::Args),
    #[cfg(feature = "nn")]
    Import(import::Args),
    #[cfg(feature = "nn")]
    Train(train::Args),
    /// Draw a figure again from the recipe in itself, in another format or size
    #[cfg(feature = "nn")]
    Render(Render),
    Completions(completions::Completions),
    Man(completions::Man),
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
    let (cli, matches) = parse();
    let filter =
        EnvFilter::try_from_env("STORMLENS_LOG").unwrap_or_else(|_| cli.verbosity.filter().into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match run(cli, &matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let words = format!("error: {}{}", with_causes(&error), known::names(&error));
            // Whoever closed standard error reads no more; `eprintln!` would end in a panic.
            let _ = writeln!(std::io::stderr(), "{words}");
            ExitCode::FAILURE
        }
    }
}

/// The whole command line, as help texts, completions and manual pages describe it.
fn command() -> clap::Command {
    let command = Cli::command();
    #[cfg(feature = "nn")]
    let command = help::with_parameters(command);
    command
}

fn parse() -> (Cli, ArgMatches) {
    let mut command = command();
    let asked = command.try_get_matches_from_mut(std::env::args_os());
    let matches = asked.unwrap_or_else(|error| tip::of_parameters(error, &command).exit());
    if let Some(error) = tip::misplaced(&matches, &mut command) {
        error.exit();
    }
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    (cli, matches)
}

/// Serves, with what comes with the program where no folder of data or weights was named and none is found.
fn serve(mut config: Config, matches: &ArgMatches, speech: Speech) -> anyhow::Result<()> {
    let of_serve = matches.subcommand().map_or(matches, |(_, matches)| matches);
    let is_named = |name: &str| of_serve.value_source(name) != Some(ValueSource::DefaultValue);
    let stand_ins = serve::stand_in(&mut config, is_named)?;
    serve::run(&config, networks(&config), &stand_ins, speech)
}

fn run(cli: Cli, matches: &ArgMatches) -> anyhow::Result<()> {
    let speech = Speech { is_quiet: cli.verbosity.quiet, ..Speech::default() };
    match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(config) => serve(config, matches, speech),
        Command::Dataset(args) => dataset::run(args),
        #[cfg(feature = "nn")]
        Command::Predict(args) => predict::run(args, speech),
        #[cfg(feature = "nn")]
        Command::Explain(args) => explain::run(args, speech),
        #[cfg(feature = "nn")]
        Command::Nowcast(args) => nowcast::run(args, speech),
        #[cfg(feature = "nn")]
        Command::Downscale(args) => downscale::run(args, speech),
        #[cfg(feature = "nn")]
        Command::Evaluate(args) => evaluate::run(args, speech),
        #[cfg(feature = "nn")]
        Command::Compare(args) => compare::run(&args, speech),
        #[cfg(feature = "nn")]
        Command::Import(args) => import::run(args),
        #[cfg(feature = "nn")]
        Command::Train(args) => train::run(args),
        #[cfg(feature = "nn")]
        Command::Render(args) => {
            render::run(&args.figure, &crate::worker::methods(), speech, &|request| {
                crate::worker::answer_with(&args.sources, request, &progress::Bar::new())
            })
        }
        Command::Completions(args) => args.run(&mut command()),
        Command::Man(args) => args.run(command()),
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
