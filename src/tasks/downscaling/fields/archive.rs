//! Samples: folders below the data that have a list of rain.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Deserialize;
use stormlens_data::downscale::HourlyRain;
use stormlens_data::field::{FieldError, Interval};
use stormlens_data::files;
use stormlens_data::hash::sha256;
use stormlens_data::time::format_sample;

use super::climatology::{Climatology, Total};
use super::{Entry, HOURS, MAX_FILE_BYTES};
use crate::tasks::downscaling::rain::{Credit, Rain};

/// The list of an archive.
const LIST: &str = "rain.json";

/// What an archive says of itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    title: String,
    file: String,
    variable: String,
    /// Hours of which each field is the sum, where the times of the file have no bounds.
    each_hours: Option<i64>,
    source: String,
    licence: String,
    /// `[west, south, east, north]`, degrees: what is refined until somebody chooses.
    domain: [f64; 4],
}

/// A file of hours, from which samples are made.
#[derive(Debug)]
pub struct Archive {
    said: Said,
    path: PathBuf,
    name: String,
    ends: Vec<Timestamp>,
    /// What of the file is no hour of rain, with the reasons.
    left_out: Option<String>,
    /// Of all hours; made when it is first asked for.
    total: OnceLock<Option<Total>>,
}

impl Archive {
    /// # Errors
    /// For a list or a file that cannot be read.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let list = folder.join(LIST);
        let context = || list.display().to_string();
        let said: Said = serde_json::from_str(&files::read_text(&list)?).with_context(context)?;
        let path = folder.join(&said.file);
        let hours = HourlyRain::open(&path, &said.variable, said.each_hours)?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (ends, left_out) = (hours.ends_of_sums(HOURS), hours.why_left_out());
        Ok(Self { said, path, name, ends, left_out, total: OnceLock::new() })
    }

    /// The same with the name of the file; `None` where all of it is used.
    pub fn why_left_out(&self) -> Option<String> {
        let why = self.left_out.as_ref()?;
        Some(format!("{}: left out of the rain: {why}", self.path.display()))
    }

    /// The sums that it makes, by the ends of their intervals.
    pub fn entries(self: &Arc<Self>) -> Vec<(Entry, Timestamp)> {
        self.ends.iter().map(|&end| (self.entry(end), end)).collect()
    }

    fn entry(&self, end: Timestamp) -> Entry {
        let said = &self.said;
        Entry {
            id: format!("{}-{}", self.name, format_sample(end)),
            title: said.title.clone(),
            end,
            hours: HOURS,
            variable: said.variable.clone(),
            what: format!("{} (mm)", said.variable),
            domain: Some(said.domain),
            source: said.source.clone(),
            stated: None,
            heights: None,
            left_out: self.left_out.clone(),
            is_sample: true,
        }
    }

    /// The sum that ends then.
    ///
    /// # Errors
    /// Where its file cannot be read any more.
    pub fn rain(&self, end: Timestamp) -> Result<Rain, FieldError> {
        let Self { said, path, .. } = self;
        let sum = self.hours()?.sum(end, HOURS)?;
        let bytes = files::read_file(path, MAX_FILE_BYTES)?;
        let credit = Credit {
            source: said.source.clone(),
            licence: said.licence.clone(),
            files: vec![said.file.clone()],
            sha256: sha256(&bytes),
        };
        let mut rule = sum.rain.rule;
        if sum.n_screened > 0 {
            rule += &format!("; {} values above the record are left out", sum.n_screened);
        }
        let rain = Rain::new(sum.rain.field, rule, sum.rain.clipped_mm, credit);
        Ok(Rain { left_out: self.left_out.clone(), ..rain })
    }

    /// The mean of all its hours outside of an interval; `None` where they cannot be read, where there is none, and where
    /// they do not cover `[south, north, west, east]`.
    pub fn climatology(&self, bounds: [f64; 4], outside: Interval) -> Option<Climatology> {
        let hours = self.hours().ok()?;
        let total = self.total.get_or_init(|| Total::of(&hours).ok()).as_ref()?;
        total.without(&hours, bounds, outside, &self.said.title)
    }

    fn hours(&self) -> Result<HourlyRain, FieldError> {
        HourlyRain::open(&self.path, &self.said.variable, self.said.each_hours)
    }
}

/// Folders directly below the data that have a list of rain.
pub fn folders(data: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data).into_iter().flatten().flatten();
    let mut folders: Vec<_> = entries.map(|entry| entry.path()).chain([data.to_owned()]).collect();
    folders.retain(|folder| folder.join(LIST).is_file());
    folders.sort();
    folders
}
