//! The grid and the times.

use jiff::Timestamp;

use super::builder::{Builder, Dimension, Variable};
use super::{FilesError, GRID_MAPPING, projection};
use crate::field::Field;
use crate::outcome::Forecast;

const TIME_UNITS: &str = "seconds since 1970-01-01 00:00:00";

/// Dimensions that variables share, and the size that their maps must have.
pub struct Axes {
    pub y: Dimension,
    pub x: Dimension,
    pub input_time: Dimension,
    height: usize,
    width: usize,
}

impl Axes {
    /// Writes the grid and the times.
    pub fn write(file: &mut Builder, forecast: &Forecast) -> Result<Self, FilesError> {
        let grid = &forecast.grid;
        let mapping = file.scalar::<i32>(GRID_MAPPING, 0)?;
        for (name, value) in projection::attributes(&grid.proj4)? {
            file.variable_attribute(mapping, &name, value)?;
        }
        let centre = |i: usize| (i as f64 + 0.5) * grid.spacing_km;
        let y: Vec<f64> = (0..grid.height).map(|row| grid.north_km - centre(row)).collect();
        let x: Vec<f64> = (0..grid.width).map(|column| grid.west_km + centre(column)).collect();
        let y = Self::coordinate(file, "y", &y)?;
        let x = Self::coordinate(file, "x", &x)?;
        let input_time = write_times(file, forecast)?;
        Ok(Self { y, x, input_time, height: grid.height, width: grid.width })
    }

    fn coordinate(file: &mut Builder, name: &str, values: &[f64]) -> Result<Dimension, FilesError> {
        let dimension = file.dimension(name, values.len())?;
        let variable = file.numbers(name, &[dimension], values)?;
        let standard_name = format!("projection_{name}_coordinate");
        file.texts(
            variable,
            &[
                ("standard_name", &standard_name),
                ("long_name", &format!("{name} of the pixel centre in the projected plane")),
                ("units", "km"),
                ("axis", &name.to_uppercase()),
            ],
        )?;
        Ok(dimension)
    }

    /// The values of a map, which must have the size of the grid.
    pub fn values<'a>(&self, name: &str, map: &'a Field) -> Result<&'a [f32], FilesError> {
        if (map.height, map.width) == (self.height, self.width) {
            return Ok(&map.values);
        }
        let what = format!(
            "{name} is {} × {} on a grid of {} × {}",
            map.height, map.width, self.height, self.width
        );
        Err(FilesError::Netcdf { what })
    }

    /// A variable of one map.
    pub fn map(&self, file: &mut Builder, name: &str, map: &Field) -> Result<Variable, FilesError> {
        file.floats(name, &[self.y, self.x], self.values(name, map)?)
    }

    /// A variable of several maps along another dimension.
    pub fn maps<'a>(
        &self,
        file: &mut Builder,
        name: &str,
        along: Dimension,
        maps: impl Iterator<Item = &'a Field>,
    ) -> Result<Variable, FilesError> {
        let mut values = Vec::new();
        for map in maps {
            values.extend_from_slice(self.values(name, map)?);
        }
        file.floats(name, &[along, self.y, self.x], &values)
    }
}

/// Writes the times; gives the dimension of the input frames.
fn write_times(file: &mut Builder, forecast: &Forecast) -> Result<Dimension, FilesError> {
    let seconds: Vec<i64> = forecast.input_times.iter().map(|t| t.as_second()).collect();
    let dimension = file.dimension("input_time", seconds.len())?;
    let input_time = file.numbers("input_time", &[dimension], &seconds)?;
    describe_time(file, input_time, "time", "time of the input frame")?;
    file.texts(input_time, &[("axis", "T")])?;

    let reference = forecast.input_times.last().copied().unwrap_or(Timestamp::UNIX_EPOCH);
    for (name, standard_name, long_name, time) in [
        ("valid_time", "time", "time that the forecast is for", forecast.valid_time),
        (
            "forecast_reference_time",
            "forecast_reference_time",
            "time of the last input frame",
            reference,
        ),
    ] {
        let variable = file.scalar(name, time.as_second())?;
        describe_time(file, variable, standard_name, long_name)?;
    }
    let lead = file.scalar("forecast_period", i64::from(forecast.lead_time_min))?;
    let texts =
        [("standard_name", "forecast_period"), ("long_name", "lead time"), ("units", "minutes")];
    file.texts(lead, &texts)?;
    Ok(dimension)
}

fn describe_time(
    file: &mut Builder,
    variable: Variable,
    standard_name: &str,
    long_name: &str,
) -> Result<(), FilesError> {
    let texts = [
        ("standard_name", standard_name),
        ("long_name", long_name),
        ("units", TIME_UNITS),
        ("calendar", "standard"),
    ];
    file.texts(variable, &texts)
}
