//! Cloud cover in the layout of SAR-UNet (Renault and Mehrkanoon 2023): folders `train` and `test`,
//! and ours also `validation`, with one `.npz` a sample. Its array `arr_0` is `[height, width, time]`
//! with ten frames of 15 minutes, four inputs and six to predict, 1 where there are clouds and 0
//! where there are none, of any type.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::DatasetError;
use super::windows::Source;
use crate::files::npy::npz_array;
use crate::{archive, time};

mod sample;

pub use sample::{ARRAY, FRAME_STEP_MIN, N_FRAMES, N_INPUT_FRAMES};
pub(crate) use sample::{MAX_FILE_BYTES, to_frames};

/// Folders that are groups, in the order in which they are used.
pub const GROUPS: [&str; 3] = ["train", "validation", "test"];
/// The file beside the folders that says what the samples are.
pub const DESCRIPTION: &str = "dataset.json";

/// Samples in files.
pub struct CloudFiles {
    /// What was opened, for messages.
    file: String,
    groups: Vec<Group>,
    description: Option<String>,
}

struct Group {
    name: String,
    /// In the order of their names.
    files: Vec<PathBuf>,
    /// Height and width of the first sample; the others have to have the same.
    size: [usize; 2],
    /// By sample; empty where its name does not end in a time.
    times: Vec<Vec<Timestamp>>,
}

impl CloudFiles {
    /// Opens a folder with folders `train`, `validation` and `test`; or a folder of samples or one
    /// sample, which are the group `test` unless the folder has one of those names.
    ///
    /// # Errors
    /// For a folder without samples, one with samples beside those folders, and where the first
    /// sample of a group cannot be read.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let file = path.display().to_string();
        let mut groups = Vec::new();
        for (name, files) in find(path)? {
            groups.push(Group::new(name, files)?);
        }
        Ok(Self { file, groups, description: description(path)? })
    }

    fn group(&self, name: &str) -> Result<&Group, DatasetError> {
        let found = self.groups.iter().find(|group| group.name == name);
        found.ok_or_else(|| DatasetError::unknown_group(&self.file, name, &self.groups()))
    }

    fn check_index(&self, group: &Group, index: usize) -> Result<(), DatasetError> {
        let n = group.files.len();
        if index < n {
            return Ok(());
        }
        let (file, group) = (self.file.clone(), group.name.clone());
        Err(DatasetError::OutOfRange { file, group, index, n })
    }
}

impl Source for CloudFiles {
    fn file(&self) -> &str {
        &self.file
    }

    fn groups(&self) -> Vec<&str> {
        self.groups.iter().map(|group| group.name.as_str()).collect()
    }

    fn shape(&self, group: &str) -> Result<[usize; 4], DatasetError> {
        let Group { files, size: [height, width], .. } = self.group(group)?;
        Ok([files.len(), N_FRAMES, *height, *width])
    }

    fn read(&self, group: &str, index: usize) -> Result<Vec<f32>, DatasetError> {
        let group = self.group(group)?;
        self.check_index(group, index)?;
        let (size, frames) = read_sample(&group.files[index])?;
        if size == group.size {
            return Ok(frames);
        }
        let ([h, w], [height, width]) = (size, group.size);
        let file = group.files[index].display().to_string();
        let what = format!(
            "it is {h} × {w} pixels where the first one of its group is {height} × {width}: give \
             all samples one size"
        );
        Err(DatasetError::Clouds { file, what })
    }

    fn times(&self, group: &str, index: usize) -> Result<&[Timestamp], DatasetError> {
        let group = self.group(group)?;
        self.check_index(group, index)?;
        Ok(&group.times[index])
    }

    fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }
}

impl Group {
    fn new(name: String, files: Vec<PathBuf>) -> Result<Self, DatasetError> {
        // There is a first one: groups without files are not found.
        let (size, _) = read_sample(&files[0])?;
        let times = files.iter().map(|file| times(file).unwrap_or_default()).collect();
        Ok(Self { name, files, size, times })
    }
}

/// Whether a folder has cloud-cover samples, in folders `train`, `validation` or `test` or without
/// them; the maps of an archive are none.
pub fn has_cloud_samples(folder: &Path) -> bool {
    let has_files = |folder: &Path| npz_files(folder).is_ok_and(|files| !files.is_empty());
    let is_archive = folder.join(archive::DESCRIPTION).is_file();
    !is_archive && (has_files(folder) || GROUPS.iter().any(|g| has_files(&folder.join(g))))
}

/// The groups in a folder, or the file that was named.
fn find(path: &Path) -> Result<Vec<(String, Vec<PathBuf>)>, DatasetError> {
    if path.is_file() {
        return Ok(vec![("test".to_owned(), vec![path.to_owned()])]);
    }
    let refuse = |what: &str| DatasetError::NoClouds {
        folder: path.display().to_string(),
        what: what.to_owned(),
    };
    let (direct, mut groups) = (npz_files(path)?, Vec::new());
    for name in GROUPS {
        let folder = path.join(name);
        let files = if folder.is_dir() { npz_files(&folder)? } else { Vec::new() };
        if !files.is_empty() {
            groups.push((name.to_owned(), files));
        }
    }
    match (direct.is_empty(), groups.is_empty()) {
        (true, false) => Ok(groups),
        (false, true) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let name = GROUPS.into_iter().find(|group| *group == name).unwrap_or("test");
            Ok(vec![(name.to_owned(), direct)])
        }
        (true, true) => Err(refuse("put .npz files into it, or into folders train and test")),
        (false, false) => {
            Err(refuse("it has .npz files beside folders of them; move them into one"))
        }
    }
}

fn npz_files(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let io = |cause| DatasetError::io(folder, cause);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npz")) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Height and width of a sample, and its frames `[time, height, width]`.
pub fn read_sample(path: &Path) -> Result<([usize; 2], Vec<f32>), DatasetError> {
    let file = path.display().to_string();
    let bytes = crate::import::read_bytes(path, MAX_FILE_BYTES)?;
    let (shape, values) = npz_array(&file, &bytes, ARRAY, MAX_FILE_BYTES)?;
    to_frames(&shape, &values).map_err(|what| DatasetError::Clouds { file, what })
}

/// Times of the frames, where a name ends in that of the last input, `…20100826T0455.npz`.
fn times(file: &Path) -> Option<Vec<Timestamp>> {
    let stem = file.file_stem()?.to_str()?;
    let last = time::parse_sample(stem.get(stem.len().checked_sub(13)?..)?)?;
    let step = i64::from(FRAME_STEP_MIN);
    let minutes = (0..N_FRAMES as i64).map(|i| (i + 1 - N_INPUT_FRAMES as i64) * step);
    minutes.map(|minutes| time::add_minutes(last, minutes)).collect()
}

/// What the description beside the folders says the samples are.
fn description(path: &Path) -> Result<Option<String>, DatasetError> {
    #[derive(serde::Deserialize)]
    struct Description {
        what: String,
    }
    // Beside the groups, also where one group or one sample of it was named.
    let folder = if path.is_file() { path.parent().unwrap_or(path) } else { path };
    let is_group = GROUPS.iter().any(|group| folder.ends_with(group));
    let root = if is_group { folder.parent().unwrap_or(folder) } else { folder };
    let file = root.join(DESCRIPTION);
    if !file.is_file() {
        return Ok(None);
    }
    let bytes = crate::import::read_bytes(&file, MAX_FILE_BYTES)?;
    let parsed: Result<Description, _> = serde_json::from_slice(&bytes);
    let file = file.display().to_string();
    parsed.map(|d| Some(d.what)).map_err(|error| DatasetError::Layout {
        file,
        what: format!("it does not say what the samples are ({error})"),
    })
}

#[cfg(test)]
mod tests;
