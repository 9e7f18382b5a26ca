//! The time that a field is of.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::time;

/// What was done to a quantity between two moments (WMO GRIB2 code table 4.10; `cell_methods` in CF).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Nothing: the value is of one moment.
    Instantaneous,
    /// Summed up from the first moment to the last.
    Accumulation,
    Mean,
    /// The file does not say it.
    Unstated,
    Maximum,
    Minimum,
    /// Something else that no amount can be made of.
    Other,
}

/// From when to when a field is; equal moments where it is of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    pub start: Timestamp,
    pub end: Timestamp,
    pub statistic: Statistic,
}

/// What is wrong with a field of [no length](Interval::has_no_length), behind its name.
pub(crate) const NO_LENGTH: &str = "begins and ends at the same time (in NetCDF, bounds of no length): write when each field begins and ends";

impl Interval {
    pub fn at(moment: Timestamp) -> Self {
        Self { start: moment, end: moment, statistic: Statistic::Instantaneous }
    }

    pub fn accumulation(start: Timestamp, end: Timestamp) -> Self {
        Self { start, end, statistic: Statistic::Accumulation }
    }

    pub fn mean(start: Timestamp, end: Timestamp) -> Self {
        Self { start, end, statistic: Statistic::Mean }
    }

    pub fn duration_s(&self) -> i64 {
        self.end.as_second().saturating_sub(self.start.as_second())
    }

    /// Whether only one moment is said of what may be the sum or the mean of a time before it or behind it.
    pub fn is_open(&self) -> bool {
        let says_one = matches!(self.statistic, Statistic::Instantaneous | Statistic::Mean);
        says_one && self.duration_s() == 0
    }

    /// Whether it is said to be of the time between two moments, and both are the same.
    pub fn has_no_length(&self) -> bool {
        let is_between = matches!(self.statistic, Statistic::Accumulation | Statistic::Unstated);
        is_between && self.duration_s() == 0
    }

    /// Whether both are of the same time, whatever was done.
    pub fn is_same_time(&self, other: &Self) -> bool {
        (self.start, self.end) == (other.start, other.end)
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [start, end] = [self.start, self.end].map(time::format_utc);
        match self.statistic {
            Statistic::Instantaneous => write!(f, "at {end}"),
            Statistic::Accumulation => write!(f, "sum from {start} to {end}"),
            Statistic::Mean if self.start == self.end => {
                write!(f, "mean of a time that is not said, at {end}")
            }
            Statistic::Mean => write!(f, "mean from {start} to {end}"),
            Statistic::Unstated => write!(f, "field from {start} to {end}"),
            Statistic::Maximum => write!(f, "maximum from {start} to {end}"),
            Statistic::Minimum => write!(f, "minimum from {start} to {end}"),
            Statistic::Other => write!(f, "statistic from {start} to {end}"),
        }
    }
}
