//! Axes of variables as dimensions with their coordinates.

use jiff::Timestamp;

use super::FilesError;
use super::builder::{Builder, Dimension, Variable};
use super::times::{describe_time, what_of, write_lead_times, write_times};
use crate::outcome::{Axis, Coordinates};

const VALID_TIME: &str = "time";
const REFERENCE: &str = "forecast_reference_time";

/// A dimension, and what else says where its entries lie.
#[derive(Clone)]
pub struct Written {
    pub name: String,
    pub dimension: Dimension,
    /// Names of auxiliary coordinate variables.
    pub coordinates: Vec<String>,
}

/// The axes that are in the file: equal ones are one dimension.
#[derive(Default)]
pub struct Axes {
    known: Vec<(Axis, Written)>,
    reference_times: Vec<(Timestamp, String)>,
    /// The scalar coordinate of what a result is of.
    valid_time: Option<String>,
    /// The dimension of start and end.
    both: Option<Dimension>,
}

impl Axes {
    /// The dimension of an axis, which is written the first time.
    pub fn of(&mut self, file: &mut Builder, axis: &Axis) -> Result<Written, FilesError> {
        if let Some((_, written)) = self.known.iter().find(|(known, _)| known == axis) {
            return Ok(written.clone());
        }
        let written = self.write(file, axis)?;
        self.known.push((axis.clone(), written.clone()));
        Ok(written)
    }

    fn write(&mut self, file: &mut Builder, axis: &Axis) -> Result<Written, FilesError> {
        let is_forecast = matches!(axis.coordinates, Coordinates::LeadTimes { .. });
        let name = if is_forecast { VALID_TIME } else { &axis.name };
        let name = file.free_name(name, axis.len());
        let dimension = file.dimension(&name, axis.len())?;
        let coordinates = match &axis.coordinates {
            Coordinates::Times { times, .. } => {
                let variable = write_times(file, (&name, dimension), times, what_of(axis))?;
                self.write_bounds(file, (&name, variable, dimension), axis)?;
                Vec::new()
            }
            Coordinates::Numbers { unit, values } => {
                let variable = file.numbers(&name, &[dimension], values)?;
                let texts = [("long_name", words(&axis.name)), ("units", unit.clone())];
                file.texts(variable, &texts.each_ref().map(|(name, text)| (*name, text.as_str())))?;
                Vec::new()
            }
            Coordinates::Names { names } => {
                // CF wants numbers in a variable that is named as its dimension.
                let label = file.free_name(&format!("{}_name", axis.name), axis.len());
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let variable = file.strings(&label, dimension, &names)?;
                file.texts(
                    variable,
                    &[("long_name", &format!("name of the {}", words(&axis.name)))],
                )?;
                vec![label]
            }
            Coordinates::LeadTimes { from, minutes, .. } => {
                let lead_time = file.free_name(&axis.name, axis.len());
                let place = (name.as_str(), lead_time.as_str(), dimension);
                let variable = write_lead_times(file, place, (*from, minutes), what_of(axis))?;
                self.write_bounds(file, (&name, variable, dimension), axis)?;
                vec![lead_time, self.reference_time(file, *from)?]
            }
        };
        Ok(Written { name, dimension, coordinates })
    }

    /// Start and end of each interval of an axis that has some, as CF has them: beside its coordinates, which name them.
    fn write_bounds(
        &mut self,
        file: &mut Builder,
        (name, variable, dimension): (&str, Variable, Dimension),
        axis: &Axis,
    ) -> Result<(), FilesError> {
        if !axis.has_intervals() {
            return Ok(());
        }
        let both = self.both(file)?;
        let bounds = file.free_name(&format!("{name}_bounds"), 2 * axis.len());
        let ends = (0..axis.len()).filter_map(|i| axis.start(i).zip(axis.time(i)));
        let seconds = ends.flat_map(|(start, end)| [start.as_second(), end.as_second()]);
        file.numbers(&bounds, &[dimension, both], &seconds.collect::<Vec<i64>>())?;
        file.texts(variable, &[("bounds", bounds.as_str())])
    }

    /// The scalar coordinate of the one moment or interval that a result is of, written the first time.
    pub fn valid_time(&mut self, file: &mut Builder, axis: &Axis) -> Result<String, FilesError> {
        if let Some(name) = &self.valid_time {
            return Ok(name.clone());
        }
        let Coordinates::Times { times, starts } = &axis.coordinates else {
            return Err(FilesError::Netcdf { what: format!("{} is no axis of times", axis.name) });
        };
        let name = file.free_name("valid_time", 1);
        let variable = file.scalar(&name, times[0].as_second())?;
        describe_time(file, variable, "time", what_of(axis))?;
        if let Some(start) = starts.first() {
            let both = self.both(file)?;
            let bounds = file.free_name(&format!("{name}_bounds"), 2);
            file.numbers(&bounds, &[both], &[start.as_second(), times[0].as_second()])?;
            file.texts(variable, &[("bounds", bounds.as_str())])?;
        }
        self.valid_time = Some(name.clone());
        Ok(name)
    }

    /// The dimension of start and end.
    fn both(&mut self, file: &mut Builder) -> Result<Dimension, FilesError> {
        if let Some(both) = self.both {
            return Ok(both);
        }
        let name = file.free_name("bounds", 2);
        Ok(*self.both.insert(file.dimension(&name, 2)?))
    }

    /// The scalar coordinate that tells what a forecast counts from, written the first time.
    pub fn reference_time(
        &mut self,
        file: &mut Builder,
        time: Timestamp,
    ) -> Result<String, FilesError> {
        if let Some((_, name)) = self.reference_times.iter().find(|(known, _)| *known == time) {
            return Ok(name.clone());
        }
        let name = file.free_name(REFERENCE, 1);
        let variable = file.scalar(&name, time.as_second())?;
        describe_time(file, variable, REFERENCE, "time of the last input frame")?;
        self.reference_times.push((time, name.clone()));
        Ok(name)
    }
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}
