//! Files that rain of several hours is made from.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::HourlyRain;
use super::hourly::is_hour;
use crate::field::accumulation::{
    Usable, accumulate_decoded, hours_before, interval_of, is_amount,
};
use crate::field::left_out::few_reasons;
use crate::field::{
    Accumulated, Content, FieldError, FieldFile, GriddedField, Interval, Statistic,
};

pub(super) mod chosen;
#[cfg(test)]
mod tests;

/// Rain by the ends of its intervals.
pub enum RainSource {
    /// Sums of hours, in mm.
    Hourly(Box<HourlyRain>),
    /// Whatever sums can be made from by the rule of the source: hours, buckets, totals since the start of a forecast.
    Sums(Box<Sums>),
}

/// Fields that sums are made from.
pub struct Sums {
    file: FieldFile,
    name: String,
    fields: Usable,
    /// What else looks like rain and cannot be used, with the reason.
    others: Vec<String>,
    /// Hours of which each field is the sum, where its times have no bounds and somebody states it.
    stated: Option<i64>,
    ends: Vec<Timestamp>,
}

impl RainSource {
    /// Opens NetCDF or GRIB. Without a name, the variable is the only rain that can be used. `stated` are the hours of which
    /// each field is the sum, for amounts whose times have no bounds.
    ///
    /// # Errors
    /// For a file that cannot be read or has no such variable, for several of rain where none is named, and for amounts of which
    /// neither the file nor anybody says over which interval they are. Fields that no rain can be made of are left out; where
    /// nothing else is there, the error says what they are.
    pub fn open(
        path: &Path,
        variable: Option<&str>,
        stated: Option<i64>,
    ) -> Result<Self, FieldError> {
        let file = FieldFile::open(path)?;
        let name = path.display().to_string();
        let is_named = variable.is_some();
        let chosen = chosen::variable(&file, &name, variable, stated)?;
        let fields = chosen::fields(&file, &name, &chosen, stated);
        let fields = fields.map_err(|error| match is_named {
            true => file.explained(error, |left| left.is_message_of(&chosen.variable)),
            false => file.without_rain(error),
        })?;
        file.check_no_gap(&fields.places)?;
        let others = chosen.others;
        let of_it = || fields.places.iter().map(|&place| &file.contents()[place]);
        let is_hour = |content: &Content| {
            content.unit == "mm" && content.interval.is_some_and(|own| is_hour(&own, stated))
        };
        if of_it().all(is_hour) {
            let rain = HourlyRain::of_places(file, name, (fields, others))?;
            return Ok(Self::Hourly(Box::new(rain)));
        }
        let ends = of_it().filter_map(|content| Some(content.interval?.end));
        let mut ends: Vec<Timestamp> = ends.collect();
        ends.sort_unstable();
        ends.dedup();
        Ok(Self::Sums(Box::new(Sums { file, name, fields, others, stated, ends })))
    }

    /// Why fields, and variables that look like rain, were left out, of which no sum is made; `None` where none was.
    pub fn why_left_out(&self) -> Option<String> {
        match self {
            Self::Hourly(rain) => rain.why_left_out(),
            Self::Sums(sums) => left_out(&sums.fields, &sums.others),
        }
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

/// Fields of the variable that were left out, then what else looks like rain.
pub(super) fn left_out(fields: &Usable, others: &[String]) -> Option<String> {
    let own = fields.left_out.iter().map(|(_, error)| error.to_string());
    few_reasons(own.chain(others.iter().cloned()))
}

impl Sums {
    fn contents(&self) -> impl Iterator<Item = (usize, &Content)> {
        self.fields.places.iter().map(|&place| (place, &self.file.contents()[place]))
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
        let mut read =
            near.map(|(place, _)| self.file.read(place)?.of_hours(self.stated)).peekable();
        if read.peek().is_none() {
            let what = format!("{name} has no rain between {start} and {end}");
            return Err(self.file.explained_sum(&self.fields, FieldError::Interval { what }));
        }
        accumulate_decoded(read, start, end)
            .map_err(|error| self.file.explained_sum(&self.fields, error))
    }
}

/// Whether a field is an amount, or a mean rate, of which the file says one moment only.
pub fn is_amount_at_a_moment(content: &Content) -> bool {
    let is_mean = |own: Interval| own.statistic == Statistic::Mean;
    content.interval.is_some_and(|own| own.is_open() && (is_mean(own) || is_amount(&content.unit)))
}
