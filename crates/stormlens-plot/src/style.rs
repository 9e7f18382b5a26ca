//! How a figure looks: everything about it that is not data.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use stormlens_data::attribution::Visualiser;

use super::{
    Coordinates, EvidencePalette, Interpolation, Overlay, PlotError, Polarity, RainPalette, Region,
    Theme,
};

/// The look of a figure. The default is a half-page figure for a paper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Style {
    pub palette: RainPalette,
    pub evidence: EvidencePalette,
    /// Of an attribution laid over something, 0 to 1.
    pub opacity: f32,
    /// 85 mm is a column of a journal, 170 mm its page; any width from 40 to 400 mm is drawn.
    pub width_mm: f64,
    pub theme: Theme,
    pub overlay: Overlay,
    pub interpolation: Interpolation,
    /// The input frame beneath an attribution, from 0 (oldest); `None`: the newest.
    pub frame: Option<usize>,
    pub coastline: bool,
    /// Whether the centre of a scene that the network sees is marked.
    pub crop_rectangle: bool,
    pub polarity: Polarity,
    /// Percent of the attribution's mass below the value at which its colours end. Where both signs are
    /// shown, percent of the pixels that have any: neighbours of opposite signs weigh little together,
    /// and would be pale beside the few that hold the largest share of the mass.
    pub above: f64,
    /// Percent of the attribution's mass that is too weak to be shown.
    pub below: f64,
    /// Whether specks and gaps smaller than 3 × 3 pixels are removed from one sign of an attribution.
    pub cleanup: bool,
    /// Whether the border of the main regions is drawn instead of one sign of an attribution itself.
    pub outline: bool,
    /// Names for people of the layers, by their names in the network; a layer that is missing here is
    /// called by the latter.
    pub layer_labels: BTreeMap<String, String>,
    /// The part that maps show; `None`: all of it.
    pub region: Option<Region>,
    /// Whether title and details stand above the figure.
    pub title: bool,
    /// Whether network, weights, data and licence stand below it. What has to be said of a result, such as
    /// that it was simulated, stays.
    pub source: bool,
    /// What stands along the sides of maps on the Earth.
    pub coordinates: Coordinates,
    /// Probabilities of an ensemble are of more than that, in the unit of its maps.
    pub exceed: f64,
}

impl Style {
    /// The widths that can be drawn: from half a column to a poster.
    pub const WIDTH_RANGE_MM: RangeInclusive<f64> = 40.0..=400.0;

    /// The widths that journals ask for: one column and two.
    pub const WIDTHS_MM: [f64; 2] = [85.0, 170.0];

    /// The layer's name for people.
    pub fn layer_label<'a>(&'a self, layer: &'a str) -> &'a str {
        self.layer_labels.get(layer).map_or(layer, String::as_str)
    }

    pub(super) fn check(&self) -> Result<(), PlotError> {
        let Self { below, above, width_mm, opacity, .. } = *self;
        if !Self::WIDTH_RANGE_MM.contains(&width_mm) {
            return Err(PlotError::Width { width_mm });
        }
        if !(0.0..=1.0).contains(&opacity) {
            return Err(PlotError::Opacity { opacity });
        }
        // Not one test of three comparisons: none of them holds for NaN.
        let in_order = 0.0 <= below && below < above && above <= 100.0;
        if in_order { Ok(()) } else { Err(PlotError::Mass { below, above }) }
    }

    /// How a signed attribution becomes a map of one sign; `None` where both signs are shown.
    pub(super) fn visualiser(&self) -> Option<Visualiser> {
        let Self { above, below, cleanup, .. } = *self;
        Some(Visualiser { polarity: self.polarity.sign()?, above, below, cleanup })
    }
}

impl Default for Style {
    fn default() -> Self {
        let Visualiser { above, below, cleanup, .. } = Visualiser::default();
        Self {
            palette: RainPalette::default(),
            evidence: EvidencePalette::default(),
            opacity: 0.8,
            width_mm: Self::WIDTHS_MM[0],
            theme: Theme::default(),
            overlay: Overlay::default(),
            interpolation: Interpolation::default(),
            frame: None,
            coastline: true,
            crop_rectangle: true,
            polarity: Polarity::default(),
            above,
            below,
            cleanup,
            outline: false,
            layer_labels: BTreeMap::new(),
            region: None,
            title: true,
            source: true,
            coordinates: Coordinates::default(),
            exceed: 1.0,
        }
    }
}
