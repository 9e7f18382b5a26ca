//! Which models, checkpoints, samples and scenes exist.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use stormlens_data::archive::{Archive, Sample};
use stormlens_data::card::{CheckpointCard, ModelCard};
use stormlens_data::dataset::DatasetError;
use stormlens_data::field::Field;
use stormlens_data::import::knmi::{self, CROP_SIZE};
use stormlens_data::time;

use crate::scenes::{CacheOptions, Scenes};

/// What a visitor can choose from.
pub struct Catalog {
    models: Vec<ModelCard>,
    checkpoints: Vec<CheckpointCard>,
    /// Folder of the archives.
    data: PathBuf,
    archives: BTreeMap<String, Archive>,
    samples: Vec<SampleEntry>,
    window: Window,
    scenes: Scenes,
}

/// Rain rate above which a pixel counts in an explanation's target until the visitor chooses, as
/// published.
pub const DEFAULT_THRESHOLD_MM_H: f64 = 1.5;

/// How many frames a sample has, and when it is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub n_input_frames: usize,
    pub frame_step_min: u32,
    pub lead_time_min: u32,
}

impl Default for Window {
    /// One hour of radar, and the rain half an hour later.
    fn default() -> Self {
        Self { n_input_frames: 12, frame_step_min: 5, lead_time_min: 30 }
    }
}

/// One sample of one archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleEntry {
    /// Name in addresses: archive and time, e.g. `knmi-20100826T0535`.
    pub id: String,
    /// End of the last input frame.
    pub time: Timestamp,
    /// Whether the frame at the lead time exists, so that a forecast can be verified.
    pub observed: bool,
    archive: String,
    name: String,
}

/// Why the catalogue could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error("cannot read the data folder {folder}: {cause}; name another one with --data")]
    Folder { folder: PathBuf, cause: std::io::Error },
}

impl Catalog {
    /// Lists the archives and the sample scenes under `data`, one a folder. Folders without either
    /// are passed over.
    pub fn open(
        data: &Path,
        models: Vec<ModelCard>,
        checkpoints: Vec<CheckpointCard>,
    ) -> Result<Self, CatalogError> {
        let window = Window::default();
        let mut archives = open_archives(data)?;
        let mut samples = Vec::new();
        archives.retain(|name, archive| {
            let n_before = samples.len();
            let found = archive.samples(window.n_input_frames, window.lead_time_min);
            samples.extend(found.into_iter().map(|sample| SampleEntry {
                id: format!("{name}-{}", sample.id),
                time: sample.time,
                observed: sample.observed,
                archive: name.clone(),
                name: sample.id,
            }));
            samples.len() > n_before
        });
        samples.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
        let scenes = Scenes::open(data, CacheOptions::default());
        let data = data.to_owned();
        Ok(Self { models, checkpoints, data, archives, samples, window, scenes })
    }

    /// The same with another place for uploaded scenes.
    pub fn with_cache(self, cache: CacheOptions) -> Self {
        Self { scenes: self.scenes.with_cache(cache), ..self }
    }

    pub fn models(&self) -> &[ModelCard] {
        &self.models
    }

    pub fn model(&self, id: &str) -> Option<&ModelCard> {
        self.models.iter().find(|model| model.id == id)
    }

    /// The checkpoints of a model; the first one is what a visitor gets who does not choose.
    pub fn checkpoints<'a>(&'a self, model: &'a str) -> impl Iterator<Item = &'a CheckpointCard> {
        self.checkpoints.iter().filter(move |checkpoint| checkpoint.model == model)
    }

    /// All samples, oldest first.
    pub fn samples(&self) -> &[SampleEntry] {
        &self.samples
    }

    pub fn sample(&self, id: &str) -> Option<&SampleEntry> {
        self.samples.iter().find(|sample| sample.id == id)
    }

    /// Sample scenes and uploaded ones.
    pub fn scenes(&self) -> &Scenes {
        &self.scenes
    }

    /// The shape of every sample listed.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Reads a sample's frames from disk.
    ///
    /// # Errors
    /// If a frame is missing or cannot be read; the error names it.
    pub fn load(&self, sample: &SampleEntry) -> Result<Sample, DatasetError> {
        let Window { n_input_frames, lead_time_min, .. } = self.window;
        self.archive(sample).load(&sample.name, n_input_frames, lead_time_min)
    }

    /// Share of the pixels, 0 to 1, with rain in the sample's last input frame.
    ///
    /// # Errors
    /// If that frame cannot be read.
    pub fn wet_share(&self, sample: &SampleEntry) -> Result<f64, DatasetError> {
        self.archive(sample).wet_share(sample.time)
    }

    /// One input frame of a sample in mm/h, counted from the oldest; `None` beyond the last.
    ///
    /// # Errors
    /// If the frame cannot be read.
    pub fn frame_mm_h(
        &self,
        sample: &SampleEntry,
        frame_idx: usize,
    ) -> Option<Result<Field, DatasetError>> {
        let time = self.frame_time(sample, frame_idx)?;
        let normalised = self.archive(sample).normalised(time);
        Some(normalised.map(|values| {
            Field::new(CROP_SIZE, CROP_SIZE, values.into_iter().map(knmi::to_mm_h).collect())
        }))
    }

    /// The file of one input frame, counted from the oldest; `None` where there is none.
    pub fn frame_file(&self, sample: &SampleEntry, frame_idx: usize) -> Option<PathBuf> {
        let time = self.frame_time(sample, frame_idx)?;
        let name = self.archive(sample).file_name(time)?;
        Some(self.data.join(&sample.archive).join(name))
    }

    /// End of the interval of one input frame, counted from the oldest; `None` beyond the last.
    pub fn frame_time(&self, sample: &SampleEntry, frame_idx: usize) -> Option<Timestamp> {
        let Window { n_input_frames, frame_step_min, .. } = self.window;
        let n_later = n_input_frames.checked_sub(frame_idx + 1)?;
        time::add_minutes(sample.time, -(n_later as i64 * i64::from(frame_step_min)))
    }

    fn archive(&self, sample: &SampleEntry) -> &Archive {
        // Entries are only made by `open`, from the archives it keeps.
        &self.archives[&sample.archive]
    }
}

fn open_archives(data: &Path) -> Result<BTreeMap<String, Archive>, CatalogError> {
    let failed = |cause| CatalogError::Folder { folder: data.to_owned(), cause };
    let mut archives = BTreeMap::new();
    for entry in std::fs::read_dir(data).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !entry.path().is_dir() || name.starts_with('.') {
            continue;
        }
        match Archive::open(&entry.path()) {
            Ok(archive) => {
                archives.insert(name, archive);
            }
            Err(error) => tracing::debug!(folder = name, %error, "not a radar archive"),
        }
    }
    Ok(archives)
}

#[cfg(test)]
mod tests;
