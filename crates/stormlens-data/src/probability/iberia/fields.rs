//! The twelve fields, packed as they lie in the file.

use std::path::Path;

use hdf5_reader::{Dataset, H5Type, Hdf5File, OpenOptions};
use jiff::civil::Date;

use crate::field::{FieldError, LatLonGrid};
use crate::files::hdf5::check_texts;
use crate::files::read_file;
use crate::probability::Conversion;

const MAX_FILE_BYTES: u64 = 64 << 20;
const MAX_READ_BYTES: usize = 64 << 20;
const MISSING: i16 = i16::MIN;

/// The open file.
pub(super) struct Fields {
    name: String,
    file: Hdf5File,
    grid: LatLonGrid,
}

/// One field on all days: value = (q · scale + offset), then as the conversion says.
pub(super) struct Packed {
    values: Vec<i16>,
    scale: f64,
    offset: f64,
    conversion: Conversion,
    grid: LatLonGrid,
}

impl Fields {
    pub fn open(path: &Path) -> Result<Self, FieldError> {
        let name = path.display().to_string();
        let bytes = read_file(path, MAX_FILE_BYTES)?;
        let damaged = |what: String| FieldError::Damaged { file: name.clone(), what };
        let options = OpenOptions::default().with_max_read_bytes(MAX_READ_BYTES);
        let file = Hdf5File::from_bytes_with_options(&bytes, options)
            .map_err(|e| damaged(e.to_string()))?;
        let expected = file.superblock().eof_address;
        if (bytes.len() as u64) < expected {
            return Err(damaged(format!("{} of {expected} bytes are there", bytes.len())));
        }
        check_texts(&bytes, &file).map_err(damaged)?;
        let grid = LatLonGrid { latitudes: vec![], longitudes: vec![], is_global: false };
        let opened = Self { name, file, grid };
        let [latitudes, longitudes] = [opened.numbers("lat")?, opened.numbers("lon")?];
        let grid = LatLonGrid::new(&latitudes, &longitudes).map_err(|what| opened.damaged(what))?;
        // Rows and columns are taken as they lie in the file.
        if grid.latitudes != latitudes || grid.longitudes != longitudes {
            return Err(opened.damaged("its latitudes and longitudes do not ascend".to_owned()));
        }
        Ok(Self { grid, ..opened })
    }

    fn damaged(&self, what: String) -> FieldError {
        FieldError::Damaged { file: self.name.clone(), what }
    }

    fn dataset(&self, name: &str) -> Result<Dataset, FieldError> {
        self.file
            .dataset(name)
            .map_err(|e| self.damaged(format!("it has no data set {name} ({e})")))
    }

    fn read<T: H5Type + Copy>(&self, dataset: &Dataset, name: &str) -> Result<Vec<T>, FieldError> {
        let read = dataset.read_array::<T>();
        let values = read.map_err(|e| self.damaged(format!("{name} cannot be read ({e})")))?;
        Ok(values.as_standard_layout().iter().copied().collect())
    }

    /// Float64 or float32.
    fn numbers(&self, name: &str) -> Result<Vec<f64>, FieldError> {
        let dataset = self.dataset(name)?;
        self.read::<f64>(&dataset, name)
            .or_else(|_| Ok(self.read::<f32>(&dataset, name)?.into_iter().map(f64::from).collect()))
    }

    /// The days, one after the other.
    pub fn days(&self) -> Result<Vec<Date>, FieldError> {
        let day = |&number: &i32| {
            let [year, month, day] = [number / 10_000, number / 100 % 100, number % 100];
            let parts =
                i16::try_from(year).ok().zip(i8::try_from(month).ok()).zip(i8::try_from(day).ok());
            let date = parts.and_then(|((year, month), day)| Date::new(year, month, day).ok());
            date.ok_or_else(|| self.damaged(format!("{number} is no date")))
        };
        let dates = self.read::<i32>(&self.dataset("date")?, "date")?;
        let days: Vec<Date> = dates.iter().map(day).collect::<Result<_, _>>()?;
        match days.windows(2).find(|pair| pair[0].tomorrow().ok() != Some(pair[1])) {
            Some(gap) => Err(self.damaged(format!("{} follows {}", gap[1], gap[0]))),
            None => Ok(days),
        }
    }

    pub fn packed(
        &self,
        name: &str,
        n_days: usize,
        conversion: Conversion,
    ) -> Result<Packed, FieldError> {
        let dataset = self.dataset(name)?;
        let expected = [n_days, self.grid.height(), self.grid.width()].map(|n| n as u64);
        if dataset.shape() != expected {
            return Err(self
                .damaged(format!("{name} has the shape {:?}, not {expected:?}", dataset.shape())));
        }
        let attribute = |key: &str| {
            let found = dataset.attribute(key).and_then(|attribute| attribute.read_as_f64());
            found.map_err(|e| self.damaged(format!("{name} has no number {key} ({e})")))
        };
        let (scale, offset) = (attribute("scale_factor")?, attribute("add_offset")?);
        let values = self.read::<i16>(&dataset, name)?;
        Ok(Packed { values, scale, offset, conversion, grid: self.grid.clone() })
    }
}

impl Packed {
    pub fn at(&self, day: usize, row: usize, column: usize) -> f64 {
        let (height, width) = (self.grid.height(), self.grid.width());
        match self.values[(day * height + row) * width + column] {
            MISSING => f64::NAN,
            stored => self.conversion.apply(f64::from(stored) * self.scale + self.offset),
        }
    }

    /// At the nearest node.
    pub fn nearest(&self, day: usize, latitude: f64, longitude: f64) -> f64 {
        let node = self.grid.nearest_row(latitude).zip(self.grid.nearest_column(longitude));
        node.map_or(f64::NAN, |(row, column)| self.at(day, row, column))
    }

    /// Linear between nodes, row by row; `NaN` outside of them. All values of a day are there, or none.
    pub fn linear(&self, day: usize, latitudes: &[f64], longitudes: &[f64]) -> Vec<f64> {
        let columns: Vec<_> =
            longitudes.iter().map(|&place| self.grid.between_columns(place)).collect();
        let mut values = Vec::with_capacity(latitudes.len() * longitudes.len());
        for &latitude in latitudes {
            let row = self.grid.between_rows(latitude);
            values.extend(columns.iter().map(|column| {
                let (Some((south, north, up)), Some((west, east, right))) = (row, *column) else {
                    return f64::NAN;
                };
                let along =
                    |row| self.at(day, row, west) * (1.0 - right) + self.at(day, row, east) * right;
                along(south) * (1.0 - up) + along(north) * up
            }));
        }
        values
    }
}
