//! What of a sequence of frames is hidden from a network that learnt to do without.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Patches that are hidden, and how often forecasts are made again behind masks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FrameMask {
    /// Patches by their numbers, row by row from the upper left one, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<usize>,
    /// A share of the patches that is hidden at random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub random: Option<Shares>,
    /// Forecasts behind random masks, beside the one that is asked for; 0: none.
    #[serde(default)]
    pub n_masks: usize,
    /// What each of them hides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masks: Option<Shares>,
    /// Whether what is hidden takes part in mean and spread of its patch, as in the authors' program.
    #[serde(default)]
    pub whole_statistics: bool,
}

/// A share of patches in hundredths, and the seed that says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shares {
    pub percent: u32,
    pub seed: u32,
}

impl Shares {
    /// From 0 to 1.
    pub fn ratio(self) -> f64 {
        f64::from(self.percent) / 100.0
    }
}

impl FrameMask {
    /// Whether everything is seen, and nothing is made again.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Whether patches are hidden from the forecast itself.
    pub fn hides(&self) -> bool {
        !self.hidden.is_empty() || self.random.is_some()
    }
}

impl fmt::Display for FrameMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.hidden.is_empty() {
            write!(f, " without {} patches", self.hidden.len())?;
        }
        if let Some(Shares { percent, seed }) = self.random {
            write!(f, " without {percent} % of patches ({seed})")?;
        }
        match self.n_masks {
            0 => Ok(()),
            n => write!(f, " behind {n} masks"),
        }
    }
}
