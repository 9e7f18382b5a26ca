//! The archives of a data folder, one a folder.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use stormlens_data::archive::Archive;
use stormlens_data::dataset::DatasetError;

use super::Window;
use crate::places::{self, DATA};

/// The archives by their names, and what is wrong with others.
pub(super) fn all(data: &Path) -> anyhow::Result<(BTreeMap<String, Archive>, Vec<String>)> {
    let failed = || {
        let advice = places::advice(DATA, "--data", "STORMLENS_DATA");
        format!("cannot read the data folder {}; {advice}", data.display())
    };
    let (mut archives, mut problems) = (BTreeMap::new(), Vec::new());
    let mut open = |folder: &Path, name: &str| {
        let opened = Archive::open(folder);
        match &opened {
            Ok(archive) => {
                problems.extend(archive.twins().iter().map(|twin| format!("{name}: {twin}")));
            }
            Err(error @ DatasetError::NoFrames { .. }) => {
                tracing::debug!(folder = name, %error, "not an archive of frames");
            }
            Err(error) => problems.push(format!("no sample of {name} is there: {error}")),
        }
        opened.ok()
    };
    for entry in std::fs::read_dir(data).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !entry.path().is_dir() || name.starts_with('.') {
            continue;
        }
        if let Some(archive) = open(&entry.path(), &name) {
            archives.insert(name, archive);
        }
    }
    // The folder of one source is a folder of data, too.
    let name = data.canonicalize().ok();
    let name = name.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    if let Some(archive) = open(data, &name) {
        archives.entry(name.into_owned()).or_insert(archive);
    }
    Ok((archives, problems))
}

/// Why an archive that has frames has no sample, and which of its frames cannot be read.
pub(super) fn without_sample(name: &str, archive: &Archive, window: &Window) -> Vec<String> {
    let &Window { n_input_frames: n_needed, frame_step_min, .. } = window;
    let frames = match archive.times().len() {
        1 => "one frame".to_owned(),
        n => format!("{n} frames"),
    };
    let why = format!(
        "{name} has {frames} and no sample: a sample needs {n_needed} in a row, one every {frame_step_min} min"
    );
    let unreadable = archive.unreadable(n_needed).into_iter().map(|error| error.to_string());
    std::iter::once(why).chain(unreadable).collect()
}
