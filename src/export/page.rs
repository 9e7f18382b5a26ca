//! SVG for pages: as the file, but with no letters beyond those that it uses.

mod font;
#[cfg(test)]
mod tests;

use super::svg::{TRUE_TYPE, with_faces};
use super::{ExportError, Stamp};
use stormlens_plot::{FONT_REGULAR, FONT_SEMI_BOLD};

/// A drawn figure as pages show it: with a title and its recipe like [`crate::export::svg()`], which
/// carries the whole font (38 kB when compressed). This one carries a font of the letters that it uses
/// (8 kB), because a page shows dozens of figures and a browser reads the font of each.
///
/// # Errors
/// If `svg` does not start with an `<svg>` element.
pub fn page_svg(svg: &str, recipe: &dyn Stamp) -> Result<Vec<u8>, ExportError> {
    let letters = Letters::of(svg);
    let cut = |font: &'static [u8], letters: &str| {
        (!letters.is_empty()).then(|| font::cut(font, letters).unwrap_or_else(|| font.to_vec()))
    };
    let (regular, bold) = (cut(FONT_REGULAR, &letters.regular), cut(FONT_SEMI_BOLD, &letters.bold));
    let faces = [("400", &regular), ("600 700", &bold)];
    let faces = faces.map(|(weight, font)| font.as_deref().map(|font| (weight, font)));
    with_faces(svg, recipe, TRUE_TYPE, faces.into_iter().flatten())
}

/// What stands in the texts of a figure, by weight.
#[derive(Debug, Default, PartialEq)]
struct Letters {
    regular: String,
    bold: String,
}

impl Letters {
    fn of(svg: &str) -> Self {
        let mut letters = Self::default();
        for text in svg.split("<text").skip(1) {
            let (attributes, rest) = text.split_once('>').unwrap_or((text, ""));
            let content = rest.split_once("</text>").map_or(rest, |(content, _)| content);
            let weight = match attributes.contains("font-weight=\"bold\"") {
                true => &mut letters.bold,
                false => &mut letters.regular,
            };
            weight.push_str(content);
            if content.contains('&') {
                // What entities stand for.
                weight.push_str("<>&\"'");
            }
        }
        letters
    }
}
