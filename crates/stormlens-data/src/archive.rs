//! A folder of radar frames, one file every five minutes, as samples for a network.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::dataset::DatasetError;
use crate::field::{Field, Sequence};
use crate::import::knmi::{self, CROP_SIZE, FRAME_STEP_MIN};
use crate::{hash, time};

/// Frames kept in memory: two samples of the longest input and what lies between, about 14 MB.
const MAX_CACHED_FRAMES: usize = 64;

/// A folder of files named `RAD_NL25_RAC_5min_YYYYMMDDhhmm_cor.h5` or
/// `RAD_NL25_RAP_5min_YYYYMMDDhhmm.h5`, where the name carries the end of the interval in UTC.
///
/// Opening reads names only. Frames are read when asked for, and again once their file has been
/// replaced. Where both products have a time, the gauge-corrected RAC is used.
#[derive(Debug)]
pub struct Archive {
    folder: PathBuf,
    names: BTreeMap<Timestamp, String>,
    frames: Mutex<VecDeque<(Timestamp, FileState, Arc<Frame>)>>,
    wet_shares: Mutex<HashMap<Timestamp, f64>>,
}

/// A frame in memory.
#[derive(Debug)]
struct Frame {
    bytes: Vec<u8>,
    crop: Vec<u16>,
}

/// A sample that an archive can give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleRef {
    /// UTC end of the last input frame, e.g. `20100826T0535`.
    pub id: String,
    pub time: Timestamp,
    /// Whether the archive also has the frame at the lead time.
    pub observed: bool,
}

/// By which a replaced file is told from the old one: size and time of its last change.
type FileState = Option<(u64, SystemTime)>;

/// Input frames of a network and, where the archive has it, what was observed afterwards.
#[derive(Clone, Debug)]
pub struct Sample {
    pub id: String,
    /// `[n, 288, 288]`, oldest frame first, as the networks take it.
    pub inputs_normalised: Vec<f32>,
    /// `[288, 288]`.
    pub observation_normalised: Option<Vec<f32>>,
    /// The input frames in mm/h.
    pub sequence: Sequence,
    pub observation_mm_h: Option<Field>,
    /// Time of the last input frame plus the lead time.
    pub valid_time: Timestamp,
    /// Names of the files read: the inputs, then the observation.
    pub files: Vec<String>,
    /// Hash over the bytes of those files, in that order, hexadecimal.
    pub data_sha256: String,
}

impl Archive {
    /// Lists the frames of a folder by their names; other files are ignored.
    ///
    /// # Errors
    /// For a folder that cannot be listed or has no frame.
    pub fn open(folder: &Path) -> Result<Self, DatasetError> {
        let io = |cause| DatasetError::Io { file: folder.display().to_string(), cause };
        let mut names = BTreeMap::new();
        for entry in std::fs::read_dir(folder).map_err(io)? {
            let name = entry.map_err(io)?.file_name().to_string_lossy().into_owned();
            if let Some(time) = frame_time(&name) {
                let kept = names.entry(time).or_insert_with(|| name.clone());
                // RAC sorts before RAP, and the choice must not hang on the order of a listing.
                if name < *kept {
                    *kept = name;
                }
            }
        }
        if names.is_empty() {
            return Err(DatasetError::NoFrames { folder: folder.display().to_string() });
        }
        let folder = folder.to_owned();
        Ok(Self { folder, names, frames: Mutex::default(), wet_shares: Mutex::default() })
    }

    /// Ends of the intervals of all frames, oldest first.
    pub fn times(&self) -> impl ExactSizeIterator<Item = Timestamp> + '_ {
        self.names.keys().copied()
    }

    /// Name of the file of a frame.
    pub fn file_name(&self, time: Timestamp) -> Option<&str> {
        self.names.get(&time).map(String::as_str)
    }

    /// Every sample with `n_input_frames` frames in a row, five minutes apart, oldest first. Where a
    /// frame is missing from the folder, so are the samples that need it.
    pub fn samples(&self, n_input_frames: usize, lead_time_min: u32) -> Vec<SampleRef> {
        let mut n_in_a_row = 0;
        let mut previous = None;
        let mut samples = Vec::new();
        for time in self.times() {
            let is_next =
                previous.and_then(|p| time::add_minutes(p, FRAME_STEP_MIN.into())) == Some(time);
            n_in_a_row = if is_next { n_in_a_row + 1 } else { 1 };
            previous = Some(time);
            if n_in_a_row >= n_input_frames {
                let valid_time = time::add_minutes(time, lead_time_min.into());
                let observed = valid_time.is_some_and(|t| self.names.contains_key(&t));
                samples.push(SampleRef { id: time::format_sample(time), time, observed });
            }
        }
        samples
    }

    /// Reads a sample by its name.
    ///
    /// # Errors
    /// For a name that is no time, and for a frame that is missing or cannot be read; the message
    /// names the frame.
    pub fn load(
        &self,
        sample: &str,
        n_input_frames: usize,
        lead_time_min: u32,
    ) -> Result<Sample, DatasetError> {
        let unknown = || DatasetError::SampleName { sample: sample.to_owned() };
        let last = time::parse_sample(sample).ok_or_else(unknown)?;
        let valid_time = time::add_minutes(last, lead_time_min.into()).ok_or_else(unknown)?;
        let mut parts = SampleParts::default();
        for i in (0..n_input_frames).rev() {
            let age_min = i64::from(FRAME_STEP_MIN) * i as i64;
            parts.add(self, time::add_minutes(last, -age_min).ok_or_else(unknown)?)?;
        }
        let sequence = parts.sequence();
        let inputs_normalised = std::mem::take(&mut parts.normalised);
        let observation = self.names.contains_key(&valid_time);
        if observation {
            parts.add(self, valid_time)?;
        }
        let observation_normalised = observation.then(|| std::mem::take(&mut parts.normalised));
        Ok(Sample {
            id: sample.to_owned(),
            inputs_normalised,
            observation_mm_h: observation_normalised.as_deref().map(mm_h),
            observation_normalised,
            sequence,
            valid_time,
            files: parts.files,
            data_sha256: hash::finish(parts.hash),
        })
    }

    /// Share of the crop's pixels, 0 to 1, where the radar saw any rain: at least the smallest value
    /// it can store, 0.01 mm in 5 minutes (0.12 mm/h), so this is the share above 0.1 mm/h.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn wet_share(&self, time: Timestamp) -> Result<f64, DatasetError> {
        let known = lock(&self.wet_shares).get(&time).copied();
        if let Some(share) = known {
            return Ok(share);
        }
        let frame = self.frame(time)?;
        let n_wet = frame.crop.iter().filter(|&&pv| pv > 0).count();
        let share = n_wet as f64 / frame.crop.len() as f64;
        lock(&self.wet_shares).insert(time, share);
        Ok(share)
    }

    /// The crop of one frame as the networks take it, `[288, 288]`.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn normalised(&self, time: Timestamp) -> Result<Vec<f32>, DatasetError> {
        Ok(self.frame(time)?.crop.iter().map(|&pv| knmi::normalise(pv)).collect())
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
        let (image, bytes) = knmi::read_with_bytes(&self.folder.join(name))?;
        // A file under a wrong name would put its rain at the wrong time without a trace.
        if time::format_sample(image.end) != time::format_sample(time) {
            return Err(DatasetError::WrongTime {
                file: image.file,
                found: time::format_knmi(image.end),
            });
        }
        Ok(Frame { crop: image.crop()?, bytes })
    }
}

/// What grows frame by frame while a sample is read.
#[derive(Default)]
struct SampleParts {
    normalised: Vec<f32>,
    times: Vec<Timestamp>,
    files: Vec<String>,
    hash: Sha256,
}

impl SampleParts {
    fn add(&mut self, archive: &Archive, time: Timestamp) -> Result<(), DatasetError> {
        let frame = archive.frame(time)?;
        self.normalised.extend(frame.crop.iter().map(|&pv| knmi::normalise(pv)));
        self.times.push(time);
        self.files.extend(archive.file_name(time).map(str::to_owned));
        self.hash.update(&frame.bytes);
        Ok(())
    }

    fn sequence(&self) -> Sequence {
        let frames = self.normalised.chunks_exact(CROP_SIZE * CROP_SIZE).map(mm_h).collect();
        Sequence { frames, times: self.times.clone(), grid: knmi::crop_grid() }
    }
}

fn mm_h(normalised: &[f32]) -> Field {
    Field::new(CROP_SIZE, CROP_SIZE, normalised.iter().map(|&x| knmi::to_mm_h(x)).collect())
}

/// End of the interval from a file name; `None` where the file is no frame.
pub fn frame_time(name: &str) -> Option<Timestamp> {
    let stem = name.strip_suffix(".h5")?;
    let stem = stem.strip_suffix("_cor").unwrap_or(stem);
    let digits = stem
        .strip_prefix("RAD_NL25_RAC_5min_")
        .or_else(|| stem.strip_prefix("RAD_NL25_RAP_5min_"))?;
    time::parse_digits(digits)
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
