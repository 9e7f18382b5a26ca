//! How the data of a training were divided by place and time, as weights say it themselves.

use serde::Deserialize;
use serde_json::Value;

use super::Part;
use crate::downscale::{Domain, Split};
use crate::probability::iberia;
use crate::probability::synthetic::SyntheticOptions;

/// What weights were trained on, where no names of samples say it.
#[derive(Clone, Debug, PartialEq)]
pub enum Blocks {
    /// Tiles of rain in a domain, divided at a longitude and at two moments.
    Tiles { domain: Domain, split: Split },
    /// Days over Iberia, divided by years.
    Iberia,
    /// Days of a synthetic world, divided by seasons.
    Synthetic(SyntheticOptions),
}

/// Where rain of the training may lie: a field of it, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RainPlace {
    /// `[west, south, east, north]`
    pub domain: [f64; 4],
    /// Of the interval, s since 1970.
    pub start_s: i64,
    /// Whether it comes with the program, as the rain of trainings does; anything else may be that rain or not.
    pub is_sample: bool,
}

/// Of the weights of fields of a weather model.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Source {
    Iberia,
    Synthetic {
        seed: u64,
        seasons: usize,
        events: usize,
        days: usize,
    },
    #[serde(other)]
    Other,
}

impl Blocks {
    /// By what a training of this program writes into its weights; `None` where it says nothing of them.
    pub fn of(hyper_parameters: &Value) -> Option<Self> {
        let read = |value: &Value| serde_json::from_value(value.clone()).ok();
        if let (Some(domain), Some(split)) =
            (hyper_parameters.get("domain"), hyper_parameters.get("split"))
        {
            let split = serde_json::from_value(split.clone()).ok()?;
            return Some(Self::Tiles {
                domain: serde_json::from_value(domain.clone()).ok()?,
                split,
            });
        }
        match read(hyper_parameters.get("data")?.get("source")?)? {
            Source::Iberia => Some(Self::Iberia),
            Source::Synthetic { seed, seasons, events, days } => {
                Some(Self::Synthetic(SyntheticOptions {
                    seed,
                    n_seasons: seasons,
                    n_events: events,
                    n_days: days,
                }))
            }
            Source::Other => None,
        }
    }

    /// What weights have seen of rain. An interval that begins before a training ended holds rain that was trained on, and a
    /// field is trained on where a part of it was.
    pub fn part_of_rain(&self, rain: &RainPlace) -> Part {
        let Self::Tiles { domain, split } = self else { return Part::Unknown };
        let [west, south, east, north] = rain.domain;
        let meets = |east_of_both: f64| {
            let is_there =
                |turn: f64| (west + turn).max(domain.west) < (east + turn).min(east_of_both);
            [-360.0, 0.0, 360.0].into_iter().any(is_there)
                && south.max(domain.south) < north.min(domain.north)
        };
        let is_inside = meets(domain.east);
        let is_trained_place = meets(domain.east.min(split.longitude));
        let before = |moment: jiff::Timestamp| rain.start_s < moment.as_second();
        match (is_trained_place, before(split.training_until), before(split.validation_until)) {
            (true, true, _) if rain.is_sample => Part::Training,
            (true, _, true) if rain.is_sample => Part::Validation,
            (true, _, true) => Part::Unknown,
            _ if is_inside && rain.is_sample => Part::Test,
            _ => Part::Unused,
        }
    }

    /// What weights have seen of a day over Iberia.
    pub fn part_of_day(&self, day: jiff::civil::Date) -> Part {
        match (self, iberia::part(day)) {
            (Self::Iberia, Some(part)) => part,
            (Self::Iberia, None) | (Self::Synthetic(_), _) => Part::Unused,
            (Self::Tiles { .. }, _) => Part::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As `checkpoints/harpnet/mrms-2016-narrow` says it.
    fn tiles() -> Blocks {
        let said = json!({
            "domain": {"east": -103.0, "north": 51.0, "south": 33.0, "west": -126.0},
            "split": {"interval_s": 10800, "longitude": -115.0,
                      "training_until": "2016-09-21T12:00:00Z", "validation_until": "2016-09-22T00:00:00Z"},
        });
        Blocks::of(&said).expect("it is said")
    }

    #[test]
    fn rain_is_known_by_its_place_and_its_time() {
        const ALL: [f64; 4] = [-126.0, 33.0, -103.0, 51.0];
        const EAST: [f64; 4] = [-115.0, 33.0, -103.0, 51.0];
        const EUROPE: [f64; 4] = [0.0, 40.0, 10.0, 50.0];
        let tiles = tiles();
        let check = |domain, start: &str, is_sample, expected| {
            let start: jiff::Timestamp = start.parse().expect("a time");
            let rain = RainPlace { domain, start_s: start.as_second(), is_sample };
            assert_eq!(tiles.part_of_rain(&rain), expected, "{domain:?} {start} {is_sample}");
        };
        let [training, validation, test] =
            ["2016-09-21T09:00:00Z", "2016-09-21T12:00:00Z", "2016-09-22T00:00:00Z"];
        check(ALL, training, true, Part::Training);
        check(ALL, "2016-09-21T11:00:00Z", true, Part::Training);
        check(ALL, validation, true, Part::Validation);
        check(ALL, test, true, Part::Test);
        check(EAST, training, true, Part::Test);
        check(EUROPE, training, true, Part::Unused);
        check(ALL.map(|n| if n < 0.0 { n + 360.0 } else { n }), training, true, Part::Training);
        // What somebody brings may be the same rain, or rain of another product.
        check(ALL, training, false, Part::Unknown);
        check(ALL, validation, false, Part::Unknown);
        check(ALL, test, false, Part::Unused);
        check(EUROPE, training, false, Part::Unused);
    }

    #[test]
    fn days_are_known_by_their_years() {
        let iberia =
            Blocks::of(&json!({"data": {"source": {"kind": "iberia", "folder": "data/iberia"}}}));
        assert_eq!(iberia, Some(Blocks::Iberia));
        let day = |text: &str| text.parse().expect("a day");
        for (text, part) in [
            ("2002-12-31", Part::Training),
            ("2003-01-01", Part::Validation),
            ("2007-05-21", Part::Test),
            ("2015-01-01", Part::Unused),
        ] {
            assert_eq!(Blocks::Iberia.part_of_day(day(text)), part, "{text}");
        }
        let world = json!({"kind": "synthetic", "seed": 1, "seasons": 12, "events": 30, "days": 3});
        let synthetic = Blocks::of(&json!({"data": {"source": world}})).expect("it is said");
        assert_eq!(synthetic, Blocks::Synthetic(SyntheticOptions::default()));
        assert_eq!(synthetic.part_of_day(day("2000-01-01")), Part::Unused);
    }

    #[test]
    fn weights_that_say_nothing_have_no_blocks() {
        for said in [
            json!({}),
            json!(null),
            json!({"split": 1, "domain": 2}),
            json!({"data": {"source": {"kind": "reference", "folder": "a"}}}),
            json!({"data": {"archive": "data/knmi"}}),
        ] {
            assert_eq!(Blocks::of(&said), None, "{said}");
        }
    }
}
