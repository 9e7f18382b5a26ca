//! Axes in front of a variable's rows and columns, each with its coordinates.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::time;

/// One axis: lead time, input time, member, class, layer channel, threshold …
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// Name in files, e.g. `lead_time`.
    pub name: String,
    pub coordinates: Coordinates,
}

/// Where the entries of an axis lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Coordinates {
    /// Moments, UTC; of radar the ends of the intervals.
    Times {
        times: Vec<Timestamp>,
        /// When the intervals begin that end then; empty where values are of the moments themselves, and where nobody says.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        starts: Vec<Timestamp>,
    },
    /// Minutes after a moment.
    LeadTimes {
        from: Timestamp,
        minutes: Vec<u32>,
        /// How long the intervals are that end then; `None` where values are of the moments themselves, and where nobody says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        interval_min: Option<u32>,
    },
    Numbers {
        unit: String,
        values: Vec<f64>,
    },
    Names {
        names: Vec<String>,
    },
}

impl Coordinates {
    pub fn len(&self) -> usize {
        match self {
            Self::Times { times, .. } => times.len(),
            Self::LeadTimes { minutes, .. } => minutes.len(),
            Self::Numbers { values, .. } => values.len(),
            Self::Names { names } => names.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Axis {
    pub const LEAD_TIME: &'static str = "lead_time";
    pub const INPUT_TIME: &'static str = "input_time";
    pub const CHANNEL: &'static str = "channel";
    pub const CLASS: &'static str = "class";
    pub const MEMBER: &'static str = "member";
    pub const TIME: &'static str = "time";
    /// Forecasts by name, of what is said of each.
    pub const FORECAST: &'static str = "forecast";

    pub fn lead_time(from: Timestamp, minutes: Vec<u32>) -> Self {
        let interval_min = None;
        Self::new(Self::LEAD_TIME, Coordinates::LeadTimes { from, minutes, interval_min })
    }

    pub fn input_time(times: Vec<Timestamp>) -> Self {
        Self::new(Self::INPUT_TIME, Coordinates::Times { times, starts: Vec::new() })
    }

    /// The one moment that a map is of.
    pub fn moment(time: Timestamp) -> Self {
        Self::new(Self::TIME, Coordinates::Times { times: vec![time], starts: Vec::new() })
    }

    /// The one interval that a map is of.
    pub fn interval(start: Timestamp, end: Timestamp) -> Self {
        Self::new(Self::TIME, Coordinates::Times { times: vec![end], starts: vec![start] })
    }

    pub fn names<S: Into<String>>(name: &str, names: impl IntoIterator<Item = S>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        Self::new(name, Coordinates::Names { names })
    }

    pub fn numbers(name: &str, unit: &str, values: Vec<f64>) -> Self {
        Self::new(name, Coordinates::Numbers { unit: unit.to_owned(), values })
    }

    /// Entries that have no coordinates but their place, from 0 on.
    pub fn counted(name: &str, n: usize) -> Self {
        Self::numbers(name, "1", (0..n).map(|i| i as f64).collect())
    }

    /// The same axis of times, each of them the end of an interval of so many minutes; other axes stay as they are.
    #[must_use]
    pub fn of_intervals(self, interval_min: u32) -> Self {
        let coordinates = match self.coordinates {
            Coordinates::Times { times, .. } => {
                let start = |end: &Timestamp| time::add_minutes(*end, -i64::from(interval_min));
                let starts =
                    times.iter().map(start).collect::<Option<Vec<_>>>().unwrap_or_default();
                Coordinates::Times { times, starts }
            }
            Coordinates::LeadTimes { from, minutes, .. } => {
                Coordinates::LeadTimes { from, minutes, interval_min: Some(interval_min) }
            }
            others => others,
        };
        Self { coordinates, ..self }
    }

    fn new(name: &str, coordinates: Coordinates) -> Self {
        Self { name: name.to_owned(), coordinates }
    }

    pub fn len(&self) -> usize {
        self.coordinates.len()
    }

    pub fn is_empty(&self) -> bool {
        self.coordinates.is_empty()
    }

    /// Whether its entries are intervals of which both ends are known.
    pub fn has_intervals(&self) -> bool {
        match &self.coordinates {
            Coordinates::Times { starts, .. } => !starts.is_empty(),
            Coordinates::LeadTimes { interval_min, .. } => interval_min.is_some(),
            Coordinates::Numbers { .. } | Coordinates::Names { .. } => false,
        }
    }

    /// The moment of an entry, where the axis is one of time.
    pub fn time(&self, idx: usize) -> Option<Timestamp> {
        match &self.coordinates {
            Coordinates::Times { times, .. } => times.get(idx).copied(),
            Coordinates::LeadTimes { from, minutes, .. } => {
                time::add_minutes(*from, i64::from(*minutes.get(idx)?))
            }
            Coordinates::Numbers { .. } | Coordinates::Names { .. } => None,
        }
    }

    /// When the interval of an entry begins, where its entries are intervals.
    pub fn start(&self, idx: usize) -> Option<Timestamp> {
        match &self.coordinates {
            Coordinates::Times { starts, .. } => starts.get(idx).copied(),
            Coordinates::LeadTimes { interval_min, .. } => {
                time::add_minutes(self.time(idx)?, -i64::from((*interval_min)?))
            }
            Coordinates::Numbers { .. } | Coordinates::Names { .. } => None,
        }
    }

    /// The lead time of an entry in minutes.
    pub fn lead_time_min(&self, idx: usize) -> Option<u32> {
        match &self.coordinates {
            Coordinates::LeadTimes { minutes, .. } => minutes.get(idx).copied(),
            _ => None,
        }
    }

    /// Minutes from an entry to the last one, where the axis is one of moments.
    pub fn minutes_before_last(&self, idx: usize) -> Option<i64> {
        let Coordinates::Times { times, .. } = &self.coordinates else { return None };
        Some((times.last()?.as_second() - times.get(idx)?.as_second()) / 60)
    }

    /// An entry in a few characters, for the head of a small map: `04:55`, `+30 min`, `red`, `0.5`.
    pub fn label(&self, idx: usize) -> String {
        let missing = || format!("{} {idx}", self.name);
        let label = match &self.coordinates {
            Coordinates::Times { times, .. } => {
                times.get(idx).map(|time| time.strftime("%H:%M").to_string())
            }
            Coordinates::LeadTimes { minutes, .. } => minutes.get(idx).map(|m| format!("+{m} min")),
            Coordinates::Numbers { unit, values } => {
                values.get(idx).map(|value| match unit.as_str() {
                    "1" => value.to_string(),
                    unit => format!("{value} {unit}"),
                })
            }
            Coordinates::Names { names } => names.get(idx).cloned(),
        };
        label.unwrap_or_else(missing)
    }
}
