//! How a figure looks: everything about it that is not data.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{PlotError, RainPalette};

/// The look of a figure. The default is a half-page figure for a paper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Style {
    pub palette: RainPalette,
    /// Of an attribution laid over rain, 0 to 1.
    pub opacity: f32,
    /// 85 mm is a column of a journal, 170 mm its page; any width from 40 to 400 mm is drawn.
    pub width_mm: f64,
    pub theme: Theme,
    pub overlay: Overlay,
    /// The input frame beneath an attribution, from 0 (oldest); `None`: the newest.
    pub frame: Option<usize>,
    pub coastline: bool,
    /// Names for people of the layers, by their names in the checkpoint; a layer that is missing here
    /// is called by the latter.
    pub layer_labels: BTreeMap<String, String>,
}

impl Style {
    /// The widths that journals ask for: one column and two.
    pub const WIDTHS_MM: [f64; 2] = [85.0, 170.0];

    /// The layer's name for people.
    pub fn layer_label<'a>(&'a self, layer: &'a str) -> &'a str {
        self.layer_labels.get(layer).map_or(layer, String::as_str)
    }

    /// # Errors
    /// If the width or the opacity is out of range.
    pub(super) fn check(&self) -> Result<(), PlotError> {
        if !(40.0..=400.0).contains(&self.width_mm) {
            return Err(PlotError::Width { width_mm: self.width_mm });
        }
        if !(0.0..=1.0).contains(&self.opacity) {
            return Err(PlotError::Opacity { opacity: self.opacity });
        }
        Ok(())
    }
}

impl Default for Style {
    fn default() -> Self {
        Self {
            palette: RainPalette::default(),
            opacity: 0.85,
            width_mm: Self::WIDTHS_MM[0],
            theme: Theme::default(),
            overlay: Overlay::default(),
            frame: None,
            coastline: true,
            layer_labels: BTreeMap::new(),
        }
    }
}

/// Ink on paper, or light on a dark page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    #[default]
    Light,
    Dark,
}

/// How an attribution is laid over the rain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overlay {
    /// A perceptually uniform map over greyed rain, its opacity chosen by the visitor.
    #[default]
    Map,
    /// The additive jet overlay of the SAR-UNet paper's program, byte for byte, for comparison with
    /// the paper's figures.
    Reference,
}

/// A name that is none of those to choose from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no {what}: take one of {known}")]
pub struct UnknownName {
    pub name: String,
    pub what: &'static str,
    pub known: String,
}

/// Writes the names of an enum's variants once, for addresses, forms and messages.
macro_rules! named {
    ($type:ty, $what:literal, $($variant:ident => $name:literal, $label:literal;)+) => {
        impl $type {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in addresses and recipes.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The name for people.
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $type {
            type Err = UnknownName;

            fn from_str(name: &str) -> Result<Self, UnknownName> {
                Self::ALL.iter().copied().find(|v| v.name() == name).ok_or_else(|| UnknownName {
                    name: name.to_owned(),
                    what: $what,
                    known: [$($name),+].join(", "),
                })
            }
        }
    };
}

pub(super) use named;

named!(Theme, "theme",
    Light => "light", "Light";
    Dark => "dark", "Dark";
);
named!(Overlay, "overlay",
    Map => "map", "Map";
    Reference => "reference", "Reference (jet)";
);
named!(RainPalette, "rain palette",
    Uniform => "uniform", "Uniform";
    StepsBe => "steps-be", "STEPS-BE";
    Pysteps => "pysteps", "pysteps";
);
