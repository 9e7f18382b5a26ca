//! Figures: numbers in, SVG out.
//!
//! [`draw`] is a pure function of an [`Outcome`], a [`Figure`] of its variables and a [`Style`]; nothing is
//! computed again when the style changes. What a map looks at follows from a variable's
//! [`Domain`](stormlens_data::outcome::Domain) (axes, coastline or the rectangle that a network sees,
//! aspect ratio), its colours from its [`Quantity`](stormlens_data::outcome::Quantity), and what stands
//! above it from its role, its axes and what it explains. No figure knows a task.
//!
//! A figure is laid out in hundredths of a millimetre with text in points, so that it prints at the width
//! it was asked for. A field is one PNG inside vector axes, never a rectangle a pixel. The text is real
//! text in Inter, which is also the font it was measured with.

mod alt;
mod basemap;
mod canvas;
mod cells;
mod chart;
mod choices;
mod colour;
mod completeness;
mod diagram;
mod entries;
mod error;
mod evidence;
mod figure;
mod findings;
mod graticule;
mod ground;
mod headings;
mod key;
mod layer;
mod legend;
mod lettering;
mod lookup;
mod map;
mod marks;
mod overlay;
mod page;
pub mod palette;
mod panel;
mod panels;
mod parts;
mod pixels;
mod place;
mod published;
mod published_maps;
mod raster;
mod region;
mod rendering;
mod scale;
mod scales;
mod signs;
mod square;
mod style;
mod target;
mod thumbnail;
mod titles;
mod view;
pub mod words;

#[doc(hidden)]
pub mod testing;

use stormlens_data::outcome::{Outcome, Variable};
use stormlens_data::scene::Rectangle;

pub use alt::{alt_text, alt_text_of};
pub use choices::{
    Coordinates, EvidencePalette, Interpolation, Overlay, Polarity, RainPalette, Theme,
};
pub use completeness::{Completeness, at_baseline};
pub use diagram::{
    Diagram, MAX_FORECASTS, Quantiles, ShownForecast, Skill, SkillChart, Verified, check_skill,
    diagram_alt_text, diagram_size_px, draw_diagram, draw_skill, skill_alt_text, skill_size_px,
};
pub use error::PlotError;
pub use figure::Figure;
pub use lettering::{FONT_FAMILY, FONT_REGULAR, FONT_SEMI_BOLD};
pub use overlay::reference_overlay;
pub use region::Region;
pub use style::Style;
pub use thumbnail::{picture_thumbnail, thumbnail};

use page::Page;

/// Draws a figure as an SVG document of `style.width_mm` millimetres, whose height follows.
///
/// The document names the font Inter but does not carry it: pages serve it, a saved file
/// embeds it. Its background is a rectangle of class `figure-background`.
///
/// # Errors
/// If the outcome does not hold what the figure shows, or the style is out of range.
pub fn draw(outcome: &Outcome, figure: &Figure, style: &Style) -> Result<String, PlotError> {
    Page::new(outcome, figure, style)?.draw(&alt_text_of(outcome, figure, style))
}

/// Width and height of a figure in CSS pixels (96 to the inch), without drawing it: what a page
/// reserves for it. A figure that [`draw`] refuses has no height.
pub fn size_px(outcome: &Outcome, figure: &Figure, style: &Style) -> (u32, u32) {
    let pixels = |mm: f64| (mm / 25.4 * 96.0).round() as u32;
    let height = Page::new(outcome, figure, style).map_or(0, |page| pixels(page.height_mm()));
    (pixels(style.width_mm), height)
}

/// Where the map of a figure lies within the document, as shares of its width and height: left, top,
/// width, height. `None` for figures of several maps and for those of none.
pub fn plane_frame(outcome: &Outcome, figure: &Figure, style: &Style) -> Option<[f64; 4]> {
    Page::new(outcome, figure, style).ok()?.map()
}

/// A figure's name in a few words, for its head on a page: `Prediction, +30 min`, `CBAM 4`, `55 min before
/// the last frame`, `Prediction minus observation, +30 min`. One that can't be drawn has its address.
pub fn title(outcome: &Outcome, figure: &Figure, style: &Style) -> String {
    let title = match figure {
        Figure::Map { .. } | Figure::Difference { .. } | Figure::Exceedance(_) => {
            page::single(outcome, figure, style).map(|(_, shown)| titles::short(&shown, style))
        }
        several => headings::of(outcome, several, style).map(|words| words.title),
    };
    title.unwrap_or_else(|_| figure.to_string())
}

/// The part of its domain that a map shows, in the domain's pixels.
///
/// # Errors
/// For what is no map, and for a region that holds nothing of it.
pub fn shown_part(
    outcome: &Outcome,
    variable: &Variable,
    style: &Style,
) -> Result<Rectangle, PlotError> {
    view::View::new(outcome, variable, style).map(|view| view.part)
}

#[cfg(test)]
mod tests;
