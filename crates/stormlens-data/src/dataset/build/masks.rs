//! Wet/dry masks of radar in the layout of cloud-cover sets.
//!
//! Where no clouds are at hand, they let the training of cloud networks be tried. They are no
//! clouds, and the set says so wherever it is named.

use std::path::Path;

use jiff::Timestamp;

use super::{Skipped, Split, atomically, check_knmi, report};
use crate::archive::{Archive, SampleRef};
use crate::card::NowcastField;
use crate::dataset::DatasetError;
use crate::dataset::clouds::{ARRAY, FRAME_STEP_MIN, N_FRAMES, N_INPUT_FRAMES};
use crate::field::Field;
use crate::files::npy::NpzWriter;
use crate::import::knmi;
use crate::request::Progress;
use crate::time;

mod record;

/// What such a set is.
pub const WHAT: &str = "wet/dry mask of radar, not clouds";

/// What to build.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskOptions {
    pub split: Split,
    /// Rain rate above which a pixel is 1, mm/h.
    pub wet_above_mm_h: f64,
    /// Height and width: that many pixels in the middle of the networks' radar crop.
    pub size: usize,
    /// Minutes between the starts of two windows.
    pub stride_min: u32,
    /// Share of the pixels, 0 to 1, that have to be wet in the last frame.
    pub rain_threshold: f64,
}

impl Default for MaskOptions {
    /// The size of the papers' cloud maps; 0.1 mm/h is below the least that the radar stores.
    fn default() -> Self {
        let (split, wet_above_mm_h) = (Split::default(), 0.1);
        Self { split, wet_above_mm_h, size: 256, stride_min: FRAME_STEP_MIN, rain_threshold: 0.0 }
    }
}

/// What was built.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskReport {
    /// Name and number of windows of each group.
    pub groups: Vec<(&'static str, usize)>,
    /// Windows left out since their frames lie in two blocks.
    pub n_straddling: usize,
    /// Windows left out since too few pixels are wet.
    pub n_dry: usize,
    /// Windows that could not be read, by their last input, and why.
    pub skipped: Vec<Skipped>,
}

/// Writes windows of four inputs and six frames to predict, 15 minutes apart, as
/// `GROUP/wet-dry_YYYYMMDDThhmm.npz` with the time of the last input, and `dataset.json`, into the
/// new or empty folder `output`. All frames of a window lie in one block of time. The same frames
/// and options give the same bytes.
///
/// # Errors
/// For options that make no sense, a folder of something else than radar, one that is not empty or
/// cannot be written, and where `progress` says that nobody waits any more. A window that cannot be
/// read is reported, not an error.
pub fn build_masks(
    raw: &Path,
    output: &Path,
    options: &MaskOptions,
    progress: &dyn Progress,
) -> Result<MaskReport, DatasetError> {
    options.check()?;
    let archive = Archive::open(raw)?;
    if archive.field() != NowcastField::Precipitation {
        let message = format!("{} holds no radar frames to make masks of", raw.display());
        return Err(DatasetError::Options(message));
    }
    check_knmi(&archive, raw)?;
    let names = options.split.groups();
    make_folders(output, names)?;
    let groups = names.iter().map(|&name| (name, 0)).collect();
    let empty = MaskReport { groups, n_straddling: 0, n_dry: 0, skipped: Vec::new() };
    let mut builder = Builder { archive: &archive, output, options, report: empty };
    let leads = lead_times_min();
    let samples = archive.samples(N_INPUT_FRAMES, FRAME_STEP_MIN, &leads);
    let chosen: Vec<_> = samples.into_iter().filter(|s| options.chooses(s)).collect();
    for (i, sample) in chosen.iter().enumerate() {
        report(progress, "writing windows", i, chosen.len())?;
        builder.window(sample, &leads)?;
    }
    let report = builder.report;
    record::write(output, &archive, options, &leads)?;
    Ok(report)
}

fn lead_times_min() -> Vec<u32> {
    let n_leads = (N_FRAMES - N_INPUT_FRAMES) as u32;
    (1..=n_leads).map(|i| i * FRAME_STEP_MIN).collect()
}

impl MaskOptions {
    fn check(&self) -> Result<(), DatasetError> {
        let refuse = |message: &str| Err(DatasetError::Options(message.to_owned()));
        if self.size == 0 || self.size > knmi::CROP_SIZE || !self.size.is_multiple_of(16) {
            return refuse("the size is a multiple of 16 pixels up to 288");
        }
        if self.stride_min == 0 || !self.stride_min.is_multiple_of(knmi::FRAME_STEP_MIN) {
            return refuse("the stride is a multiple of 5 minutes");
        }
        if !(self.wet_above_mm_h.is_finite() && self.wet_above_mm_h >= 0.0) {
            return refuse("a pixel is wet above a rain rate of at least 0 mm/h");
        }
        if !(0.0..=1.0).contains(&self.rain_threshold) {
            return refuse("the rain threshold is a share of the pixels, from 0 to 1");
        }
        self.split.check()
    }

    /// Windows begin at multiples of the stride, so that they do not hang on the first frame.
    fn chooses(&self, sample: &SampleRef) -> bool {
        sample.is_observed() && (sample.time.as_second() / 60) % i64::from(self.stride_min) == 0
    }
}

fn make_folders(output: &Path, groups: &[&str]) -> Result<(), DatasetError> {
    if std::fs::read_dir(output).is_ok_and(|mut entries| entries.next().is_some()) {
        let message = format!("{} is not empty: name a new folder", output.display());
        return Err(DatasetError::Options(message));
    }
    for group in groups {
        let folder = output.join(group);
        std::fs::create_dir_all(&folder).map_err(|e| DatasetError::io(&folder, e))?;
    }
    Ok(())
}

struct Builder<'a> {
    archive: &'a Archive,
    output: &'a Path,
    options: &'a MaskOptions,
    report: MaskReport,
}

impl Builder<'_> {
    fn window(&mut self, sample: &SampleRef, leads: &[u32]) -> Result<(), DatasetError> {
        let Some(group) = self.group(sample.time, leads) else {
            self.report.n_straddling += 1;
            return Ok(());
        };
        let frames = match self.frames(&sample.id, leads) {
            Ok(frames) => frames,
            Err(error) => {
                let (file, reason) = (sample.id.clone(), error.to_string());
                self.report.skipped.push(Skipped { file, reason });
                return Ok(());
            }
        };
        let n_wet = frames.last().map_or(0, |last| last.iter().map(|&v| usize::from(v == 1)).sum());
        let n_pixels = self.options.size * self.options.size;
        if (n_wet as f64) < self.options.rain_threshold * n_pixels as f64 {
            self.report.n_dry += 1;
            return Ok(());
        }
        let (name, n_windows) = &mut self.report.groups[group];
        *n_windows += 1;
        let path = self.output.join(name).join(format!("wet-dry_{}.npz", sample.id));
        write_window(&path, self.options.size, &frames)
    }

    /// The block that the first and the last frame lie in; `None` where they lie in two.
    fn group(&self, last_input: Timestamp, leads: &[u32]) -> Option<usize> {
        let age_min = (N_INPUT_FRAMES as u32 - 1) * FRAME_STEP_MIN;
        let first = time::add_minutes(last_input, -i64::from(age_min))?;
        let last = time::add_minutes(last_input, (*leads.last()?).into())?;
        let [first, last] = [first, last].map(|time| self.options.split.group(time));
        let name = (first == last).then_some(first)?;
        self.report.groups.iter().position(|(group, _)| *group == name)
    }

    /// The masks of all frames, each `[size, size]`.
    fn frames(&self, id: &str, leads: &[u32]) -> Result<Vec<Vec<u8>>, DatasetError> {
        let sample = self.archive.load(id, N_INPUT_FRAMES, FRAME_STEP_MIN, leads)?;
        let observed = sample.leads.iter().filter_map(|lead| lead.observation.as_ref());
        let maps = sample.sequence.frames.iter().chain(observed.map(|o| &o.map));
        // What is not known is neither wet nor dry.
        if maps.clone().any(|map| map.values.iter().any(|rate| rate.is_nan())) {
            let message = format!("{id} has pixels without data");
            return Err(DatasetError::Options(message));
        }
        let size = self.options.size;
        let margin = (knmi::CROP_SIZE - size) / 2;
        let wet = |rate: &f32| u8::from(f64::from(*rate) > self.options.wet_above_mm_h);
        let mask = |map: &Field| {
            let rows = map.values.chunks_exact(map.width).skip(margin).take(size);
            rows.flat_map(|row| row[margin..margin + size].iter().map(wet)).collect()
        };
        Ok(maps.map(mask).collect())
    }
}

/// Writes `[size, size, time]` from one mask a time.
fn write_window(path: &Path, size: usize, frames: &[Vec<u8>]) -> Result<(), DatasetError> {
    let pixels = 0..size * size;
    let values: Vec<u8> = pixels.flat_map(|i| frames.iter().map(move |frame| frame[i])).collect();
    atomically(path, |part| {
        let mut file = NpzWriter::create(part)?;
        file.add_u8(ARRAY, &[size, size, frames.len()], &values)?;
        Ok(file.finish()?)
    })
}

#[cfg(test)]
mod tests;
