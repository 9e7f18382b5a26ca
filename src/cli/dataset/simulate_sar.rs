//! `stormlens dataset simulate-sar`.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;
use stormlens_data::simulate::{self, Options, Report, Splits};

use crate::cli::progress::Bar;
use crate::written;

/// Make a set of simulated Sentinel-1 scenes with and without a polar low, to learn from
#[derive(Debug, clap::Args)]
pub struct SimulateSar {
    /// New or empty folder
    #[arg(long, value_name = "FOLDER")]
    output: PathBuf,
    /// Side of a scene, in pixels
    #[arg(long, value_name = "PIXELS", default_value = "192", value_parser = size_px())]
    size: usize,
    /// Number of scenes
    #[arg(long, value_name = "NUMBER", default_value_t = 1600)]
    count: usize,
    /// Share of scenes with a polar low, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    positive_share: f64,
    /// Equal seeds make equal scenes
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Parts of the set and the share of the scenes in each
    #[arg(
        long,
        value_name = "NAME:SHARE,…",
        default_value = "train:0.7,validation:0.15,test:0.15"
    )]
    splits: Splits,
}

fn size_px() -> impl TypedValueParser<Value = usize> {
    PossibleValuesParser::new(["192", "800", "1536"]).map(|side| side.parse().unwrap_or(192))
}

impl SimulateSar {
    pub fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        written::make_folder(&self.output)?;
        let bar = Bar::new();
        let report = simulate::write(&self.output, &self.options(), &bar);
        drop(bar);
        let report = report.context("the scenes were not made")?;
        Ok(self.tell(out, &report)?)
    }

    fn options(&self) -> Options {
        Options {
            size_px: self.size,
            n_scenes: self.count,
            positive_share: self.positive_share,
            seed: self.seed,
            splits: self.splits.clone(),
        }
    }

    fn tell(&self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        for (name, n_positive, n_negative) in &report.splits {
            writeln!(out, "{name}: {n_positive} with a polar low, {n_negative} without")?;
        }
        writeln!(out, "simulated scenes in {}", self.output.display())
    }
}
