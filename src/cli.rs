//! The command line: one variant and one file a command.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// See what a weather network predicts, how good that is, and why.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {}

/// Parses the command line and runs it; errors go to standard error in one line.
pub fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(_cli: Cli) -> anyhow::Result<()> {
    Ok(())
}
