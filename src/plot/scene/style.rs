//! How a figure of a scene looks: everything about it that is not data.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use stormlens_data::attribution::{self, Visualiser};

use crate::plot::style::{UnknownName, named};
use crate::plot::{PlotError, Style, Theme};

/// The look of a figure of a scene. The default is a half-page figure for a paper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SceneStyle {
    /// Of an attribution laid over the scene, 0 to 1.
    pub opacity: f32,
    /// 85 mm is a column of a journal, 170 mm its page; any width from 40 to 400 mm is drawn.
    pub width_mm: f64,
    pub theme: Theme,
    /// Names for people of the layers, by their names in the network; a layer that is missing here is
    /// called by the latter.
    pub layer_labels: BTreeMap<String, String>,
    pub registration: Registration,
    pub interpolation: Interpolation,
    pub palette: CamPalette,
    /// The sign of integrated gradients that is shown.
    pub polarity: Polarity,
    /// Percent of the attribution's mass below the value at which its colours end. Where both signs are
    /// shown, percent of the pixels that have any: neighbours of opposite signs weigh little together,
    /// and would be pale beside the few that hold the largest share of the mass.
    pub above: f64,
    /// Percent of the attribution's mass that is too weak to be shown.
    pub below: f64,
    /// Whether specks and gaps smaller than 3 × 3 pixels are removed from integrated gradients.
    pub cleanup: bool,
    /// Whether the border of the main regions is drawn instead of integrated gradients themselves.
    pub outline: bool,
    /// Whether the centre that the network sees is marked.
    pub crop_rectangle: bool,
}

impl SceneStyle {
    /// The layer's name for people.
    pub fn layer_label<'a>(&'a self, layer: &'a str) -> &'a str {
        self.layer_labels.get(layer).map_or(layer, String::as_str)
    }

    /// # Errors
    /// If the width, the opacity or the shares of mass are out of range.
    pub(super) fn check(&self) -> Result<(), PlotError> {
        let (below, above) = (self.below, self.above);
        if !(40.0..=400.0).contains(&self.width_mm) {
            return Err(PlotError::Width { width_mm: self.width_mm });
        }
        if !(0.0..=1.0).contains(&self.opacity) {
            return Err(PlotError::Opacity { opacity: self.opacity });
        }
        // Not one test of three comparisons: none of them holds for NaN.
        let in_order = 0.0 <= below && below < above && above <= 100.0;
        if in_order { Ok(()) } else { Err(PlotError::Mass { below, above }) }
    }

    /// How integrated gradients become a map; `None` where both signs are shown.
    pub(super) fn visualiser(&self) -> Option<Visualiser> {
        let Self { above, below, cleanup, .. } = *self;
        let polarity = self.polarity.sign()?;
        Some(Visualiser { polarity, above, below, cleanup })
    }
}

impl Default for SceneStyle {
    fn default() -> Self {
        let Visualiser { above, below, cleanup, .. } = Visualiser::default();
        Self {
            opacity: 0.7,
            width_mm: Style::WIDTHS_MM[0],
            theme: Theme::default(),
            layer_labels: BTreeMap::new(),
            registration: Registration::default(),
            interpolation: Interpolation::default(),
            palette: CamPalette::default(),
            polarity: Polarity::default(),
            above,
            below,
            cleanup,
            outline: false,
            crop_rectangle: true,
        }
    }
}

/// Where an attribution is laid, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Registration {
    /// On the centre that it belongs to, in colours that do not depend on the scene.
    #[default]
    OnCrop,
    /// As the published program draws it, to the byte, for comparison with its figures: Grad-CAM in
    /// jet, its map of the centre stretched over the whole scene; integrated gradients in green or
    /// red added to the darkened scene. Both signs at once were not published and stay as they are.
    Published,
}

/// What is between the cells of a coarse map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interpolation {
    /// Edges: a map of 4 × 4 cells looks no finer than it is.
    #[default]
    Cells,
    /// Bilinear between the middles of the cells.
    Smooth,
}

/// The colours of Grad-CAM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CamPalette {
    /// Equal perceptual steps from dark to bright, safe for colour-blind readers; weak evidence is
    /// transparent.
    #[default]
    Uniform,
    /// As published: neither uniform nor safe for colour-blind readers.
    Jet,
}

/// Which sign of integrated gradients is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Polarity {
    /// What speaks for the class, in green.
    #[default]
    Positive,
    /// What speaks against it, in red.
    Negative,
    /// The sum of the channels, for (orange) and against (blue), which cancel within a pixel.
    Signed,
}

impl Polarity {
    /// The one sign that is shown; `None` where both are.
    pub fn sign(self) -> Option<attribution::Polarity> {
        match self {
            Self::Positive => Some(attribution::Polarity::Positive),
            Self::Negative => Some(attribution::Polarity::Negative),
            Self::Signed => None,
        }
    }
}

named!(Registration, "registration",
    OnCrop => "on-crop", "On the centre";
    Published => "published", "As published";
);
named!(Interpolation, "interpolation",
    Cells => "cells", "Cells";
    Smooth => "smooth", "Smooth";
);
named!(CamPalette, "palette of Grad-CAM",
    Uniform => "uniform", "Uniform";
    Jet => "jet", "Jet";
);
named!(Polarity, "polarity",
    Positive => "positive", "For the class";
    Negative => "negative", "Against the class";
    Signed => "signed", "Both signs";
);
