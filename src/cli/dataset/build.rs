//! `stormlens dataset build`.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;
use jiff::Timestamp;
use stormlens_data::dataset::{self, BuildOptions, BuildReport, Rule, Split};
use stormlens_data::time;

use super::tell_gaps;
use crate::cli::progress::Bar;

/// Build the intermediate and the windowed HDF5 file of a training set
#[derive(Debug, clap::Args)]
pub struct Build {
    /// Folder with raw frames, RAD_NL25_RAC_5min_…_cor.h5 or RAD_NL25_RAP_5min_….h5
    #[arg(
        long,
        value_name = "FOLDER",
        default_value = "data/knmi",
        conflicts_with = "intermediate"
    )]
    raw: PathBuf,
    /// Build only the windows, from an intermediate file that is there already
    #[arg(long, value_name = "FILE", conflicts_with_all = ["train_until", "validate_until"])]
    intermediate: Option<PathBuf>,
    /// Folder to write to
    #[arg(long, value_name = "FOLDER", default_value = "data/sets")]
    output: PathBuf,
    /// Last instant of the training group, in UTC, e.g. 2018-12-31T23:55; without it the end of 2018
    #[arg(long, value_name = "TIME", value_parser = instant)]
    train_until: Option<Timestamp>,
    /// Last instant of the validation group, in UTC; without it the set has none
    #[arg(long, value_name = "TIME", value_parser = instant)]
    validate_until: Option<Timestamp>,
    /// Input frames of a window
    #[arg(long, value_name = "FRAMES", default_value_t = 12)]
    input_length: usize,
    /// Frames from the last input to the one to predict; 6 are 30 minutes
    #[arg(long, value_name = "FRAMES", default_value_t = 6)]
    img_ahead: usize,
    /// Share of the pixels, 0 to 1, that have to be wet
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    rain_threshold: f64,
    /// Choose windows exactly as the reference program does: rain is looked for one frame after the
    /// window, and windows may straddle gaps
    #[arg(long)]
    compat: bool,
}

impl Build {
    pub fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        let options = self.options();
        let bar = Bar::new();
        let built = match &self.intermediate {
            Some(file) => dataset::build_windows(file, &self.output, &options, &bar),
            None => dataset::build(&self.raw, &self.output, &options, &bar),
        };
        drop(bar);
        Ok(tell(out, &built.context("the training set was not built")?)?)
    }

    pub fn options(&self) -> BuildOptions {
        let train_until = self.train_until.unwrap_or(Split::default().train_until);
        BuildOptions {
            split: Split { train_until, validate_until: self.validate_until },
            input_length: self.input_length,
            img_ahead: self.img_ahead,
            rain_threshold: self.rain_threshold,
            rule: if self.compat { Rule::Compat } else { Rule::Fixed },
        }
    }
}

fn tell(out: &mut dyn Write, report: &BuildReport) -> io::Result<()> {
    for group in &report.groups {
        writeln!(out, "{}: {} frames, {} windows", group.name, group.n_frames, group.n_windows)?;
        tell_gaps(out, &group.gaps)?;
    }
    for skipped in &report.skipped {
        writeln!(out, "skipped {}: {}", skipped.file, skipped.reason)?;
    }
    writeln!(out, "{}\n{}", report.intermediate.display(), report.windows.display())
}

fn instant(text: &str) -> Result<Timestamp, String> {
    time::parse_utc(text)
        .ok_or_else(|| "expected a time in UTC such as 2018-12-31T23:55".to_owned())
}
