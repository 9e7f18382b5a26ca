//! `stormlens dataset`: training sets from raw radar frames, and what is in them.

use std::io::{self, Write};

use clap::Subcommand;
use stormlens_data::dataset::Gap;
use stormlens_data::time;

mod build;
mod show;
mod simulate_sar;

/// Build training sets from radar frames, or show what is in them
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Build(build::Build),
    List(show::List),
    Show(show::Show),
    SimulateSar(simulate_sar::SimulateSar),
}

pub fn run(args: Args) -> anyhow::Result<()> {
    match write(args, &mut io::stdout().lock()) {
        // Whoever reads the list, `head` for one, may have read enough.
        Err(error) if is_broken_pipe(&error) => Ok(()),
        other => other,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
}

/// Does what was asked for and writes what there is to tell.
fn write(args: Args, out: &mut dyn Write) -> anyhow::Result<()> {
    match args.action {
        Action::Build(build) => build.run(out),
        Action::List(list) => list.run(out),
        Action::Show(show) => show.run(out),
        Action::SimulateSar(simulate) => simulate.run(out),
    }
}

fn tell_gaps(out: &mut dyn Write, gaps: &[Gap]) -> io::Result<()> {
    for gap in gaps {
        let [after, before] = [gap.after, gap.before].map(time::format_utc);
        writeln!(out, "  gap: {} frames missing between {after} and {before}", gap.n_missing)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
