//! `stormlens evaluate`: how good a network is on a dataset.

mod frames;
mod scenes;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use stormlens_data::scene::Resampling;

use super::network::NetworkArgs;

/// Score a network: nowcasts against observations and beside persistence, or the classes of scenes
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// Of frames: a file of windows, as `dataset build` writes it, or a folder of raw radar frames.
    /// Of scenes: a folder with SPLIT/neg/*.png and SPLIT/pos/*.png
    #[arg(long, value_name = "F.h5|FOLDER")]
    dataset: PathBuf,
    /// Which group of the file, or which block of the split
    #[arg(long, default_value = "test")]
    split: String,
    /// For a folder: the split.json that a training run wrote; without it all frames count, and of
    /// scenes those in the folder SPLIT
    #[arg(long, value_name = "split.json")]
    split_file: Option<PathBuf>,
    /// Of frames: rain rates from which a pixel counts as an event, in mm/h; default 0.5,1,2,5,10
    #[arg(long, value_delimiter = ',', value_name = "MM/H")]
    thresholds: Vec<f64>,
    /// Of scenes: how they are resized: bilinear (as published for training and test, default) or
    /// nearest
    #[arg(long, value_name = "nearest|bilinear")]
    resize: Option<Resampling>,
    /// Where to write: .json or .csv. Of frames: the table of scores, printed without it. Of scenes:
    /// the probability of each, with the scores in .json; the scores are printed
    #[arg(long, value_name = "TABLE")]
    output: Option<PathBuf>,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let (engine, resident) = args.network.open()?;
    match (&resident.checkpoint.nowcasting, resident.card.scene_classification()) {
        (Some(task), _) => frames::run(&args, &engine, &resident, task),
        (None, Some(task)) => scenes::run(&args, &engine, &resident, task),
        (None, None) => bail!("{} is not said to be of frames or of scenes", resident.card.id),
    }
}

/// The samples of one block of a stored split.
fn block(path: &Path, name: &str) -> anyhow::Result<Vec<String>> {
    let context = || path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(context)?;
    let mut split: BTreeMap<String, Vec<String>> =
        serde_json::from_str(&text).with_context(context)?;
    let known: Vec<String> = split.keys().cloned().collect();
    split.remove(name).with_context(|| {
        format!("{} has no block {name:?}; it has {}", path.display(), known.join(", "))
    })
}

/// Writes a table in the form that the name of its file asks for.
fn write_text(
    path: &Path,
    json: impl FnOnce() -> serde_json::Value,
    csv: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    let text = match path.extension().and_then(|e| e.to_str()) {
        Some("csv") => csv(),
        Some("json") => serde_json::to_string_pretty(&json())? + "\n",
        _ => bail!("{} should end in .json or .csv", path.display()),
    };
    std::fs::write(path, text).with_context(|| path.display().to_string())
}
