//! A folder of frames, one file a time, as samples for a network.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use jiff::Timestamp;

use crate::card::{NowcastField, Nowcasting};
use crate::dataset::{DatasetError, check_kind};
use crate::field::Grid;
use crate::import::knmi;
use crate::time;

mod sample;
mod source;

pub use sample::{Lead, Observation, Sample, SampleRef};
use source::Source;
pub use source::{Class, DESCRIPTION, Description};

/// Frames kept in memory: two samples of the longest input and what lies between, about 14 MB.
const MAX_CACHED_FRAMES: usize = 64;

/// A folder of radar files named as [`knmi::PREFIXES`] say, e.g. `RAD_NL25_RAC_5min_YYYYMMDDhhmm_cor.h5`,
/// where the name carries the end of the interval in UTC; or of other frames with a [`Description`],
/// `frames.json`, which says what they are.
///
/// Opening reads names and the description only. Frames are read when asked for, and again once their file has been
/// replaced. Where several products have a time, the best of them is used.
#[derive(Debug)]
pub struct Archive {
    folder: PathBuf,
    names: BTreeMap<Timestamp, String>,
    source: Source,
    frames: Mutex<VecDeque<(Timestamp, FileState, Arc<Frame>)>>,
    covered_shares: Mutex<HashMap<Timestamp, f64>>,
}

/// A frame in memory.
#[derive(Debug)]
struct Frame {
    bytes: Vec<u8>,
    /// Row by row, as stored.
    values: Vec<u16>,
}

/// By which a replaced file is told from the old one: size and time of its last change.
type FileState = Option<(u64, SystemTime)>;

impl Archive {
    /// Lists the frames of a folder by their names; other files are ignored.
    ///
    /// # Errors
    /// For a folder that cannot be listed or has no frame.
    pub fn open(folder: &Path) -> Result<Self, DatasetError> {
        let io = |cause| DatasetError::Io { file: folder.display().to_string(), cause };
        let source = Source::open(folder)?;
        let (mut names, mut others) = (BTreeMap::new(), Vec::new());
        for entry in std::fs::read_dir(folder).map_err(io)? {
            let name = entry.map_err(io)?.file_name().to_string_lossy().into_owned();
            if source.frame_time(&name).is_none() {
                others.push(name.clone());
            }
            if let Some(time) = source.frame_time(&name) {
                let kept = names.entry(time).or_insert_with(|| name.clone());
                // The best product sorts first, and the choice must not hang on the order of a listing.
                if name < *kept {
                    *kept = name;
                }
            }
        }
        if names.is_empty() {
            let (folder, instead) = (folder.display().to_string(), instead(others));
            return Err(DatasetError::NoFrames { folder, instead });
        }
        let folder = folder.to_owned();
        Ok(Self {
            folder,
            names,
            source,
            frames: Mutex::default(),
            covered_shares: Mutex::default(),
        })
    }

    /// The frames in these radar files, whatever they are called and wherever they lie: a file says its own
    /// time.
    ///
    /// # Errors
    /// For no files, for one that is no radar frame, and for two of one time.
    pub fn of_files(files: &[PathBuf]) -> Result<Self, DatasetError> {
        let mut names = BTreeMap::new();
        for file in files {
            let time = time::whole_minute(knmi::read(file)?.end);
            let path = std::path::absolute(file)
                .map_err(|cause| DatasetError::Io { file: file.display().to_string(), cause })?;
            let (name, file) = (path.to_string_lossy().into_owned(), file.display().to_string());
            if let Some(other) = names.insert(time, name.clone()).filter(|other| *other != name) {
                let time = time::format_sample(time);
                return Err(DatasetError::SameTime { file, other, time });
            }
        }
        let folder =
            files.first().and_then(|file| file.parent()).unwrap_or(Path::new("")).to_owned();
        if names.is_empty() {
            let (folder, instead) = (folder.display().to_string(), String::new());
            return Err(DatasetError::NoFrames { folder, instead });
        }
        let source = Source::Knmi { grid: knmi::crop_grid() };
        let (frames, covered_shares) = (Mutex::default(), Mutex::default());
        Ok(Self { folder, names, source, frames, covered_shares })
    }

    /// Reads every frame once, those of the last times first, at most `n_frames` of them, and answers what is
    /// wrong with those that cannot be read; nothing is kept.
    pub fn unreadable(&self, n_frames: usize) -> Vec<DatasetError> {
        let times = self.names.keys().rev().take(n_frames);
        times.filter_map(|&time| self.read_frame(time).err()).collect()
    }

    /// Ends of the intervals of all frames, oldest first.
    pub fn times(&self) -> impl ExactSizeIterator<Item = Timestamp> + '_ {
        self.names.keys().copied()
    }

    /// Name of the file of a frame.
    pub fn file_name(&self, time: Timestamp) -> Option<&str> {
        self.names.get(&time).map(String::as_str)
    }

    /// The file of a frame, with its folder.
    pub fn file(&self, time: Timestamp) -> Option<PathBuf> {
        Some(self.folder.join(self.file_name(time)?))
    }

    /// What the frames show.
    pub fn field(&self) -> NowcastField {
        self.description().map_or(NowcastField::Precipitation, |described| described.field)
    }

    /// What `frames.json` says; `None` for KNMI's radar, of which everything is known.
    pub fn description(&self) -> Option<&Description> {
        match &self.source {
            Source::Knmi { .. } => None,
            Source::Classes(described) => Some(described),
        }
    }

    /// Where the frames come from, for captions and files.
    pub fn origin(&self) -> &str {
        self.description().map_or(knmi::SOURCE, |described| &described.source)
    }

    /// Licence of the frames and who is to be named.
    pub fn licence(&self) -> &str {
        self.description().map_or(knmi::LICENCE, |described| &described.licence)
    }

    /// Minutes between two frames of an unbroken series.
    pub fn frame_step_min(&self) -> u32 {
        self.description().map_or(knmi::FRAME_STEP_MIN, |described| described.frame_step_min)
    }

    /// Where the frames lie, with their height and width.
    pub fn grid(&self) -> &Grid {
        match &self.source {
            Source::Knmi { grid } => grid,
            Source::Classes(described) => &described.grid,
        }
    }

    /// Refuses frames that a network of this task cannot use.
    ///
    /// # Errors
    /// Where the field differs, or the network's step is no multiple of the archive's.
    pub fn check(&self, task: &Nowcasting) -> Result<(), DatasetError> {
        let is_multiple = task.frame_step_min.is_multiple_of(self.frame_step_min());
        let step_min = if is_multiple { task.frame_step_min } else { self.frame_step_min() };
        let folder = self.folder.display().to_string();
        check_kind(&folder, (self.field(), step_min), (task.field, task.frame_step_min))
    }

    /// Every sample with `n_input_frames` frames in a row, `frame_step_min` minutes apart, oldest
    /// first, and whether each of the lead times has been observed. A sample may end with any
    /// frame, so that samples of a longer step than the archive's overlap. Where a frame is missing
    /// from the folder, so are the samples that need it as an input.
    pub fn samples(
        &self,
        n_input_frames: usize,
        frame_step_min: u32,
        lead_times_min: &[u32],
    ) -> Vec<SampleRef> {
        // How many frames end with each frame, one step apart.
        let mut runs: BTreeMap<Timestamp, usize> = BTreeMap::new();
        let mut samples = Vec::new();
        for time in self.times() {
            let earlier = time::add_minutes(time, -i64::from(frame_step_min));
            let n_in_a_row = 1 + earlier.and_then(|t| runs.get(&t)).copied().unwrap_or(0);
            runs.insert(time, n_in_a_row);
            if n_in_a_row >= n_input_frames {
                let is_observed = |&lead: &u32| {
                    let valid_time = time::add_minutes(time, lead.into());
                    valid_time.is_some_and(|t| self.names.contains_key(&t))
                };
                let observed = lead_times_min.iter().map(is_observed).collect();
                samples.push(SampleRef { id: time::format_sample(time), time, observed });
            }
        }
        samples
    }

    /// Reads a sample by its name, with the observation of every lead time that the archive has.
    /// Lead times need not be neighbours, nor multiples of the step.
    ///
    /// # Errors
    /// For a name that is no time, and for a frame that is missing or cannot be read; the message
    /// names the frame.
    pub fn load(
        &self,
        sample: &str,
        n_input_frames: usize,
        frame_step_min: u32,
        lead_times_min: &[u32],
    ) -> Result<Sample, DatasetError> {
        Sample::read(self, sample, n_input_frames, frame_step_min, lead_times_min)
    }

    /// Share of a frame's pixels, 0 to 1, where there is any rain or cloud. Of radar, that is at
    /// least the smallest value it can store, 0.01 mm in 5 minutes (0.12 mm/h), so this is the share
    /// above 0.1 mm/h.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn covered_share(&self, time: Timestamp) -> Result<f64, DatasetError> {
        let known = lock(&self.covered_shares).get(&time).copied();
        if let Some(share) = known {
            return Ok(share);
        }
        let frame = self.frame(time)?;
        let n_covered = frame.values.iter().filter(|&&value| self.source.is_covered(value)).count();
        let share = n_covered as f64 / frame.values.len() as f64;
        lock(&self.covered_shares).insert(time, share);
        Ok(share)
    }

    /// One frame as the networks take it, `[height, width]`.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn normalised(&self, time: Timestamp) -> Result<Vec<f32>, DatasetError> {
        let frame = self.frame(time)?;
        Ok(self.normalise(&frame))
    }

    /// One frame as stored, `[height, width]`: classes of a described folder, pixel values of radar.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn stored(&self, time: Timestamp) -> Result<Vec<u16>, DatasetError> {
        Ok(self.frame(time)?.values.clone())
    }

    fn normalise(&self, frame: &Frame) -> Vec<f32> {
        frame.values.iter().map(|&value| self.source.normalise(value)).collect()
    }

    /// A frame, read again once its file has been replaced.
    fn frame(&self, time: Timestamp) -> Result<Arc<Frame>, DatasetError> {
        let state = self.file_state(time);
        let is_it = |t: &Timestamp, s: &FileState| *t == time && *s == state;
        let cached = lock(&self.frames).iter().find(|(t, s, _)| is_it(t, s)).map(|f| f.2.clone());
        if let Some(frame) = cached {
            return Ok(frame);
        }
        let frame = Arc::new(self.read_frame(time)?);
        let mut frames = lock(&self.frames);
        frames.retain(|(t, ..)| *t != time);
        if frames.len() == MAX_CACHED_FRAMES {
            frames.pop_front();
        }
        frames.push_back((time, state, frame.clone()));
        Ok(frame)
    }

    fn file_state(&self, time: Timestamp) -> FileState {
        let file = fs::metadata(self.folder.join(self.file_name(time)?)).ok()?;
        Some((file.len(), file.modified().ok()?))
    }

    fn read_frame(&self, time: Timestamp) -> Result<Frame, DatasetError> {
        let Some(name) = self.file_name(time) else {
            return Err(DatasetError::MissingFrame {
                time: time::format_sample(time),
                folder: self.folder.display().to_string(),
            });
        };
        self.source.read(&self.folder.join(name), time)
    }
}

/// End of the interval from a file name; `None` where the file is no frame.
pub fn frame_time(name: &str) -> Option<Timestamp> {
    let stem = name.strip_suffix(".h5")?;
    let stem = stem.strip_suffix("_cor").or_else(|| stem.strip_suffix("_NL")).unwrap_or(stem);
    time::parse_digits(knmi::PREFIXES.iter().find_map(|prefix| stem.strip_prefix(prefix))?)
}

/// What a folder without frames holds, in words that follow that.
fn instead(mut names: Vec<String>) -> String {
    names.sort();
    let forecasts = names.iter().filter(|name| name.starts_with(knmi::FORECAST_PREFIX));
    match (forecasts.clone().count(), forecasts.min(), names.first()) {
        (1.., Some(forecast), _) => {
            format!(", but forecasts such as {forecast}, and only what was measured is read")
        }
        (_, _, Some(name)) => format!(
            ", but {name}{}",
            match names.len() - 1 {
                0 => String::new(),
                n => format!(" and {n} more"),
            }
        ),
        _ => ", it is empty".to_owned(),
    }
}

/// The caches stay whole whatever a thread that held them did, so a poisoned lock is still good.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The frames that come with the program.
#[cfg(test)]
pub(crate) fn sample_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/knmi")
}

#[cfg(test)]
mod tests;
