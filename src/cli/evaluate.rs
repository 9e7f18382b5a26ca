//! `stormlens evaluate`: how good a network is on a dataset, beside persistence.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::json;
use stormlens_data::archive::Archive;
use stormlens_data::dataset::Windows;
use stormlens_data::field::Field;
use stormlens_data::import::knmi;
use stormlens_data::request::Progress;
use stormlens_data::score::{DEFAULT_THRESHOLDS_MM_H, ScoreTable, Verification};
use stormlens_nn::Engine;
use stormlens_nn::engine::{Frames, Resident};

use super::network::NetworkArgs;
use super::progress::Bar;

/// Score a network against observations, beside persistence
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// A file of windows, as `dataset build` writes it, or a folder of raw radar frames
    #[arg(long, value_name = "F.h5|FOLDER")]
    dataset: PathBuf,
    /// Which group of the file, or which block of the split
    #[arg(long, default_value = "test")]
    split: String,
    /// For a folder: the split.json that a training run wrote; without it all samples count
    #[arg(long, value_name = "split.json")]
    split_file: Option<PathBuf>,
    /// Rain rates from which a pixel counts as an event, in mm/h
    #[arg(long, value_delimiter = ',', default_values_t = DEFAULT_THRESHOLDS_MM_H, value_name = "MM/H")]
    thresholds: Vec<f64>,
    /// Where to write: .json or .csv; without it the table is printed
    #[arg(long, value_name = "TABLE")]
    output: Option<PathBuf>,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    if let Some(bad) = args.thresholds.iter().find(|t| !(t.is_finite() && **t >= 0.0)) {
        bail!("{bad} is no threshold; give rain rates in mm/h, separated by commas");
    }
    let (engine, resident) = args.network.open()?;
    let cases: Box<dyn Cases> = if args.dataset.is_dir() {
        Box::new(Folder::open(&args, &resident)?)
    } else {
        Box::new(File { windows: Windows::open(&args.dataset)?, group: args.split.clone() })
    };
    if cases.len() == 0 {
        bail!("{} has no sample in {:?}", args.dataset.display(), args.split);
    }
    let table = verify(&engine, &resident, cases.as_ref(), &args.thresholds)?;
    write(&args, &resident, cases.len(), &table)
}

/// One forecast to verify.
struct Case {
    frames: Frames,
    /// Normalised.
    observation: Vec<f32>,
}

/// Forecasts to verify, read one at a time.
trait Cases {
    fn len(&self) -> usize;
    fn read(&self, i: usize) -> anyhow::Result<Case>;
}

struct File {
    windows: Windows,
    group: String,
}

impl Cases for File {
    fn len(&self) -> usize {
        self.windows.len(&self.group)
    }

    fn read(&self, i: usize) -> anyhow::Result<Case> {
        let window = self.windows.read(&self.group, i)?;
        let (height, width) = self.windows.size(&self.group)?;
        let n_frames = window.inputs.len() / (height * width);
        let frames = Frames { values: window.inputs, n_frames, height, width };
        Ok(Case { frames, observation: window.target })
    }
}

struct Folder {
    archive: Archive,
    ids: Vec<String>,
    n_input_frames: usize,
    lead_time_min: u32,
}

impl Folder {
    fn open(args: &Args, resident: &Resident) -> anyhow::Result<Self> {
        let (n_input_frames, lead_time_min) =
            (resident.card.n_input_frames, resident.card.lead_time_min);
        let archive = Archive::open(&args.dataset)?;
        let ids = match &args.split_file {
            Some(path) => block(path, &args.split)?,
            None => {
                let samples = archive.samples(n_input_frames, lead_time_min);
                samples.into_iter().filter(|s| s.observed).map(|s| s.id).collect()
            }
        };
        Ok(Self { archive, ids, n_input_frames, lead_time_min })
    }
}

impl Cases for Folder {
    fn len(&self) -> usize {
        self.ids.len()
    }

    fn read(&self, i: usize) -> anyhow::Result<Case> {
        let id = &self.ids[i];
        let sample = self.archive.load(id, self.n_input_frames, self.lead_time_min)?;
        let observation = sample.observation_normalised;
        let observation = observation.with_context(|| format!("{id} has no observation"))?;
        let grid = sample.sequence.grid;
        let frames = Frames {
            values: sample.inputs_normalised,
            n_frames: self.n_input_frames,
            height: grid.height,
            width: grid.width,
        };
        Ok(Case { frames, observation })
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

fn verify(
    engine: &Engine,
    resident: &Resident,
    cases: &dyn Cases,
    thresholds: &[f64],
) -> anyhow::Result<ScoreTable> {
    let bar = Bar::new();
    let mut verification = Verification::new(thresholds);
    for i in 0..cases.len() {
        let _ = bar.report("verifying", i, cases.len());
        let Case { frames, observation } = cases.read(i)?;
        let n_pixels = frames.height * frames.width;
        let prediction = engine.predict(resident, &frames)?;
        let last = &frames.values[frames.values.len() - n_pixels..];
        let mm_h = |normalised: &[f32]| {
            let values = normalised.iter().map(|&x| knmi::to_mm_h(x)).collect();
            Field::new(frames.height, frames.width, values)
        };
        verification.add(&mm_h(&prediction[..n_pixels]), &mm_h(last), &mm_h(&observation));
    }
    Ok(verification.finish())
}

fn write(
    args: &Args,
    resident: &Resident,
    n_samples: usize,
    table: &ScoreTable,
) -> anyhow::Result<()> {
    let Some(path) = &args.output else {
        print!("{}", table.to_csv());
        return Ok(());
    };
    let text = match path.extension().and_then(|e| e.to_str()) {
        Some("csv") => table.to_csv(),
        Some("json") => serde_json::to_string_pretty(&json!({
            "model": resident.card.id,
            "weights_sha256": resident.checkpoint.weights_sha256,
            "dataset": args.dataset.display().to_string(),
            "split": args.split,
            "n_samples": n_samples,
            "lead_time_min": resident.card.lead_time_min,
            "scores": table,
        }))?,
        _ => bail!("{} should end in .json or .csv", path.display()),
    };
    std::fs::write(path, text).with_context(|| path.display().to_string())?;
    println!("{} samples verified, table in {}", n_samples, path.display());
    Ok(())
}
