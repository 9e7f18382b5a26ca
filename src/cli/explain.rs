//! `stormlens explain`: attributions, without a browser.

use std::path::PathBuf;

use anyhow::bail;

use super::ask::{QuestionArgs, ask};
use super::output::{Form, Output};
use super::speech::Speech;

/// Explain what a network predicts
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    question: QuestionArgs,
    /// How to explain; more than once for several, which share their work. Without it grad-cam
    #[arg(long = "method", value_name = "METHOD")]
    methods: Vec<String>,
    /// Where to write, - for standard output: .npz or .nc has all arrays, .json what is said of them, with all numbers.
    /// Values are in physical units. For several inputs, files are numbered
    #[arg(long, value_name = "FILE|-")]
    output: PathBuf,
    /// What is written, where the ending does not say it; on standard output json until it is named
    #[arg(long, value_name = "npz|nc|json|csv|zip")]
    format: Option<String>,
}

pub fn run(args: Args, speech: Speech) -> anyhow::Result<()> {
    let mut output = Output::new(&args.output, args.format.as_deref(), speech)?;
    if matches!(output.form(), Form::Prediction) {
        bail!("{} would hold the prediction alone; take .npz or .nc", args.output.display());
    }
    ask(&args.question, &args.methods, &mut output)
}
