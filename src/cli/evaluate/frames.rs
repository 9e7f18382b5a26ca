//! Nowcasts against observations, beside persistence.

use anyhow::{Context, bail};
use serde_json::json;
use stormlens_data::archive::Archive;
use stormlens_data::card::Nowcasting;
use stormlens_data::dataset::Windows;
use stormlens_data::field::Field;
use stormlens_data::import::knmi;
use stormlens_data::request::Progress;
use stormlens_data::score::{DEFAULT_THRESHOLDS_MM_H, ScoreTable, Verification};
use stormlens_nn::Engine;
use stormlens_nn::engine::{Frames, Resident};

use super::{Args, block, write_text};
use crate::cli::progress::Bar;

pub(super) fn run(
    args: &Args,
    engine: &Engine,
    resident: &Resident,
    task: &Nowcasting,
) -> anyhow::Result<()> {
    if args.resize.is_some() {
        bail!("{} takes frames: --resize is for networks that take pictures", resident.card.id);
    }
    let thresholds = match args.thresholds.as_slice() {
        [] => &DEFAULT_THRESHOLDS_MM_H,
        given => given,
    };
    if let Some(bad) = thresholds.iter().find(|t| !(t.is_finite() && **t >= 0.0)) {
        bail!("{bad} is no threshold; give rain rates in mm/h, separated by commas");
    }
    let cases: Box<dyn Cases> = if args.dataset.is_dir() {
        Box::new(Folder::open(args, task)?)
    } else {
        Box::new(File { windows: Windows::open(&args.dataset)?, group: args.split.clone() })
    };
    if cases.len() == 0 {
        bail!("{} has no sample in {:?}", args.dataset.display(), args.split);
    }
    let table = verify(engine, resident, cases.as_ref(), thresholds)?;
    write(args, resident, task, cases.len(), &table)
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
    fn open(args: &Args, task: &Nowcasting) -> anyhow::Result<Self> {
        let Nowcasting { n_input_frames, ref lead_times_min, .. } = *task;
        let &[lead_time_min] = lead_times_min.as_slice() else {
            bail!("radar frames verify one lead time, the network gives {}", lead_times_min.len());
        };
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
    task: &Nowcasting,
    n_samples: usize,
    table: &ScoreTable,
) -> anyhow::Result<()> {
    let Some(path) = &args.output else {
        print!("{}", table.to_csv());
        return Ok(());
    };
    let json = || {
        json!({
            "model": resident.card.id,
            "weights_sha256": resident.checkpoint.weights_sha256,
            "dataset": args.dataset.display().to_string(),
            "split": args.split,
            "n_samples": n_samples,
            "lead_time_min": task.lead_times_min[0],
            "scores": table,
        })
    };
    write_text(path, json, || table.to_csv())?;
    println!("{n_samples} samples verified, table in {}", path.display());
    Ok(())
}
