//! What may be asked of a network.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::choice::choice;
use crate::downscale::Refinement;
use crate::scene::{Coding, Fit, Resampling};

mod event;
mod mask;

use event::degrees;
pub use event::{Blocks, EventPlace, RainEvent, Sight};
pub use mask::{FrameMask, Shares};

/// One question to a network: what it is to look at, and how its answer is to be explained.
///
/// Two equal requests have equal outcomes, so a request is also the key of its result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub model: String,
    pub checkpoint: String,
    pub subject: Subject,
    pub explain: Vec<Explain>,
}

impl Request {
    /// The request as one line, equal for equal requests.
    pub fn key(&self) -> String {
        serde_json::to_string(self).expect("a request holds text and finite numbers only")
    }

    /// How a method is asked for, if it is.
    pub fn explained_by(&self, method: &str) -> Option<&Explain> {
        self.explain.iter().find(|explain| explain.method == method)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} of {}", self.model, self.checkpoint, self.subject)?;
        self.explain.iter().try_for_each(|explain| write!(f, ", {explain}"))
    }
}

/// What a network is to look at: a variant a task. Only a task's own folder looks inside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case")]
pub enum Subject {
    /// A sequence of frames, by its name in the catalogue, and what of it a network does not see that can do without.
    Nowcast {
        sample: String,
        #[serde(default, skip_serializing_if = "FrameMask::is_nothing")]
        mask: FrameMask,
        /// Whether the mean of a STEPS ensemble stands beside the other forecasts without a network, which takes seconds.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        steps_mean: bool,
    },
    /// A picture, by the first 16 hexadecimal digits of its file's SHA-256, what its numbers are, and how it becomes
    /// a square.
    Scene {
        scene: String,
        resampling: Resampling,
        fit: Fit,
        #[serde(default, skip_serializing_if = "Coding::is_default")]
        coding: Coding,
    },
    /// Coarse rain of an interval, by its name in the catalogue, over `[west, south, east, north]` in degrees, and how
    /// it is refined.
    Downscaling { rain: String, domain: [f64; 4], refinement: Refinement },
    /// Fields of a weather model at one time, by their name in the catalogue, and what of them is seen.
    RainProbability { fields: String, sight: Sight },
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowcast { sample, mask, steps_mean } => {
                write!(f, "{sample}{mask}")?;
                if *steps_mean { f.write_str(" beside STEPS") } else { Ok(()) }
            }
            Self::Scene { scene, resampling, fit, coding } => {
                write!(f, "{scene} {resampling} {fit}")?;
                match coding.is_default() {
                    true => Ok(()),
                    false => write!(f, " {} {}", coding.values, coding.bands),
                }
            }
            Self::Downscaling { rain, domain: [west, south, east, north], refinement } => {
                write!(f, "{rain} in {west},{south},{east},{north} {}", refinement.registration)
            }
            Self::RainProbability { fields, sight } => write!(f, "{fields} {}", sight.blocks),
        }
    }
}

/// One way of explaining an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explain {
    /// [`MethodCard::id`](crate::card::MethodCard::id).
    pub method: String,
    /// Values of all the method's options, by their names, as [`OptionCard::read`](crate::card::OptionCard::read)
    /// writes them.
    pub options: BTreeMap<String, String>,
    pub target: Target,
    /// Layers to look at, by name; empty: all of them. Of no meaning for methods that look at the input.
    pub layers: Vec<String>,
}

impl fmt::Display for Explain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.method, self.target)?;
        for (name, value) in &self.options {
            write!(f, " {name}={value}")?;
        }
        match self.layers.as_slice() {
            [] => Ok(()),
            layers => write!(f, " at {}", layers.join(",")),
        }
    }
}

/// The number that an attribution explains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Target {
    /// The sum of a predicted field over all pixels where it lies above a threshold in its own unit
    /// (mm/h; 1 for cloud cover), at one lead time, or at all lead times from one to another.
    SumAbove {
        threshold: f64,
        lead_time_min: u32,
        /// The last lead time of a span; `None`: one lead time alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_lead_time_min: Option<u32>,
    },
    /// One class of a classifier, by its place among the logits.
    Class { class: usize, output: ClassOutput },
    /// The mean of refined rain over nodes of one tile or of the map, of them only where it is above `above_mm`.
    Refined { place: RefinedPlace, above_mm: Option<f64> },
    /// The mean probability of an event over a part of the map, or the mean of its log-odds.
    Event { event: RainEvent, place: EventPlace, output: ClassOutput },
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SumAbove { threshold, lead_time_min, last_lead_time_min } => {
                write!(f, "the sum above {threshold} at {lead_time_min} min")?;
                last_lead_time_min.map_or(Ok(()), |last| write!(f, " to {last} min"))
            }
            Self::Class { class, output } => write!(f, "the {output} of class {class}"),
            Self::Refined { place, above_mm: None } => write!(f, "the rain of {place}"),
            Self::Refined { place, above_mm: Some(mm) } => {
                write!(f, "the rain above {mm} mm of {place}")
            }
            Self::Event { event, place, output } => write!(f, "the {output} of {event} in {place}"),
        }
    }
}

/// Nodes of refined rain; those of a box may lie in several tiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "place", content = "at", rename_all = "kebab-case")]
pub enum RefinedPlace {
    /// The tile with the most coarse rain.
    #[default]
    Wettest,
    /// A tile by its number.
    Tile(usize),
    /// `[west, south, east, north]`, degrees.
    Box([f64; 4]),
    /// The node nearest to latitude and longitude.
    Node([f64; 2]),
}

impl fmt::Display for RefinedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wettest => f.write_str("wettest"),
            Self::Tile(number) => write!(f, "tile:{number}"),
            Self::Box([west, south, east, north]) => write!(f, "box:{west},{south},{east},{north}"),
            Self::Node([latitude, longitude]) => write!(f, "node:{latitude},{longitude}"),
        }
    }
}

impl FromStr for RefinedPlace {
    type Err = String;

    /// Reads what [`fmt::Display`] writes.
    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || {
            "must be wettest, tile:NUMBER, box:WEST,SOUTH,EAST,NORTH or node:LATITUDE,LONGITUDE"
                .to_owned()
        };
        let found = match text.split_once(':') {
            None if text == "wettest" => Some(Self::Wettest),
            Some(("tile", number)) => number.parse().ok().map(Self::Tile),
            Some(("box", rest)) => degrees(rest).map(Self::Box),
            Some(("node", rest)) => degrees(rest).map(Self::Node),
            _ => None,
        };
        found.ok_or_else(refuse)
    }
}

choice! {
    /// Which number of a class is explained.
    ClassOutput("output") {
        /// After the softmax, 0 to 1: saturates, as published.
        #[default]
        Probability = "probability",
        /// Before the softmax.
        Logit = "logit",
    }
}

choice! {
    /// Where tensors are to live.
    DeviceChoice("device") {
        /// A real GPU where there is one, else the CPU. A software rasteriser is never taken: it is
        /// several times slower than the CPU kernels and compiles its shaders for minutes.
        #[default]
        Auto = "auto",
        Gpu = "gpu",
        Cpu = "cpu",
    }
}

/// Nobody waits for the answer any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// How long work tells whoever waits how far it is, and learns whether anybody still does.
pub trait Progress {
    /// `done` of `total` equal steps of `phase` (`integrated gradients`) are finished.
    fn report(&self, phase: &str, done: usize, total: usize) -> ControlFlow<Cancelled>;
}

/// Progress that nobody looks at.
pub struct Silent;

impl Progress for Silent {
    fn report(&self, _: &str, _: usize, _: usize) -> ControlFlow<Cancelled> {
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        use super::RefinedPlace::{Box, Node, Tile, Wettest};
        for place in [Wettest, Tile(7), Box([-115.0, 37.0, -113.5, 38.0]), Node([37.5, -114.25])] {
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        for bad in ["", "tile", "tile:-1", "box:1,2,3", "node:1", "node:1,NaN", "driest"] {
            assert!(bad.parse::<RefinedPlace>().unwrap_err().contains("tile:NUMBER"), "{bad}");
        }
    }

    #[test]
    fn a_device_is_asked_for_by_its_name() {
        let check = |name: &str, choice| assert_eq!(name.parse(), Ok(choice));
        check("auto", DeviceChoice::Auto);
        check("gpu", DeviceChoice::Gpu);
        check("cpu", DeviceChoice::Cpu);
        let refused = "tpu".parse::<DeviceChoice>().unwrap_err();
        assert!(refused.contains("auto, gpu or cpu"), "{refused}");
        for choice in [DeviceChoice::Auto, DeviceChoice::Gpu, DeviceChoice::Cpu] {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
    }
}
