//! Nowcasts against observations, beside persistence.

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::json;
use stormlens_data::archive::Archive;
use stormlens_data::card::Nowcasting;
use stormlens_data::dataset::{DatasetError, Windows};
use stormlens_data::field::Field;
use stormlens_data::request::Progress;
use stormlens_data::score::{ScoreTable, Verification, default_thresholds};
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
        [] => default_thresholds(task.field),
        given => given,
    };
    if let Some(bad) = thresholds.iter().find(|t| !(t.is_finite() && **t >= 0.0)) {
        bail!("{bad} is no threshold; give values in {}, separated by commas", task.field.unit());
    }
    let archive = if args.dataset.is_dir() { open_archive(&args.dataset)? } else { None };
    let cases: Box<dyn Cases> = if let Some(archive) = archive {
        Box::new(Folder::new(archive, args, task)?)
    } else {
        let lead_times_min = task.lead_times_min.clone();
        let windows = Windows::open(&args.dataset)?;
        windows.check(task)?;
        if let Some(description) = windows.description() {
            println!("{}: {description}", args.dataset.display());
        }
        Box::new(File { windows, group: args.split.clone(), lead_times_min })
    };
    if cases.len() == 0 {
        bail!("{} has no sample in {:?}", args.dataset.display(), args.split);
    }
    let verification = Verification::new(task.field, &task.lead_times_min, thresholds);
    let table = verify(engine, resident, cases.as_ref(), task, verification)?;
    write(args, resident, task, cases.len(), &table)
}

/// A folder of frames; `None` where it holds something else.
fn open_archive(folder: &Path) -> anyhow::Result<Option<Archive>> {
    match Archive::open(folder) {
        Ok(archive) => Ok(Some(archive)),
        Err(DatasetError::NoFrames { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// One forecast to verify.
struct Case {
    frames: Frames,
    /// `[leads, height, width]`, normalised.
    observations: Vec<f32>,
}

/// Forecasts to verify, read one at a time.
trait Cases {
    fn len(&self) -> usize;
    fn read(&self, i: usize) -> anyhow::Result<Case>;
}

struct File {
    windows: Windows,
    group: String,
    lead_times_min: Vec<u32>,
}

impl Cases for File {
    fn len(&self) -> usize {
        self.windows.len(&self.group)
    }

    fn read(&self, i: usize) -> anyhow::Result<Case> {
        let window = self.windows.read(&self.group, i, &self.lead_times_min)?;
        let (height, width) = self.windows.size(&self.group)?;
        let n_frames = window.inputs.len() / (height * width);
        let frames = Frames { values: window.inputs, n_frames, height, width };
        Ok(Case { frames, observations: window.targets })
    }
}

struct Folder {
    archive: Archive,
    ids: Vec<String>,
    task: Nowcasting,
}

impl Folder {
    fn new(archive: Archive, args: &Args, task: &Nowcasting) -> anyhow::Result<Self> {
        archive.check(task)?;
        let Nowcasting { n_input_frames, frame_step_min, lead_times_min, .. } = task;
        let ids = match &args.split_file {
            Some(path) => block(path, &args.split)?,
            None => {
                let samples = archive.samples(*n_input_frames, *frame_step_min, lead_times_min);
                samples.into_iter().filter(|s| s.is_observed()).map(|s| s.id).collect()
            }
        };
        Ok(Self { archive, ids, task: task.clone() })
    }
}

impl Cases for Folder {
    fn len(&self) -> usize {
        self.ids.len()
    }

    fn read(&self, i: usize) -> anyhow::Result<Case> {
        let id = &self.ids[i];
        let Nowcasting { n_input_frames, frame_step_min, lead_times_min, .. } = &self.task;
        let sample = self.archive.load(id, *n_input_frames, *frame_step_min, lead_times_min)?;
        let observations = sample.targets_normalised();
        let observations = observations.with_context(|| format!("{id} has no observation"))?;
        let grid = sample.sequence.grid;
        let frames = Frames {
            values: sample.inputs_normalised,
            n_frames: *n_input_frames,
            height: grid.height,
            width: grid.width,
        };
        Ok(Case { frames, observations })
    }
}

fn verify(
    engine: &Engine,
    resident: &Resident,
    cases: &dyn Cases,
    task: &Nowcasting,
    mut verification: Verification,
) -> anyhow::Result<ScoreTable> {
    let bar = Bar::new();
    for i in 0..cases.len() {
        let _ = bar.report("verifying", i, cases.len());
        let Case { frames, observations } = cases.read(i)?;
        let n_pixels = frames.height * frames.width;
        let prediction = engine.predict(resident, &frames)?;
        let last = &frames.values[frames.values.len() - n_pixels..];
        let map = |normalised: &[f32]| {
            let values = normalised.iter().map(|&x| task.field.to_physical(x)).collect();
            Field::new(frames.height, frames.width, values)
        };
        let persistence = map(last);
        let leads = prediction.chunks_exact(n_pixels).zip(observations.chunks_exact(n_pixels));
        if leads.len() != task.lead_times_min.len() {
            bail!("the network gives {} frames for {:?} min", leads.len(), task.lead_times_min);
        }
        for (lead, (model, observation)) in leads.enumerate() {
            verification.add(lead, &map(model), &persistence, &map(observation));
        }
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
            "lead_times_min": task.lead_times_min,
            "scores": table,
        })
    };
    write_text(path, json, || table.to_csv())?;
    println!("{n_samples} samples verified, table in {}", path.display());
    Ok(())
}
