//! `stormlens predict`: a network's answer, without a browser.

use std::path::PathBuf;

use super::ask::{QuestionArgs, ask};
use super::output::{Form, say, write};
use crate::question::NO_METHOD;

/// Ask a network what it predicts
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    question: QuestionArgs,
    /// Where to write the answer: .npz or .nc has all of it, .json what is said of it, with its numbers, .npy the
    /// prediction alone, .csv the prediction with a line a value. Values are in physical units. Of several inputs, .npy stacks the predictions,
    /// other files are numbered
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let form = Form::of(&args.output)?;
    let answers = ask(&args.question, &[NO_METHOD.to_owned()])?;
    answers.iter().for_each(|answered| say(&answered.outcome));
    write(form, &args.output, &answers)
}
