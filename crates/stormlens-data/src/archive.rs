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
use crate::import::radar::{Measured, RadarFile};
use crate::import::{self, ImportError, knmi};
use crate::time;

mod event;
mod radar;
mod sample;
mod source;
mod summary;
mod tile;

pub use event::{EVENTS, Event, EventRole};
use radar::Radar;
pub use sample::{Lead, Observation, Sample, SampleRef};
use source::Source;
pub use source::{Class, DESCRIPTION, Description};
pub use summary::{SUMMARIES, Summary};
pub use tile::Tile;

/// Frames kept in memory: two samples of the longest input and what lies between, of KNMI's about 14 MB.
const MAX_CACHED_FRAMES: usize = 64;
/// So much rain makes a pixel wet, mm/h.
const WET_MM_H: f64 = 0.1;

/// A folder of radar files, or of other frames with a [`Description`], `frames.json`, which says what they are.
///
/// Radar is of any kind that [`radar::open`](crate::import::radar::open) reads, all files of one service, quantity and grid. Files
/// named as [`knmi::PREFIXES`] say, e.g. `RAD_NL25_RAC_5min_YYYYMMDDhhmm_cor.h5`, carry the end of the interval in UTC
/// in their name, and where several products have a time, the best of them is used. Names of MeteoSwiss, FMI and RADOLAN files
/// carry it, too; of others each file is opened to see which frames it has.
///
/// Frames are read when asked for, and again once their file has been replaced. A composite that is larger than a network takes has
/// several [tiles](Tile), and the name of a sample says which. Where nothing is known, maps have NaN.
#[derive(Debug)]
pub struct Archive {
    folder: PathBuf,
    names: Names,
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

/// The pixels of a frame, row by row.
#[derive(Debug)]
enum Map {
    Radar(import::radar::Frame),
    Classes(Vec<u16>),
}

/// By which a replaced file is told from the old one: size and time of its last change.
type FileState = Option<(u64, SystemTime)>;

impl Archive {
    /// Lists the frames of a folder; other files are ignored.
    ///
    /// # Errors
    /// For a folder that cannot be listed or has no frame, for two files of one time of which none is known to be the better, for
    /// files of several services or grids, and for events that cannot be read.
    pub fn open(folder: &Path) -> Result<Self, DatasetError> {
        let io = |cause| DatasetError::Io { file: folder.display().to_string(), cause };
        let described = source::describe(folder)?;
        let time_of = |name: &str| match &described {
            Some(described) => described.frame_time(name),
            None => frame_time(name),
        };
        let is_knmi = described.is_none();
        let (mut names, mut others) = (Names::new(), Vec::new());
        for entry in std::fs::read_dir(folder).map_err(io)? {
            let name = entry.map_err(io)?.file_name().to_string_lossy().into_owned();
            let Some(time) = time_of(&name) else {
                others.push(name);
                continue;
            };
            let place = Place { name, index: 0, is_knmi };
            let kept = names.entry(time).or_insert_with(|| place.clone());
            // The best product sorts first, and the choice must not hang on the order of a listing.
            if place.name < kept.name {
                *kept = place;
            }
        }
        others.sort();
        let source = match described {
            Some(described) => Some(Source::Classes(Box::new(described))),
            None => Self::radar(folder, &others, &mut names)?,
        };
        match source.filter(|_| !names.is_empty()) {
            Some(source) => Ok(Self::of(folder.to_owned(), names, source, event::read(folder)?)),
            None => {
                let (folder, instead) = (folder.display().to_string(), instead(&others));
                Err(DatasetError::NoFrames { folder, instead })
            }
        }
    }

    /// The radar of a folder, with the frames of files that are not named as KNMI names its own; `None` without any.
    fn radar(
        folder: &Path,
        others: &[String],
        names: &mut Names,
    ) -> Result<Option<Source>, DatasetError> {
        let has_knmi = !names.is_empty();
        let first = radar::list(folder, others, names)?;
        let found = match &first {
            Some(file) if !has_knmi => Some(Radar::of(folder, file, names)?),
            _ if has_knmi => Some(Radar::knmi()),
            _ => None,
        };
        if let (Some(found), Some(file)) = (&found, &first) {
            found.kind.check(file)?;
        }
        Ok(found.map(|found| Source::Radar(Box::new(found))))
    }

    fn of(folder: PathBuf, names: Names, source: Source, events: Vec<Event>) -> Self {
        let tiles = source.tiles();
        // There is always one.
        let grid = tiles[0].grid(source.whole());
        let (frames, covered_shares) = (Mutex::default(), Mutex::default());
        let summaries = OnceLock::new();
        Self { folder, names, source, tiles, grid, events, frames, covered_shares, summaries }
    }

    /// The frames in these radar files, whatever they are called and wherever they lie: a file says its own
    /// times.
    ///
    /// # Errors
    /// For no files, for one that is no radar, for two of one time, and for files of several services or grids.
    pub fn of_files(files: &[PathBuf]) -> Result<Self, DatasetError> {
        let (mut names, mut first) = (Names::new(), None::<RadarFile>);
        for path in files {
            let file = import::radar::open(path)?;
            if let Some(first) = &first {
                radar::Kind::of(first).check(&file)?;
            }
            let absolute = std::path::absolute(path)
                .map_err(|cause| DatasetError::Io { file: path.display().to_string(), cause })?;
            let is_knmi = file.provider == knmi::provider() && file.n_frames() == 1;
            let is_knmi = is_knmi && path.extension().is_some_and(|ending| ending == "h5");
            for (index, &time) in file.ends.iter().enumerate() {
                let name = absolute.to_string_lossy().into_owned();
                radar::insert(&mut names, time, Place { name, index, is_knmi })?;
            }
            first.get_or_insert(file);
        }
        let folder =
            files.first().and_then(|file| file.parent()).unwrap_or(Path::new("")).to_owned();
        let Some(first) = first else {
            let (folder, instead) = (folder.display().to_string(), String::new());
            return Err(DatasetError::NoFrames { folder, instead });
        };
        let radar = Radar::of(&folder, &first, &names)?;
        Ok(Self::of(folder, names, Source::Radar(Box::new(radar)), Vec::new()))
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
        self.names.get(&time).map(|place| place.name.as_str())
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

    /// Share of the known pixels of a frame, 0 to 1, where there is any rain or cloud; of the first tile. Of radar, that is at
    /// least 0.1 mm/h, and of KNMI's the smallest value it can store, 0.01 mm in 5 minutes (0.12 mm/h). 0 where nothing is known.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn covered_share(&self, time: Timestamp) -> Result<f64, DatasetError> {
        self.covered_share_of(&self.tiles[0], time)
    }

    /// The same of a tile.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn covered_share_of(&self, tile: &Tile, time: Timestamp) -> Result<f64, DatasetError> {
        let key = (time, tile.name.clone());
        let known = lock(&self.covered_shares).get(&key).copied();
        if let Some(share) = known {
            return Ok(share);
        }
        let found = self.map(tile, time)?;
        let is_covered = |&&value: &&f64| self.source.is_covered(value);
        let known: Vec<f64> = found.into_iter().filter(|value| !value.is_nan()).collect();
        let n_covered = known.iter().filter(is_covered).count();
        let share = n_covered as f64 / known.len().max(1) as f64;
        lock(&self.covered_shares).insert(key, share);
        Ok(share)
    }

    /// One frame of the first tile as the networks take it, `[height, width]`, but NaN where nothing is known.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn normalised(&self, time: Timestamp) -> Result<Vec<f32>, DatasetError> {
        self.normalised_of(&self.tiles[0], time)
    }

    /// The same of a tile.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn normalised_of(&self, tile: &Tile, time: Timestamp) -> Result<Vec<f32>, DatasetError> {
        let frame = self.frame(time)?;
        Ok(self.normalise(tile, &frame))
    }

    /// One frame of the first tile as the networks take it, if all of it is known.
    ///
    /// # Errors
    /// As [`Self::load`], and for a frame with pixels without data.
    pub fn known(&self, time: Timestamp) -> Result<Vec<f32>, DatasetError> {
        let values = self.normalised(time)?;
        match values.iter().filter(|value| value.is_nan()).count() {
            0 => Ok(values),
            count => {
                let file = self.file(time).unwrap_or_default().display().to_string();
                let Grid { height, width, .. } = self.grid;
                Err(ImportError::Missing { file, count, height, width }.into())
            }
        }
    }

    /// One frame of the first tile in its own values, `[height, width]`: classes of a described folder; of radar hundredths of a
    /// millimetre in five minutes, 65535 where nothing is known.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn stored(&self, time: Timestamp) -> Result<Vec<u16>, DatasetError> {
        let hundredths =
            |value: f64| if value.is_nan() { u16::MAX } else { (value * 100.0).round() as u16 };
        Ok(match &self.frame(time)?.map {
            Map::Classes(values) => values.clone(),
            Map::Radar(_) => self.map(&self.tiles[0], time)?.into_iter().map(hundredths).collect(),
        })
    }

    /// One frame of a tile: millimetres in five minutes of radar, NaN where nothing is known; else numbers of classes.
    fn map(&self, tile: &Tile, time: Timestamp) -> Result<Vec<f64>, DatasetError> {
        let frame = self.frame(time)?;
        Ok(self.values(tile, &frame))
    }

    fn values(&self, tile: &Tile, frame: &Frame) -> Vec<f64> {
        match &frame.map {
            // A frame of one tile is kept as that.
            Map::Radar(map) if self.tiles.len() == 1 => map.mm_5min().collect(),
            Map::Radar(map) => tile.of(map).mm_5min().collect(),
            Map::Classes(values) => values.iter().map(|&value| value.into()).collect(),
        }
    }

    fn normalise(&self, tile: &Tile, frame: &Frame) -> Vec<f32> {
        let values = self.values(tile, frame);
        values.into_iter().map(|value| self.source.normalise(value)).collect()
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
        file_state(&self.folder.join(self.file_name(time)?))
    }

    fn read_frame(&self, time: Timestamp) -> Result<Frame, DatasetError> {
        let Some(place) = self.names.get(&time) else {
            return Err(DatasetError::MissingFrame {
                time: time::format_sample(time),
                folder: self.folder.display().to_string(),
            });
        };
        self.source.read(&self.folder, place, time)
    }
}

fn file_state(path: &Path) -> FileState {
    let file = fs::metadata(path).ok()?;
    Some((file.len(), file.modified().ok()?))
}

/// End of the interval from the name of one of KNMI's files; `None` where the file is no frame.
pub fn frame_time(name: &str) -> Option<Timestamp> {
    let stem = name.strip_suffix(".h5")?;
    let stem = stem.strip_suffix("_cor").or_else(|| stem.strip_suffix("_NL")).unwrap_or(stem);
    time::parse_digits(knmi::PREFIXES.iter().find_map(|prefix| stem.strip_prefix(prefix))?)
}

/// What a folder without frames holds, in words that follow that.
fn instead(names: &[String]) -> String {
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
