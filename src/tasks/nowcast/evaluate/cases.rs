//! Where forecasts to verify come from: a file of windows, or a folder of frames.

use std::path::Path;

use anyhow::{Context as _, bail};
use stormlens_data::archive::Archive;
use stormlens_data::card::Nowcasting;
use stormlens_data::dataset::{DatasetError, Windows};
use stormlens_data::network::Input;

use crate::cli::evaluate::Evaluation;

/// A file or folder of windows, or a folder of frames.
pub fn open(evaluation: &Evaluation<'_>, task: &Nowcasting) -> anyhow::Result<Box<dyn Cases>> {
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
pub struct Case {
    pub input: Input,
    /// Which values a radar measured, where that is known.
    pub known: Option<Vec<bool>>,
    /// The last input frame, in the network's own unit; NaN where nothing is known, where the input has 0.
    pub last: Vec<f32>,
    /// `[leads, height, width]`, in the network's own unit; NaN where nothing is known.
    pub observations: Vec<f32>,
}

/// Forecasts to verify, read one at a time.
pub trait Cases {
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
