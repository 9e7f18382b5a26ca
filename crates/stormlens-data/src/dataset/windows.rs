//! Reading windows of frames: inputs and what followed them.

use std::path::Path;

use jiff::Timestamp;

use super::clouds::{self, CloudFiles};
use super::store::Store;
use super::{DatasetError, check_kind};
use crate::card::{NowcastField, Nowcasting};
use crate::import::knmi::FRAME_STEP_MIN;

mod source;

pub(super) use source::Source;

/// Windows of frames, from one of two layouts:
///
/// - a windowed HDF5 file: per group `images` `[S, L + A, H, W]`, normalised, and `timestamps`
///   `[S, L + A, 1]`, where L is the number of input frames and A the lead in frames;
/// - cloud cover: a folder of `.npz` files, or one of them, array `arr_0` `[H, W, 10]`, 0 and 1.
pub struct Windows {
    source: Box<dyn Source>,
    field: NowcastField,
    frame_step_min: u32,
    n_input_frames: usize,
}

/// One training sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// `[L, H, W]`, normalised, oldest frame first.
    pub inputs: Vec<f32>,
    /// `[leads, H, W]`, normalised: the frame of each lead time asked for, in that order.
    pub targets: Vec<f32>,
    /// End of the interval of each frame of the window; empty where the layout does not tell.
    pub timestamps: Vec<Timestamp>,
}

impl Windows {
    /// Opens a folder or an `.npz` of cloud cover, or an HDF5 file whose name tells the number of
    /// input frames, as in `train_test_2016-2019_input-length_12_img-ahead_6_rain-threshold_50.h5`;
    /// the older spelling `rain-threshhold` does not matter here.
    ///
    /// # Errors
    /// For a file that cannot be read, has another layout or another name.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        if path.is_dir() || path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npz")) {
            return Ok(Self {
                source: Box::new(CloudFiles::open(path)?),
                field: NowcastField::CloudCover,
                frame_step_min: clouds::FRAME_STEP_MIN,
                n_input_frames: clouds::N_INPUT_FRAMES,
            });
        }
        // Before anything is said of its name.
        std::fs::metadata(path)
            .map_err(|cause| DatasetError::Io { file: path.display().to_string(), cause })?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match number_after(&name, "input-length_") {
            Some(n_input_frames) => Self::open_with_input_length(path, n_input_frames),
            None => Err(DatasetError::InputLength { file: path.display().to_string() }),
        }
    }

    /// Opens an HDF5 file of any name.
    ///
    /// # Errors
    /// For a file that cannot be read or whose windows are not longer than their inputs.
    pub fn open_with_input_length(
        path: &Path,
        n_input_frames: usize,
    ) -> Result<Self, DatasetError> {
        let store = Store::open(path, 4)?;
        for group in store.groups() {
            let n_frames = store.shape(group)?[1];
            if n_input_frames == 0 || n_frames <= n_input_frames {
                let what = format!(
                    "{n_frames} frames a window leave none to predict after {n_input_frames}"
                );
                return Err(DatasetError::Layout { file: store.file().to_owned(), what });
            }
        }
        let field = NowcastField::Precipitation;
        Ok(Self { source: Box::new(store), field, frame_step_min: FRAME_STEP_MIN, n_input_frames })
    }

    /// Names of the groups: `train`, `validation`, `test`, then others.
    pub fn groups(&self) -> Vec<&str> {
        self.source.groups()
    }

    /// Number of windows in a group, 0 where there is no such group.
    pub fn len(&self, group: &str) -> usize {
        self.source.shape(group).map_or(0, |shape| shape[0])
    }

    /// What the frames show.
    pub fn field(&self) -> NowcastField {
        self.field
    }

    /// What the data are, where the set says so, e.g. that masks of radar are not clouds.
    pub fn description(&self) -> Option<&str> {
        self.source.description()
    }

    /// Number of input frames of a window.
    pub fn n_input_frames(&self) -> usize {
        self.n_input_frames
    }

    /// Minutes between two frames of a window.
    pub fn frame_step_min(&self) -> u32 {
        self.frame_step_min
    }

    /// Refuses data that a network of this task cannot use.
    ///
    /// # Errors
    /// Where field, step or number of input frames differ, in words.
    pub fn check(&self, task: &Nowcasting) -> Result<(), DatasetError> {
        let found = (self.field, self.frame_step_min);
        check_kind(self.source.file(), found, (task.field, task.frame_step_min))?;
        if self.n_input_frames == task.n_input_frames {
            return Ok(());
        }
        let words = |n: usize| format!("windows of {n} input frames");
        let (found, wanted) = (words(self.n_input_frames), words(task.n_input_frames));
        Err(DatasetError::OtherKind { file: self.source.file().to_owned(), found, wanted })
    }

    /// Height and width of the frames.
    ///
    /// # Errors
    /// For an unknown group.
    pub fn size(&self, group: &str) -> Result<(usize, usize), DatasetError> {
        let [_, _, height, width] = self.source.shape(group)?;
        Ok((height, width))
    }

    /// Frames of a window that follow its inputs; each is a lead time that can be asked for.
    ///
    /// # Errors
    /// For an unknown group.
    pub fn n_frames_ahead(&self, group: &str) -> Result<usize, DatasetError> {
        Ok(self.source.shape(group)?[1] - self.n_input_frames)
    }

    /// Times of the frames of one window; empty where the layout does not tell.
    ///
    /// # Errors
    /// For an unknown group or window, and for timestamps that cannot be read.
    pub fn times(&self, group: &str, index: usize) -> Result<&[Timestamp], DatasetError> {
        self.source.times(group, index)
    }

    /// One window: its inputs, and the frame of each of these lead times.
    ///
    /// # Errors
    /// For an unknown group or window, for a lead time that it has no frame of, and for a window
    /// that cannot be read.
    pub fn read(
        &self,
        group: &str,
        index: usize,
        lead_times_min: &[u32],
    ) -> Result<Window, DatasetError> {
        let places = self.places(group, lead_times_min)?;
        let mut inputs = self.source.read(group, index)?;
        let (height, width) = self.size(group)?;
        let n_pixels = height * width;
        let frame = |&place: &usize| &inputs[place * n_pixels..][..n_pixels];
        let targets = places.iter().flat_map(frame).copied().collect();
        inputs.truncate(self.n_input_frames * n_pixels);
        Ok(Window { inputs, targets, timestamps: self.times(group, index)?.to_vec() })
    }

    /// Where in a window the frames of these lead times are.
    fn places(&self, group: &str, lead_times_min: &[u32]) -> Result<Vec<usize>, DatasetError> {
        let n_ahead = self.n_frames_ahead(group)?;
        let step_min = self.frame_step_min;
        let place = |&lead_time_min: &u32| {
            let n_steps = (lead_time_min / step_min) as usize;
            let is_there = lead_time_min % step_min == 0 && (1..=n_ahead).contains(&n_steps);
            is_there.then(|| self.n_input_frames + n_steps - 1).ok_or(DatasetError::LeadTime {
                file: self.source.file().to_owned(),
                lead_time_min,
                step_min,
                last_min: step_min * n_ahead as u32,
            })
        };
        lead_times_min.iter().map(place).collect()
    }
}

/// The number in a file name after a word.
fn number_after(name: &str, word: &str) -> Option<usize> {
    let (_, rest) = name.split_once(word)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests;
