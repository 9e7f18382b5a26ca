//! A field on latitudes and longitudes, with all that says what it is.

use jiff::Timestamp;

use super::{FieldError, Interval, LatLonGrid};

/// One quantity at one time (or over one interval) on latitudes and longitudes.
#[derive(Clone, Debug, PartialEq)]
pub struct GriddedField {
    /// Short name of the source, e.g. `apcp`.
    pub variable: String,
    /// In words of UDUNITS, e.g. `kg m-2`.
    pub unit: String,
    /// `None` where the file does not say it, and for what does not change (terrain).
    pub interval: Option<Interval>,
    /// When the forecast begins; `None` where the file does not say it.
    pub reference_time: Option<Timestamp>,
    pub grid: LatLonGrid,
    /// Row by row, row 0 in the south, column 0 in the west; `NaN` where data are missing.
    pub values: Vec<f32>,
    /// What the largest numbers of its storage stand for, where whole numbers are packed: no quantity ends there, and
    /// programs write them where a value is missing. Empty otherwise.
    pub storage_ends: Vec<f32>,
    /// Who made it, and in what file it was, for captions and messages.
    pub source: String,
}

impl GriddedField {
    /// Puts values of a file, row by row along its own axes, in the order of [`LatLonGrid`].
    ///
    /// # Errors
    /// In words that follow the name of the file: for axes that are none, and for another number of values.
    pub(super) fn of_axes(
        [latitudes, longitudes]: [&[f64]; 2],
        values: &[f32],
    ) -> Result<(LatLonGrid, Vec<f32>), String> {
        if latitudes.len().checked_mul(longitudes.len()) != Some(values.len()) {
            return Err(format!(
                "{} latitudes and {} longitudes do not make {} values",
                latitudes.len(),
                longitudes.len(),
                values.len()
            ));
        }
        let (grid, order) = LatLonGrid::ordered(latitudes, longitudes)?;
        let values = order.apply(values);
        Ok((grid, values))
    }

    pub fn at(&self, row: usize, column: usize) -> f32 {
        self.values[row * self.grid.width() + column]
    }

    pub fn n_missing(&self) -> usize {
        self.values.iter().filter(|value| value.is_nan()).count()
    }

    /// The value at a place, degrees, linear between the four nodes around it. `NaN` outside of the grid, and
    /// where a node that has a share in it is missing.
    pub fn linear(&self, latitude: f64, longitude: f64) -> f64 {
        let places = self.grid.between_rows(latitude).zip(self.grid.between_columns(longitude));
        places.map_or(f64::NAN, |(row, column)| self.weighted(row, column))
    }

    fn weighted(&self, row: (usize, usize, f64), column: (usize, usize, f64)) -> f64 {
        let along = |row: usize| {
            let [west, east] = [column.0, column.1].map(|column| f64::from(self.at(row, column)));
            blend(west, east, column.2)
        };
        match row.2 {
            0.0 => along(row.0),
            weight => blend(along(row.0), along(row.1), weight),
        }
    }

    /// Values at every latitude with every longitude, as [`Self::linear`] has them, row by row.
    pub fn linear_nodes(&self, latitudes: &[f64], longitudes: &[f64]) -> Vec<f64> {
        let columns: Vec<_> = longitudes.iter().map(|&l| self.grid.between_columns(l)).collect();
        let row = |&latitude: &f64| {
            let row = self.grid.between_rows(latitude);
            columns.iter().map(move |&column| {
                row.zip(column).map_or(f64::NAN, |(row, column)| self.weighted(row, column))
            })
        };
        latitudes.iter().flat_map(row).collect()
    }

    /// Places of the values that have a share in [`Self::linear_nodes`], ascending.
    pub(crate) fn nodes_taken(&self, latitudes: &[f64], longitudes: &[f64]) -> Vec<usize> {
        let [rows, columns] = self.grid.shares(latitudes, longitudes);
        let width = self.grid.width();
        let row = |&row: &usize| columns.iter().map(move |column| row * width + column);
        rows.iter().flat_map(row).collect()
    }

    /// Values of the nearest nodes, row by row; of two equally near the lower index. `NaN` outside.
    pub fn nearest_nodes(&self, latitudes: &[f64], longitudes: &[f64]) -> Vec<f32> {
        let columns: Vec<_> = longitudes.iter().map(|&l| self.grid.nearest_column(l)).collect();
        let row = |&latitude: &f64| {
            let row = self.grid.nearest_row(latitude);
            columns.iter().map(move |&column| {
                row.zip(column).map_or(f32::NAN, |(row, column)| self.at(row, column))
            })
        };
        latitudes.iter().flat_map(row).collect()
    }

    /// Means of blocks of `factor` × `factor` nodes, which lie in their middle; `NaN` where one is missing. Rows in the
    /// north and columns in the east that fill no block are left out.
    ///
    /// # Errors
    /// In words, where the field is smaller than a block.
    pub fn block_mean(&self, factor: usize) -> Result<Self, String> {
        if factor == 0 || self.grid.height() < factor || self.grid.width() < factor {
            return Err(format!("{} has no block of {factor} × {factor} nodes", self.source));
        }
        let middles = |axis: &[f64]| -> Vec<f64> {
            let blocks = axis.chunks_exact(factor);
            blocks.map(|block| block.iter().sum::<f64>() / block.len() as f64).collect()
        };
        let (latitudes, longitudes) =
            (middles(&self.grid.latitudes), middles(&self.grid.longitudes));
        let mean = |i: usize| {
            let (row, column) = (i / longitudes.len() * factor, i % longitudes.len() * factor);
            let nodes = (row..row + factor)
                .flat_map(|row| (column..column + factor).map(move |column| (row, column)));
            let sum: f64 = nodes.map(|(row, column)| f64::from(self.at(row, column))).sum();
            (sum / (factor * factor) as f64) as f32
        };
        let values: Vec<f32> = (0..latitudes.len() * longitudes.len()).map(mean).collect();
        let (grid, values) = Self::of_axes([&latitudes, &longitudes], &values)?;
        Ok(Self { grid, values, ..self.without_values() })
    }

    /// All but the nodes and their values.
    fn without_values(&self) -> Self {
        Self {
            variable: self.variable.clone(),
            unit: self.unit.clone(),
            interval: self.interval,
            reference_time: self.reference_time,
            grid: LatLonGrid { latitudes: vec![], longitudes: vec![], is_global: false },
            values: vec![],
            storage_ends: vec![],
            source: self.source.clone(),
        }
    }

    /// Checks that two fields have the same nodes.
    ///
    /// # Errors
    /// [`FieldError::Grids`].
    pub fn check_same_grid(&self, other: &Self) -> Result<(), FieldError> {
        let near = |a: &[f64], b: &[f64]| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
        };
        let same = near(&self.grid.latitudes, &other.grid.latitudes)
            && near(&self.grid.longitudes, &other.grid.longitudes);
        match same {
            true => Ok(()),
            false => {
                Err(FieldError::Grids { first: self.source.clone(), second: other.source.clone() })
            }
        }
    }
}

/// A share of nothing does not count, so that a node that is missing spoils only what it has a share in.
fn blend(low: f64, high: f64, weight: f64) -> f64 {
    match weight {
        0.0 => low,
        1.0 => high,
        weight => low * (1.0 - weight) + high * weight,
    }
}
