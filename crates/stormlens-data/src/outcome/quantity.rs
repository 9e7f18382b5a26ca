//! What a variable measures: its name, its unit, and which colours it is drawn in.

use serde::{Deserialize, Serialize};

use super::Over;
use crate::field::Level;

/// A quantity. Whoever makes a variable says which it is; colours, legends, files and words follow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantity {
    /// For legends and `long_name`: lower case, e.g. `rain rate`.
    pub name: String,
    /// As people write it, e.g. `mm/h`; `1` where there is none.
    pub unit: String,
    /// Name in the table of the CF conventions, where it is there.
    pub standard_name: Option<String>,
    pub colours: Colours,
    /// What was done over the interval that a value is of.
    #[serde(default)]
    pub over: Over,
    /// Where in the vertical it is, if at one level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Names of the classes that values count from 0; empty for what is no class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// Why a value is missing, for legends: `no rain: undefined`; `None` where that follows from the role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// How values become colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Colours {
    /// Classes of rain in mm/h, dry ground transparent.
    Rain,
    /// A share from 0 to 1, more being darker.
    Share,
    /// Differences of rain in classes about zero.
    RainDifference,
    /// Unsigned evidence from 0 to 1 over its ground, weak evidence transparent.
    Evidence,
    /// Unsigned sizes from 0 to the largest that are not rare, over the ground.
    Sizes,
    /// From 0, or the least value below it, to the largest that are not rare.
    Amount,
    /// From the least to the largest value: of what has no zero that counts, such as a temperature in kelvin.
    Range,
    /// Ratios about one.
    Factor,
    /// One colour a class, by [`Quantity::classes`].
    Classes,
    /// Both signs about zero.
    Signed,
    /// 0 or 1: where a mask is 1, one strong colour.
    Mask,
    /// Red, green and blue bytes.
    Picture,
    /// Not drawn as a map.
    None,
}

/// Name of an amount of rain in the table of the CF conventions.
const RAINFALL_AMOUNT: &str = "thickness_of_rainfall_amount";

impl Quantity {
    pub fn new(name: &str, unit: &str, colours: Colours) -> Self {
        Self {
            name: name.to_owned(),
            unit: unit.to_owned(),
            standard_name: None,
            colours,
            over: Over::Unsaid,
            level: None,
            classes: Vec::new(),
            missing: None,
        }
    }

    /// Classes that values count from 0, by their names.
    pub fn class(name: &str, classes: Vec<String>) -> Self {
        Self { classes, ..Self::new(name, "1", Colours::Classes) }
    }

    /// The same, of an interval.
    #[must_use]
    pub fn over(self, over: Over) -> Self {
        Self { over, ..self }
    }

    /// The same, with what a missing value means.
    #[must_use]
    pub fn missing_where(self, words: &str) -> Self {
        Self { missing: Some(words.to_owned()), ..self }
    }

    pub fn rain_rate() -> Self {
        let standard_name = Some("rainfall_rate".to_owned());
        Self { standard_name, ..Self::new("rain rate", "mm/h", Colours::Rain) }
    }

    /// Rain that fell in so many hours.
    pub fn rain_amount(hours: u32) -> Self {
        let standard_name = Some(RAINFALL_AMOUNT.to_owned());
        let quantity = Self::new(&format!("rain in {hours} h"), "mm", Colours::Rain);
        Self { standard_name, ..quantity.over(Over::Sum) }
    }

    /// Whether there are clouds, 0 or 1; a network's answer lies anywhere about that.
    pub fn cloud_cover() -> Self {
        let standard_name = Some("cloud_binary_mask".to_owned());
        Self { standard_name, ..Self::new("cloud cover", "1", Colours::Share) }
    }

    /// `rain rate (mm/h)`
    pub fn label(&self) -> String {
        match self.unit.as_str() {
            "1" | "" => self.name.clone(),
            unit => format!("{} ({unit})", self.name),
        }
    }

    /// The unit as UDUNITS reads it: `mm h-1` for `mm/h`, and `1` for what has a name but no unit.
    pub fn udunits(&self) -> String {
        if ["", "probability", "membership", "logit"].contains(&self.unit.as_str()) {
            return "1".to_owned();
        }
        let per = |unit: &str| {
            let (above, below) = unit.split_once('/')?;
            (!below.contains('/')).then(|| format!("{above} {below}-1"))
        };
        per(&self.unit).unwrap_or_else(|| self.unit.clone())
    }
}
