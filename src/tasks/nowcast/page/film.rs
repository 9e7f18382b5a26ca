//! What a page needs to play its maps through all lead times.

use serde_json::{Value, json};
use stormlens_data::outcome::Outcome;

use super::page_at;
use crate::question::Question;
use crate::web::{format, result};

/// A film of all maps of a forecast.
pub struct Film {
    /// For the script: minutes, the time of day and the page of each lead time.
    pub leads: String,
    /// Which one the page shows, and the last one.
    pub shown: usize,
    pub last: usize,
    /// `+30 min, 05:35 UTC`
    pub words: String,
    pub href: String,
}

impl Film {
    /// `None` for one lead time alone.
    pub fn new(question: &Question, outcome: &Outcome, shown: usize) -> Option<Self> {
        let prediction = outcome.variable("prediction")?;
        let task = question.cards.checkpoint.nowcasting.as_ref()?;
        let minutes = &task.lead_times_min;
        if prediction.n_maps() != minutes.len() || minutes.len() < 2 {
            return None;
        }
        let axis = prediction.axis()?;
        let clock = |i: usize| {
            axis.time(i).map(|time| format!(", {} UTC", format::clock(time))).unwrap_or_default()
        };
        // The one that is shown may be explained over a span.
        let page = |i: usize| match i == shown {
            true => result::page(question),
            false => page_at(question, minutes[i]),
        };
        let lead = |(i, &minutes): (usize, &u32)| json!({ "minutes": minutes, "clock": clock(i), "href": page(i) });
        let leads: Vec<Value> = minutes.iter().enumerate().map(lead).collect();
        Some(Self {
            words: format!("+{} min{}", minutes[shown], clock(shown)),
            href: page(shown),
            leads: Value::from(leads).to_string(),
            shown,
            last: minutes.len() - 1,
        })
    }
}
