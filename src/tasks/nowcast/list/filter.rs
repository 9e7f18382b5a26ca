//! Which samples a list shows, and in which order.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use stormlens_data::card::NowcastField;
use stormlens_data::choice::choice;

use crate::parameters::{Parameters, QuestionError, encode};
use crate::tasks::nowcast::samples::{SampleEntry, Samples};

pub const NAMES: [&str; 10] = [
    "field",
    "dataset",
    "event",
    "from",
    "to",
    "min-wet",
    "min-maximum",
    "observed",
    "sort",
    "page",
];

/// What a visitor wants to see; the texts stand in the form again.
pub struct Filter {
    pub field: Option<NowcastField>,
    /// Name of an archive.
    pub dataset: Option<String>,
    /// Id of an event.
    pub event: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    min_wet_percent: f64,
    min_maximum_mm_h: f64,
    pub observed: bool,
    pub order: Order,
}

choice! {
    /// What comes first in the list.
    Order("order of samples") {
        /// What no network was trained on, then by time.
        #[default]
        Unseen = "unseen": "not trained on first",
        Time = "time": "oldest first",
        Latest = "latest": "latest first",
        Wettest = "wettest": "largest wet area first",
        Heaviest = "heaviest": "heaviest rain first",
    }
}

impl Filter {
    pub fn read(parameters: &Parameters) -> Result<Self, QuestionError> {
        let percent = |p: &f64| (0.0..=100.0).contains(p);
        let rate = |rate: &f64| (0.0..=1000.0).contains(rate);
        let field = match parameters.has("field") {
            true => Some(parameters.choice("field", NowcastField::Precipitation)?),
            false => None,
        };
        let (from, to) = (read_time(parameters, "from")?, read_time(parameters, "to")?);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(QuestionError::parameter("to", "must not be earlier than from"));
        }
        let name = |parameter| -> Result<Option<String>, QuestionError> {
            Ok(parameters.one(parameter)?.filter(|name| !name.is_empty()).map(str::to_owned))
        };
        Ok(Self {
            field,
            dataset: name("dataset")?,
            event: name("event")?,
            min_maximum_mm_h: parameters
                .number("min-maximum", "a rain rate from 0 to 1000 mm/h", rate)?
                .unwrap_or(0.0),
            order: parameters.choice("sort", Order::default())?,
            from,
            to,
            min_wet_percent: parameters
                .number("min-wet", "a percentage from 0 to 100", percent)?
                .unwrap_or(0.0),
            observed: parameters.switch("observed", false)?,
        })
    }

    pub fn admits(&self, sample: &SampleEntry, samples: &Samples) -> bool {
        self.field.is_none_or(|field| sample.field == field)
            && self.dataset.as_deref().is_none_or(|name| sample.archive() == name)
            && self.event.as_deref().is_none_or(|id| sample.event.as_ref().is_some_and(|e| e.id == id))
            && self.from.is_none_or(|from| sample.time >= from)
            && self.to.is_none_or(|to| sample.time <= to)
            && (!self.observed || sample.observed)
            && (self.min_maximum_mm_h == 0.0
                || samples.maximum_mm_h(sample).is_some_and(|most| most >= self.min_maximum_mm_h))
            // Last, because it may have to read a file.
            && (self.min_wet_percent == 0.0
                || samples
                    .listed_share(sample)
                    .is_some_and(|share| share * 100.0 >= self.min_wet_percent))
    }

    pub fn form_from(&self) -> String {
        self.from.map(form_time).unwrap_or_default()
    }

    pub fn form_to(&self) -> String {
        self.to.map(form_time).unwrap_or_default()
    }

    pub fn form_min_wet(&self) -> String {
        if self.min_wet_percent == 0.0 { String::new() } else { self.min_wet_percent.to_string() }
    }

    pub fn form_min_maximum(&self) -> String {
        if self.min_maximum_mm_h == 0.0 { String::new() } else { self.min_maximum_mm_h.to_string() }
    }

    pub fn is_set(&self) -> bool {
        self.field.is_some()
            || self.dataset.is_some()
            || self.from.is_some()
            || self.to.is_some()
            || self.observed
            || self.event.is_some()
            || self.order != Order::default()
            || self.min_maximum_mm_h > 0.0
            || self.min_wet_percent > 0.0
    }

    /// The address of one page of what it admits.
    pub fn page(&self, page: usize) -> String {
        let mut parts = Vec::new();
        parts.extend(self.field.map(|field| format!("field={field}")));
        parts.extend(self.dataset.iter().map(|name| format!("dataset={}", encode(name))));
        parts.extend(self.event.iter().map(|id| format!("event={}", encode(id))));
        parts.extend(self.from.map(|from| format!("from={}", encode(&form_time(from)))));
        parts.extend(self.to.map(|to| format!("to={}", encode(&form_time(to)))));
        parts.extend(
            (self.min_wet_percent > 0.0).then(|| format!("min-wet={}", self.min_wet_percent)),
        );
        parts.extend(
            (self.min_maximum_mm_h > 0.0).then(|| format!("min-maximum={}", self.min_maximum_mm_h)),
        );
        parts.extend(self.observed.then(|| "observed=yes".to_owned()));
        parts.extend((self.order != Order::default()).then(|| format!("sort={}", self.order)));
        parts.extend((page > 1).then(|| format!("page={page}")));
        if parts.is_empty() {
            "/samples".to_owned()
        } else {
            format!("/samples?{}", parts.join("&"))
        }
    }
}

/// A time as forms write it: `2010-08-26T05:35`, always UTC.
pub fn form_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M").to_string()
}

fn read_time(
    parameters: &Parameters,
    name: &'static str,
) -> Result<Option<Timestamp>, QuestionError> {
    let Some(text) = parameters.one(name)? else { return Ok(None) };
    let time = text.trim_end_matches('Z').parse::<DateTime>().ok();
    match time.and_then(|time| TimeZone::UTC.to_timestamp(time).ok()) {
        Some(time) => Ok(Some(time)),
        None => Err(QuestionError::parameter(
            name,
            format!("is “{text}”, but must be a time in UTC such as 2010-08-26T05:35"),
        )),
    }
}
