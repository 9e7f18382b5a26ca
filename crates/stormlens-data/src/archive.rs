//! A folder of frames as samples for a network: one file a frame, or files of many.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use jiff::Timestamp;

use crate::card::{NowcastField, Nowcasting};
use crate::dataset::{DatasetError, check_kind};
use crate::field::Grid;
use crate::import;
use crate::import::radar::Measured;
use crate::time;

mod event;
mod frames;
mod open;
mod radar;
mod sample;
mod source;
mod summary;
mod tile;

pub use event::{EVENTS, Event, EventRole};
pub use open::frame_time;
pub use sample::{Lead, Observation, Sample, SampleRef};
use source::Source;
pub use source::{Class, DESCRIPTION, Description};
pub use summary::{SUMMARIES, Summary};
pub use tile::{Tile, parse_id};

/// Frames kept in memory: two samples of the longest input and what lies between, of KNMI's about 14 MB.
const MAX_CACHED_FRAMES: usize = 64;
/// So much rain makes a pixel wet, mm/h.
const WET_MM_H: f64 = 0.1;

/// A folder of radar files, or of other frames with a [`Description`], `frames.json`, which says what they are.
///
/// Radar is of any kind that [`radar::open`](crate::import::radar::open) reads, all files of one service, quantity and grid. Files
/// named as [`PREFIXES`](crate::import::knmi::PREFIXES) say, e.g. `RAD_NL25_RAC_5min_YYYYMMDDhhmm_cor.h5`, carry the end of the interval in UTC
/// in their name, and where several products have a time, the best of them is used. Names of MeteoSwiss, FMI and RADOLAN files
/// carry it, too; of others each file is opened to see which frames it has.
///
/// Frames are read when asked for, and again once their file has been replaced. A composite that is larger than a network takes has
/// several [tiles](Tile), and the name of a sample says which. Where nothing is known, maps have NaN.
#[derive(Debug)]
pub struct Archive {
    folder: PathBuf,
    names: Names,
    twins: Vec<String>,
    source: Source,
    tiles: Vec<Tile>,
    /// Of the first tile.
    grid: Grid,
    events: Vec<Event>,
    frames: Mutex<VecDeque<(Timestamp, FileState, Arc<Frame>)>>,
    covered_shares: Mutex<HashMap<(Timestamp, String), f64>>,
    summaries: OnceLock<Vec<Summary>>,
}

/// Where the frame of each time is.
type Names = BTreeMap<Timestamp, Place>;

/// A frame in a file.
#[derive(Clone, Debug)]
struct Place {
    /// The file, below the folder.
    name: String,
    /// Which of its frames.
    index: usize,
    /// Whether it is a single frame of KNMI by its name.
    is_knmi: bool,
}

impl Place {
    fn of(name: &str, index: usize) -> Self {
        Self { name: name.to_owned(), index, is_knmi: false }
    }
}

/// A frame in memory.
#[derive(Debug)]
struct Frame {
    /// The bytes of its file, or what stands for them: the file's hash and the number of the frame.
    identity: Vec<u8>,
    map: Map,
}

impl Frame {
    fn n_bytes(&self) -> usize {
        match &self.map {
            Map::Radar(frame) => frame.n_bytes(),
            Map::Classes(values) => 2 * values.len(),
        }
    }
}

/// The pixels of a frame, row by row.
#[derive(Debug)]
enum Map {
    Radar(import::radar::Frame),
    Classes(Vec<u16>),
}

/// By which a replaced file is told from the old one: size and time of its last change.
type FileState = Option<(u64, SystemTime)>;

impl Archive {
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
        self.names.get(&time).map(|place| place.name.as_str())
    }

    /// Files that hold a frame which another file holds too, and are not read, in words.
    pub fn twins(&self) -> &[String] {
        &self.twins
    }

    /// Where the files lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a frame, with its folder.
    pub fn file(&self, time: Timestamp) -> Option<PathBuf> {
        Some(self.folder.join(self.file_name(time)?))
    }

    /// What the frames show.
    pub fn field(&self) -> NowcastField {
        self.description().map_or(NowcastField::Precipitation, |described| described.field)
    }

    /// What `frames.json` says; `None` for radar, whose files say what they are.
    pub fn description(&self) -> Option<&Description> {
        match &self.source {
            Source::Radar(_) => None,
            Source::Classes(described) => Some(described),
        }
    }

    /// What the radar measured before it became rain; `None` for what is no radar.
    pub fn measured(&self) -> Option<Measured> {
        match &self.source {
            Source::Radar(radar) => Some(radar.kind.measured),
            Source::Classes(_) => None,
        }
    }

    /// Where the frames come from, for captions and files.
    pub fn origin(&self) -> &str {
        match &self.source {
            Source::Radar(radar) => &radar.origin,
            Source::Classes(described) => &described.source,
        }
    }

    /// Licence of the frames and who is to be named.
    pub fn licence(&self) -> &str {
        match &self.source {
            Source::Radar(radar) => &radar.licence,
            Source::Classes(described) => &described.licence,
        }
    }

    /// What must be said of the data beside every use, e.g. `Source: MeteoSwiss`.
    pub fn notice(&self) -> &str {
        match &self.source {
            Source::Radar(radar) => &radar.kind.provider.notice,
            Source::Classes(described) => &described.notice,
        }
    }

    /// The events that `events.json` beside the frames names, oldest first.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The event that a time lies in, which is that of the samples whose last input frame it is.
    pub fn event(&self, time: Timestamp) -> Option<&Event> {
        self.events.iter().find(|event| event.contains(time))
    }

    /// The parts of the frames that networks see; one, unless the composite is larger than they take.
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// The tile and the time of a sample.
    ///
    /// # Errors
    /// For a name that is no time, or none of a tile of this archive and a time.
    pub fn place(&self, sample: &str) -> Result<(&Tile, Timestamp), DatasetError> {
        let parsed = tile::parse_id(sample);
        let found = parsed.and_then(|(name, time)| {
            Some((self.tiles.iter().find(|tile| tile.name == name)?, time))
        });
        found.ok_or_else(|| DatasetError::SampleName { sample: sample.to_owned() })
    }

    /// Minutes between two frames of an unbroken series.
    pub fn frame_step_min(&self) -> u32 {
        match &self.source {
            Source::Radar(radar) => radar.step_min,
            Source::Classes(described) => described.frame_step_min,
        }
    }

    /// Where the frames of the first tile lie, with their height and width.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Where the frames of a tile lie. It may be [nowhere](Grid::is_somewhere).
    pub fn grid_of(&self, tile: &Tile) -> Grid {
        tile.grid(self.source.whole())
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
    /// first and tile by tile, and whether each of the lead times has been observed. A sample may end with any
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
                let observed: Vec<bool> = lead_times_min.iter().map(is_observed).collect();
                samples.extend(self.tiles.iter().map(|tile| SampleRef {
                    id: tile.sample_id(time),
                    tile: tile.name.clone(),
                    time,
                    observed: observed.clone(),
                }));
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
}

fn file_state(path: &Path) -> FileState {
    let file = fs::metadata(path).ok()?;
    Some((file.len(), file.modified().ok()?))
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
