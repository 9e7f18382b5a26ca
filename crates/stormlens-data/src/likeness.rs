//! Whether frames are like those that a network was trained on.
//!
//! A network answers whatever it is given. Frames in another unit, of other pixels or another step make answers that look like
//! rain and mean nothing, so what can be compared is compared, with a small summary of the training data.

mod amounts;
mod compare;
#[cfg(test)]
mod tests;

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::amounts::Amounts;
use crate::archive::{Archive, Sample, Tile};
use crate::dataset::DatasetError;
use crate::field::Field;
use crate::files::read_text;
use crate::import::ImportError;
use crate::import::radar::{Measured, RadarFile};

/// The shares of the wet pixels below which the amounts of [`Likeness::quantiles_mm_h`] lie.
pub const PROBABILITIES: [f64; 4] = [0.5, 0.9, 0.99, 0.999];

/// The file beside weights that says it of their training data.
pub const FILE: &str = "likeness.json";

/// What frames of rain are, in numbers: of the data that a network was trained on, or of an input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Likeness {
    /// For people, e.g. `KNMI 5-minute radar accumulations, RAD_NL25`.
    pub source: String,
    /// What was measured before it became rain; `None` where nobody knows.
    pub measured: Option<Measured>,
    pub spacing_km: f64,
    pub frame_step_min: u32,
    /// Share of the pixels, 0 to 1, of which something is known.
    pub known_share: f64,
    /// Least and most share of the known pixels of a frame with at least 0.1 mm/h; `None` where nothing is known.
    pub wet_shares: Option<[f64; 2]>,
    /// Amounts of the wet pixels by [`PROBABILITIES`], mm/h; `None` where it is dry everywhere.
    pub quantiles_mm_h: Option<[f64; 4]>,
    pub maximum_mm_h: Option<f64>,
}

/// Something about an input that is unlike the training data.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub kind: DifferenceKind,
    /// For people, a sentence without a full stop.
    pub words: String,
}

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DifferenceKind {
    /// Amounts that are too large or too small by a factor, as another unit makes them.
    Scale,
    /// A moment where sums were learnt, or the other way round.
    Measured,
    Spacing,
    Step,
    /// More pixels without data.
    Known,
    /// Wetter or drier.
    Wetness,
}

impl Likeness {
    /// The `likeness.json` that a training run leaves beside its weights; `None` where there is none that can be read.
    pub fn beside(weights: &Path) -> Option<Self> {
        let text = read_text(&weights.parent()?.join(FILE)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Of all frames of an archive at these times, of all its tiles.
    ///
    /// # Errors
    /// For frames that cannot be read.
    pub fn of_archive(archive: &Archive, times: &[Timestamp]) -> Result<Self, DatasetError> {
        let mut amounts = Amounts::default();
        for &time in times {
            for tile in archive.tiles() {
                amounts.add(&rates(archive, tile, time)?);
            }
        }
        let kind = (archive.origin(), archive.measured(), archive.grid().spacing_km);
        Ok(amounts.finish(kind, archive.frame_step_min()))
    }

    /// Of the input frames of a sample; what was measured, the archive says ([`Archive::measured`]).
    pub fn of_sample(sample: &Sample, measured: Option<Measured>) -> Self {
        let mut amounts = Amounts::default();
        sample.sequence.frames.iter().for_each(|frame| amounts.add(&frame.values));
        let times = &sample.sequence.times;
        let gaps = times.windows(2).map(|pair| (pair[1].as_second() - pair[0].as_second()) / 60);
        let step_min = gaps.min().and_then(|gap| u32::try_from(gap).ok()).unwrap_or(0);
        let kind = (sample.source.as_str(), measured, sample.sequence.grid.spacing_km);
        amounts.finish(kind, step_min)
    }

    /// Of a radar file.
    ///
    /// # Errors
    /// For frames that cannot be read.
    pub fn of_file(file: &RadarFile) -> Result<Self, ImportError> {
        let mut amounts = Amounts::default();
        for place in 0..file.n_frames() {
            amounts.add(&file.frame(place)?.to_field().map(|mm| mm * 12.0).values);
        }
        let kind = (file.provider.name.as_str(), Some(file.measured), file.grid.spacing_km);
        Ok(amounts.finish(kind, file.step_min))
    }

    /// Of maps in mm/h that say nothing of themselves, so all else is stated.
    pub fn of_maps(maps: &[Field], source: &str, spacing_km: f64, step_min: u32) -> Self {
        let mut amounts = Amounts::default();
        maps.iter().for_each(|map| amounts.add(&map.values));
        amounts.finish((source, None, spacing_km), step_min)
    }

    /// In what an input is unlike these, the training data; what weighs most comes first.
    pub fn differences(&self, input: &Self) -> Vec<Difference> {
        compare::differences(self, input)
    }
}

/// A tile of a frame in mm/h, NaN where nothing is known.
fn rates(archive: &Archive, tile: &Tile, time: Timestamp) -> Result<Vec<f32>, DatasetError> {
    let field = archive.field();
    let values = archive.normalised_of(tile, time)?;
    Ok(values.into_iter().map(|value| field.to_physical(value)).collect())
}
