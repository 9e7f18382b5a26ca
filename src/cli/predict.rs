//! `stormlens predict`: a network's answer to arrays, without a browser.

use std::path::PathBuf;

use stormlens_data::files::npy;

use super::network::{NetworkArgs, Sequences, for_sequence};

/// Predict from normalised frames in a .npy file
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// float32 [12, H, W] or [N, 12, H, W], normalised (mm in 5 minutes / 47.83), oldest frame
    /// first; H and W multiples of 16
    #[arg(long, value_name = "X.npy")]
    input: PathBuf,
    /// Where to write the prediction: float32 [1, H, W] or [N, 1, H, W], normalised
    #[arg(long, value_name = "Y.npy")]
    output: PathBuf,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let sequences = Sequences::read(&args.input)?;
    let (engine, resident) = args.network.open()?;
    let n = sequences.frames.len();
    let mut values = Vec::new();
    for (i, frames) in sequences.frames.iter().enumerate() {
        values.extend(for_sequence(i, n, engine.predict(&resident, frames))?);
    }
    let first = &sequences.frames[0];
    let n_leads = values.len() / (n * first.height * first.width);
    let mut shape = vec![n_leads, first.height, first.width];
    if sequences.is_batch {
        shape.insert(0, n);
    }
    npy::write_npy_f32(&args.output, &shape, &values)?;
    println!("{}: {shape:?}, computed on {}", args.output.display(), engine.device().name);
    Ok(())
}
