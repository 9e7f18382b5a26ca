//! What a radar file measures, how that becomes rain of five minutes, and whose file it is.

use serde::{Deserialize, Serialize};

/// Who made a file and what has to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// For people, e.g. `Deutscher Wetterdienst`.
    pub name: String,
    /// What must be shown beside every use, e.g. `Source: MeteoSwiss`.
    pub notice: String,
    pub licence: String,
}

impl Provider {
    pub(crate) fn new(name: &str, notice: &str, licence: &str) -> Self {
        let [name, notice, licence] = [name, notice, licence].map(str::to_owned);
        Self { name, notice, licence }
    }
}

/// What the values of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Measured {
    /// Millimetres in so many minutes.
    Sum { minutes: u32 },
    /// Millimetres per hour at one moment.
    Rate,
    /// dBZ at one moment, where Z = a R^b with Z in mm⁶ m⁻³ and R in mm/h.
    Reflectivity { a: f64, b: f64 },
}

impl Measured {
    /// Marshall and Palmer (1948), which ODIM_H5 files follow unless they say otherwise.
    pub const MARSHALL_PALMER: Self = Self::Reflectivity { a: 200.0, b: 1.6 };

    /// Millimetres in five minutes.
    ///
    /// A sum of five minutes stays what it is. A rate, and the rate of a reflectivity, is taken to last for the five
    /// minutes: R / 12.
    pub fn mm_5min(self, value: f64) -> f64 {
        match self {
            Self::Sum { .. } => value,
            Self::Rate => value / 12.0,
            Self::Reflectivity { a, b } => (10f64.powf(value / 10.0) / a).powf(1.0 / b) / 12.0,
        }
    }

    /// Whether values are of one moment, not of five minutes.
    pub fn is_instantaneous(self) -> bool {
        !matches!(self, Self::Sum { .. })
    }
}

impl std::fmt::Display for Measured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sum { minutes } => write!(f, "sum of {minutes} minutes"),
            Self::Rate => write!(f, "rain rate of one moment"),
            Self::Reflectivity { a, b } => write!(f, "reflectivity of one moment, Z = {a} R^{b}"),
        }
    }
}
