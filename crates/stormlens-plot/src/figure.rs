//! Which figures there are, and what they are called in addresses.

use std::fmt;
use std::str::FromStr;

use stormlens_data::outcome::{Axis, Colours, Coordinates, Domain, Outcome, Role, Variable};

use super::PlotError;
use super::lookup::{n_shown, nothing_was_measured};

/// Axes whose entries are things by name: a number of each is a row of a table, and pages and files have it as that.
const TABLES: [&str; 4] = [Axis::CHANNEL, Axis::CLASS, Axis::FORECAST, "gauge"];

/// One figure of a result: a way of looking at its variables, which are given by name.
///
/// Its text form is stable and stands in addresses, file names and recipes. Maps are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Figure {
    /// `map-NAME@INDEX`: one map. Attributions and masks lie over what the network saw or said.
    Map { variable: String, index: usize },
    /// `strip-NAME`: all maps of a variable side by side.
    Strip(String),
    /// `grid-NAME,NAME`: the first maps of several variables side by side.
    Grid(Vec<String>),
    /// `bars-NAME`: a bar a number.
    Bars(String),
    /// `curve-NAME`: numbers over numbers.
    Curve(String),
    /// `difference-NAME,OTHER@INDEX`: one map minus another.
    Difference { variable: String, other: String, index: usize },
    /// `differences-NAME,OTHER`: all maps of one minus those of another, side by side.
    Differences { variable: String, other: String },
    /// `exceedance-NAME`: the share of a variable's maps that are above the threshold of the style.
    Exceedance(String),
}

impl Figure {
    /// The forms of the names, for messages and help texts.
    pub const NAMES: [&'static str; 10] = [
        "map-NAME",
        "map-NAME@INDEX",
        "strip-NAME",
        "grid-NAME,NAME,…",
        "bars-NAME",
        "curve-NAME",
        "difference-NAME,OTHER",
        "difference-NAME,OTHER@INDEX",
        "differences-NAME,OTHER",
        "exceedance-NAME",
    ];

    /// The first map of a variable.
    pub fn map(variable: impl Into<String>) -> Self {
        Self::map_at(variable, 0)
    }

    pub fn map_at(variable: impl Into<String>, index: usize) -> Self {
        Self::Map { variable: variable.into(), index }
    }

    pub fn difference(variable: &str, other: &str, index: usize) -> Self {
        Self::Difference { variable: variable.into(), other: other.into(), index }
    }

    pub fn differences(variable: &str, other: &str) -> Self {
        Self::Differences { variable: variable.into(), other: other.into() }
    }

    /// The variable whose numbers it shows, where it is one.
    pub fn variable(&self) -> Option<&str> {
        match self {
            Self::Map { variable: name, .. }
            | Self::Strip(name)
            | Self::Bars(name)
            | Self::Curve(name) => Some(name),
            Self::Grid(_)
            | Self::Difference { .. }
            | Self::Differences { .. }
            | Self::Exceedance(_) => None,
        }
    }

    /// The names of all variables that it is made of.
    pub fn variables(&self) -> Vec<&str> {
        match self {
            Self::Map { variable: name, .. }
            | Self::Strip(name)
            | Self::Bars(name)
            | Self::Curve(name)
            | Self::Exceedance(name) => vec![name],
            Self::Grid(names) => names.iter().map(String::as_str).collect(),
            Self::Difference { variable, other, .. } | Self::Differences { variable, other } => {
                vec![variable, other]
            }
        }
    }

    /// Every figure that the outcome has data for, with `layers` (all of them where it is empty) for
    /// the layer attributions.
    pub fn all(outcome: &Outcome, layers: &[String]) -> Vec<Self> {
        let is_wanted = |variable: &&Variable| {
            let wanted = |layer: &str| layers.iter().any(|known| known == layer);
            layers.is_empty() || variable.layer().is_none_or(wanted)
        };
        // What has rows and columns that lie nowhere is no map.
        let lies_somewhere = |v: &&Variable| v.plane.is_none() || v.domain != Domain::None;
        let variables: Vec<&Variable> =
            outcome.variables.iter().filter(is_wanted).filter(lies_somewhere).collect();
        let mut figures: Vec<Self> = variables.iter().flat_map(|v| Self::of(v)).collect();
        figures.extend(differences(outcome));
        let is_evidence = |v: &&&Variable| v.quantity.colours == Colours::Evidence;
        let evidence: Vec<String> =
            variables.iter().filter(is_evidence).map(|v| v.name.clone()).collect();
        if evidence.len() > 1 {
            figures.push(Self::Grid(evidence));
        }
        figures
    }

    /// The figures of one variable.
    fn of(variable: &Variable) -> Vec<Self> {
        let name = || variable.name.clone();
        let Variable { axes, plane, .. } = variable;
        if plane.is_none() {
            return match axes.as_slice() {
                [axis] if TABLES.contains(&axis.name.as_str()) => Vec::new(),
                [Axis { coordinates: Coordinates::Numbers { .. }, .. }] => {
                    vec![Self::Curve(name())]
                }
                [_] => vec![Self::Bars(name())],
                _ => Vec::new(),
            };
        }
        if variable.quantity.colours == Colours::None {
            return Vec::new();
        }
        let n = n_shown(variable);
        let is_seen = |index: &usize| {
            variable.role != Role::Observation || !nothing_was_measured(&variable.map(*index))
        };
        let mut figures: Vec<Self> =
            (0..n).filter(is_seen).map(|index| Self::map_at(name(), index)).collect();
        if n > 1 {
            figures.push(Self::Strip(name()));
        }
        if n > 1 && axes.iter().any(|axis| axis.name == Axis::MEMBER) {
            figures.push(Self::Exceedance(name()));
        }
        figures
    }
}

/// Predictions minus what was observed.
fn differences(outcome: &Outcome) -> Vec<Figure> {
    let of_role = |role| outcome.variables.iter().find(|variable| variable.role == role);
    let is_map = |variable: &&Variable| variable.plane.is_some();
    let both =
        of_role(Role::Prediction).filter(is_map).zip(of_role(Role::Observation).filter(is_map));
    let is_alike = |(a, b): &(&Variable, &Variable)| {
        (&a.axes, &a.plane, &a.quantity.unit) == (&b.axes, &b.plane, &b.quantity.unit)
    };
    let Some((prediction, observation)) = both.filter(is_alike) else { return Vec::new() };
    let (name, other) = (&prediction.name, &observation.name);
    let mut figures: Vec<Figure> = (0..n_shown(observation))
        .filter(|&index| !nothing_was_measured(&observation.map(index)))
        .map(|index| Figure::difference(name, other, index))
        .collect();
    if figures.len() > 1 {
        figures.push(Figure::differences(name, other));
    }
    figures
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let index = match self {
            Self::Map { variable, index } => {
                write!(f, "map-{variable}")?;
                *index
            }
            Self::Difference { variable, other, index } => {
                write!(f, "difference-{variable},{other}")?;
                *index
            }
            Self::Strip(name) => return write!(f, "strip-{name}"),
            Self::Grid(names) => return write!(f, "grid-{}", names.join(",")),
            Self::Bars(name) => return write!(f, "bars-{name}"),
            Self::Curve(name) => return write!(f, "curve-{name}"),
            Self::Differences { variable, other } => {
                return write!(f, "differences-{variable},{other}");
            }
            Self::Exceedance(name) => return write!(f, "exceedance-{name}"),
        };
        if index > 0 { write!(f, "@{index}") } else { Ok(()) }
    }
}

impl FromStr for Figure {
    type Err = PlotError;

    fn from_str(text: &str) -> Result<Self, PlotError> {
        parse(text).ok_or_else(|| PlotError::UnknownFigure { name: text.to_owned() })
    }
}

fn parse(text: &str) -> Option<Figure> {
    let (kind, rest) = text.split_once('-')?;
    let name = |text: &str| Some(text.trim().to_owned()).filter(|name| !name.is_empty());
    let (names, index) = match rest.rsplit_once('@') {
        Some((names, index)) => (names, index.parse().ok()?),
        None => (rest, 0),
    };
    Some(match kind {
        "map" => Figure::map_at(name(names)?, index),
        "difference" => {
            let (variable, other) = names.split_once(',')?;
            Figure::difference(&name(variable)?, &name(other)?, index)
        }
        "differences" => {
            let (variable, other) = rest.split_once(',')?;
            Figure::differences(&name(variable)?, &name(other)?)
        }
        "strip" => Figure::Strip(name(rest)?),
        "grid" => Figure::Grid(rest.split(',').map(name).collect::<Option<_>>()?),
        "bars" => Figure::Bars(name(rest)?),
        "curve" => Figure::Curve(name(rest)?),
        "exceedance" => Figure::Exceedance(name(rest)?),
        _ => return None,
    })
}
