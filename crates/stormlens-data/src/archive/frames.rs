//! The frames of an archive, read when they are asked for.

use std::sync::Arc;

use jiff::Timestamp;

use super::source::Source;
use super::{Archive, FileState, Frame, MAX_CACHED_FRAMES, Map, Tile, file_state, lock};
use crate::dataset::DatasetError;
use crate::field::Grid;
use crate::import::ImportError;
use crate::time;

/// Of the frames that stay in memory while nobody asks for any: a sample of KNMI's with what came after it has 8 MB.
const MAX_RESTING_BYTES: usize = 10_000_000;

impl Archive {
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
    pub(super) fn map(&self, tile: &Tile, time: Timestamp) -> Result<Vec<f64>, DatasetError> {
        let frame = self.frame(time)?;
        Ok(self.values(tile, &frame))
    }

    pub(super) fn values(&self, tile: &Tile, frame: &Frame) -> Vec<f64> {
        match &frame.map {
            // A frame of one tile is kept as that.
            Map::Radar(map) if self.tiles.len() == 1 => map.mm_5min().collect(),
            Map::Radar(map) => tile.of(map).mm_5min().collect(),
            Map::Classes(values) => values.iter().map(|&value| value.into()).collect(),
        }
    }

    pub(super) fn normalise(&self, tile: &Tile, frame: &Frame) -> Vec<f32> {
        let values = self.values(tile, frame);
        values.into_iter().map(|value| self.source.normalise(value)).collect()
    }

    /// A frame, read again once its file has been replaced.
    pub(super) fn frame(&self, time: Timestamp) -> Result<Arc<Frame>, DatasetError> {
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

    /// Gives back the memory of what can be read again: of the frames, those that were read last stay, 10 MB of each
    /// archive, so that whoever goes on looks at the same event without a wait.
    pub fn rest(&self) {
        let mut frames = lock(&self.frames);
        let mut n_bytes = 0;
        let is_within = |(_, _, frame): &&(_, _, Arc<Frame>)| {
            n_bytes += frame.n_bytes();
            n_bytes <= MAX_RESTING_BYTES
        };
        let n_kept = frames.iter().rev().take_while(is_within).count();
        let n_read_before = frames.len() - n_kept;
        frames.drain(..n_read_before);
        frames.shrink_to_fit();
        if let Source::Radar(radar) = &self.source {
            radar.close();
        }
    }

    fn file_state(&self, time: Timestamp) -> FileState {
        file_state(&self.folder.join(self.file_name(time)?))
    }

    pub(super) fn read_frame(&self, time: Timestamp) -> Result<Frame, DatasetError> {
        let Some(place) = self.names.get(&time) else {
            return Err(DatasetError::MissingFrame {
                time: time::format_sample(time),
                folder: self.folder.display().to_string(),
            });
        };
        self.source.read(&self.folder, place, time)
    }
}
