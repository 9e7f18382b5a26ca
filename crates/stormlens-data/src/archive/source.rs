//! Where the frames of an archive come from, and what its files and values are.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Frame;
use crate::card::NowcastField;
use crate::dataset::DatasetError;
use crate::field::Grid;
use crate::files::npy::npz_array;
use crate::import::knmi;
use crate::import::read_bytes;
use crate::time;

/// The file that describes a folder of frames which are not KNMI's.
pub const DESCRIPTION: &str = "frames.json";
const ARRAY: &str = "arr_0";
/// Frames of 2000 × 2000 as float64 fit.
const MAX_FILE_BYTES: u64 = 32 << 20;
const MAX_DESCRIPTION_BYTES: u64 = 1 << 20;

/// A folder of frames of one field: what `frames.json` says of the others in it, one a time, named
/// `PREFIXYYYYMMDDhhmm.npz`. Their array `arr_0` is `[height, width]`, row 0 in the north, and holds
/// the numbers of classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// For people, e.g. `Clouds over Europe`.
    pub title: String,
    pub field: NowcastField,
    pub frame_step_min: u32,
    pub file_prefix: String,
    /// What may be in the arrays, and which of it is cloud.
    pub classes: Vec<Class>,
    pub grid: Grid,
    pub source: String,
    pub licence: String,
    /// What must be said of the data beside every use.
    pub notice: String,
}

/// A number in the arrays and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    pub value: u16,
    pub name: String,
    pub is_cloud: bool,
}

/// The kinds of archives.
#[derive(Debug)]
pub(super) enum Source {
    Knmi { grid: Grid },
    Classes(Box<Description>),
}

impl Source {
    /// The source of a folder's frames: described, or KNMI's.
    pub fn open(folder: &Path) -> Result<Self, DatasetError> {
        let path = folder.join(DESCRIPTION);
        if !path.is_file() {
            return Ok(Self::Knmi { grid: knmi::crop_grid() });
        }
        let bytes = read_bytes(&path, MAX_DESCRIPTION_BYTES)?;
        let file = path.display().to_string();
        let refuse = |what: String| DatasetError::Description { file: file.clone(), what };
        let found: Description =
            serde_json::from_slice(&bytes).map_err(|error| refuse(error.to_string()))?;
        found.check().map_err(|what| refuse(what.to_owned()))?;
        Ok(Self::Classes(Box::new(found)))
    }

    /// Time of a frame by the name of its file; `None` where the file is no frame.
    pub fn frame_time(&self, name: &str) -> Option<Timestamp> {
        match self {
            Self::Knmi { .. } => super::frame_time(name),
            Self::Classes(described) => {
                let stem = name.strip_suffix(".npz")?;
                time::parse_digits(stem.strip_prefix(&described.file_prefix)?)
            }
        }
    }

    pub fn read(&self, path: &Path, time: Timestamp) -> Result<Frame, DatasetError> {
        match self {
            Self::Knmi { .. } => read_knmi(path, time),
            Self::Classes(described) => described.read(path),
        }
    }

    /// As the networks take it, of a stored value.
    pub fn normalise(&self, value: u16) -> f32 {
        match self {
            Self::Knmi { .. } => knmi::normalise(value),
            Self::Classes(described) => f32::from(u8::from(described.is_cloud(value))),
        }
    }

    /// Whether there is any rain or cloud.
    pub fn is_covered(&self, value: u16) -> bool {
        match self {
            Self::Knmi { .. } => value > 0,
            Self::Classes(described) => described.is_cloud(value),
        }
    }
}

fn read_knmi(path: &Path, time: Timestamp) -> Result<Frame, DatasetError> {
    let (image, bytes) = knmi::read_with_bytes(path)?;
    // A file under a wrong name would put its rain at the wrong time without a trace.
    if time::format_sample(image.end) != time::format_sample(time) {
        let (file, found) = (image.file, time::format_knmi(image.end));
        return Err(DatasetError::WrongTime { file, found });
    }
    Ok(Frame { values: image.crop()?, bytes })
}

impl Description {
    fn check(&self) -> Result<(), &'static str> {
        let Grid { height, width, spacing_km, .. } = self.grid;
        if self.field != NowcastField::CloudCover {
            return Err("frames with classes are of the field cloud-cover");
        }
        if self.frame_step_min == 0 {
            return Err("frame_step_min has to be at least 1");
        }
        if height == 0 || width == 0 || !(spacing_km > 0.0 && spacing_km.is_finite()) {
            return Err("the grid needs a height, a width and a spacing above 0");
        }
        let repeats = |i: usize| self.classes[..i].iter().any(|c| c.value == self.classes[i].value);
        if (0..self.classes.len()).any(repeats) {
            return Err("a value stands for two classes");
        }
        let n_clouds = self.classes.iter().filter(|class| class.is_cloud).count();
        if n_clouds == 0 || n_clouds == self.classes.len() {
            return Err("classes with clouds and without are needed");
        }
        Ok(())
    }

    fn is_cloud(&self, value: u16) -> bool {
        self.classes.iter().any(|class| class.value == value && class.is_cloud)
    }

    fn read(&self, path: &Path) -> Result<Frame, DatasetError> {
        let file = path.display().to_string();
        let bytes = read_bytes(path, MAX_FILE_BYTES)?;
        let (shape, values) = npz_array(&file, &bytes, ARRAY, MAX_FILE_BYTES)?;
        let values = self.classes_of(&shape, &values);
        let values = values.map_err(|what| DatasetError::Classes { file, what })?;
        Ok(Frame { values, bytes })
    }

    /// The classes of an array, if it has the size of the grid and only classes that are described.
    fn classes_of(&self, shape: &[usize], values: &[f32]) -> Result<Vec<u16>, String> {
        let Grid { height, width, .. } = self.grid;
        if shape != [height, width] {
            return Err(format!("its shape is {shape:?}, that of the grid [{height}, {width}]"));
        }
        let class = |&found: &f32| self.classes.iter().find(|c| f32::from(c.value) == found);
        let found: Option<Vec<u16>> = values.iter().map(|v| Some(class(v)?.value)).collect();
        found.ok_or_else(|| {
            let i = values.iter().position(|v| class(v).is_none()).unwrap_or(0);
            let known: Vec<_> =
                self.classes.iter().map(|c| format!("{} {}", c.value, c.name)).collect();
            format!(
                "it holds {} in row {}, column {} where {DESCRIPTION} knows {}",
                values[i],
                i / width,
                i % width,
                known.join(", ")
            )
        })
    }
}

#[cfg(test)]
mod tests;
