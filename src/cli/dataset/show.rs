//! `stormlens dataset list` and `show`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use jiff::Timestamp;
use stormlens_data::archive::{Archive, frame_time};
use stormlens_data::card::NowcastField;
use stormlens_data::dataset::{self, DatasetError, Frames, Windows};
use stormlens_data::files::name_of;
use stormlens_data::import::knmi::FRAME_STEP_MIN;
use stormlens_data::time;

use super::tell_gaps;
use crate::places::{DATA, Places};

mod fields;

/// List folders of raw frames and the files of training sets
#[derive(Debug, clap::Args)]
pub struct List {
    /// Folders to look in; without any, knmi, cloudcast and sets in the folder of the data
    #[arg(value_name = "FOLDER")]
    folders: Vec<PathBuf>,
}

/// Show times, gaps and rain or clouds of a folder of frames, the groups of a training set's file
/// or folder, or the fields of a NetCDF or GRIB file and what of them cannot be used
#[derive(Debug, clap::Args)]
pub struct Show {
    path: PathBuf,
}

impl List {
    pub fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        let usual =
            || ["knmi", "cloudcast", "sets"].map(|name| Places::here().find(DATA).join(name));
        let folders = if self.folders.is_empty() { usual().to_vec() } else { self.folders };
        for folder in folders.iter().filter(|folder| folder.is_dir()) {
            match Archive::open(folder) {
                Ok(archive) => writeln!(out, "{}: {}", folder.display(), summary(&archive))?,
                Err(DatasetError::NoFrames { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            for file in [hdf5_files(folder)?, sample_folders(folder)?].concat() {
                writeln!(out, "{}: {}", file.display(), describe(&file))?;
            }
        }
        Ok(())
    }
}

/// Files that may belong to a training set, in the order of their names.
pub fn hdf5_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".h5") && frame_time(&name).is_none() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Folders with cloud-cover samples, by name.
pub fn sample_folders(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        // Scenes lie in folders of these names, too, but with pictures.
        if path.is_dir() && dataset::has_cloud_samples(&path) {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

/// A file in one line; what cannot be read is told in the same place, so that one bad file does not
/// hide the others.
pub fn describe(file: &Path) -> String {
    match Set::open(file) {
        Ok(set) => set.counts(),
        Err(error) => error.to_string(),
    }
}

pub fn summary(archive: &Archive) -> String {
    let times: Vec<Timestamp> = archive.times().collect();
    let ends = (times.first(), times.last());
    let (first, last) = match ends {
        (Some(&first), Some(&last)) => (time::format_utc(first), time::format_utc(last)),
        _ => return "no frames".to_owned(),
    };
    let n_gaps = dataset::gaps(&times, archive.frame_step_min()).len();
    let what = archive.description().map_or("radar", |_| archive.field().name());
    format!("{} {what} frames from {first} to {last}, {n_gaps} gaps", times.len())
}

impl Show {
    pub fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        if self.path.is_dir() && !dataset::has_cloud_samples(&self.path) {
            return show_archive(out, &Archive::open(&self.path)?);
        }
        if !self.path.exists() {
            bail!("there is no folder or file {}", self.path.display());
        }
        check_no_frame(&self.path)?;
        if fields::is_named_so(&self.path) {
            return fields::show(out, &self.path);
        }
        let set = Set::open(&self.path)?;
        writeln!(out, "{}", set.counts())?;
        match set {
            Set::Frames(frames) => show_frames(out, &frames),
            Set::Windows(windows) => show_windows(out, &windows),
        }
    }
}

/// A frame is no training set, and says less alone than with those beside it.
fn check_no_frame(path: &Path) -> anyhow::Result<()> {
    let Some(time) = frame_time(&name_of(path)) else { return Ok(()) };
    let beside = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = beside.unwrap_or(Path::new("."));
    bail!(
        "{} is one radar frame, of {}: show the frames of its folder with stormlens dataset show {}",
        path.display(),
        time::format_utc(time),
        folder.display()
    )
}

fn show_archive(out: &mut dyn Write, archive: &Archive) -> anyhow::Result<()> {
    writeln!(out, "{}", summary(archive))?;
    let times: Vec<Timestamp> = archive.times().collect();
    tell_gaps(out, &dataset::gaps(&times, archive.frame_step_min()))?;
    if let Some(described) = archive.description() {
        writeln!(out, "{}\n{}\n{}", described.title, described.licence, described.notice)?;
    }
    let what = match archive.field() {
        NowcastField::Precipitation => "rain",
        NowcastField::CloudCover => "clouds",
    };
    writeln!(out, "share of pixels with {what}:")?;
    for time in times {
        match archive.covered_share(time) {
            Ok(share) => writeln!(out, "  {}  {:5.1} %", time::format_utc(time), 100.0 * share)?,
            Err(error) => writeln!(out, "  {}  {error}", time::format_utc(time))?,
        }
    }
    Ok(())
}

fn show_frames(out: &mut dyn Write, frames: &Frames) -> anyhow::Result<()> {
    for group in frames.groups() {
        let times = frames.times(group)?;
        if let (Some(&first), Some(&last)) = (times.first(), times.last()) {
            let [first, last] = [first, last].map(time::format_utc);
            writeln!(out, "{group}: from {first} to {last}")?;
        }
        tell_gaps(out, &dataset::gaps(times, FRAME_STEP_MIN))?;
    }
    Ok(())
}

fn show_windows(out: &mut dyn Write, windows: &Windows) -> anyhow::Result<()> {
    if let Some(description) = windows.description() {
        writeln!(out, "{description}")?;
    }
    for group in windows.groups() {
        let (height, width) = windows.size(group)?;
        let (n_inputs, n_ahead) = (windows.n_input_frames(), windows.n_frames_ahead(group)?);
        writeln!(
            out,
            "{group}: {n_inputs} input frames and {n_ahead} ahead of {height} × {width}"
        )?;
        for i in 0..windows.len(group) {
            let times = windows.times(group, i)?;
            let first = times.first().map_or_else(String::new, |&t| time::format_utc(t));
            let clouds = match windows.field() {
                NowcastField::Precipitation => String::new(),
                NowcastField::CloudCover => shares(windows, group, i),
            };
            writeln!(out, "{}", format!("  {i}: {first}{clouds}").trim_end())?;
        }
    }
    Ok(())
}

/// Share of pixels that are 1 in the last input and the last frame to predict; reading them shows
/// whether the sample can be read at all.
fn shares(windows: &Windows, group: &str, index: usize) -> String {
    let last_min = windows.n_frames_ahead(group).map(|n| n as u32 * windows.frame_step_min());
    let read = last_min.and_then(|last_min| windows.read(group, index, &[last_min]));
    let share = |frame: &[f32]| 100.0 * frame.iter().sum::<f32>() / frame.len() as f32;
    match read {
        Ok(window) => {
            let last = &window.inputs[window.inputs.len() - window.targets.len()..];
            format!("  {:5.1} % to {:5.1} %", share(last), share(&window.targets))
        }
        Err(error) => format!("  {error}"),
    }
}

/// A file of a training set.
enum Set {
    Frames(Frames),
    Windows(Windows),
}

impl Set {
    /// A windowed file tells its input length in its name, an intermediate file does not.
    fn open(file: &Path) -> Result<Self, DatasetError> {
        match Windows::open(file) {
            Err(DatasetError::InputLength { .. }) => Frames::open(file).map(Self::Frames),
            other => other.map(Self::Windows),
        }
    }

    fn counts(&self) -> String {
        let (item, groups) = match self {
            Self::Frames(frames) => ("frames", frames.groups()),
            Self::Windows(windows) => ("windows", windows.groups()),
        };
        let count = |group: &&str| format!("{group} {} {item}", self.len(group));
        groups.iter().map(count).collect::<Vec<_>>().join(", ")
    }

    fn len(&self, group: &str) -> usize {
        match self {
            Self::Frames(frames) => frames.len(group),
            Self::Windows(windows) => windows.len(group),
        }
    }
}
