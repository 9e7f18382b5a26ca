//! Folders as the authors' program reads them: fields that are normalised already, and lists of their times.
//!
//! `{year}-zscore/{VARIABLE}/{time}.npy` hold a map each, `index-{year}.npy`, `index-p-{year}.npy` and `index-2023-all.npy` the
//! times, `qpe-korea-map.npy` the valid area, `{year}-zscore/QPE/{time}.npy` the rain of radar in mm/h.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::card::FieldStatement;
use crate::files::FilesError;
use crate::files::npy::{read_npy_f32, read_npy_texts};

/// The folder of the target beside those of the variables.
const RAIN: &str = "QPE";
const VALID_AREA: &str = "qpe-korea-map.npy";
/// How many of many names a message tells.
const MAX_NAMED: usize = 5;

/// What is wrong with such a folder.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    #[error(transparent)]
    File(#[from] FilesError),
    #[error(
        "{folder} has no file for {n_missing} of the times in {index}, the first are {first}: complete the folder, or take them off the list"
    )]
    MissingTimes { index: String, folder: String, n_missing: usize, first: String },
    #[error("{0}")]
    Layout(String),
}

/// A list of times, of which all files are there.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferenceFolder {
    root: PathBuf,
    names: Vec<String>,
    times: Vec<String>,
    size: [usize; 2],
    n_channels: usize,
    /// Row by row; `None` where the folder has no such map: all pixels count.
    valid: Option<Vec<bool>>,
    has_rain: bool,
}

impl ReferenceFolder {
    /// Reads a list of times below `root` and looks whether every variable of the statement has a file for each of them.
    /// Rain is looked for where `with_rain` says so.
    ///
    /// # Errors
    /// For a list that is no array of texts or names a time twice, for folders and files that are missing, for names that lead
    /// out of the folder, and for a valid area of another size.
    pub fn open(
        root: &Path,
        index: &str,
        statement: &FieldStatement,
        with_rain: bool,
    ) -> Result<Self, ReferenceError> {
        let path = root.join(index);
        let times = read_npy_texts(&path)?;
        let shown = path.display().to_string();
        check_times(&times, &shown)?;
        let names: Vec<String> =
            statement.variables.iter().map(|variable| variable.name.clone()).collect();
        let rain = with_rain.then_some(RAIN);
        for name in names.iter().map(String::as_str).chain(rain) {
            check_files(root, name, &times, &shown)?;
        }
        let size = statement.size;
        let valid = valid_area(&root.join(VALID_AREA), size)?;
        Ok(Self {
            root: root.to_owned(),
            names,
            times,
            size,
            n_channels: statement.n_channels(),
            valid,
            has_rain: with_rain,
        })
    }

    /// Names of the samples: the times, as the list has them.
    pub fn times(&self) -> &[String] {
        &self.times
    }

    /// Which pixels count; `None`: all.
    pub fn valid(&self) -> Option<&[bool]> {
        self.valid.as_deref()
    }

    /// The network's input at a time, `[channels, rows, columns]`, as it is in the files; `NaN` stays missing, and channels
    /// that only fill a group up are zeros.
    ///
    /// # Errors
    /// For a map of another shape or with infinite values.
    ///
    /// # Panics
    /// If there is no such time.
    pub fn input(&self, number: usize) -> Result<Vec<f32>, ReferenceError> {
        let mut input = Vec::with_capacity(self.n_channels * self.size[0] * self.size[1]);
        for name in &self.names {
            input.extend(self.map(name, &self.times[number])?);
        }
        input.resize(self.n_channels * self.size[0] * self.size[1], 0.0);
        Ok(input)
    }

    /// Rain of radar at a time, mm/h; `NaN` outside of the valid area and where it is missing. `None` where the folder was
    /// opened without.
    ///
    /// # Errors
    /// As [`Self::input`].
    ///
    /// # Panics
    /// If there is no such time.
    pub fn rain(&self, number: usize) -> Result<Option<Vec<f32>>, ReferenceError> {
        if !self.has_rain {
            return Ok(None);
        }
        let mut rain = self.map(RAIN, &self.times[number])?;
        if let Some(valid) = &self.valid {
            for (mm, valid) in rain.iter_mut().zip(valid) {
                *mm = if *valid { *mm } else { f32::NAN };
            }
        }
        Ok(Some(rain))
    }

    fn map(&self, name: &str, time: &str) -> Result<Vec<f32>, ReferenceError> {
        let path = map_path(&self.root, name, time);
        let values = read_map(&path, self.size)?;
        match values.iter().any(|value| value.is_infinite()) {
            true => Err(ReferenceError::Layout(format!(
                "{} holds infinite values: write NaN for missing ones",
                path.display()
            ))),
            false => Ok(values),
        }
    }
}

/// Times begin with the year, in whose folder their files lie.
fn map_path(root: &Path, name: &str, time: &str) -> PathBuf {
    root.join(year_folder(time)).join(name).join(format!("{time}.npy"))
}

fn year_folder(time: &str) -> String {
    format!("{}-zscore", time.get(..4).unwrap_or(time))
}

fn check_times(times: &[String], index: &str) -> Result<(), ReferenceError> {
    let refuse = |what: String| Err(ReferenceError::Layout(format!("{index} {what}")));
    let is_time = |time: &String| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_:T".contains(c);
        time.len() >= 8
            && time.len() <= 40
            && time.chars().all(is_plain)
            && time.bytes().take(4).all(|byte| byte.is_ascii_digit())
    };
    if let Some(other) = times.iter().find(|time| !is_time(time)) {
        let shown: String = other.chars().filter(|c| !c.is_control()).take(40).collect();
        return refuse(format!("names {shown:?}, which is no time that begins with its year"));
    }
    let mut seen = BTreeSet::new();
    match times.iter().find(|time| !seen.insert(*time)) {
        Some(twice) => refuse(format!("names {twice} twice")),
        None if times.is_empty() => refuse("names no time".to_owned()),
        None => Ok(()),
    }
}

/// Looks in each folder of a year once.
fn check_files(
    root: &Path,
    name: &str,
    times: &[String],
    index: &str,
) -> Result<(), ReferenceError> {
    let years: BTreeSet<String> = times.iter().map(|time| year_folder(time)).collect();
    let mut missing = Vec::new();
    for year in &years {
        let folder = root.join(year).join(name);
        let there = files_of(&folder)?;
        missing.extend(
            times.iter().filter(|time| year_folder(time) == *year && !there.contains(*time)),
        );
    }
    if missing.is_empty() {
        return Ok(());
    }
    let first: Vec<&str> = missing.iter().take(MAX_NAMED).map(|time| time.as_str()).collect();
    Err(ReferenceError::MissingTimes {
        index: index.to_owned(),
        folder: format!("{name} in {}", root.display()),
        n_missing: missing.len(),
        first: first.join(", "),
    })
}

/// Names of the arrays in a folder, without their ending.
fn files_of(folder: &Path) -> Result<BTreeSet<String>, ReferenceError> {
    let io = |cause| FilesError::Io { file: folder.display().to_string(), cause };
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let name = entry.map_err(io)?.file_name();
        names.extend(name.to_str().and_then(|name| name.strip_suffix(".npy")).map(str::to_owned));
    }
    Ok(names)
}

/// The valid area: pixels that are neither 0 nor missing.
fn valid_area(path: &Path, size: [usize; 2]) -> Result<Option<Vec<bool>>, ReferenceError> {
    if !path.exists() {
        return Ok(None);
    }
    let values = read_map(path, size)?;
    Ok(Some(values.into_iter().map(|value| value != 0.0 && !value.is_nan()).collect()))
}

fn read_map(path: &Path, size: [usize; 2]) -> Result<Vec<f32>, ReferenceError> {
    let (shape, values) = read_npy_f32(path)?;
    match shape == size {
        true => Ok(values),
        false => Err(ReferenceError::Layout(format!(
            "{} has the shape {shape:?}, and the network takes {} × {} pixels",
            path.display(),
            size[0],
            size[1]
        ))),
    }
}
