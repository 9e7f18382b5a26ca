//! What may be asked of a network that tells how probable rain is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::choice::choice;

choice! {
    /// Which layers of the encoder are computed.
    Blocks("blocks") {
        /// All of them, as the authors meant it.
        #[default]
        Active = "active": "active: as the authors meant it",
        /// None: as the authors' program runs, whose layers give back what they are given.
        Identity = "identity": "identity: as the authors’ program runs",
    }
}

impl Blocks {
    /// The variant of the network, by the name that it has there.
    pub fn variant(self) -> Option<&'static str> {
        match self {
            Self::Active => None,
            Self::Identity => Some("identity"),
        }
    }
}

choice! {
    /// What is asked about: rain of the first threshold or more, or of the second.
    RainEvent("event") {
        #[default]
        Rain = "rain",
        Heavy = "heavy": "heavy rain",
    }
}

impl RainEvent {
    /// The first class that belongs to it.
    pub fn from_class(self) -> usize {
        match self {
            Self::Rain => 1,
            Self::Heavy => 2,
        }
    }
}

/// What of the fields a network sees.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sight {
    pub blocks: Blocks,
    /// Names of variables that are hidden, in the order of the weights.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<String>,
    /// Predictions behind random masks, beside the one that sees everything; 0: none.
    #[serde(default)]
    pub n_masks: usize,
    /// Share of the tokens that each of them hides, in hundredths.
    #[serde(default)]
    pub mask_percent: u32,
    /// Where it is shown which points the deformable convolutions read; of the whole grid their mean length alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<EventPlace>,
}

/// The part of a map whose mean probability is explained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "place", content = "at", rename_all = "kebab-case")]
pub enum EventPlace {
    /// The whole grid.
    #[default]
    All,
    /// `[west, south, east, north]`, degrees.
    Box([f64; 4]),
    /// The node nearest to latitude and longitude.
    Node([f64; 2]),
}

impl fmt::Display for EventPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Box([west, south, east, north]) => write!(f, "box:{west},{south},{east},{north}"),
            Self::Node([latitude, longitude]) => write!(f, "node:{latitude},{longitude}"),
        }
    }
}

impl FromStr for EventPlace {
    type Err = String;

    /// Reads what [`fmt::Display`] writes.
    fn from_str(text: &str) -> Result<Self, String> {
        let found = match text.split_once(':') {
            None if text == "all" => Some(Self::All),
            Some(("box", rest)) => degrees(rest).map(Self::Box),
            Some(("node", rest)) => degrees(rest).map(Self::Node),
            _ => None,
        };
        found.ok_or_else(|| {
            "must be all, box:WEST,SOUTH,EAST,NORTH or node:LATITUDE,LONGITUDE".to_owned()
        })
    }
}

/// So many numbers with commas between them.
pub(super) fn degrees<const N: usize>(text: &str) -> Option<[f64; N]> {
    let numbers = text.split(',').map(|n| n.trim().parse().ok().filter(|n: &f64| n.is_finite()));
    numbers.collect::<Option<Vec<f64>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        use super::EventPlace::{All, Box, Node};
        for place in [All, Box([-10.0, 37.0, 2.5, 43.0]), Node([41.25, 2.0])] {
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        for bad in ["", "node", "box:1,2,3", "node:1", "node:1,NaN", "tile:3"] {
            assert!(bad.parse::<EventPlace>().unwrap_err().contains("node:LATITUDE"), "{bad}");
        }
    }
}
