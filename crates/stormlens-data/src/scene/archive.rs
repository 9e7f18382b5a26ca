//! Sample scenes beside a list that says what they are and where they come from.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Label, Limits, MAX_FILE_BYTES, Picture, SceneError, read};
use crate::files::{read_file, read_text};
use crate::hash;

#[cfg(test)]
mod tests;

/// The name of the list in a folder of sample scenes.
pub const LIST: &str = "scenes.json";
/// Digits of the hash of a file that make its id.
pub const ID_DIGITS: usize = 16;

/// An entry of `scenes.json`.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    file: String,
    title: String,
    description: String,
    label: Option<Label>,
    time: Option<Timestamp>,
    source: String,
    licence: String,
    attribution: String,
    simulated: bool,
}

/// A sample scene.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// The first 16 digits of `sha256`.
    pub id: String,
    pub path: PathBuf,
    pub title: String,
    pub description: String,
    /// What people found in it, where they have looked.
    pub label: Option<Label>,
    /// When it was taken, UTC.
    pub time: Option<Timestamp>,
    pub source: String,
    pub licence: String,
    /// What has to be said wherever the scene is shown.
    pub attribution: String,
    /// Whether it was computed and never seen by a satellite.
    pub simulated: bool,
    /// Of the bytes of the file, hexadecimal.
    pub sha256: String,
}

/// The sample scenes of a folder, in the order of its list.
#[derive(Clone, Debug, PartialEq)]
pub struct SceneArchive {
    pub scenes: Vec<Scene>,
}

impl SceneArchive {
    /// Reads `scenes.json` in a folder, and the files that it names to hash them.
    ///
    /// # Errors
    /// For a list that cannot be read, a file of it that cannot be read or lies elsewhere, and two
    /// files of it that are the same.
    pub fn open(folder: &Path) -> Result<Self, SceneError> {
        let list_path = folder.join(LIST);
        let list = list_path.display().to_string();
        let entries: Vec<Entry> = serde_json::from_str(&read_text(&list_path)?)
            .map_err(|cause| SceneError::List { file: list.clone(), cause })?;
        let load = |entry| Scene::load(folder, &list, entry);
        let scenes = entries.into_iter().map(load).collect::<Result<Vec<_>, _>>()?;
        check_distinct(&scenes, &list)?;
        Ok(Self { scenes })
    }
}

impl Scene {
    fn load(folder: &Path, list: &str, entry: Entry) -> Result<Self, SceneError> {
        let (list, file) = (list.to_owned(), entry.file);
        if Path::new(&file).file_name() != Some(file.as_ref()) {
            return Err(SceneError::Name { list, file });
        }
        let path = folder.join(&file);
        let bytes =
            read_file(&path, MAX_FILE_BYTES).map_err(|cause| SceneError::Listed { list, cause })?;
        let sha256 = hash::sha256(&bytes);
        Ok(Self {
            id: sha256[..ID_DIGITS].to_owned(),
            path,
            title: entry.title,
            description: entry.description,
            label: entry.label,
            time: entry.time,
            source: entry.source,
            licence: entry.licence,
            attribution: entry.attribution,
            simulated: entry.simulated,
            sha256,
        })
    }

    /// Decodes the scene.
    ///
    /// # Errors
    /// Those of [`read`].
    pub fn picture(&self, limits: &Limits) -> Result<Picture, SceneError> {
        read(&self.path, limits)
    }
}

fn check_distinct(scenes: &[Scene], list: &str) -> Result<(), SceneError> {
    let mut by_id = HashMap::new();
    for scene in scenes {
        if let Some(first) = by_id.insert(&scene.id, scene) {
            let name = |scene: &Scene| scene.path.display().to_string();
            let (first, second) = (name(first), name(scene));
            return Err(SceneError::Twice { list: list.to_owned(), first, second });
        }
    }
    Ok(())
}
