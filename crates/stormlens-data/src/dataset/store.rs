//! What intermediate and windowed files have in common: groups of `images` and `timestamps`.

use std::path::Path;
use std::sync::OnceLock;

use hdf5_reader::messages::datatype::StringSize;
use hdf5_reader::{Dataset, Datatype, Hdf5File, OpenOptions, SliceInfo, SliceInfoElem};
use jiff::Timestamp;

use super::DatasetError;
use crate::files::file_bytes;
use crate::time;

/// Budget of one read: a window of 100 frames of 512 × 512 fits, a shape made up by a damaged file
/// does not.
const MAX_READ_BYTES: usize = 128 << 20;
/// Budget for the timestamps of a whole group, which are references of 16 bytes: 8 million.
const MAX_TIMES: u64 = MAX_READ_BYTES as u64 / 16;
/// A time has 24 characters.
const MAX_TIME_BYTES: usize = 64;

/// An open file.
pub struct Store {
    file: String,
    groups: Vec<Group>,
}

struct Group {
    name: String,
    images: Dataset,
    timestamps: Dataset,
    times: OnceLock<Vec<Timestamp>>,
}

impl Store {
    /// Opens a file whose `images` have `rank` dimensions.
    pub fn open(path: &Path, rank: usize) -> Result<Self, DatasetError> {
        let file = path.display().to_string();
        let hdf5 = |e: hdf5_reader::error::Error| DatasetError::Hdf5 {
            file: file.clone(),
            cause: e.to_string(),
        };
        // Before opening, which waits for ever on a pipe.
        let n_bytes = file_bytes(path, u64::MAX)?;
        let options = OpenOptions::default()
            .with_max_read_bytes(MAX_READ_BYTES)
            .with_max_chunk_bytes(MAX_READ_BYTES);
        let source = Hdf5File::open_with_options(path, options).map_err(hdf5)?;
        if n_bytes < source.superblock().eof_address {
            let cause = format!("it is cut off after {n_bytes} bytes");
            return Err(DatasetError::Hdf5 { file, cause });
        }
        let mut groups = Vec::new();
        for group in source.root_group().and_then(|root| root.groups()).map_err(hdf5)? {
            groups.push(Group {
                name: group.name().trim_matches('/').to_owned(),
                images: group.dataset("images").map_err(hdf5)?,
                timestamps: group.dataset("timestamps").map_err(hdf5)?,
                times: OnceLock::new(),
            });
        }
        groups.sort_by_key(|group| order(&group.name));
        let store = Self { file, groups };
        store.check(rank)?;
        Ok(store)
    }

    /// Shapes come from the file, so they are looked at before anything is read.
    fn check(&self, rank: usize) -> Result<(), DatasetError> {
        if self.groups.is_empty() {
            return Err(self.layout("it has no groups train and test"));
        }
        for group in &self.groups {
            let (images, times) = (group.images.shape(), group.timestamps.shape());
            let is_column = times.last() == Some(&1) && times.len() + 1 == images.len();
            let is_of_rank = images.len() == rank && !images[1..].contains(&0);
            if !is_of_rank || !is_column || times[..rank - 2] != images[..rank - 2] {
                let name = &group.name;
                return Err(self.layout(&format!(
                    "group {name:?} has images of {images:?} and timestamps of {times:?} where {} \
                     dimensions and one time a frame are needed",
                    rank
                )));
            }
            let n_bytes = product(&images[1..]).and_then(|n| n.checked_mul(4));
            let is_large = n_bytes.is_none_or(|n| n > MAX_READ_BYTES as u64);
            if is_large || product(times).is_none_or(|n| n > MAX_TIMES) {
                return Err(self.layout(&format!("images of {images:?} are too large to read")));
            }
        }
        Ok(())
    }

    pub fn file(&self) -> &str {
        &self.file
    }

    /// Names of the groups: `train`, `validation`, `test`, then others.
    pub fn groups(&self) -> Vec<&str> {
        self.groups.iter().map(|group| group.name.as_str()).collect()
    }

    /// Number of items in a group, 0 where there is no such group.
    pub fn len(&self, group: &str) -> usize {
        self.shape(group).map_or(0, |shape| shape[0])
    }

    /// Shape of a group's images.
    pub fn shape(&self, group: &str) -> Result<Vec<usize>, DatasetError> {
        Ok(self.group(group)?.images.shape().iter().map(|&n| n as usize).collect())
    }

    /// The item at `index` along the first dimension, row-major.
    pub fn read(&self, group: &str, index: usize) -> Result<Vec<f32>, DatasetError> {
        let images = &self.group(group)?.images;
        self.check_index(group, index)?;
        let mut selection = SliceInfo::all(images.ndim());
        selection.selections[0] = SliceInfoElem::Index(index as u64);
        let slab = images.read_slice::<f32>(&selection).map_err(|e| self.hdf5(&e))?;
        let values: Vec<f32> = slab.as_standard_layout().iter().copied().collect();
        if values.iter().any(|v| !v.is_finite()) {
            let (file, group) = (self.file.clone(), group.to_owned());
            return Err(DatasetError::NotFinite { file, group, index });
        }
        Ok(values)
    }

    /// The times of all frames of a group, row-major; read once.
    pub fn times(&self, group: &str) -> Result<&[Timestamp], DatasetError> {
        let group = self.group(group)?;
        if let Some(times) = group.times.get() {
            return Ok(times);
        }
        let texts = self.texts(&group.timestamps)?;
        let parse = |text: &String| {
            let what = || format!("group {:?} has the time {text:?}", group.name);
            time::parse_knmi(text).ok_or_else(|| self.layout(&what()))
        };
        let times = texts.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        Ok(group.times.get_or_init(|| times))
    }

    /// The texts of a dataset. One that lies in a heap is no longer than a time may be: thousands of references may
    /// point to the same one.
    fn texts(&self, dataset: &Dataset) -> Result<Vec<String>, DatasetError> {
        let is_in_heap = match dataset.dtype() {
            Datatype::String { size, .. } => matches!(size, StringSize::Variable),
            other => matches!(other, Datatype::VarLen { .. }),
        };
        if !is_in_heap {
            return dataset.read_strings().map_err(|e| self.hdf5(&e));
        }
        let references = dataset.read_raw_bytes().map_err(|e| self.hdf5(&e))?;
        let n = product(dataset.shape()).unwrap_or(0).max(1) as usize;
        let n_bytes = references.len() / n;
        let read = |reference: &[u8]| {
            let n_text = reference.first_chunk().map_or(0, |&n| u32::from_le_bytes(n));
            if n_text as usize > MAX_TIME_BYTES {
                return Err(self.layout(&format!("a time is a text of {n_text} bytes")));
            }
            let text =
                dataset.resolve_vlen_reference_bytes(reference, 1).map_err(|e| self.hdf5(&e))?;
            Ok(String::from_utf8_lossy(&text).trim_end_matches(['\0', ' ']).to_owned())
        };
        references.chunks_exact(n_bytes.max(1)).map(read).collect()
    }

    pub fn check_index(&self, group: &str, index: usize) -> Result<(), DatasetError> {
        let n = self.len(group);
        if index < n {
            return Ok(());
        }
        let (file, group) = (self.file.clone(), group.to_owned());
        Err(DatasetError::OutOfRange { file, group, index, n })
    }

    fn group(&self, name: &str) -> Result<&Group, DatasetError> {
        let found = self.groups.iter().find(|group| group.name == name);
        found.ok_or_else(|| DatasetError::unknown_group(&self.file, name, &self.groups()))
    }

    fn hdf5(&self, cause: &hdf5_reader::error::Error) -> DatasetError {
        DatasetError::Hdf5 { file: self.file.clone(), cause: cause.to_string() }
    }

    fn layout(&self, what: &str) -> DatasetError {
        DatasetError::Layout { file: self.file.clone(), what: what.to_owned() }
    }
}

/// Number of elements of a shape; `None` where no memory could hold them.
fn product(shape: &[u64]) -> Option<u64> {
    shape.iter().try_fold(1u64, |n, &size| n.checked_mul(size))
}

/// Groups in the order in which they are used.
fn order(group: &str) -> (usize, String) {
    let known = ["train", "validation", "test"];
    (known.iter().position(|&k| k == group).unwrap_or(known.len()), group.to_owned())
}
