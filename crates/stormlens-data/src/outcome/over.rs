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
    /// Temperature of a day; rain rate of five minutes.
    Mean,
    /// It follows from a sum, as a probability, a class or a ratio of rain does.
    OfSum,
}

impl Over {
    /// `cell_methods` of the CF conventions (section 7.3) along a time axis of that name; empty where nothing is said, and
    /// for what follows from a sum: CF has no method for that, and readers would take a probability for a sum.
    pub fn cell_methods(self, axis: &str) -> String {
        match self {
            Self::Unsaid | Self::OfSum => String::new(),
            Self::Moment => format!("{axis}: point"),
            Self::Sum => format!("{axis}: sum"),
            Self::Mean => format!("{axis}: mean"),
        }
    }

    /// What `cell_methods` can't say, for people; empty where there is nothing.
    pub fn comment(self) -> &'static str {
        match self {
            Self::OfSum => "of the rain that fell in this interval of time; no sum itself",
            Self::Unsaid | Self::Moment | Self::Sum | Self::Mean => "",
        }
    }
}
