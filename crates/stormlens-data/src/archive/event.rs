//! Named events of an archive, which lie beside its frames in `events.json`.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::dataset::DatasetError;
use crate::import::read_bytes;
use crate::time;

/// The file that names the events of a folder of frames.
pub const EVENTS: &str = "events.json";
const MAX_BYTES: u64 = 1 << 20;

/// Some hours with one kind of weather.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// For addresses and files, e.g. `20180516`: letters, digits and hyphens.
    pub id: String,
    /// For people, e.g. `16 May 2018`.
    pub title: String,
    /// Where, as far as it may be told.
    pub place: String,
    /// The first and the last frame of it, UTC.
    pub from: Timestamp,
    pub to: Timestamp,
    /// E.g. `stratiform, widespread`.
    pub character: String,
    /// What the data's owner wants to be said.
    pub notice: String,
    /// What it is proposed for.
    pub role: EventRole,
}

/// What an event is proposed for when networks are trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventRole {
    Train,
    Validation,
    Test,
    /// None of these, for example since it is dry.
    None,
}

impl EventRole {
    /// As files and addresses say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
            Self::None => "none",
        }
    }
}

impl Event {
    pub fn contains(&self, time: Timestamp) -> bool {
        (self.from..=self.to).contains(&time)
    }

    fn check(&self) -> Result<(), String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.id.is_empty() || !self.id.chars().all(is_plain) {
            return Err(format!("the id {:?} is not made of letters, digits and hyphens", self.id));
        }
        match self.from <= self.to {
            true => Ok(()),
            false => Err(format!("the event {} ends before it begins", self.id)),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    events: Vec<Event>,
}

/// The events of a folder, oldest first; none where it has no such file.
///
/// # Errors
/// For a file that cannot be read, and for events that overlap: a sample would be in two.
pub(super) fn read(folder: &Path) -> Result<Vec<Event>, DatasetError> {
    let path = folder.join(EVENTS);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let bytes = read_bytes(&path, MAX_BYTES)?;
    parse(&bytes).map_err(|what| DatasetError::Events { file: path.display().to_string(), what })
}

fn parse(bytes: &[u8]) -> Result<Vec<Event>, String> {
    let Stored { mut events } = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    events.iter().try_for_each(Event::check)?;
    events.sort_by_key(|event| event.from);
    for pair in events.windows(2) {
        if pair[1].from <= pair[0].to {
            let at = time::format_utc(pair[1].from);
            return Err(format!("the events {} and {} overlap at {at}", pair[0].id, pair[1].id));
        }
    }
    let repeats = |i: usize| events[..i].iter().any(|event| event.id == events[i].id);
    match (0..events.len()).find(|&i| repeats(i)) {
        Some(i) => Err(format!("two events are called {}", events[i].id)),
        None => Ok(events),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, from: &str, to: &str) -> String {
        format!(
            r#"{{"id": "{id}", "title": "A day", "place": "Germany", "from": "{from}", "to": "{to}",
               "character": "dry", "notice": "Source: nobody", "role": "none"}}"#
        )
    }

    fn refused(events: &[String]) -> String {
        parse(format!(r#"{{"events": [{}]}}"#, events.join(",")).as_bytes()).unwrap_err()
    }

    #[test]
    fn events_come_in_order_and_hold_their_ends() {
        let later = event("b", "2018-05-11T00:00Z", "2018-05-11T23:55Z");
        let first = event("a", "2018-05-10T00:00Z", "2018-05-10T23:55Z");
        let events = parse(format!(r#"{{"events": [{later}, {first}]}}"#).as_bytes()).unwrap();
        assert_eq!(events[0].id, "a");
        assert_eq!(events[0].role, EventRole::None);
        for (at, is_in) in
            [("20180510T0000", true), ("20180510T2355", true), ("20180511T0000", false)]
        {
            assert_eq!(events[0].contains(time::parse_sample(at).unwrap()), is_in, "{at}");
        }
    }

    #[test]
    fn events_that_contradict_each_other_are_refused() {
        let [from, to] = ["2018-05-10T00:00Z", "2018-05-10T12:00Z"];
        assert!(
            refused(&[event("a", from, to), event("b", to, to)])
                .contains("overlap at 2018-05-10 12:00")
        );
        let next = event("a", "2018-05-11T00:00Z", "2018-05-11T00:00Z");
        assert!(refused(&[event("a", from, to), next]).contains("two events are called a"));
        assert!(refused(&[event("a", to, from)]).contains("ends before it begins"));
        assert!(refused(&[event("a/b", from, to)]).contains("letters, digits"));
        assert!(refused(&["{}".to_owned()]).contains("missing field"));
    }
}
