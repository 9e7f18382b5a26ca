//! `stormlens predict`: a network's answer, without a browser.

use std::path::PathBuf;

use super::ask::{QuestionArgs, ask};
use super::output::Output;
use super::speech::Speech;
use crate::question::NO_METHOD;

/// Run a network
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    question: QuestionArgs,
    /// Where to write the answer, - for standard output: .npz or .nc has all of it, .json what is said of it, with its
    /// numbers, .npy the prediction alone, .csv the prediction with a line a value. Values are in physical units. Of
    /// several inputs, .npy stacks the predictions, other files are numbered
    #[arg(long, value_name = "FILE|-")]
    output: PathBuf,
    /// What is written, where the ending does not say it; on standard output json until it is named
    #[arg(long, value_name = "npz|nc|json|npy|csv|zip")]
    format: Option<String>,
}

pub fn run(args: Args, speech: Speech) -> anyhow::Result<()> {
    let mut output = Output::new(&args.output, args.format.as_deref(), speech)?;
    ask(&args.question, &[NO_METHOD.to_owned()], &mut output)
}
