//! Input frames of a network and what was observed at each lead time.

use std::path::Path;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{Archive, Tile};
use crate::card::NowcastField;
use crate::dataset::DatasetError;
use crate::field::{Field, Sequence};
use crate::{hash, time};

/// A sample that an archive can give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleRef {
    /// UTC end of the last input frame, e.g. `20100826T0535`, behind the name of the tile where there are
    /// several: `r1c2.20150515T1545`.
    pub id: String,
    /// Name of the tile; empty where there is one.
    pub tile: String,
    pub time: Timestamp,
    /// For each lead time asked for, whether the archive has its frame.
    pub observed: Vec<bool>,
}

impl SampleRef {
    /// Whether the frames of all lead times are there, so that a forecast can be verified whole.
    pub fn is_observed(&self) -> bool {
        self.observed.iter().all(|&is_observed| is_observed)
    }
}

/// Input frames of a network and, for each lead time, what was observed where the archive has it.
#[derive(Clone, Debug)]
pub struct Sample {
    /// As [`SampleRef::id`].
    pub id: String,
    /// What the frames show. Maps are in its physical unit, see [`NowcastField::unit`].
    pub field: NowcastField,
    /// `[n_input_frames, height, width]`, oldest frame first, as the networks take it: 0 where nothing is known.
    /// Which pixels those are, [`Self::sequence`] says.
    pub inputs_normalised: Vec<f32>,
    /// The input frames in physical units, with their times and grid; NaN where nothing is known.
    pub sequence: Sequence,
    /// One for each lead time asked for, in that order.
    pub leads: Vec<Lead>,
    /// Names of the files read, without their folders: the inputs, then the observations.
    pub files: Vec<String>,
    /// Hash over the bytes of those files, in that order, hexadecimal.
    pub data_sha256: String,
    /// Where the frames come from, for captions and files.
    pub source: String,
    /// Licence of the frames and who is to be named.
    pub licence: String,
    /// What must be said of the data beside every use.
    pub notice: String,
}

/// One lead time of a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Lead {
    pub lead_time_min: u32,
    /// Time of the last input frame plus the lead time.
    pub valid_time: Timestamp,
    /// `None` where the archive has no frame of that time.
    pub observation: Option<Observation>,
}

/// The frame of a lead time.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// `[height, width]`, as the networks give it; NaN where nothing is known.
    pub normalised: Vec<f32>,
    /// The same in physical units.
    pub map: Field,
}

impl Sample {
    /// What a network should answer, `[leads, height, width]`, normalised, and NaN where nothing is known; `None` where one of the
    /// observations is missing.
    pub fn targets_normalised(&self) -> Option<Vec<f32>> {
        let observed: Option<Vec<&Observation>> =
            self.leads.iter().map(|lead| lead.observation.as_ref()).collect();
        Some(observed?.into_iter().flat_map(|o| o.normalised.iter().copied()).collect())
    }

    /// Reads a sample; see [`Archive::load`].
    pub(super) fn read(
        archive: &Archive,
        id: &str,
        n_input_frames: usize,
        frame_step_min: u32,
        lead_times_min: &[u32],
    ) -> Result<Self, DatasetError> {
        let unknown = || DatasetError::SampleName { sample: id.to_owned() };
        let (tile, last) = archive.place(id)?;
        let after = |minutes: i64| time::add_minutes(last, minutes).ok_or_else(unknown);
        let mut parts = Parts::new(archive, tile);
        let (mut inputs_normalised, mut frames, mut times) = (Vec::new(), Vec::new(), Vec::new());
        for i in (0..n_input_frames).rev() {
            let time = after(-(i as i64) * i64::from(frame_step_min))?;
            let Observation { normalised, map } = parts.frame(time)?;
            inputs_normalised
                .extend(normalised.into_iter().map(|x| if x.is_nan() { 0.0 } else { x }));
            frames.push(map);
            times.push(time);
        }
        let mut leads = Vec::with_capacity(lead_times_min.len());
        for &lead_time_min in lead_times_min {
            let valid_time = after(lead_time_min.into())?;
            let is_observed = archive.file_name(valid_time).is_some();
            let observation = is_observed.then(|| parts.frame(valid_time)).transpose()?;
            leads.push(Lead { lead_time_min, valid_time, observation });
        }
        Ok(Self {
            id: id.to_owned(),
            field: archive.field(),
            inputs_normalised,
            sequence: Sequence { frames, times, grid: archive.grid_of(tile) },
            leads,
            files: parts.files,
            data_sha256: hash::finish(parts.hash),
            source: archive.origin().to_owned(),
            licence: archive.licence().to_owned(),
            notice: archive.notice().to_owned(),
        })
    }
}

/// What grows frame by frame while a sample is read.
struct Parts<'a> {
    archive: &'a Archive,
    tile: &'a Tile,
    files: Vec<String>,
    hash: Sha256,
}

impl<'a> Parts<'a> {
    fn new(archive: &'a Archive, tile: &'a Tile) -> Self {
        Self { archive, tile, files: Vec::new(), hash: Sha256::new() }
    }

    fn frame(&mut self, time: Timestamp) -> Result<Observation, DatasetError> {
        let frame = self.archive.frame(time)?;
        let name = self.archive.file_name(time).and_then(|name| Path::new(name).file_name());
        let name = name.map(|name| name.to_string_lossy().into_owned());
        // A file of many frames is named once.
        self.files.extend(name.filter(|name| !self.files.contains(name)));
        self.hash.update(&frame.identity);
        let field = self.archive.field();
        let normalised = self.archive.normalise(self.tile, &frame);
        let physical = normalised.iter().map(|&x| field.to_physical(x)).collect();
        let map = Field::new(self.tile.height, self.tile.width, physical);
        Ok(Observation { normalised, map })
    }
}
