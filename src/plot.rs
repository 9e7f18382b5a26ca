//! Figures: numbers in, SVG out.
//!
//! [`draw`] is a pure function of an [`NowcastOutcome`] and a [`Style`]; nothing is computed again when the
//! style changes. A figure is laid out in hundredths of a millimetre with text in points, so that it
//! prints at the width it was asked for. A field is one PNG inside vector axes, never a rectangle a
//! pixel. The text is real text in Inter, which is also the font it was measured with.

mod alt;
mod backdrop;
mod bars;
mod basemap;
mod canvas;
mod colour;
mod figure;
mod legend;
mod lettering;
mod lookup;
mod map;
mod maps;
mod overlay;
pub mod palette;
mod panels;
mod parts;
mod place;
mod raster;
mod scale;
pub mod scene;
mod style;
mod thumbnail;
mod words;

use stormlens_data::outcome::NowcastOutcome;

pub use alt::alt_text;
pub use figure::Figure;
pub use lettering::{FONT_FAMILY, FONT_REGULAR, FONT_SEMI_BOLD};
pub use overlay::reference_overlay;
pub use palette::RainPalette;
pub use style::{Overlay, Style, Theme, UnknownName};
pub use thumbnail::{thumbnail, thumbnail_in};

/// Why a figure can't be drawn.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlotError {
    #[error("there is no figure called `{name}`: take one of {}", Figure::NAMES.join(", "))]
    UnknownFigure { name: String },
    #[error(
        "there is no figure of a scene called `{name}`: take one of {}",
        scene::SceneFigure::NAMES.join(", ")
    )]
    UnknownSceneFigure { name: String },
    #[error(
        "the sample ends before the valid time of the forecast, so nothing was observed to draw"
    )]
    NoObservation,
    #[error("this result holds no {what}: ask for it in the request")]
    NotAsked { what: &'static str },
    #[error("this result holds no layer `{layer}`: it has {known}")]
    UnknownLayer { layer: String, known: String },
    #[error("there is no input frame {index}: frames are counted from 0 (oldest) to {last}")]
    UnknownFrame { index: usize, last: usize },
    #[error("a figure {width_mm} mm wide can't be drawn: choose between 40 and 400 mm")]
    Width { width_mm: f64 },
    #[error("an opacity of {opacity} is out of range: choose between 0 and 1")]
    Opacity { opacity: f32 },
    #[error(
        "an attribution can't be shown from {below} to {above} % of its mass: choose below and above \
         between 0 and 100, above being the larger"
    )]
    Mass { below: f64, above: f64 },
    #[error("the coastline can't be projected to the plane `{proj4}`: {reason}")]
    Projection { proj4: String, reason: String },
    #[error("a picture of {height} × {width} pixels can't be written: {reason}")]
    Picture { height: usize, width: usize, reason: String },
    #[error("the figure can't be drawn: {0}")]
    Drawing(String),
}

/// Draws a figure as an SVG document of `style.width_mm` millimetres, whose height follows.
///
/// The document names the font Inter but does not carry it: pages serve it, and the exports of
/// [`crate::export`] embed it. Its background is a rectangle of class `figure-background`.
///
/// # Errors
/// If the outcome does not hold what the figure shows, or the style is out of range.
pub fn draw(outcome: &NowcastOutcome, figure: &Figure, style: &Style) -> Result<String, PlotError> {
    style.check()?;
    let alt = alt_text(outcome, figure);
    match figure {
        Figure::FrameSums => bars::draw(outcome, style, &alt),
        Figure::Inputs => panels::draw(&panels::inputs(outcome, style), outcome, style, &alt),
        Figure::LayerGrid(layers) => {
            panels::draw(&panels::layers(outcome, layers, style)?, outcome, style, &alt)
        }
        single => map::draw(&maps::of(outcome, single, style)?, outcome, style, &alt),
    }
}

/// Width and height of a figure in CSS pixels (96 to the inch), without drawing it: what a page
/// reserves for it. A figure that [`draw`] refuses has no height.
pub fn size_px(outcome: &NowcastOutcome, figure: &Figure, style: &Style) -> (u32, u32) {
    let pixels = |mm: f64| (mm / 25.4 * 96.0).round() as u32;
    (pixels(style.width_mm), height_mm(outcome, figure, style).map_or(0, pixels))
}

fn height_mm(outcome: &NowcastOutcome, figure: &Figure, style: &Style) -> Result<f64, PlotError> {
    style.check()?;
    let of_panels = |panels| panels::Layout::new(&panels, outcome, style).height_mm;
    match figure {
        Figure::FrameSums => Ok(bars::Layout::new(outcome, style)?.height_mm),
        Figure::Inputs => Ok(of_panels(panels::inputs(outcome, style))),
        Figure::LayerGrid(layers) => Ok(of_panels(panels::layers(outcome, layers, style)?)),
        single => {
            Ok(map::Layout::new(&maps::of(outcome, single, style)?, outcome, style).height_mm)
        }
    }
}

#[cfg(test)]
mod tests;
