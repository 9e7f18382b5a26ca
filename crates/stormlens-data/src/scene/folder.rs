//! A set of labelled scenes in the layout of the published one: `train` and `test` (and
//! `validation`), each with `neg` and `pos`, each with PNG files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::SceneError;
use crate::choice::choice;
use crate::hash;

#[cfg(test)]
mod tests;

/// Whether a scene shows a polar low.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Label {
    #[serde(rename = "neg")]
    Negative,
    #[serde(rename = "pos")]
    Positive,
}

impl Label {
    /// As folders and the authors' classes are called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Negative => "neg",
            Self::Positive => "pos",
        }
    }
}

choice! {
    /// What a scene is for.
    Split("split") {
        /// To learn from.
        #[default]
        Train = "train",
        /// To choose among networks while training.
        Validation = "validation",
        /// To judge the network that was chosen.
        Test = "test",
    }
}

/// A scene of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SceneFile {
    pub path: PathBuf,
    pub split: Split,
    pub label: Label,
    /// What the name says about the place: scenes with the same six digits show the same part of
    /// the Earth, multiples of 12 days apart.
    pub footprint: Option<String>,
}

/// A folder of labelled scenes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    pub root: PathBuf,
    /// By split (train, validation, test), then label (negative, positive), then name.
    pub files: Vec<SceneFile>,
}

impl Folder {
    /// Lists a folder; names only, no picture is read.
    ///
    /// # Errors
    /// For a folder that cannot be listed or has no scene.
    pub fn open(root: &Path) -> Result<Self, SceneError> {
        let mut files = Vec::new();
        for split in [Split::Train, Split::Validation, Split::Test] {
            for label in [Label::Negative, Label::Positive] {
                let folder = root.join(split.name()).join(label.name());
                let scene = |path: PathBuf| {
                    let footprint = footprint(&path.file_name()?.to_string_lossy());
                    Some(SceneFile { path, split, label, footprint })
                };
                files.extend(png_files(&folder)?.into_iter().filter_map(scene));
            }
        }
        if files.is_empty() {
            return Err(SceneError::NoScenes { folder: root.display().to_string() });
        }
        Ok(Self { root: root.to_owned(), files })
    }
}

/// The PNG files of a folder by name, none where there is no such folder.
fn png_files(folder: &Path) -> Result<Vec<PathBuf>, SceneError> {
    let io = |cause| SceneError::io(folder, cause);
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let is_png = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("png"));
        if is_png && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The footprint in a name such as `cffe42_20191012T084028_20191012T084212_mos_rgb.png`: its six
/// hexadecimal digits. `None` for any other name.
pub fn footprint(name: &str) -> Option<String> {
    let stem = name.strip_suffix("_mos_rgb.png")?;
    let [id, start, stop] = stem.split('_').collect::<Vec<_>>().try_into().ok()?;
    let is_hex = |b: u8| b.is_ascii_digit() || matches!(b, b'a'..=b'f');
    let is_id = id.len() == 6 && id.bytes().all(is_hex);
    (is_id && is_instant(start) && is_instant(stop)).then(|| id.to_owned())
}

/// `20191012T084028`
fn is_instant(text: &str) -> bool {
    let is_right = |(i, b): (usize, u8)| if i == 8 { b == b'T' } else { b.is_ascii_digit() };
    text.len() == 15 && text.bytes().enumerate().all(is_right)
}

/// Turns about `share` of the training scenes into validation scenes, whole footprints at a time,
/// so that no network is validated on a place that it has learnt by heart. A file whose name
/// carries no footprint counts as a place of its own. Nothing but names and seed decides, and which
/// footprints are drawn does not hang on the order of the files. Validation and test scenes stay
/// what they are.
pub fn hold_out_validation(files: &mut [SceneFile], share: f64, seed: u64) {
    let mut places: BTreeMap<(String, String), Vec<&mut SceneFile>> = BTreeMap::new();
    let train = files.iter_mut().filter(|file| file.split == Split::Train);
    let mut n_train = 0;
    for file in train {
        n_train += 1;
        let place = place(file);
        // Ordered by a hash is shuffled, but the same on every machine and for every set of files.
        let order = hash::sha256(format!("{seed}/{place}").as_bytes());
        places.entry((order, place)).or_default().push(file);
    }
    let n_wanted = (share.clamp(0.0, 1.0) * f64::from(n_train)).round() as usize;
    let mut n_held_out = 0;
    for files in places.into_values() {
        // A large footprint that would go far beyond the share is passed over.
        if n_held_out + files.len() <= n_wanted {
            n_held_out += files.len();
            files.into_iter().for_each(|file| file.split = Split::Validation);
        }
    }
}

fn place(file: &SceneFile) -> String {
    let name = || file.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    file.footprint.clone().unwrap_or_else(name)
}
