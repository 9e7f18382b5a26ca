//! Forecasts against observations, beside persistence.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use serde_json::json;
use stormlens_data::archive::Archive;
use stormlens_data::card::{NowcastField, Nowcasting};
use stormlens_data::dataset::{DatasetError, Windows};
use stormlens_data::field::Field;
use stormlens_data::network::Input;
use stormlens_data::patches::PUBLISHED_NORMALISATION_MM_5MIN;
use stormlens_data::score::events::known_everywhere;
use stormlens_data::score::{
    MODEL, PERSISTENCE, PUBLISHED_THRESHOLDS, Verification, default_thresholds,
    published_thresholds_mm_h,
};

use super::seen::answer_to;
use crate::cli::evaluate::{Evaluated, Evaluation};
use crate::unfinished::{SAMPLES_BETWEEN_WRITES, Unfinished};

const THRESHOLDS: &str = "thresholds";
/// How another program counts.
const COMPAT: &str = "compat";
const PUBLISHED: &str = "published-thresholds";

/// Scores of a network's forecasts; `None` for a network that makes none.
pub fn evaluate(evaluation: &Evaluation<'_>) -> Option<anyhow::Result<Evaluated>> {
    let task = evaluation.checkpoint.nowcasting.as_ref()?;
    Some(run(evaluation, task))
}

fn run(evaluation: &Evaluation<'_>, task: &Nowcasting) -> anyhow::Result<Evaluated> {
    evaluation.parameters.only(&[THRESHOLDS, COMPAT]).context("the network takes frames")?;
    if task.rebuilds() {
        bail!(
            "these weights rebuild the frames that went in and forecast nothing; take fine-tuned ones"
        );
    }
    let thresholds = thresholds(evaluation, task)?;
    let cases = open(evaluation, task)?;
    let n = cases.len();
    if n == 0 {
        bail!("{} has no sample in {:?}", evaluation.dataset.display(), evaluation.split);
    }
    let verification =
        Verification::new(task.field, &[MODEL, PERSISTENCE], &task.lead_times_min, &thresholds);
    let table = verify(evaluation, cases.as_ref(), task, verification)?.finish();
    let mut json = json!({
        "n_samples": n,
        "lead_times_min": task.lead_times_min,
        "scores": table,
    });
    if is_compatible(evaluation)? {
        json[COMPAT] = json!({
            "rule": PUBLISHED,
            "named_thresholds": PUBLISHED_THRESHOLDS,
            "compared_mm_h": thresholds,
        });
    }
    Ok(Evaluated {
        n_cases: format!("{n} samples verified"),
        summary: String::new(),
        csv: table.to_csv(),
        json,
    })
}

fn is_compatible(evaluation: &Evaluation<'_>) -> anyhow::Result<bool> {
    match evaluation.parameters.one(COMPAT)? {
        None => Ok(false),
        Some(PUBLISHED) => Ok(true),
        Some(other) => {
            bail!("--{COMPAT} {other}: the only rule of another program here is {PUBLISHED}")
        }
    }
}

fn thresholds(evaluation: &Evaluation<'_>, task: &Nowcasting) -> anyhow::Result<Vec<f64>> {
    let given = evaluation.parameters.list(THRESHOLDS);
    if is_compatible(evaluation)? {
        if !given.is_empty() || task.field != NowcastField::Precipitation {
            bail!(
                "--{COMPAT} {PUBLISHED} has thresholds of rain of its own; leave --{THRESHOLDS} out"
            );
        }
        return Ok(published_thresholds_mm_h(PUBLISHED_NORMALISATION_MM_5MIN).to_vec());
    }
    if given.is_empty() {
        return Ok(default_thresholds(task.field).to_vec());
    }
    let read = |text: &str| {
        let value = text.parse().ok().filter(|t: &f64| t.is_finite() && *t >= 0.0);
        let unit = task.field.unit();
        value.with_context(|| {
            format!("{text} is no threshold; give values in {unit}, separated by commas")
        })
    };
    given.into_iter().map(read).collect()
}

/// A file or folder of windows, or a folder of frames.
fn open(evaluation: &Evaluation<'_>, task: &Nowcasting) -> anyhow::Result<Box<dyn Cases>> {
    let dataset = evaluation.dataset;
    let archive = if dataset.is_dir() { open_archive(dataset)? } else { None };
    if let Some(archive) = archive {
        if evaluation.members.is_none() && evaluation.is_split_named {
            bail!(
                "{} is a folder of frames, which has no splits of its own; name the split.json of the training with \
                 --split-file, or leave --split out to score all samples, those of the training too",
                dataset.display()
            );
        }
        return Ok(Box::new(Folder::new(archive, evaluation, task)?));
    }
    let windows = Windows::open(dataset)?;
    windows.check(task)?;
    if let Some(description) = windows.description() {
        tracing::info!("{}: {description}", dataset.display());
    }
    let (group, lead_times_min) = (evaluation.split.to_owned(), task.lead_times_min.clone());
    Ok(Box::new(File { windows, group, lead_times_min }))
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
    input: Input,
    /// Which values a radar measured, where that is known.
    known: Option<Vec<bool>>,
    /// The last input frame, in the network's own unit; NaN where nothing is known, where the input has 0.
    last: Vec<f32>,
    /// `[leads, height, width]`, in the network's own unit; NaN where nothing is known.
    observations: Vec<f32>,
}

/// Forecasts to verify, read one at a time.
trait Cases {
    fn len(&self) -> usize;
    /// Which ones they are.
    fn identity(&self) -> String;
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

    fn identity(&self) -> String {
        format!("{} windows of {}", self.len(), self.group)
    }

    fn read(&self, i: usize) -> anyhow::Result<Case> {
        let window = self.windows.read(&self.group, i, &self.lead_times_min)?;
        let (height, width) = self.windows.size(&self.group)?;
        let shape = [window.inputs.len() / (height * width), height, width];
        let last = window.inputs[window.inputs.len() - height * width..].to_vec();
        let input = Input { values: window.inputs, shape };
        Ok(Case { input, known: None, last, observations: window.targets })
    }
}

struct Folder {
    archive: Archive,
    ids: Vec<String>,
    task: Nowcasting,
}

impl Folder {
    fn new(
        archive: Archive,
        evaluation: &Evaluation<'_>,
        task: &Nowcasting,
    ) -> anyhow::Result<Self> {
        archive.check(task)?;
        let Nowcasting { n_input_frames, frame_step_min, lead_times_min, .. } = task;
        let all = || {
            let samples = archive.samples(*n_input_frames, *frame_step_min, lead_times_min);
            samples.into_iter().filter(|s| s.is_observed()).map(|s| s.id).collect()
        };
        let of_folder = |members: &Vec<String>| own_members(members, evaluation.dataset);
        let ids = evaluation.members.as_ref().map_or_else(all, of_folder);
        Ok(Self { archive, ids, task: task.clone() })
    }
}

/// The names of the samples of a folder in a split: one over several folders says of which each is (`radklim/20180516T0055`).
fn own_members(members: &[String], folder: &Path) -> Vec<String> {
    let name = folder.canonicalize().ok();
    let name = name.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy());
    let own = |member: &String| match member.split_once('/') {
        None => Some(member.clone()),
        Some((other, id)) => (name.as_deref() == Some(other)).then(|| id.to_owned()),
    };
    members.iter().filter_map(own).collect()
}

impl Cases for Folder {
    fn len(&self) -> usize {
        self.ids.len()
    }

    fn identity(&self) -> String {
        self.ids.join(" ")
    }

    fn read(&self, i: usize) -> anyhow::Result<Case> {
        let id = &self.ids[i];
        let Nowcasting { n_input_frames, frame_step_min, lead_times_min, .. } = &self.task;
        let sample = self.archive.load(id, *n_input_frames, *frame_step_min, lead_times_min)?;
        let observations = sample.targets_normalised();
        let observations = observations.with_context(|| format!("{id} has no observation"))?;
        let grid = &sample.sequence.grid;
        let shape = [*n_input_frames, grid.height, grid.width];
        let (tile, time) = self.archive.place(id)?;
        let last = self.archive.normalised_of(tile, time)?;
        let values = sample.sequence.frames.iter().flat_map(|frame| &frame.values);
        let known = values.map(|value| !value.is_nan()).collect();
        let input = Input { values: sample.inputs_normalised, shape };
        Ok(Case { input, known: Some(known), last, observations })
    }
}

/// The first samples, and what was counted of them.
#[derive(Serialize, Deserialize)]
struct Counted {
    n: usize,
    verification: Verification,
}

/// Goes on with what was counted before by the same command, if it was stopped.
fn verify(
    evaluation: &Evaluation<'_>,
    cases: &dyn Cases,
    task: &Nowcasting,
    verification: Verification,
) -> anyhow::Result<Verification> {
    let of = [
        evaluation.checkpoint.weights_sha256.clone(),
        evaluation.dataset.display().to_string(),
        cases.identity(),
        format!("{verification:?}"),
    ];
    let unfinished = Unfinished::new(evaluation.state, &of);
    let mut counted = Counted { n: 0, verification };
    if let Some(before) = unfinished.read()? {
        counted = before;
        tracing::info!("going on after {} samples", counted.n);
    }
    let work = Work { evaluation, cases, task };
    while counted.n < cases.len() {
        let _ = evaluation.progress.report("verifying", counted.n, cases.len());
        if let Err(error) = work.count(counted.n, &mut counted.verification) {
            // What was counted before is not lost with the sample that failed.
            unfinished.keep(&counted)?;
            return Err(error);
        }
        counted.n += 1;
        if counted.n.is_multiple_of(SAMPLES_BETWEEN_WRITES) {
            unfinished.keep(&counted)?;
        }
    }
    Ok(counted.verification)
}

struct Work<'a> {
    evaluation: &'a Evaluation<'a>,
    cases: &'a dyn Cases,
    task: &'a Nowcasting,
}

impl Work<'_> {
    fn count(&self, i: usize, verification: &mut Verification) -> anyhow::Result<()> {
        let Self { evaluation, cases, task } = *self;
        let Case { input, known, last, observations } = cases.read(i)?;
        let [_, height, width] = input.shape;
        let n_pixels = height * width;
        let answer = answer_to(evaluation.model, input, known.as_deref(), evaluation.network)?;
        let map = |own: &[f32]| {
            let values = own.iter().map(|&x| task.field.to_physical(x)).collect();
            Field::new(height, width, values)
        };
        let persistence = map(&last);
        let predictions = answer.prediction.chunks_exact(n_pixels);
        if predictions.len() != task.lead_times_min.len() {
            bail!(
                "the network gives {} frames for {:?} min",
                predictions.len(),
                task.lead_times_min
            );
        }
        for (lead, pair) in predictions.zip(observations.chunks_exact(n_pixels)).enumerate() {
            let (model, observation) = pair;
            let forecasts = [map(model), persistence.clone()];
            let known = known_everywhere(&forecasts, &map(observation));
            verification.add(lead, &[&forecasts[0], &forecasts[1]], &known);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_over_several_folders_names_those_of_each() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("radklim");
        std::fs::create_dir(&folder).expect("a folder");
        let members = ["radklim/20180516T0055", "fmi/20170509T1000", "20180516T0100"];
        let members: Vec<String> = members.map(str::to_owned).into();
        assert_eq!(own_members(&members, &folder), ["20180516T0055", "20180516T0100"]);
    }
}
