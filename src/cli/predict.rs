//! `stormlens predict`: a network's answer to arrays, without a browser.

use std::path::PathBuf;

use stormlens_data::files::npy;

use stormlens_data::request::Silent;
use stormlens_nn::Engine;
use stormlens_nn::engine::Resident;

use super::network::{NetworkArgs, Sequences, for_sequence};
use super::scene::{self, SceneArgs};

/// Predict from radar frames in a .npy file, or classify a picture
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    scene: SceneArgs,
    /// Frames: float32 [12, H, W] or [N, 12, H, W] as .npy, normalised (mm in 5 minutes / 47.83),
    /// oldest first, H and W multiples of 16. A picture: PNG, JPEG or TIFF, or float32 [H, W, 3] in
    /// 0 to 255 as .npy
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Where to write the prediction: float32 [1, H, W] or [N, 1, H, W] as .npy, normalised; of a
    /// picture, classes, probabilities (probs), logits and preprocessing as .json
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let (engine, resident) = args.network.open()?;
    match resident.card.scene_classification() {
        Some(_) => classify(&args, &engine, &resident),
        None => nowcast(&args, &engine, &resident),
    }
}

fn classify(args: &Args, engine: &Engine, resident: &Resident) -> anyhow::Result<()> {
    let request = args.scene.request(resident)?;
    let outcome = scene::answer(engine, resident, &args.input, &request, &Silent)?;
    scene::write_json(&outcome, &args.output)?;
    scene::report(&outcome);
    println!("written to {}, computed on {}", args.output.display(), engine.device().name);
    Ok(())
}

fn nowcast(args: &Args, engine: &Engine, resident: &Resident) -> anyhow::Result<()> {
    args.scene.refuse_for(resident.card.id)?;
    let sequences = Sequences::read(&args.input)?;
    let n = sequences.frames.len();
    let mut values = Vec::new();
    for (i, frames) in sequences.frames.iter().enumerate() {
        values.extend(for_sequence(i, n, engine.predict(resident, frames))?);
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
