//! Hourly rain in one NetCDF file, as sums of several hours.
//!
//! Made for sixty hours of gauge-corrected rain of MRMS (20–22 September 2016) at 0.04°: `tp` in mm of the hour that
//! ends at `time`, without bounds of times.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::source::{chosen, is_amount_at_a_moment, left_out};
use crate::field::accumulation::{Usable, hours_before};
use crate::field::record::most_mm;
use crate::field::{
    Accumulated, Content, FieldError, FieldFile, GriddedField, Interval, RainUnit, Statistic,
    accumulate,
};

/// Hourly sums by their end.
pub struct HourlyRain {
    file: FieldFile,
    name: String,
    /// End of the hour, and place in the file.
    hours: Vec<(Timestamp, usize)>,
    fields: Usable,
    /// What else looks like rain and cannot be used, with the reason.
    others: Vec<String>,
}

/// A sum, and what was no rain in it.
#[derive(Clone, Debug, PartialEq)]
pub struct RainSum {
    pub rain: Accumulated,
    /// Values above the record of an hour, which have no data now.
    pub n_screened: usize,
}

impl HourlyRain {
    /// Opens a file; `stated` are the hours of which each field is the sum, where its times have no bounds.
    ///
    /// # Errors
    /// For a file without that variable in mm, for times that come twice, for times without bounds of which nobody states that
    /// they are ends of hours, and where no field is the sum of an hour. What is none beside others is left out: a sum that
    /// needs it is an error.
    pub fn open(path: &Path, variable: &str, stated: Option<i64>) -> Result<Self, FieldError> {
        let file = FieldFile::open(path)?;
        let name = path.display().to_string();
        // A folder says it of all its files; those that say it themselves need it not.
        let own = || {
            file.contents().iter().filter(|content| content.variable.eq_ignore_ascii_case(variable))
        };
        let stated = stated.filter(|_| own().any(is_amount_at_a_moment));
        let chosen = chosen::variable(&file, &name, Some(variable), stated)?;
        let fields = chosen::parted(&file, &name, &chosen, stated)?;
        let of_it = || fields.places.iter().map(|&place| &file.contents()[place]);
        if let Some(other) = of_it().find(|content| content.unit != "mm") {
            let (unit, needed) = (other.unit.clone(), "where hourly sums in mm are needed");
            return Err(FieldError::Unit { name, unit, needed });
        }
        let hours = only_hours(&file, fields, stated);
        match hours.places.is_empty() {
            true => Err(chosen::nothing_left(&name, hours.left_out)),
            false => Self::of_places(file, name, (hours, chosen.others)),
        }
    }

    /// Why fields were left out, of which no sum is made; `None` where none was.
    pub fn why_left_out(&self) -> Option<String> {
        left_out(&self.fields, &self.others)
    }

    /// Hours of a file that were found to be such.
    ///
    /// # Errors
    /// For an hour that is there twice.
    pub(super) fn of_places(
        file: FieldFile,
        name: String,
        (fields, others): (Usable, Vec<String>),
    ) -> Result<Self, FieldError> {
        let end = |&place: &usize| Some((file.contents()[place].interval?.end, place));
        let mut hours: Vec<(Timestamp, usize)> = fields.places.iter().filter_map(end).collect();
        hours.sort_unstable();
        if let Some(pair) = hours.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let what = format!("{name}: the hour until {} is there twice", pair[0].0);
            return Err(FieldError::Interval { what });
        }
        Ok(Self { file, name, hours, fields, others })
    }

    /// Ends of the hours that are there.
    pub fn times(&self) -> impl Iterator<Item = Timestamp> {
        self.hours.iter().map(|(time, _)| *time)
    }

    /// Ends of all intervals of so many hours of which no hour is missing: one each hour, overlapping.
    pub fn ends_of_sums(&self, hours: i64) -> Vec<Timestamp> {
        let has = |time: Timestamp| self.hours.binary_search_by_key(&time, |(end, _)| *end).is_ok();
        let is_whole = |end: &Timestamp| {
            (0..hours).all(|h| end.checked_sub(SignedDuration::from_hours(h)).is_ok_and(has))
        };
        self.times().filter(is_whole).collect()
    }

    /// Rain of so many hours until a time; memory is that of so many fields.
    ///
    /// # Errors
    /// Where an hour is missing or cannot be read.
    pub fn sum(&self, end: Timestamp, hours: i64) -> Result<RainSum, FieldError> {
        let whole = hours_before(end, hours)?;
        let within = self.hours.iter().filter(|(time, _)| *time > whole.start && *time <= end);
        let read = within.map(|&(time, place)| self.hour(time, place));
        let read: Vec<(GriddedField, usize)> = read.collect::<Result<_, _>>()?;
        if read.is_empty() {
            let what = format!("{} has no hour between {} and {end}", self.name, whole.start);
            return Err(self.file.explained_sum(&self.fields, FieldError::Interval { what }));
        }
        let n_screened = read.iter().map(|(_, n)| n).sum();
        let fields: Vec<GriddedField> = read.into_iter().map(|(field, _)| field).collect();
        let rain = accumulate(&fields, whole.start, end);
        let rain = rain.map_err(|error| self.file.explained_sum(&self.fields, error))?;
        Ok(RainSum { rain, n_screened })
    }

    /// When the runs began that the hours between two moments are of; `None` of hours that are of no run.
    pub(super) fn runs(
        &self,
        start: Timestamp,
        end: Timestamp,
    ) -> impl Iterator<Item = Option<Timestamp>> {
        let within = self.hours.iter().filter(move |(time, _)| *time > start && *time <= end);
        within.map(|&(_, place)| self.file.contents()[place].reference_time)
    }

    fn hour(&self, time: Timestamp, place: usize) -> Result<(GriddedField, usize), FieldError> {
        let Interval { start, end, .. } = hours_before(time, 1)?;
        let mut field = self.file.read(place)?;
        field.interval = Some(Interval::accumulation(start, end));
        let most = most_mm(3600);
        let above = field.values.iter_mut().filter(|mm| f64::from(**mm) > most);
        let n_screened = above.map(|mm| *mm = f32::NAN).count();
        Ok((field, n_screened))
    }
}

/// Without fields that are sums of another time, which are left out.
fn only_hours(file: &FieldFile, fields: Usable, stated: Option<i64>) -> Usable {
    let Usable { places, mut left_out } = fields;
    let own = |place: usize| file.contents()[place].interval;
    let is_it = |place: &usize| own(*place).is_some_and(|interval| is_hour(&interval, stated));
    let (places, others): (Vec<usize>, Vec<usize>) = places.into_iter().partition(is_it);
    left_out.extend(others.into_iter().map(|place| {
        let Content { variable, unit, .. } = &file.contents()[place];
        let seconds = own(place).map_or(0, |interval| match stated {
            Some(hours) if interval.is_open() => 3600 * hours,
            _ => interval.duration_s(),
        });
        let hours = seconds as f64 / 3600.0;
        let what = format!("{variable} ({unit}) of {hours} h is no sum of an hour");
        (place, FieldError::Interval { what })
    }));
    Usable { places, left_out }
}

/// Whether a field is the sum of an hour, by its bounds or because somebody states it.
pub(super) fn is_hour(interval: &Interval, stated: Option<i64>) -> bool {
    match interval.statistic {
        Statistic::Instantaneous => stated == Some(1),
        Statistic::Accumulation | Statistic::Unstated => interval.duration_s() == 3600,
        Statistic::Mean | Statistic::Maximum | Statistic::Minimum | Statistic::Other => false,
    }
}

/// An amount whose times have no bounds could be of any interval.
pub fn unstated(name: &str, variable: &str) -> FieldError {
    FieldError::Unstated { file: name.to_owned(), variable: variable.to_owned() }
}

/// Hours are stated of fields that have them, or that no hours make an amount.
pub fn stated_in_vain<'a>(name: &str, mut fields: impl Iterator<Item = &'a Content>) -> FieldError {
    let is_said = |field: &Content| {
        let own = field.interval.is_some_and(|interval| interval.duration_s() > 0);
        own || matches!(RainUnit::parse(&field.unit), Some(RainUnit::Sum { .. }))
    };
    let what = match fields.any(is_said) {
        true => format!(
            "{name} says itself over which intervals its fields are: leave out the hours of each field"
        ),
        false => format!(
            "the fields of {name} are no amounts, and a number of hours makes none of them: leave out the hours of each field, \
             and give all frames of a rate, or a file with time bounds"
        ),
    };
    FieldError::Interval { what }
}
