//! How wet each frame is, so that lists can be sorted without a look into the frames.

use std::fmt::Write as _;
use std::path::Path;

use jiff::Timestamp;

use super::{Archive, Tile, WET_MM_H};
use crate::card::NowcastField;
use crate::dataset::DatasetError;
use crate::files::{read_file, write_atomically};
use crate::time;

/// The file beside the frames that holds their summaries.
pub const SUMMARIES: &str = "frames.csv";
const HEAD: &str = "time,tile,known_share,wet_share,maximum_mm_h";
const MAX_BYTES: u64 = 64 << 20;

/// What is in a tile of a frame of radar.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    pub time: Timestamp,
    /// Name of the tile; empty where there is one.
    pub tile: String,
    /// Share of the pixels, 0 to 1, of which something is known.
    pub known_share: f64,
    /// Share of the known pixels with at least 0.1 mm/h; `None` where nothing is known.
    pub wet_share: Option<f64>,
    /// The most rain, mm/h; `None` where nothing is known.
    pub maximum_mm_h: Option<f64>,
}

impl Summary {
    /// Of millimetres in five minutes, NaN where nothing is known.
    fn of(time: Timestamp, tile: &Tile, mm_5min: &[f64]) -> Self {
        let known = mm_5min.iter().filter(|mm| !mm.is_nan()).map(|mm| mm * 12.0);
        let n_known = known.clone().count();
        let share = |n: usize, of: usize| rounded(n as f64 / of.max(1) as f64, 1e5);
        let n_wet = known.clone().filter(|&rate| rate >= WET_MM_H).count();
        Self {
            time,
            tile: tile.name.clone(),
            known_share: share(n_known, mm_5min.len()),
            wet_share: (n_known > 0).then(|| share(n_wet, n_known)),
            maximum_mm_h: known.reduce(f64::max).map(|most| rounded(most, 1e3)),
        }
    }

    fn line(&self) -> String {
        let Self { time, tile, known_share, .. } = self;
        let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
        let (wet, most) = (number(self.wet_share), number(self.maximum_mm_h));
        format!("{},{tile},{known_share},{wet},{most}", time::format_sample(*time))
    }

    /// `None` for what is no line of such a file.
    fn parse(line: &str) -> Option<Self> {
        let cells: Vec<&str> = line.split(',').collect();
        let &[time, tile, known, wet, most] = &cells[..] else { return None };
        let number = |cell: &str| cell.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
        let share = |cell: &str| number(cell).filter(|share| *share <= 1.0);
        let optional = |cell: &str, value: Option<f64>| match (cell, value) {
            ("", _) => Some(None),
            (_, value) => value.map(Some),
        };
        let found = Self {
            time: time::parse_sample(time)?,
            tile: tile.to_owned(),
            known_share: share(known)?,
            wet_share: optional(wet, share(wet))?,
            maximum_mm_h: optional(most, number(most))?,
        };
        let is_known = found.known_share > 0.0;
        let fits =
            found.wet_share.is_some() == is_known && found.maximum_mm_h.is_some() == is_known;
        fits.then_some(found)
    }
}

/// Enough digits to sort by, and no more.
fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

impl Archive {
    /// The summary of each tile of each frame, in the order of time and tiles: those of `frames.csv` where it is there, or else
    /// computed from all frames, once. Archives of clouds have none.
    ///
    /// # Errors
    /// For a `frames.csv` that has other frames or tiles than the archive, and for frames that cannot be read.
    pub fn summaries(&self) -> Result<&[Summary], DatasetError> {
        if let Some(known) = self.summaries.get() {
            return Ok(known);
        }
        let found = match self.stored_summaries()? {
            Some(stored) => stored,
            None => self.compute_summaries()?,
        };
        Ok(self.summaries.get_or_init(|| found))
    }

    /// The summary of a sample's last input frame, if it stands in `frames.csv`; nothing is computed.
    pub fn summary(&self, sample: &str) -> Option<&Summary> {
        let (tile, time) = self.place(sample).ok()?;
        if self.summaries.get().is_none() {
            let stored = self.stored_summaries().ok()??;
            let _ = self.summaries.set(stored);
        }
        let known = self.summaries.get()?;
        let at = known.partition_point(|summary| summary.time < time);
        known[at..].iter().take_while(|s| s.time == time).find(|s| s.tile == tile.name)
    }

    /// Share of the known pixels of a sample's last input frame that are wet, 0 where nothing is known: from
    /// `frames.csv` to five digits where it is there, so that no frame is read, or else as [`Self::covered_share_of`].
    ///
    /// # Errors
    /// For a name that is none, and for a frame that cannot be read.
    pub fn listed_share(&self, sample: &str) -> Result<f64, DatasetError> {
        if let Some(summary) = self.summary(sample) {
            return Ok(summary.wet_share.unwrap_or(0.0));
        }
        let (tile, time) = self.place(sample)?;
        self.covered_share_of(tile, time)
    }

    /// What `frames.csv` says; `None` without such a file.
    ///
    /// # Errors
    /// For a file that cannot be read or has other frames or tiles than the archive.
    pub fn stored_summaries(&self) -> Result<Option<Vec<Summary>>, DatasetError> {
        let path = self.folder.join(SUMMARIES);
        if !path.is_file() {
            return Ok(None);
        }
        let refuse = |what: &str| {
            let file = path.display().to_string();
            DatasetError::Summaries { file, what: what.to_owned() }
        };
        let bytes = read_file(&path, MAX_BYTES)?;
        let text = String::from_utf8(bytes).map_err(|_| refuse("it is not a text"))?;
        let mut lines = text.lines();
        if lines.next() != Some(HEAD) {
            return Err(refuse(&format!("its first line is not {HEAD}")));
        }
        let found: Option<Vec<Summary>> = lines.map(Summary::parse).collect();
        let found = found.ok_or_else(|| refuse("a line is not that of a frame"))?;
        let expected =
            self.times().flat_map(|time| self.tiles().iter().map(move |tile| (time, tile)));
        let n_expected = self.times().len() * self.tiles().len();
        let is_same = |(summary, (time, tile)): (&Summary, (Timestamp, &Tile))| {
            summary.time == time && summary.tile == tile.name
        };
        match found.len() == n_expected && found.iter().zip(expected).all(is_same) {
            true => Ok(Some(found)),
            false => Err(refuse("it has other times or tiles")),
        }
    }

    /// Reads all frames and sums them up.
    ///
    /// # Errors
    /// For frames that cannot be read.
    pub fn compute_summaries(&self) -> Result<Vec<Summary>, DatasetError> {
        if self.field() != NowcastField::Precipitation {
            return Ok(Vec::new());
        }
        let mut found = Vec::with_capacity(self.times().len() * self.tiles().len());
        for time in self.times() {
            for tile in self.tiles() {
                found.push(self.summarise(tile, time)?);
            }
        }
        Ok(found)
    }

    pub(super) fn summarise(&self, tile: &Tile, time: Timestamp) -> Result<Summary, DatasetError> {
        Ok(Summary::of(time, tile, &self.map(tile, time)?))
    }

    /// Computes the summaries and writes them to `frames.csv` beside the frames.
    ///
    /// # Errors
    /// For frames that cannot be read, and for a file that cannot be written.
    pub fn write_summaries(&self) -> Result<(), DatasetError> {
        let mut text = format!("{HEAD}\n");
        for summary in self.compute_summaries()? {
            let _ = writeln!(text, "{}", summary.line());
        }
        let path: &Path = &self.folder.join(SUMMARIES);
        write_atomically(path, text.as_bytes())
            .map_err(|cause| DatasetError::Io { file: path.display().to_string(), cause })
    }
}
