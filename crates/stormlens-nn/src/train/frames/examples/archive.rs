//! Samples of folders of raw frames.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use stormlens_data::archive::{Archive, SampleRef, parse_id};
use stormlens_data::card::Nowcasting;
use stormlens_data::dataset::DatasetError;

use super::division::Division;
use super::{Example, Examples};
use crate::train::supervision::Block;

/// Frames in memory: a month of a frame every 5 minutes and 160 × 192 pixels.
const MAX_CACHED_BYTES: usize = 1 << 30;

/// Frames by their times.
pub(super) trait Frames: Send + Sync {
    /// Samples of that many frames, whatever block they are in.
    fn samples(&self, task: &Nowcasting) -> Vec<SampleRef>;

    /// `[height, width]`, normalised; NaN where nothing is known. Of a tile by its name.
    ///
    /// # Errors
    /// For a frame that cannot be read, and for a tile that there is not.
    fn frame(&self, tile: &str, time: Timestamp) -> Result<Vec<f32>, DatasetError>;

    fn height_and_width(&self) -> [usize; 2];

    /// Name of the event that the frame of a time belongs to.
    fn event(&self, time: Timestamp) -> Option<String>;
}

impl Frames for Archive {
    fn samples(&self, task: &Nowcasting) -> Vec<SampleRef> {
        self.samples(task.n_input_frames, task.frame_step_min, &task.lead_times_min)
    }

    fn frame(&self, tile: &str, time: Timestamp) -> Result<Vec<f32>, DatasetError> {
        let found = self.tiles().iter().find(|own| own.name == tile);
        let unknown = || DatasetError::SampleName { sample: tile.to_owned() };
        self.normalised_of(found.ok_or_else(unknown)?, time)
    }

    fn height_and_width(&self) -> [usize; 2] {
        [self.grid().height, self.grid().width]
    }

    fn event(&self, time: Timestamp) -> Option<String> {
        Self::event(self, time).map(|event| event.id.clone())
    }
}

/// Archives under the names of their folders.
///
/// # Errors
/// For a folder that is no archive or holds other frames, and for two of one name.
pub(super) fn open_named(
    folders: &[PathBuf],
    task: &Nowcasting,
) -> Result<Vec<(String, Archive)>, DatasetError> {
    let mut names = BTreeSet::new();
    let open = |folder: &PathBuf| {
        let archive = Archive::open(folder)?;
        archive.check(task)?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if names.insert(name.clone()) {
            return Ok((name, archive));
        }
        let what = format!("two folders of `archives` are called {name:?}; give each its own name");
        Err(DatasetError::Options(what))
    };
    folders.iter().map(open).collect()
}

/// Samples of archives, divided by time or by event.
pub(super) struct ArchiveExamples<F> {
    /// With what stands before the names of their samples; nothing where there is one archive.
    archives: Vec<(String, F)>,
    task: Nowcasting,
    division: Division,
    known: Mutex<Known>,
}

/// Archive, tile and time.
type Key = (usize, String, Timestamp);

/// Frames once read.
#[derive(Default)]
struct Known {
    frames: HashMap<Key, Arc<Vec<f32>>>,
    /// The oldest first.
    order: VecDeque<Key>,
    n_bytes: usize,
}

impl Known {
    fn insert(&mut self, key: Key, frame: Arc<Vec<f32>>) {
        let n_bytes = size_of_val(frame.as_slice());
        // Two threads may have read the same frame.
        if self.frames.insert(key.clone(), frame).is_none() {
            self.order.push_back(key);
            self.n_bytes += n_bytes;
        }
        while self.n_bytes > MAX_CACHED_BYTES {
            let Some(oldest) = self.order.pop_front() else { break };
            let gone = self.frames.remove(&oldest);
            self.n_bytes -= gone.map_or(0, |frame| size_of_val(frame.as_slice()));
        }
    }
}

/// Times of the input frames of a sample, oldest first.
fn input_times(task: &Nowcasting, last: Timestamp) -> Vec<Timestamp> {
    let step = i64::from(task.frame_step_min);
    let before = |n: usize| last - SignedDuration::from_mins(n as i64 * step);
    (0..task.n_input_frames).rev().map(before).collect()
}

/// Times of its targets.
pub(super) fn target_times(task: &Nowcasting, last: Timestamp) -> Vec<Timestamp> {
    let after = |&lead: &u32| last + SignedDuration::from_mins(i64::from(lead));
    task.lead_times_min.iter().map(after).collect()
}

/// The event that all frames of a sample belong to.
pub(super) fn event(frames: &dyn Frames, task: &Nowcasting, last: Timestamp) -> Option<String> {
    let event = frames.event(last)?;
    let mut others = input_times(task, last).into_iter().chain(target_times(task, last));
    others.all(|time| frames.event(time).as_ref() == Some(&event)).then_some(event)
}

impl<F: Frames> ArchiveExamples<F> {
    pub fn new(archives: Vec<(String, F)>, task: Nowcasting, division: Division) -> Self {
        Self { archives, task, division, known: Mutex::default() }
    }

    /// The archive and the tile of a sample, and the time of its last input frame.
    fn find<'a>(&self, id: &'a str) -> Result<(usize, &'a str, Timestamp), DatasetError> {
        let unknown = || DatasetError::SampleName { sample: id.to_owned() };
        let (name, sample) = id.rsplit_once('/').unwrap_or(("", id));
        let place = self.archives.iter().position(|(own, _)| own == name).ok_or_else(unknown)?;
        let (tile, time) = parse_id(sample).ok_or_else(unknown)?;
        Ok((place, tile, time))
    }

    fn frames(
        &self,
        (place, tile): (usize, &str),
        times: &[Timestamp],
    ) -> Result<Vec<f32>, DatasetError> {
        // Whole frames are whole whatever happened to another thread.
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut values = Vec::new();
        for &time in times {
            let key = (place, tile.to_owned(), time);
            let found = known().frames.get(&key).cloned();
            let frame = match found {
                Some(frame) => frame,
                None => {
                    let frame = Arc::new(self.archives[place].1.frame(tile, time)?);
                    known().insert(key, frame.clone());
                    frame
                }
            };
            values.extend_from_slice(&frame);
        }
        Ok(values)
    }
}

impl<F: Frames> Examples for ArchiveExamples<F> {
    fn ids(&self, block: Block) -> Vec<String> {
        let mut ids = Vec::new();
        for (name, archive) in &self.archives {
            let is_in = |s: &SampleRef| {
                s.is_observed() && self.division.block(archive, &self.task, s.time) == Some(block)
            };
            let samples = archive.samples(&self.task).into_iter().filter(is_in);
            ids.extend(
                samples.map(|s| if name.is_empty() { s.id } else { format!("{name}/{}", s.id) }),
            );
        }
        ids
    }

    fn read(&self, id: &str) -> Result<Arc<Example>, DatasetError> {
        let (place, tile, last) = self.find(id)?;
        let [height, width] = self.archives[place].1.height_and_width();
        let inputs = self.frames((place, tile), &input_times(&self.task, last))?;
        let target = self.frames((place, tile), &target_times(&self.task, last))?;
        Ok(Arc::new(Example { inputs, target, height, width }))
    }

    fn target(&self, id: &str) -> Result<Vec<f32>, DatasetError> {
        let (place, tile, last) = self.find(id)?;
        self.frames((place, tile), &target_times(&self.task, last))
    }

    fn event(&self, id: &str) -> Option<String> {
        let (place, _, last) = self.find(id).ok()?;
        event(&self.archives[place].1, &self.task, last)
    }
}

#[cfg(test)]
mod tests;
