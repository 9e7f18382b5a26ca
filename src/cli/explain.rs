//! `stormlens explain`: attributions, without a browser.

use std::path::PathBuf;

use anyhow::bail;

use super::ask::{QuestionArgs, ask};
use super::output::{Form, say, write};

/// Ask a network why it predicts that
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    question: QuestionArgs,
    /// How to explain; more than once for several, which share their work. Without it grad-cam
    #[arg(long = "method", value_name = "METHOD")]
    methods: Vec<String>,
    /// Where to write: .npz or .nc has all arrays, .json what is said of them, with all numbers. Values are in physical
    /// units. Of several inputs, files are numbered
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let form = Form::of(&args.output)?;
    if matches!(form, Form::Prediction) {
        bail!("{} would hold the prediction alone; take .npz or .nc", args.output.display());
    }
    let answers = ask(&args.question, &args.methods)?;
    answers.iter().for_each(|answered| say(&answered.outcome));
    write(form, &args.output, &answers)
}
