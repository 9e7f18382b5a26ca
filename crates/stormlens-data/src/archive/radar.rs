//! Radar files of a folder: which there are, and their frames.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use super::tile::{self, Tile};
use super::{FileState, Frame, Map, Names, Place, file_state, lock};
use crate::dataset::DatasetError;
use crate::field::Grid;
use crate::import::knmi;
use crate::import::radar::{self, Measured, Provider, RadarFile};
use crate::time;

/// Files of many frames that are kept open, each with at most 64 MiB of decoded blocks.
const MAX_OPEN: usize = 2;
/// So many frames are tried for the tiles until one can be read.
const MAX_TRIED: usize = 5;

/// What the radar files of an archive have in common.
pub(super) struct Radar {
    pub origin: String,
    pub licence: String,
    pub kind: Kind,
    pub step_min: u32,
    pub tiles: Vec<Tile>,
    open: Mutex<VecDeque<(PathBuf, FileState, Arc<RadarFile>)>>,
}

/// What all files of an archive have to share.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    pub provider: Provider,
    pub measured: Measured,
    /// The whole composite.
    pub whole: Grid,
}

impl Kind {
    pub fn of(file: &RadarFile) -> Self {
        let RadarFile { provider, measured, grid, .. } = file;
        Self { provider: provider.clone(), measured: *measured, whole: grid.clone() }
    }

    /// Refuses a file of another service, quantity or grid.
    pub fn check(&self, file: &RadarFile) -> Result<(), DatasetError> {
        let found = Self::of(file);
        let is_same = self.provider == found.provider
            && self.whole == found.whole
            && self.measured == found.measured;
        match is_same {
            true => Ok(()),
            false => Err(DatasetError::OtherRadar {
                file: file.file.clone(),
                found: found.to_string(),
                others: self.to_string(),
            }),
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Grid { height, width, west_km, north_km, proj4, .. } = &self.whole;
        let (name, measured) = (&self.provider.name, self.measured);
        write!(f, "{name}, {measured}, {height} × {width} pixels")?;
        match self.whole.is_somewhere() {
            true => write!(f, " from x {west_km:.1}, y {north_km:.1} km in {proj4}"),
            false => write!(f, " that lie nowhere"),
        }
    }
}

impl std::fmt::Debug for Radar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "radar of {}", self.kind)
    }
}

impl Radar {
    /// KNMI's, of which everything is known before a file is read.
    pub fn knmi() -> Self {
        let kind = Kind {
            provider: knmi::provider(),
            measured: Measured::Sum { minutes: knmi::FRAME_STEP_MIN },
            whole: knmi::composite_grid(),
        };
        Self {
            origin: knmi::SOURCE.to_owned(),
            licence: knmi::LICENCE.to_owned(),
            kind,
            step_min: knmi::FRAME_STEP_MIN,
            tiles: vec![Tile::only(knmi::CROP_START, [knmi::CROP_SIZE; 2])],
            open: Mutex::default(),
        }
    }

    /// What the files of an archive are, by those that were opened and frames that are tried for the tiles.
    pub fn of(folder: &Path, file: &RadarFile, names: &Names) -> Result<Self, DatasetError> {
        if file.provider == knmi::provider() {
            return Ok(Self::knmi());
        }
        let Provider { name, notice, licence } = &file.provider;
        let mut found = Self {
            origin: format!("{name}, {}, {}", file.product, file.measured),
            licence: format!("{licence}. {notice}"),
            kind: Kind::of(file),
            step_min: file.step_min,
            tiles: Vec::new(),
            open: Mutex::default(),
        };
        let mut tried = names.iter().take(MAX_TRIED);
        let frame = tried.find_map(|(&time, place)| found.whole_frame(folder, place, time).ok());
        found.tiles = match frame {
            Some((_, frame)) => tile::tiles(&found.kind.whole, &frame),
            None => tile::tiles(&found.kind.whole, &file.frame(0)?),
        };
        Ok(found)
    }

    /// A frame as an archive keeps it: its only tile, or the whole where there are several.
    pub fn read(
        &self,
        folder: &Path,
        place: &Place,
        time: Timestamp,
    ) -> Result<Frame, DatasetError> {
        let (identity, frame) = self.whole_frame(folder, place, time)?;
        let frame = match &self.tiles[..] {
            [only] => only.of(&frame),
            _ => frame,
        };
        Ok(Frame { identity, map: Map::Radar(frame) })
    }

    fn whole_frame(
        &self,
        folder: &Path,
        place: &Place,
        time: Timestamp,
    ) -> Result<(Vec<u8>, radar::Frame), DatasetError> {
        let path = folder.join(&place.name);
        if place.is_knmi {
            let (image, bytes) = knmi::read_with_bytes(&path)?;
            check_time(&image.file, image.end, time)?;
            return Ok((bytes, image.into_radar_file().frame(0)?));
        }
        let file = self.file(&path)?;
        self.kind.check(&file)?;
        // A file that was replaced may have other frames.
        let end = file.ends.get(place.index).copied().unwrap_or_default();
        check_time(&file.file, end, time)?;
        let identity = format!("{} {}", file.sha256, place.index).into_bytes();
        Ok((identity, file.frame(place.index)?))
    }

    /// Closes the files that are open, and forgets what was read of them.
    pub fn close(&self) {
        lock(&self.open).clear();
    }

    /// A file, kept open if it has many frames.
    fn file(&self, path: &Path) -> Result<Arc<RadarFile>, DatasetError> {
        let state = file_state(path);
        let known = lock(&self.open).iter().find(|(p, s, _)| p == path && *s == state).cloned();
        if let Some((_, _, file)) = known {
            return Ok(file);
        }
        let file = Arc::new(radar::open(path)?);
        if file.n_frames() > 1 {
            let mut open = lock(&self.open);
            open.retain(|(p, ..)| p != path);
            if open.len() == MAX_OPEN {
                open.pop_front();
            }
            open.push_back((path.to_owned(), state, file.clone()));
        }
        Ok(file)
    }
}

/// A file under a wrong name would put its rain at the wrong time without a trace.
fn check_time(file: &str, found: Timestamp, wanted: Timestamp) -> Result<(), DatasetError> {
    match time::format_sample(found) == time::format_sample(wanted) {
        true => Ok(()),
        false => {
            let (file, found) = (file.to_owned(), time::format_knmi(found));
            Err(DatasetError::WrongTime { file, found })
        }
    }
}

/// Takes up the frames of the files in a folder that are no KNMI files by name; the first file that was opened.
///
/// Where the name of a file tells its time, only the first such file is opened now, and the others when they are read.
pub(super) fn list(
    folder: &Path,
    others: &[String],
    known: &mut Found,
) -> Result<Option<RadarFile>, DatasetError> {
    let (mut first, mut found): (Option<RadarFile>, Vec<(Timestamp, Place)>) = (None, Vec::new());
    let candidates = others.iter().filter(|name| !name.starts_with(knmi::FORECAST_PREFIX));
    for name in candidates.filter(|name| looks_like_radar(&folder.join(name))) {
        if let (Some(_), Some(time)) = (&first, radar::time_in_name(name)) {
            found.push((time, Place::of(name, 0)));
            continue;
        }
        let by_name = radar::time_in_name(name).map(|time| (time, Place::of(name, 0)));
        match radar::open(&folder.join(name)) {
            Ok(file) => {
                let ends = file.ends.iter().enumerate();
                found.extend(ends.map(|(index, &time)| (time, Place::of(name, index))));
                first.get_or_insert(file);
            }
            // A frame by its name is missed; other files are none of ours.
            Err(_) => found.extend(by_name),
        }
    }
    for (time, place) in found {
        known.insert(folder, time, place)?;
    }
    Ok(first)
}

/// The frames that were found, each with the place from which it is read.
#[derive(Default)]
pub(super) struct Found {
    pub names: Names,
    /// Words about files that hold what another one holds, too.
    pub twins: Vec<String>,
    /// The two files that were compared last, `None` where one cannot be read: files of many frames share many times.
    compared: VecDeque<(String, Option<Arc<RadarFile>>)>,
}

impl Found {
    /// Adds a frame. Two files of one time are an error where they differ, for nothing says which is better. Where they
    /// are equal, or one cannot be read, one is kept, and the twins tell of the other.
    pub fn insert(
        &mut self,
        folder: &Path,
        time: Timestamp,
        place: Place,
    ) -> Result<(), DatasetError> {
        let Some(known) = self.names.get(&time).cloned() else {
            self.names.insert(time, place);
            return Ok(());
        };
        if known.name == place.name {
            self.tell(format!("{} is given twice: it is read once", place.name));
            return Ok(());
        }
        let [one, other] = [&known, &place].map(|place| self.file(folder, &place.name));
        let (kept, left, what) = match (one, other) {
            (Some(one), Some(other))
                if is_same_frame((&one, known.index), (&other, place.index))? =>
            {
                (known, place, "holds the same as")
            }
            (Some(_), Some(_)) => {
                let (file, other) = (place.name, known.name);
                return Err(DatasetError::SameTime {
                    file,
                    other,
                    time: time::format_sample(time),
                });
            }
            (None, Some(_)) => (place, known, "cannot be read, but is of the same time as"),
            _ => (known, place, "cannot be read, but is of the same time as"),
        };
        self.tell(format!("{} {what} {1}: {1} is read", left.name, kept.name));
        self.names.insert(time, kept);
        Ok(())
    }

    /// A file of many frames is told of once.
    fn tell(&mut self, words: String) {
        if !self.twins.contains(&words) {
            self.twins.push(words);
        }
    }

    fn file(&mut self, folder: &Path, name: &str) -> Option<Arc<RadarFile>> {
        if let Some((_, file)) = self.compared.iter().find(|(known, _)| known == name) {
            return file.clone();
        }
        let file = radar::open(&folder.join(name)).ok().map(Arc::new);
        if self.compared.len() == 2 {
            self.compared.pop_front();
        }
        self.compared.push_back((name.to_owned(), file.clone()));
        file
    }
}

/// Whether two frames, each by its file and its place there, have equal pixels, unknown ones in the same places.
fn is_same_frame(
    one: (&RadarFile, usize),
    other: (&RadarFile, usize),
) -> Result<bool, DatasetError> {
    if one.0.sha256 == other.0.sha256 && one.1 == other.1 {
        return Ok(true);
    }
    let has_frame = |(file, index): (&RadarFile, usize)| index < file.n_frames();
    if !has_frame(one) || !has_frame(other) || one.0.grid != other.0.grid {
        return Ok(false);
    }
    let (one, other) = (one.0.frame(one.1)?, other.0.frame(other.1)?);
    let is_same = |(a, b): (f64, f64)| a == b || (a.is_nan() && b.is_nan());
    Ok(one.mm_5min().len() == other.mm_5min().len()
        && one.mm_5min().zip(other.mm_5min()).all(is_same))
}

/// Whether a file begins like one that may be radar, so that others are not read.
fn looks_like_radar(path: &Path) -> bool {
    let mut head = [0; 32];
    let is_file = path.is_file();
    let read = is_file.then(|| File::open(path).and_then(|mut file| file.read(&mut head)));
    matches!(read, Some(Ok(n)) if radar::may_be_radar(&head[..n]))
}
