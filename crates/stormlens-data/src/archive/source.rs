//! Where the frames of an archive come from, and what its files and values are.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::radar::Radar;
use super::{Frame, Map, Place, Tile, WET_MM_H};
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
    Radar(Box<Radar>),
    Classes(Box<Description>),
}

/// What `frames.json` says of a folder; `None` without one.
pub(super) fn describe(folder: &Path) -> Result<Option<Description>, DatasetError> {
    let path = folder.join(DESCRIPTION);
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = read_bytes(&path, MAX_DESCRIPTION_BYTES)?;
    let file = path.display().to_string();
    let refuse = |what: String| DatasetError::Description { file: file.clone(), what };
    let found: Description =
        serde_json::from_slice(&bytes).map_err(|error| refuse(error.to_string()))?;
    found.check().map_err(|what| refuse(what.to_owned()))?;
    Ok(Some(found))
}

impl Source {
    /// Where the whole frames lie.
    pub fn whole(&self) -> &Grid {
        match self {
            Self::Radar(radar) => &radar.kind.whole,
            Self::Classes(described) => &described.grid,
        }
    }

    /// The tiles of its frames, at least one.
    pub fn tiles(&self) -> Vec<Tile> {
        match self {
            Self::Radar(radar) => radar.tiles.clone(),
            Self::Classes(described) => {
                let Grid { height, width, .. } = described.grid;
                vec![Tile::only([0, 0], [height, width])]
            }
        }
    }

    pub fn read(
        &self,
        folder: &Path,
        place: &Place,
        time: Timestamp,
    ) -> Result<Frame, DatasetError> {
        match self {
            Self::Radar(radar) => radar.read(folder, place, time),
            Self::Classes(described) => described.read(&folder.join(&place.name)),
        }
    }

    /// As the networks take it, of millimetres in five minutes or the number of a class.
    pub fn normalise(&self, value: f64) -> f32 {
        match self {
            Self::Radar(_) => knmi::normalise_mm(value),
            Self::Classes(described) => f32::from(u8::from(described.is_cloud(value as u16))),
        }
    }

    /// Whether there is any rain or cloud.
    pub fn is_covered(&self, value: f64) -> bool {
        match self {
            Self::Radar(_) => value * 12.0 >= WET_MM_H,
            Self::Classes(described) => described.is_cloud(value as u16),
        }
    }
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

    /// Time of a frame by the name of its file; `None` where the file is no frame.
    pub fn frame_time(&self, name: &str) -> Option<Timestamp> {
        let stem = name.strip_suffix(".npz")?;
        time::parse_digits(stem.strip_prefix(&self.file_prefix)?)
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
        Ok(Frame { map: Map::Classes(values), identity: bytes })
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
