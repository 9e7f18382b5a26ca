//! Which frames a folder has, or files that somebody names.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use jiff::Timestamp;

use super::event::{self, Event};
use super::radar::{self, Found, Radar};
use super::source::{self, Source};
use super::{Archive, Names, Place};
use crate::dataset::DatasetError;
use crate::import::radar::RadarFile;
use crate::import::{self, knmi};
use crate::time;

impl Archive {
    /// Lists the frames of a folder; other files are ignored.
    ///
    /// # Errors
    /// For a folder that cannot be listed or has no frame, for two files of one time that differ (of KNMI's products of one
    /// time the best is taken), for
    /// files of several services or grids, and for events that cannot be read.
    pub fn open(folder: &Path) -> Result<Self, DatasetError> {
        let io = |cause| DatasetError::Io { file: folder.display().to_string(), cause };
        let described = source::describe(folder)?;
        let time_of = |name: &str| match &described {
            Some(described) => described.frame_time(name),
            None => frame_time(name),
        };
        let is_knmi = described.is_none();
        let (mut found, mut others) = (Found::default(), Vec::new());
        for entry in std::fs::read_dir(folder).map_err(io)? {
            let name = entry.map_err(io)?.file_name().to_string_lossy().into_owned();
            let Some(time) = time_of(&name) else {
                others.push(name);
                continue;
            };
            let place = Place { name, index: 0, is_knmi };
            let kept = found.names.entry(time).or_insert_with(|| place.clone());
            // The best product sorts first, and the choice must not hang on the order of a listing.
            if place.name < kept.name {
                *kept = place;
            }
        }
        others.sort();
        let source = match described {
            Some(described) => Some(Source::Classes(Box::new(described))),
            None => Self::radar(folder, &others, &mut found)?,
        };
        let Found { names, twins, .. } = found;
        match source.filter(|_| !names.is_empty()) {
            Some(source) => {
                let events = event::read(folder)?;
                Ok(Self { twins, ..Self::of(folder.to_owned(), names, source, events) })
            }
            None => {
                let (folder, instead) = (folder.display().to_string(), instead(&others));
                Err(DatasetError::NoFrames { folder, instead })
            }
        }
    }

    /// The radar of a folder, with the frames of files that are not named as KNMI names its own; `None` without any.
    fn radar(
        folder: &Path,
        others: &[String],
        frames: &mut Found,
    ) -> Result<Option<Source>, DatasetError> {
        let has_knmi = !frames.names.is_empty();
        let first = radar::list(folder, others, frames)?;
        let found = match &first {
            Some(file) if !has_knmi => Some(Radar::of(folder, file, &frames.names)?),
            _ if has_knmi => Some(Radar::knmi()),
            _ => None,
        };
        if let (Some(found), Some(file)) = (&found, &first) {
            found.kind.check(file)?;
        }
        Ok(found.map(|found| Source::Radar(Box::new(found))))
    }

    fn of(folder: PathBuf, names: Names, source: Source, events: Vec<Event>) -> Self {
        let tiles = source.tiles();
        // There is always one.
        let grid = tiles[0].grid(source.whole());
        let (frames, covered_shares) = (Mutex::default(), Mutex::default());
        let (summaries, twins) = (OnceLock::new(), Vec::new());
        Self {
            folder,
            names,
            twins,
            source,
            tiles,
            grid,
            events,
            frames,
            covered_shares,
            summaries,
        }
    }

    /// The frames in these radar files, whatever they are called and wherever they lie: a file says its own
    /// times.
    ///
    /// # Errors
    /// For no files, for one that is no radar, for two of one time that differ, and for files of several services or grids.
    pub fn of_files(files: &[PathBuf]) -> Result<Self, DatasetError> {
        let (mut found, mut first) = (Found::default(), None::<RadarFile>);
        for path in files {
            let file = import::radar::open(path)?;
            if let Some(first) = &first {
                radar::Kind::of(first).check(&file)?;
            }
            let absolute = std::path::absolute(path)
                .map_err(|cause| DatasetError::Io { file: path.display().to_string(), cause })?;
            let is_knmi = file.provider == knmi::provider() && file.n_frames() == 1;
            let is_knmi = is_knmi && path.extension().is_some_and(|ending| ending == "h5");
            for (index, &time) in file.ends.iter().enumerate() {
                let name = absolute.to_string_lossy().into_owned();
                let place = Place { name, index, is_knmi };
                found.insert(Path::new(""), time, place)?;
            }
            first.get_or_insert(file);
        }
        let folder =
            files.first().and_then(|file| file.parent()).unwrap_or(Path::new("")).to_owned();
        let Some(first) = first else {
            let (folder, instead) = (folder.display().to_string(), String::new());
            return Err(DatasetError::NoFrames { folder, instead });
        };
        let Found { names, twins, .. } = found;
        let radar = Radar::of(&folder, &first, &names)?;
        Ok(Self { twins, ..Self::of(folder, names, Source::Radar(Box::new(radar)), Vec::new()) })
    }
}

/// End of the interval from the name of one of KNMI's files; `None` where the file is no frame.
pub fn frame_time(name: &str) -> Option<Timestamp> {
    let stem = name.strip_suffix(".h5")?;
    let stem = stem.strip_suffix("_cor").or_else(|| stem.strip_suffix("_NL")).unwrap_or(stem);
    time::parse_digits(knmi::PREFIXES.iter().find_map(|prefix| stem.strip_prefix(prefix))?)
}

/// What a folder without frames holds, in words that follow that.
fn instead(names: &[String]) -> String {
    let forecasts = names.iter().filter(|name| name.starts_with(knmi::FORECAST_PREFIX));
    match (forecasts.clone().count(), forecasts.min(), names.first()) {
        (1.., Some(forecast), _) => {
            format!(", but forecasts such as {forecast}, and only what was measured is read")
        }
        (_, _, Some(name)) => format!(
            ", but {name}{}",
            match names.len() - 1 {
                0 => String::new(),
                n => format!(" and {n} more"),
            }
        ),
        _ => ", it is empty".to_owned(),
    }
}
