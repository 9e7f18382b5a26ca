//! How a value follows from the interval that it is of.

use serde::{Deserialize, Serialize};

/// What was done over the interval that a value stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// Nobody says it.
    #[default]
    Unsaid,
    /// It is of one moment.
    Moment,
    /// Rain of a day.
    Sum,
    /// Temperature of a day.
    Mean,
    /// It follows from a sum, as a probability, a class or a ratio of rain does.
    OfSum,
}

impl Over {
    /// `cell_methods` of the CF conventions (section 7.3) along a time axis of that name; empty where nothing is said.
    pub fn cell_methods(self, axis: &str) -> String {
        match self {
            Self::Unsaid => String::new(),
            Self::Moment => format!("{axis}: point"),
            Self::Sum => format!("{axis}: sum"),
            Self::Mean => format!("{axis}: mean"),
            Self::OfSum => format!("{axis}: sum (of the rain that it is about)"),
        }
    }
}
