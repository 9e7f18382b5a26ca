//! Files that rain of several hours is made from.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::HourlyRain;
use crate::field::{Content, FieldError, FieldFile, GriddedField, Statistic, accumulate};

/// Rain by the ends of its intervals.
pub enum RainSource {
    /// Sums of hours, in mm.
    Hourly(HourlyRain),
    /// Whatever sums can be made from by the rule of the source: hours, buckets, totals since the start of a forecast.
    Sums { file: FieldFile, name: String, variable: String, ends: Vec<Timestamp> },
}

impl RainSource {
    /// Opens NetCDF or GRIB. Without a name, the variable is the only one there is.
    ///
    /// # Errors
    /// For a file that cannot be read or has no such variable, for several where none is named, and for fields without
    /// times.
    pub fn open(path: &Path, variable: Option<&str>) -> Result<Self, FieldError> {
        let file = FieldFile::open(path)?;
        let name = path.display().to_string();
        let variable = chosen(&file, &name, variable)?;
        let of_it = || file.contents().iter().filter(|content| content.variable == variable);
        if of_it().all(is_hour) {
            return Ok(Self::Hourly(HourlyRain::open(path, &variable)?));
        }
        let end = |content: &Content| {
            let none = || FieldError::NoInterval { name: format!("{variable}, {name}") };
            Ok(content.interval.ok_or_else(none)?.end)
        };
        let mut ends: Vec<Timestamp> = of_it().map(end).collect::<Result<_, FieldError>>()?;
        ends.sort_unstable();
        ends.dedup();
        Ok(Self::Sums { file, name, variable, ends })
    }

    /// Ends of sums of so many hours. Whether all of one can be made, [`Self::sum`] says where the file has no plain
    /// hours.
    pub fn ends(&self, hours: i64) -> Vec<Timestamp> {
        match self {
            Self::Hourly(rain) => rain.ends_of_sums(hours),
            Self::Sums { ends, .. } => {
                let length = SignedDuration::from_hours(hours);
                // What begins before the first sum cannot be made.
                let begins = |end: &&Timestamp| {
                    let start = end.checked_sub(length);
                    start.is_ok_and(|start| self.earliest().is_some_and(|first| start >= first))
                };
                ends.iter().filter(begins).copied().collect()
            }
        }
    }

    /// The earliest begin of a sum.
    fn earliest(&self) -> Option<Timestamp> {
        let Self::Sums { file, variable, .. } = self else { return None };
        let of_it = file.contents().iter().filter(|content| content.variable == *variable);
        of_it.filter_map(|content| content.interval).map(|interval| interval.start).min()
    }

    /// Rain of so many hours until a time, mm.
    ///
    /// # Errors
    /// Where it cannot be made or read.
    pub fn sum(&self, end: Timestamp, hours: i64) -> Result<GriddedField, FieldError> {
        let (file, name, variable) = match self {
            Self::Hourly(rain) => return Ok(rain.sum(end, hours)?.rain.field),
            Self::Sums { file, name, variable, .. } => (file, name, variable),
        };
        let start = end.checked_sub(SignedDuration::from_hours(hours));
        let start = start.map_err(|e| FieldError::Interval { what: format!("{name}: {e}") })?;
        let mut fields: Vec<GriddedField> = Vec::new();
        for (place, content) in file.contents().iter().enumerate() {
            let is_near = |end_of: Timestamp| start <= end_of && end_of <= end;
            let is_needed = content.interval.is_some_and(|interval| is_near(interval.end));
            if content.variable == *variable && is_needed {
                fields.push(file.read(place)?);
            }
        }
        Ok(accumulate(&fields, start, end)?.field)
    }
}

/// Whether a field is the sum of an hour in mm; times without bounds are taken for ends of hours.
fn is_hour(content: &Content) -> bool {
    let is_hour = content.interval.is_some_and(|interval| match interval.statistic {
        Statistic::Instantaneous => true,
        Statistic::Accumulation => interval.duration_s() == 3600,
        Statistic::Mean | Statistic::Other => false,
    });
    content.unit == "mm" && is_hour
}

/// The variable that is meant.
fn chosen(file: &FieldFile, name: &str, variable: Option<&str>) -> Result<String, FieldError> {
    let mut known: Vec<&str> = file.contents().iter().map(|c| c.variable.as_str()).collect();
    known.sort_unstable();
    known.dedup();
    let all = || known.join(", ");
    match (variable, &known[..]) {
        (Some(wanted), _) if known.contains(&wanted) => Ok(wanted.to_owned()),
        (None, [only]) => Ok((*only).to_owned()),
        (wanted, _) => Err(FieldError::Absent {
            file: name.to_owned(),
            wanted: wanted.map_or("that is the only one; name one".to_owned(), str::to_owned),
            known: all(),
        }),
    }
}
