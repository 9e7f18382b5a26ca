//! Pairs of coarse and fine rain for training, as the published `preprocess_data` makes them, and how they are split.
//!
//! Coarse and fine values are taken from one field, linearly between its nodes: a perfect model, whose coarse rain is
//! a sample at a point and no mean of a cell. Dry samples are dropped; mean and standard deviation of `ln(1 + mm)` are
//! of all coarse and fine nodes that are kept.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Geometry, LogScale, Registration, Tile, channel, is_dry};
use crate::field::{FieldError, GriddedField};

/// How numbers are stored on their way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    #[default]
    Float32,
    /// As published: mm, `ln(1 + mm)` and z are rounded to float16 each.
    Float16,
}

impl Precision {
    pub fn round(self, value: f64) -> f64 {
        match self {
            Self::Float32 => f64::from(value as f32),
            // By way of float32, as the published program has it.
            Self::Float16 => half::f16::from_f32(value as f32).to_f64(),
        }
    }
}

/// What samples are made of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrepareOptions {
    pub geometry: Geometry,
    pub precision: Precision,
    /// Whether dry samples stay.
    pub include_dry: bool,
}

impl Default for PrepareOptions {
    fn default() -> Self {
        Self { geometry: Geometry::V4, precision: Precision::Float32, include_dry: false }
    }
}

/// One tile at one time, mm.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// End of the interval.
    pub time: Timestamp,
    pub tile: usize,
    /// `[n_coarse, n_coarse]` with padding.
    pub coarse_mm: Vec<f32>,
    /// `[size, size]`.
    pub fine_mm: Vec<f32>,
}

/// Why tiles of a field are no samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    pub n_dry: usize,
    /// Some node has no data.
    pub n_missing: usize,
}

/// The samples of one field of rain in mm, in the order of the tiles. (The published program keeps samples with
/// missing nodes; a network cannot learn from them.)
///
/// # Errors
/// For a field without a time, or of another unit.
pub fn samples(
    field: &GriddedField,
    tiles: &[Tile],
    options: &PrepareOptions,
) -> Result<(Vec<Sample>, LeftOut), FieldError> {
    samples_between([field, field], tiles, options)
}

/// The samples of two fields of the same interval: one that the coarse rain is taken from, and one with the fine rain.
///
/// # Errors
/// As [`samples`], and for two intervals.
pub fn samples_between(
    [coarse, fine]: [&GriddedField; 2],
    tiles: &[Tile],
    options: &PrepareOptions,
) -> Result<(Vec<Sample>, LeftOut), FieldError> {
    let interval =
        fine.interval.ok_or_else(|| FieldError::NoInterval { name: fine.source.clone() })?;
    for field in [coarse, fine] {
        field.check_rain_mm(interval.duration_s() / 3600)?;
    }
    if let Some(other) = coarse.interval.filter(|other| *other != interval) {
        let what = format!("{} is {other}, {} is {interval}", coarse.source, fine.source);
        return Err(FieldError::Interval { what });
    }
    let PrepareOptions { geometry, precision, include_dry } = options;
    let (mut found, mut left_out) = (Vec::new(), LeftOut::default());
    for tile in tiles {
        let at = |field: &GriddedField, nodes: [Vec<f64>; 2]| -> Vec<f32> {
            let values = field.linear_nodes(&nodes[0], &nodes[1]);
            values.into_iter().map(|mm| precision.round(mm) as f32).collect()
        };
        let corner = [tile.min_lat, tile.min_lon];
        let coarse_mm = at(coarse, corner.map(|minimum| geometry.coarse_nodes(minimum)));
        let fine_mm = at(fine, corner.map(|minimum| geometry.fine_nodes(minimum)));
        let is_missing = coarse_mm.iter().chain(&fine_mm).any(|mm| mm.is_nan());
        let coarse: Vec<f64> = coarse_mm.iter().map(|&mm| f64::from(mm)).collect();
        match (is_missing, is_dry(&coarse) && !include_dry) {
            (true, _) => left_out.n_missing += 1,
            (_, true) => left_out.n_dry += 1,
            _ => found.push(Sample { time: interval.end, tile: tile.id, coarse_mm, fine_mm }),
        }
    }
    Ok((found, left_out))
}

/// Sums from which the network's unit follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogSums {
    pub n: u64,
    sum: f64,
    squared: f64,
}

impl LogSums {
    /// Counts all coarse and fine nodes of a sample, whose rain is multiplied by `factor`; 1 as published.
    pub fn add(&mut self, sample: &Sample, factor: f64, precision: Precision) {
        for &mm in sample.coarse_mm.iter().chain(&sample.fine_mm) {
            let log = precision.round(f64::from(((f64::from(mm) * factor) as f32).ln_1p()));
            self.n += 1;
            self.sum += log;
            self.squared += log * log;
        }
    }

    /// Mean and standard deviation; `None` without a sample, and where all values are one.
    pub fn scale(&self) -> Option<LogScale> {
        let n = self.n as f64;
        let mean = self.sum / n;
        let variance = self.squared / n - mean * mean;
        (self.n > 0 && variance > 0.0).then(|| LogScale::new(mean, variance.sqrt()))
    }
}

/// Values of a sample in the network's unit.
pub fn to_z(mm: &[f32], scale: LogScale, precision: Precision) -> Vec<f32> {
    let z = |&mm: &f32| {
        let log = precision.round(f64::from(((f64::from(mm) * scale.factor) as f32).ln_1p()));
        precision.round((log - scale.mean) / scale.std) as f32
    };
    mm.iter().map(z).collect()
}

/// What a network with terrain takes: the channel of rain, then that of elevation, `[2, size, size]`.
pub fn tile_input(
    coarse_mm: &[f32],
    elevation: &[f32],
    geometry: &Geometry,
    (scale, registration): (LogScale, Registration),
) -> Vec<f32> {
    let z = to_z(coarse_mm, scale, Precision::Float32);
    let coarse: Vec<f64> = z.into_iter().map(f64::from).collect();
    let rain = channel(&coarse, geometry, registration).into_iter().map(|z| z as f32);
    rain.chain(elevation.iter().copied()).collect()
}

/// What a sample is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Training,
    Validation,
    /// A place that was trained on, at a later time.
    TestTime,
    /// A place that was not trained on, at a time that was.
    TestPlace,
    /// Neither the place nor the time was ever trained on or validated.
    TestBoth,
}

/// A split by time and place. Times are ends of intervals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// Tiles up to this longitude are trained on, tiles from it on are not.
    pub longitude: f64,
    pub training_until: Timestamp,
    pub validation_until: Timestamp,
    /// Length of an interval, s: intervals that reach over a bound in time are left out, for they hold rain of both
    /// sides.
    pub interval_s: i64,
}

impl Split {
    /// What a sample is for; `None` where a tile or an interval lies on both sides of a bound. The coarse nodes
    /// around a tile may reach over the longitude, which are inputs only.
    pub fn part(&self, tile: &Tile, geometry: &Geometry, end: Timestamp) -> Option<Part> {
        let east = tile.min_lon + geometry.tile_deg();
        let is_known_place = match () {
            () if east <= self.longitude + 1e-9 => true,
            () if tile.min_lon >= self.longitude - 1e-9 => false,
            () => return None,
        };
        let start = end.as_second() - self.interval_s;
        let bounds = [self.training_until, self.validation_until].map(Timestamp::as_second);
        if bounds.iter().any(|&bound| start < bound && bound < end.as_second()) {
            return None;
        }
        let [training, validation] = bounds.map(|bound| end.as_second() <= bound);
        Some(match (is_known_place, training, validation) {
            (true, true, _) => Part::Training,
            (true, _, true) => Part::Validation,
            (true, ..) => Part::TestTime,
            (false, _, true) => Part::TestPlace,
            (false, ..) => Part::TestBoth,
        })
    }
}
