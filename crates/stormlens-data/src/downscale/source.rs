//! Files that rain of several hours is made from.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::HourlyRain;
use super::hourly::{is_hour, stated_in_vain, unstated};
use crate::field::accumulation::{check_no_total, hours_before, interval_of, is_amount};
use crate::field::rain_name::{check_is_rain, only_parts};
use crate::field::{
    Accumulated, Content, FieldError, FieldFile, GriddedField, Interval, RainKind, Statistic,
    accumulate,
};

/// Rain by the ends of its intervals.
pub enum RainSource {
    /// Sums of hours, in mm.
    Hourly(HourlyRain),
    /// Whatever sums can be made from by the rule of the source: hours, buckets, totals since the start of a forecast.
    Sums(Box<Sums>),
}

/// Fields that sums are made from.
pub struct Sums {
    file: FieldFile,
    name: String,
    variable: String,
    /// Hours of which each field is the sum, where its times have no bounds and somebody states it.
    stated: Option<i64>,
    ends: Vec<Timestamp>,
}

impl RainSource {
    /// Opens NetCDF or GRIB. Without a name, the variable is the only one there is. `stated` are the hours of which each
    /// field is the sum, for amounts whose times have no bounds.
    ///
    /// # Errors
    /// For a file that cannot be read or has no such variable, for several where none is named, for fields without
    /// times, and for amounts of which neither the file nor anybody says over which interval they are.
    pub fn open(
        path: &Path,
        variable: Option<&str>,
        stated: Option<i64>,
    ) -> Result<Self, FieldError> {
        let file = FieldFile::open(path)?;
        let name = path.display().to_string();
        let is_named = variable.is_some();
        let variable = chosen(&file, &name, variable)?;
        let of_it = || file.contents().iter().filter(|content| content.variable == variable);
        for content in of_it() {
            check_is_rain(&name, content)?;
            // Who names a part wants it.
            if !is_named && RainKind::of(content).part().is_some() {
                return Err(only_parts(&name, content));
            }
        }
        if let Some(hours) = stated {
            check_no_total(&file, hours, |content| {
                content.variable == variable && is_amount_at_a_moment(content)
            })?;
        }
        match (stated, of_it().any(is_amount_at_a_moment)) {
            (None, true) => return Err(unstated(&name, &variable)),
            (Some(_), false) => return Err(stated_in_vain(&name, of_it())),
            _ => {}
        }
        let is_hour = |content: &Content| {
            content.unit == "mm" && content.interval.is_some_and(|own| is_hour(&own, stated))
        };
        if of_it().all(is_hour) {
            return Ok(Self::Hourly(HourlyRain::open(path, &variable, stated)?));
        }
        let end = |content: &Content| {
            let none = || FieldError::NoInterval { name: format!("{variable}, {name}") };
            Ok(content.interval.ok_or_else(none)?.end)
        };
        let mut ends: Vec<Timestamp> = of_it().map(end).collect::<Result<_, FieldError>>()?;
        ends.sort_unstable();
        ends.dedup();
        Ok(Self::Sums(Box::new(Sums { file, name, variable, stated, ends })))
    }

    /// Ends of sums of so many hours. Whether all of one can be made, [`Self::sum`] says where the file has no plain
    /// hours.
    pub fn ends(&self, hours: i64) -> Vec<Timestamp> {
        match self {
            Self::Hourly(rain) => rain.ends_of_sums(hours),
            Self::Sums(sums) => sums.ends(hours),
        }
    }

    /// Rain of so many hours until a time, mm.
    ///
    /// # Errors
    /// Where it cannot be made or read.
    pub fn sum(&self, end: Timestamp, hours: i64) -> Result<GriddedField, FieldError> {
        Ok(self.made(end, hours)?.field)
    }

    /// The same with how it was made, and what was negative.
    ///
    /// # Errors
    /// As [`Self::sum`].
    pub fn made(&self, end: Timestamp, hours: i64) -> Result<Accumulated, FieldError> {
        match self {
            Self::Hourly(rain) => Ok(rain.sum(end, hours)?.rain),
            Self::Sums(sums) => sums.sum(end, hours),
        }
    }

    /// Minutes from the start of the model's run to the end of such a sum; `None` where the file names no run, or fields of
    /// several runs make the sum.
    pub fn lead_min(&self, end: Timestamp, hours: i64) -> Option<u32> {
        let start = end.checked_sub(SignedDuration::from_hours(hours)).ok()?;
        let runs: Vec<Option<Timestamp>> = match self {
            Self::Hourly(rain) => rain.runs(start, end).collect(),
            Self::Sums(sums) => sums.within(start, end).map(|(_, c)| c.reference_time).collect(),
        };
        let (&run, others) = runs.split_first()?;
        let run = run.filter(|_| others.iter().all(|other| *other == run))?;
        // What is valid before its run began is no forecast.
        u32::try_from(end.duration_since(run).as_secs() / 60).ok()
    }
}

impl Sums {
    fn contents(&self) -> impl Iterator<Item = (usize, &Content)> {
        let all = self.file.contents().iter().enumerate();
        all.filter(|(_, content)| content.variable == self.variable)
    }

    fn ends(&self, hours: i64) -> Vec<Timestamp> {
        let (length, earliest) = (SignedDuration::from_hours(hours), self.earliest());
        // What begins before the first sum cannot be made.
        let begins = |end: &&Timestamp| {
            let start = end.checked_sub(length);
            start.is_ok_and(|start| earliest.is_some_and(|first| start >= first))
        };
        self.ends.iter().filter(begins).copied().collect()
    }

    /// The earliest begin of a sum.
    fn earliest(&self) -> Option<Timestamp> {
        let begin = |interval: Interval| match (interval.statistic, self.stated) {
            (Statistic::Instantaneous | Statistic::Mean, Some(hours)) if interval.is_open() => {
                hours_before(interval.end, hours).ok().map(|own| own.start)
            }
            _ => Some(interval.start),
        };
        let own = |content: &Content| Some(interval_of(&content.unit, content.interval?));
        self.contents().filter_map(|(_, content)| begin(own(content)?)).min()
    }

    /// Fields that end between two moments, both included: a total since the start of a forecast is needed at both.
    fn within(&self, start: Timestamp, end: Timestamp) -> impl Iterator<Item = (usize, &Content)> {
        let is_near = move |own: Interval| start <= own.end && own.end <= end;
        self.contents().filter(move |(_, content)| content.interval.is_some_and(is_near))
    }

    fn sum(&self, end: Timestamp, hours: i64) -> Result<Accumulated, FieldError> {
        let start = end.checked_sub(SignedDuration::from_hours(hours));
        let name = &self.name;
        let start = start.map_err(|e| FieldError::Interval { what: format!("{name}: {e}") })?;
        let near = self.within(start, end);
        let read = near.map(|(place, _)| self.file.read(place)?.of_hours(self.stated));
        let fields: Vec<GriddedField> = read.collect::<Result<_, _>>()?;
        accumulate(&fields, start, end)
    }
}

/// Whether a field is an amount, or a mean rate, of which the file says one moment only.
pub fn is_amount_at_a_moment(content: &Content) -> bool {
    let is_mean = |own: Interval| own.statistic == Statistic::Mean;
    content.interval.is_some_and(|own| own.is_open() && (is_mean(own) || is_amount(&content.unit)))
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
