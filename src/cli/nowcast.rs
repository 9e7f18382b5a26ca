//! `stormlens nowcast`: from the last radar frames to a forecast in one command.

use std::path::PathBuf;

use super::ask::{FieldArgs, QuestionArgs, ask, read_pair};
use super::given::Pair;
use super::network::NetworkArgs;
use super::output::Output;
use super::speech::Speech;
use crate::config::Sources;
use crate::question::NO_METHOD;

/// Forecast rain from the last radar frames
///
/// Files are taken as a radar service writes them, under any name and in any order; each says its own time. The last
/// frames in a row that the network can take are used.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Radar frames, the newest last, or a folder of them: KNMI, DWD (RADOLAN, RADKLIM), MeteoSwiss, FMI, ODIM_H5
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Which network
    #[arg(long, default_value = "sar-unet")]
    model: String,
    /// Weights: a checkpoint folder, a file, or a name in the model's folder of checkpoints; without it the first there
    #[arg(long, value_name = "NAME|PATH")]
    checkpoint: Option<PathBuf>,
    /// More of what addresses of the dashboard have, such as lead-time and threshold
    #[arg(long, value_name = "NAME=VALUE", value_parser = read_pair)]
    set: Vec<Pair>,
    /// Where to write, - for standard output: .nc or .npz has all of it with forecasts that need no network beside,
    /// .npy the forecast alone
    #[arg(long, value_name = "FILE|-")]
    output: PathBuf,
    /// What is written, where the ending does not say it; on standard output json until it is named
    #[arg(long, value_name = "npz|nc|json|npy|csv|zip")]
    format: Option<String>,
    #[command(flatten)]
    sources: Sources,
}

pub fn run(args: Args, speech: Speech) -> anyhow::Result<()> {
    let mut output = Output::new(&args.output, args.format.as_deref(), speech)?;
    let Args { files, model, checkpoint, set, sources, .. } = args;
    let question = QuestionArgs {
        network: NetworkArgs { model, checkpoint, sources },
        input: files,
        units: None,
        fields: FieldArgs::default(),
        blocks: None,
        set,
        words: Vec::new(),
    };
    ask(&question, &[NO_METHOD.to_owned()], &mut output)
}
