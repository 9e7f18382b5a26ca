//! What comes back from a network: a dataset of named variables with axes, coordinates and units, as
//! xarray and the CF conventions know it, whatever the task.
//!
//! What is generic over results (stores, exports, figures, words) is written once over [`Outcome`].
//! Which variables there are, a task decides in its own folder.

mod axis;
mod domain;
mod over;
mod quantity;
mod variable;

use serde::{Deserialize, Serialize};

use crate::request::Request;

pub use axis::{Axis, Coordinates};
pub use domain::{Domain, SceneGeometry};
pub use over::Over;
pub use quantity::{Colours, Quantity};
pub use variable::{Role, Values, Variable, VariableError};

/// The answer to a [`Request`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub request: Request,
    /// In the order in which pages and files list them; no two have the same name.
    pub variables: Vec<Variable>,
    pub numbers: Vec<Number>,
    pub notes: Vec<Note>,
    pub provenance: Provenance,
    /// How long the prediction and its explanations took.
    pub duration_ms: f64,
}

impl Outcome {
    /// The variable of that name.
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().find(|variable| variable.name == name)
    }

    /// The value of the number of that name.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.numbers.iter().find(|number| number.name == name).map(|number| number.value)
    }

    /// The one interval that its maps are of, else the one moment; `None` where they are of several, or of none. Maps of
    /// the moment at which the interval ends don't make it several: whichever come first, the interval says more.
    pub fn time(&self) -> Option<&Axis> {
        let is_of_one = |axis: &&Axis| axis.name == Axis::TIME && axis.len() == 1;
        let axes: Vec<&Axis> =
            self.variables.iter().flat_map(|v| &v.axes).filter(is_of_one).collect();
        let interval = axes.iter().find(|axis| axis.has_intervals());
        let said = *interval.or(axes.first())?;
        let agrees = |axis: &&Axis| {
            let has_its_start = !axis.has_intervals() || axis.start(0) == said.start(0);
            axis.time(0) == said.time(0) && has_its_start
        };
        axes.iter().all(agrees).then_some(said)
    }

    /// Attributions of a method, in their order.
    pub fn attributions<'a>(&'a self, method: &'a str) -> impl Iterator<Item = &'a Variable> {
        self.variables.iter().filter(move |variable| variable.role.is_by(method))
    }

    /// What must be said of this result, as one text; empty where there is nothing.
    pub fn remark(&self) -> String {
        self.remark_of(true)
    }

    /// What a figure must say of this result: one that shows what a network made, or one of measurements alone.
    pub fn remark_of(&self, is_of_network: bool) -> String {
        let is_said = |note: &&Note| note.is_on_figures && (is_of_network || !note.is_of_network);
        let said = self.notes.iter().filter(is_said);
        said.map(|note| note.text.as_str()).collect::<Vec<_>>().join("; ")
    }

    /// Whether what stands as its observation was measured: a note of the name [`NOT_OBSERVED`] says otherwise.
    pub fn is_observed(&self) -> bool {
        self.notes(NOT_OBSERVED).next().is_none()
    }

    /// Texts of the notes of that name.
    pub fn notes<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.notes.iter().filter(move |note| note.name == name).map(|note| note.text.as_str())
    }
}

/// Name of the note on what a prediction is compared with, where nobody measured it.
pub const NOT_OBSERVED: &str = "not-observed";

/// A single number of a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Number {
    /// Name in files and addresses, e.g. `integrated_gradients/completeness_gap`.
    pub name: String,
    pub value: f64,
    /// `1` for numbers without one.
    pub unit: String,
    /// What it says, in a few words that follow its name.
    pub meaning: String,
}

impl Number {
    pub fn new(name: impl Into<String>, value: f64, unit: &str, meaning: &str) -> Self {
        Self { name: name.into(), value, unit: unit.to_owned(), meaning: meaning.to_owned() }
    }
}

/// Something that must be said beside a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Name for programs, e.g. `outside-training-range`.
    pub name: String,
    /// For people: lower case, without a full stop.
    pub text: String,
    /// Whether no figure may leave it out.
    pub is_on_figures: bool,
    /// Whether it is of what a network made: figures of what was measured, and of what follows from that alone, leave it
    /// out.
    pub is_of_network: bool,
}

impl Note {
    pub fn new(name: &str, text: impl Into<String>, is_on_figures: bool) -> Self {
        let (name, text) = (name.to_owned(), text.into());
        Self { name, text, is_on_figures, is_of_network: false }
    }

    /// The same, of what a network made.
    #[must_use]
    pub fn of_network(self) -> Self {
        Self { is_of_network: true, ..self }
    }
}

/// Where a result came from: enough to make it again, years later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Program and version, e.g. `stormlens 0.1.0`.
    pub program: String,
    pub model: String,
    pub checkpoint: String,
    pub weights_sha256: String,
    pub data_source: String,
    /// File or files the sample was read from, in order, and the hash over their bytes in that order.
    pub data_files: Vec<String>,
    pub data_sha256: String,
    pub data_licence: String,
    /// e.g. `CPU (flex)` or the adapter's name.
    pub device: String,
}

#[cfg(test)]
mod tests;
