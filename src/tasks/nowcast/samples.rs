//! The sequences that there are: those of the archives, and arrays that somebody brought.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use stormlens_data::archive::{Archive, Event, Sample, Tile};
use stormlens_data::card::{NowcastField, Nowcasting};
use stormlens_data::dataset::DatasetError;
use stormlens_data::field::{Field, Grid};
use stormlens_data::import::radar::Measured;
use stormlens_data::time;

use super::brought::{self, Brought, Kept, Stated};
use crate::parameters::QuestionError;

mod archives;
#[cfg(test)]
mod tests;

/// How many frames a listed sample has, and when it is verified: those of the published networks. What a
/// network needs beyond that, it is told when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub n_input_frames: usize,
    pub frame_step_min: u32,
    pub lead_times_min: &'static [u32],
}

impl Window {
    pub fn of(field: NowcastField) -> Self {
        match field {
            NowcastField::Precipitation => {
                Self { n_input_frames: 12, frame_step_min: 5, lead_times_min: &[30] }
            }
            NowcastField::CloudCover => Self {
                n_input_frames: 4,
                frame_step_min: 15,
                lead_times_min: &[15, 30, 45, 60, 75, 90],
            },
        }
    }
}

/// One sample of one archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleEntry {
    /// Name in addresses: archive and time, e.g. `knmi-20100826T0535`.
    pub id: String,
    /// End of the last input frame.
    pub time: Timestamp,
    pub field: NowcastField,
    /// Whether the frames of all lead times exist, so that a forecast can be verified.
    pub observed: bool,
    /// The event that it is of, where its archive names one.
    pub event: Option<EventName>,
    archive: String,
    name: String,
}

/// An event of an archive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventName {
    /// Archive and event, e.g. `radklim.20180516`.
    pub id: String,
    /// For people, e.g. `Germany, 16 May 2018`.
    pub title: String,
}

impl SampleEntry {
    /// The folder of its archive.
    pub fn archive(&self) -> &str {
        &self.archive
    }

    /// Its name in the archive, e.g. `20100826T0535`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One from files that somebody brought; it is in no archive of the data folder.
    pub fn brought(id: String, time: Timestamp, field: NowcastField) -> Self {
        let (archive, name) = (String::new(), String::new());
        Self { id, time, field, observed: false, event: None, archive, name }
    }

    /// One of which no file says when it was, such as an array.
    pub fn undated(id: String, field: NowcastField) -> Self {
        Self::brought(id, Timestamp::UNIX_EPOCH, field)
    }

    /// Whether its time is known.
    pub fn is_dated(&self) -> bool {
        self.time != Timestamp::UNIX_EPOCH
    }

    /// Time of one input frame, counted from the oldest; `None` beyond the last.
    pub fn frame_time(&self, idx: usize) -> Option<Timestamp> {
        let Window { n_input_frames, frame_step_min, .. } = Window::of(self.field);
        let n_later = n_input_frames.checked_sub(idx + 1)?;
        time::add_minutes(self.time, -(n_later as i64 * i64::from(frame_step_min)))
    }
}

impl EventName {
    fn of(archive: &str, event: &Event) -> Self {
        let title = format!("{}, {}", event.place, event.title);
        Self { id: format!("{archive}.{}", event.id), title }
    }
}

/// What a network is to look at.
pub enum Frames {
    Sample(Sample),
    Brought(Brought),
}

/// Why frames cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum FramesError {
    #[error("there is no sample {0:?}")]
    Unknown(String),
    #[error(transparent)]
    Data(#[from] DatasetError),
}

/// All of them.
pub struct Samples {
    archives: BTreeMap<String, Archive>,
    list: Vec<SampleEntry>,
    events: Vec<EventName>,
    /// Why folders with frames are no archives, and files that are passed over.
    problems: Vec<String>,
    brought: Mutex<BTreeMap<String, Arc<(SampleEntry, Kept)>>>,
}

impl Samples {
    /// Lists the archives below `data`, one a folder. Folders that are none are passed over.
    pub fn open(data: &Path) -> anyhow::Result<Self> {
        let (mut archives, mut list) = (BTreeMap::new(), Vec::new());
        let (found, mut problems) = archives::all(data)?;
        for (name, archive) in found {
            let window = Window::of(archive.field());
            let Window { n_input_frames, frame_step_min, lead_times_min } = window;
            let found = archive.samples(n_input_frames, frame_step_min, lead_times_min);
            if found.is_empty() {
                problems.extend(archives::without_sample(&name, &archive, &window));
                continue;
            }
            list.extend(found.into_iter().map(|sample| SampleEntry {
                id: format!("{name}-{}", sample.id),
                time: sample.time,
                field: archive.field(),
                observed: sample.is_observed(),
                event: archive.event(sample.time).map(|event| EventName::of(&name, event)),
                archive: name.clone(),
                name: sample.id,
            }));
            archives.insert(name, archive);
        }
        list.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
        if list.is_empty() {
            tracing::warn!(folder = %data.display(), "no radar frames were found");
        }
        let events = events(&list);
        Ok(Self { archives, list, events, problems, brought: Mutex::default() })
    }

    /// The archive of a folder by its name.
    pub fn archive_named(&self, name: &str) -> Option<&Archive> {
        self.archives.get(name)
    }

    /// Names of the archives of a field.
    pub fn datasets(&self, field: NowcastField) -> impl Iterator<Item = &str> {
        self.archives
            .iter()
            .filter(move |(_, archive)| archive.field() == field)
            .map(|(name, _)| name.as_str())
    }

    /// All samples of the archives, oldest first.
    pub fn list(&self) -> &[SampleEntry] {
        &self.list
    }

    /// The sample of that name.
    pub fn find(&self, id: &str) -> Result<SampleEntry, QuestionError> {
        let listed = self.list.iter().find(|sample| sample.id == id).cloned();
        let brought = || self.brought(id).map(|brought| brought.0.clone());
        let known = || self.list.iter().map(|sample| sample.id.as_str());
        listed.or_else(brought).ok_or_else(|| QuestionError::unknown("sample", id, known()))
    }

    fn brought(&self, id: &str) -> Option<Arc<(SampleEntry, Kept)>> {
        self.brought.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// The frames that a network takes, and what was observed at its lead times.
    ///
    /// # Errors
    /// For a sample that is not there, one of another field or step, and a frame that is missing or cannot be
    /// read; the error names it.
    pub fn load(&self, id: &str, task: &Nowcasting) -> Result<Frames, FramesError> {
        let Nowcasting { n_input_frames, frame_step_min, lead_times_min, .. } = task;
        let load = |archive: &Archive, name: &str| {
            archive.check(task)?;
            archive.load(name, *n_input_frames, *frame_step_min, lead_times_min)
        };
        match self.brought(id).as_deref() {
            Some((_, Kept::Array(array))) => return Ok(Frames::Brought(array.clone())),
            Some((_, Kept::Radar { archive, name })) => {
                return Ok(Frames::Sample(load(archive, name)?));
            }
            None => {}
        }
        let unknown = || FramesError::Unknown(id.to_owned());
        let entry = self.list.iter().find(|sample| sample.id == id).ok_or_else(unknown)?;
        Ok(Frames::Sample(load(self.archive(entry), &entry.name)?))
    }

    /// What the radar of a sample measured; `None` of clouds and arrays, and for a name that is not there.
    pub fn measured(&self, id: &str) -> Option<Measured> {
        if let Some((_, Kept::Radar { archive, .. })) = self.brought(id).as_deref() {
            return archive.measured();
        }
        let entry = self.list.iter().find(|sample| sample.id == id)?;
        self.archive(entry).measured()
    }

    /// Share of the pixels, 0 to 1, with rain or clouds in the sample's last input frame.
    ///
    /// # Errors
    /// If that frame cannot be read.
    pub fn covered_share(&self, sample: &SampleEntry) -> Result<f64, DatasetError> {
        let archive = self.archive(sample);
        archive.covered_share_of(archive.place(&sample.name)?.0, sample.time)
    }

    /// The same as the archive's table has it, so that long lists can be filtered; `None` where it cannot be known.
    pub fn listed_share(&self, sample: &SampleEntry) -> Option<f64> {
        self.archive(sample).listed_share(&sample.name).ok()
    }

    /// The most rain in the sample's last input frame, mm/h, where its archive has a table of it.
    pub fn maximum_mm_h(&self, sample: &SampleEntry) -> Option<f64> {
        self.archive(sample).summary(&sample.name)?.maximum_mm_h
    }

    /// All events that samples are of, oldest first.
    pub fn events(&self) -> &[EventName] {
        &self.events
    }

    /// One input frame of a sample in its physical unit, counted from the oldest; `None` beyond the last.
    ///
    /// # Errors
    /// If the frame cannot be read.
    pub fn frame(&self, sample: &SampleEntry, idx: usize) -> Option<Result<Field, DatasetError>> {
        let time = sample.frame_time(idx)?;
        let (archive, field) = (self.archive(sample), sample.field);
        let values = |tile: &Tile| archive.normalised_of(tile, time);
        let read = archive.place(&sample.name).and_then(|(tile, _)| Ok((tile, values(tile)?)));
        Some(read.map(|(tile, values)| {
            let values = values.into_iter().map(|value| field.to_physical(value)).collect();
            Field::new(tile.height, tile.width, values)
        }))
    }

    /// The grid of a sample's frames.
    pub fn grid(&self, sample: &SampleEntry) -> Grid {
        let archive = self.archive(sample);
        let tile = archive.place(&sample.name).map(|(tile, _)| tile);
        tile.map_or_else(|_| archive.grid().clone(), |tile| archive.grid_of(tile))
    }

    /// The file of one input frame, counted from the oldest; `None` where there is none.
    pub fn frame_file(&self, sample: &SampleEntry, idx: usize) -> Option<PathBuf> {
        let time = sample.frame_time(idx)?;
        self.archive(sample).file(time)
    }

    fn archive(&self, sample: &SampleEntry) -> &Archive {
        // Entries are only made by `open`, from the archives it keeps.
        &self.archives[&sample.archive]
    }

    /// Takes frames from files for this run of the program; answers the names of the samples.
    ///
    /// # Errors
    /// As [`brought::read`].
    pub fn bring(&self, paths: &[PathBuf], stated: &Stated<'_>) -> anyhow::Result<Vec<String>> {
        let found = brought::read(paths, stated)?;
        let mut brought = self.brought.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ids = Vec::with_capacity(found.len());
        for (mut entry, kept) in found {
            // Files of one name in two folders.
            let numbered = (2..).map(|n| format!("{}~{n}", entry.id));
            let mut names = std::iter::once(entry.id.clone()).chain(numbered);
            let id = names.find(|id| !brought.contains_key(id)).expect("numbers do not end");
            entry.id.clone_from(&id);
            brought.insert(id.clone(), Arc::new((entry, kept)));
            ids.push(id);
        }
        Ok(ids)
    }

    /// What is wrong with frames of the archives that cannot be read, each by its file; of an archive at most
    /// `n_frames` are looked at, the last ones.
    pub fn unreadable(&self, n_frames: usize) -> Vec<DatasetError> {
        self.archives.values().flat_map(|archive| archive.unreadable(n_frames)).collect()
    }

    /// Gives back the memory of frames that can be read again.
    pub fn rest(&self) {
        self.archives.values().for_each(Archive::rest);
    }

    /// Why folders that hold frames are no archives, and which files are passed over.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl Frames {
    /// Frames, height, width.
    pub fn shape(&self) -> [usize; 3] {
        match self {
            Self::Sample(Sample { sequence, .. }) => {
                [sequence.frames.len(), sequence.grid.height, sequence.grid.width]
            }
            Self::Brought(brought) => brought.shape,
        }
    }

    /// Source and licence of the data.
    pub fn credit(&self) -> (String, String) {
        match self {
            Self::Sample(sample) => (sample.source.clone(), sample.licence.clone()),
            Self::Brought(array) => {
                let what = match (array.field, array.is_unit_stated) {
                    (NowcastField::CloudCover, _) => {
                        "an array of cloud cover of the user".to_owned()
                    }
                    (_, true) => format!("an array of the user, in {}", array.units.label()),
                    (_, false) => "an array of the user".to_owned(),
                };
                (what, "not stated".to_owned())
            }
        }
    }
}

/// Of samples in the order of time.
fn events(list: &[SampleEntry]) -> Vec<EventName> {
    let mut found: Vec<EventName> = Vec::new();
    for event in list.iter().filter_map(|sample| sample.event.as_ref()) {
        if found.iter().all(|known| known.id != event.id) {
            found.push(event.clone());
        }
    }
    found
}
