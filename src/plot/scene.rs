//! Figures of radar scenes: the picture, what a classifier of it attends to, and how its answer comes
//! about.
//!
//! The network is given a square and sees its centre. A figure shows the picture in its own aspect
//! ratio, with axes in its own pixels; attributions lie on the centre and nowhere else. Where a scene
//! holds no data, it is black and never coloured.

mod alt;
mod contents;
mod evidence;
mod figure;
mod headings;
mod lookup;
mod map;
mod overlay;
mod panels;
mod path;
mod pixels;
mod place;
mod published;
mod scales;
mod sheet;
mod style;
mod words;

use stormlens_data::outcome::SceneOutcome;
use stormlens_data::scene::Picture;

use super::PlotError;

pub use alt::alt_text;
pub use figure::SceneFigure;
pub use style::{CamPalette, Interpolation, Polarity, Registration, SceneStyle};
pub(crate) use words::is_saturated;

/// Draws a figure as an SVG document of `style.width_mm` millimetres, whose height follows.
///
/// As with [`crate::plot::draw`], the document names its font and does not carry it.
///
/// # Errors
/// If the outcome does not hold what the figure shows, or the style is out of range.
pub fn draw(
    outcome: &SceneOutcome,
    figure: &SceneFigure,
    style: &SceneStyle,
) -> Result<String, PlotError> {
    style.check()?;
    let alt = alt_text(outcome, figure);
    match figure {
        SceneFigure::Path => path::draw(outcome, style, &alt),
        SceneFigure::LayerGrid(layers) => panels::draw(outcome, layers, style, &alt),
        single => map::draw(outcome, single, style, &alt),
    }
}

/// Width and height of a figure in CSS pixels (96 to the inch), without drawing it: what a page
/// reserves for it. A figure that [`draw`] refuses has no height.
pub fn size_px(outcome: &SceneOutcome, figure: &SceneFigure, style: &SceneStyle) -> (u32, u32) {
    let pixels = |mm: f64| (mm / 25.4 * 96.0).round() as u32;
    (pixels(style.width_mm), height_mm(outcome, figure, style).map_or(0, pixels))
}

fn height_mm(
    outcome: &SceneOutcome,
    figure: &SceneFigure,
    style: &SceneStyle,
) -> Result<f64, PlotError> {
    style.check()?;
    Ok(match figure {
        SceneFigure::Path => path::Layout::new(outcome, style)?.height_mm,
        SceneFigure::LayerGrid(layers) => panels::Layout::new(outcome, layers, style)?.height_mm,
        single => map::Layout::new(outcome, single, style)?.height_mm,
    })
}

/// A small PNG of a picture, at most `side_px` pixels on its longer side. Where it is smaller than the
/// picture, a pixel is the mean of what it covers.
///
/// # Panics
/// For a picture without pixels, which no decoder makes.
pub fn thumbnail(picture: &Picture, side_px: usize) -> Vec<u8> {
    pixels::thumbnail(picture, side_px)
}

#[cfg(test)]
mod tests;
