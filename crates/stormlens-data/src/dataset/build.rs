//! From a folder of raw frames to the two files of a training set.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::selection::{Gap, Rule, gaps};
use super::{DatasetError, Frames};
use crate::archive::Archive;
use crate::files;
use crate::import::knmi;
use crate::request::Progress;
use crate::time;

mod intermediate;
pub mod masks;
mod windowed;

/// What to build.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildOptions {
    pub split: Split,
    /// Input frames of a window.
    pub input_length: usize,
    /// Frames from the last input to the one to predict.
    pub img_ahead: usize,
    /// Share of the pixels, 0 to 1, that have to be wet.
    pub rain_threshold: f64,
    pub rule: Rule,
}

impl Default for BuildOptions {
    /// The set that the papers call NL-50.
    fn default() -> Self {
        let (input_length, img_ahead, rain_threshold) = (12, 6, 0.5);
        Self { split: Split::default(), input_length, img_ahead, rain_threshold, rule: Rule::Fixed }
    }
}

/// Blocks of time. A frame belongs to a block until which its interval ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// Last instant of `train`.
    pub train_until: Timestamp,
    /// Last instant of `validation`; without it the set has none.
    pub validate_until: Option<Timestamp>,
}

impl Default for Split {
    /// As in the papers: 2016 to 2018 for training, 2019 for the test.
    fn default() -> Self {
        Self { train_until: Timestamp::constant(1_546_300_800, 0), validate_until: None }
    }
}

impl Split {
    fn check(&self) -> Result<(), DatasetError> {
        if self.validate_until.is_some_and(|until| until <= self.train_until) {
            let message = "validation has to end after training does";
            return Err(DatasetError::Options(message.to_owned()));
        }
        Ok(())
    }

    /// Names of the groups, oldest first.
    fn groups(&self) -> &'static [&'static str] {
        if self.validate_until.is_some() {
            &["train", "validation", "test"]
        } else {
            &["train", "test"]
        }
    }

    fn group(&self, time: Timestamp) -> &'static str {
        match self.validate_until {
            _ if time <= self.train_until => "train",
            Some(until) if time <= until => "validation",
            _ => "test",
        }
    }
}

/// What was built.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildReport {
    pub intermediate: PathBuf,
    pub windows: PathBuf,
    pub groups: Vec<GroupReport>,
    /// Files that could not be used; where they are missing, the series has a gap.
    pub skipped: Vec<Skipped>,
}

/// One group of what was built.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupReport {
    pub name: String,
    pub n_frames: usize,
    pub n_windows: usize,
    pub gaps: Vec<Gap>,
}

/// A file that could not be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub file: String,
    pub reason: String,
}

/// Builds the intermediate and the windowed file of all frames in `raw` in the folder `output`,
/// holding a few windows in memory at a time. Files in the making end in `.part`; what was there
/// under the final names stays until the new file is whole.
///
/// # Errors
/// For options that make no sense, for folders that cannot be read or written, and where `progress`
/// says that nobody waits any more. A raw file that cannot be used is reported, not an error.
pub fn build(
    raw: &Path,
    output: &Path,
    options: &BuildOptions,
    progress: &dyn Progress,
) -> Result<BuildReport, DatasetError> {
    options.check()?;
    let archive = Archive::open(raw)?;
    check_knmi(&archive, raw)?;
    let times: Vec<Timestamp> = archive.times().collect();
    std::fs::create_dir_all(output).map_err(|e| DatasetError::io(output, e))?;
    let product =
        if times.iter().all(|&t| is_gauge_corrected(&archive, t)) { "RAC" } else { "RAP" };
    let name = format!("RAD_NL25_{product}_5min_train_test_{}.h5", years(&times));
    let intermediate = output.join(name);
    let skipped = intermediate::write(&archive, &intermediate, &options.split, progress)?;
    if let Some(first) = skipped.first().filter(|_| skipped.len() == times.len()) {
        let _ = std::fs::remove_file(&intermediate);
        return Err(DatasetError::Options(format!(
            "none of the {} files in {} can be used; {}: {}",
            times.len(),
            raw.display(),
            first.file,
            first.reason
        )));
    }
    let mut report = build_windows(&intermediate, output, options, progress)?;
    report.skipped = skipped;
    Ok(report)
}

/// Builds the windowed file of an intermediate file, whose groups it takes over.
///
/// # Errors
/// As [`build`].
pub fn build_windows(
    intermediate: &Path,
    output: &Path,
    options: &BuildOptions,
    progress: &dyn Progress,
) -> Result<BuildReport, DatasetError> {
    options.check()?;
    std::fs::create_dir_all(output).map_err(|e| DatasetError::io(output, e))?;
    let frames = Frames::open(intermediate)?;
    let mut times = Vec::new();
    for group in frames.groups() {
        times.extend_from_slice(frames.times(group)?);
    }
    let windows = output.join(windows_name(&times, options));
    let n_windows = windowed::write(&frames, &windows, options, progress)?;
    let mut groups = Vec::new();
    for (group, n_windows) in frames.groups().into_iter().zip(n_windows) {
        let (name, n_frames) = (group.to_owned(), frames.len(group));
        groups.push(GroupReport {
            name,
            n_frames,
            n_windows,
            gaps: gaps(frames.times(group)?, knmi::FRAME_STEP_MIN),
        });
    }
    Ok(BuildReport { intermediate: intermediate.to_owned(), windows, groups, skipped: Vec::new() })
}

impl BuildOptions {
    fn check(&self) -> Result<(), DatasetError> {
        let refuse = |message: &str| Err(DatasetError::Options(message.to_owned()));
        if self.input_length == 0 || self.img_ahead == 0 {
            return refuse("a window needs at least one input frame and one frame ahead");
        }
        if self.input_length.saturating_add(self.img_ahead) > 288 {
            return refuse("a window of more than 288 frames (a day) is too long");
        }
        if !(0.0..=1.0).contains(&self.rain_threshold) {
            return refuse("the rain threshold is a share of the pixels, from 0 to 1");
        }
        self.split.check()
    }
}

/// The name of a windowed file, as in the reference program:
/// `train_test_2016-2019_input-length_12_img-ahead_6_rain-threshold_50.h5`.
pub fn windows_name(times: &[Timestamp], options: &BuildOptions) -> String {
    format!(
        "train_test_{}_input-length_{}_img-ahead_{}_rain-threshold_{:.0}.h5",
        years(times),
        options.input_length,
        options.img_ahead,
        options.rain_threshold * 100.0
    )
}

/// The years of a series: `2010` or `2016-2019`.
fn years(times: &[Timestamp]) -> String {
    let years = times.iter().map(|&t| time::year(t));
    match (years.clone().min(), years.max()) {
        (Some(first), Some(last)) if first != last => format!("{first}-{last}"),
        (first, _) => first.unwrap_or_default().to_string(),
    }
}

/// Refuses frames of another size than the files that are built have.
fn check_knmi(archive: &Archive, raw: &Path) -> Result<(), DatasetError> {
    match *archive.grid() == knmi::crop_grid() {
        true => Ok(()),
        false => Err(DatasetError::Options(format!(
            "{} holds other frames than KNMI's, and data sets are built of those alone",
            raw.display()
        ))),
    }
}

fn is_gauge_corrected(archive: &Archive, time: Timestamp) -> bool {
    archive.file_name(time).is_some_and(|name| name.contains("_RAC_"))
}

/// Writes a file so that its name only ever holds a whole one.
fn atomically<T>(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<T, DatasetError>,
) -> Result<T, DatasetError> {
    files::atomically(path, write, |error| DatasetError::io(path, error))
}

/// Tells how far the work is, and stops it where nobody waits any more.
fn report(
    progress: &dyn Progress,
    phase: &str,
    done: usize,
    total: usize,
) -> Result<(), DatasetError> {
    match progress.report(phase, done, total) {
        std::ops::ControlFlow::Continue(()) => Ok(()),
        std::ops::ControlFlow::Break(cancelled) => Err(cancelled.into()),
    }
}

#[cfg(test)]
mod tests;
