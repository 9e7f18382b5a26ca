//! Maps, their grid and their units; fields on latitudes and longitudes, and the files that hold them.

pub mod accumulation;
pub mod contents;
pub mod error;
pub mod file;
pub(crate) mod grib;
pub mod gridded;
pub mod interval;
pub mod lat_lon;
pub mod left_out;
pub mod level;
pub(crate) mod missing;
pub(crate) mod netcdf;
mod parameters;
pub mod rain_name;
pub mod rain_unit;
pub mod record;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod words;

pub use accumulation::{Accumulated, accumulate};
pub use contents::{Content, GridSummary, Wanted, series, variable_named};
pub use error::FieldError;
pub use file::{FieldFile, Stated, npy_field};
pub use gridded::GriddedField;
pub use interval::{Interval, Statistic};
pub use lat_lon::LatLonGrid;
pub use left_out::LeftOut;
pub use level::Level;
pub use rain_name::{RainKind, RainPart};
pub use rain_unit::{RAIN_UNITS, RainUnit};
pub use words::{decimals, degrees, number};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::packed;

/// One map: `height` × `width` values, row by row, row 0 in the north.
///
/// Missing values are `NaN`. The unit is the owner's to state, in the name of the field that holds
/// the map (`prediction_mm_h`), because a map of weights and a map of rain differ in nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredField")]
pub struct Field {
    pub height: usize,
    pub width: usize,
    #[serde(with = "packed::values")]
    pub values: Vec<f32>,
}

/// A map as it was written down, before its size is compared with its values.
#[derive(Deserialize)]
struct StoredField {
    height: usize,
    width: usize,
    #[serde(with = "packed::values")]
    values: Vec<f32>,
}

impl TryFrom<StoredField> for Field {
    type Error = String;

    fn try_from(stored: StoredField) -> Result<Self, String> {
        let StoredField { height, width, values } = stored;
        match height.checked_mul(width) == Some(values.len()) {
            true => Ok(Self { height, width, values }),
            false => Err(format!("a map of {height} × {width} has {} values", values.len())),
        }
    }
}

impl Field {
    /// A map from row-major values.
    ///
    /// # Panics
    /// If `values` does not hold `height * width` numbers.
    pub fn new(height: usize, width: usize, values: Vec<f32>) -> Self {
        assert_eq!(values.len(), height * width, "a map of {height} × {width}");
        Self { height, width, values }
    }

    /// The same map with every value replaced.
    pub fn map(&self, f: impl Fn(f32) -> f32) -> Self {
        Self::new(self.height, self.width, self.values.iter().map(|&v| f(v)).collect())
    }

    pub fn at(&self, row: usize, column: usize) -> f32 {
        self.values[row * self.width + column]
    }

    /// Values that are not missing.
    pub fn finite(&self) -> impl Iterator<Item = f32> + '_ {
        self.values.iter().copied().filter(|v| v.is_finite())
    }

    /// Smallest and largest value that is not missing; `None` where all are.
    pub fn range(&self) -> Option<(f32, f32)> {
        self.finite().fold(None, |range, v| {
            let (low, high) = range.unwrap_or((v, v));
            Some((low.min(v), high.max(v)))
        })
    }

    /// Share of the pixels, 0 to 1, that lie above `threshold`.
    pub fn share_above(&self, threshold: f32) -> f64 {
        let n_above = self.values.iter().filter(|&&v| v > threshold).count();
        n_above as f64 / self.values.len().max(1) as f64
    }

    /// Row, column and value of the first maximum; `None` where all values are missing.
    pub fn argmax(&self) -> Option<(usize, usize, f32)> {
        let mut best: Option<(usize, f32)> = None;
        for (i, &v) in self.values.iter().enumerate() {
            if v.is_finite() && best.is_none_or(|(_, b)| v > b) {
                best = Some((i, v));
            }
        }
        best.map(|(i, v)| (i / self.width, i % self.width, v))
    }
}

/// Where a map lies on the Earth: a regular grid in a projected plane, in kilometres.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    pub height: usize,
    pub width: usize,
    pub spacing_km: f64,
    /// Projected x of the **outer western edge** of column 0.
    pub west_km: f64,
    /// Projected y of the **outer northern edge** of row 0; y falls with the row.
    pub north_km: f64,
    /// PROJ.4 definition of the plane, with its ellipsoid in kilometres; empty where the map lies nowhere,
    /// see [`Grid::nowhere`].
    pub proj4: String,
}

impl Grid {
    /// A grid of which only sizes and distances are known, since its place is not told or not true. Its lower left
    /// corner is the origin.
    pub fn nowhere(height: usize, width: usize, spacing_km: f64) -> Self {
        let north_km = height as f64 * spacing_km;
        Self { height, width, spacing_km, west_km: 0.0, north_km, proj4: String::new() }
    }

    /// Whether its place on the Earth is known. Where it is not, no coast, no latitude and no longitude belongs to
    /// the map.
    pub fn is_somewhere(&self) -> bool {
        !self.proj4.is_empty()
    }

    /// A part of the grid, from a row and a column on.
    #[must_use]
    pub fn window(&self, [row, column]: [usize; 2], [height, width]: [usize; 2]) -> Self {
        let west_km = self.west_km + column as f64 * self.spacing_km;
        let north_km = self.north_km - row as f64 * self.spacing_km;
        Self { height, width, west_km, north_km, ..self.clone() }
    }

    /// Whether its plane is that of longitude and latitude, so that all its lengths are degrees.
    pub fn is_geographic(&self) -> bool {
        ["+proj=longlat", "+proj=latlong"].iter().any(|plane| self.proj4.contains(plane))
    }
}

/// Frames at a fixed time step.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequence {
    pub frames: Vec<Field>,
    /// End of each frame's accumulation interval, oldest first.
    pub times: Vec<Timestamp>,
    pub grid: Grid,
}
