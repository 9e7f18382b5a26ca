//! SVG files that stand alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::recipe::NAMESPACE;
use super::{ExportError, Stamp};

const WOFF2_REGULAR: &[u8] = include_bytes!("../../static/fonts/Inter-Regular.woff2");
const WOFF2_SEMI_BOLD: &[u8] = include_bytes!("../../static/fonts/Inter-SemiBold.woff2");

/// How a font is packed: its media type, and its name in style sheets.
pub(super) type Packing = (&'static str, &'static str);
const WOFF2: Packing = ("font/woff2", "woff2");
pub(super) const TRUE_TYPE: Packing = ("font/ttf", "truetype");

/// A drawn figure as a file: with a title, its recipe, and the letters of its font (about 50 kB), so
/// that browsers show it alike everywhere.
///
/// # Errors
/// If `svg` does not start with an `<svg>` element.
pub fn svg(svg: &str, recipe: &dyn Stamp) -> Result<Vec<u8>, ExportError> {
    with_faces(svg, recipe, WOFF2, [("400", WOFF2_REGULAR), ("600 700", WOFF2_SEMI_BOLD)])
}

/// A drawn figure with a title, its recipe, and fonts by their weights.
pub(super) fn with_faces<'a>(
    svg: &str,
    recipe: &dyn Stamp,
    (media_type, format): Packing,
    faces: impl IntoIterator<Item = (&'static str, &'a [u8])>,
) -> Result<Vec<u8>, ExportError> {
    let (start, body) =
        svg.split_once('>').ok_or_else(|| ExportError::Svg("it has no element".into()))?;
    if !start.starts_with("<svg") {
        return Err(ExportError::Svg("its first element is not <svg>".into()));
    }
    let face = |(weight, font): (&str, &[u8])| {
        format!(
            "@font-face{{font-family:Inter;font-weight:{weight};\
             src:url(data:{media_type};base64,{}) format(\"{format}\")}}",
            STANDARD.encode(font)
        )
    };
    Ok(format!(
        "{start}>\n<title>{}</title>\n<metadata><recipe xmlns=\"{NAMESPACE}\">{}</recipe></metadata>\n\
         <style>{}</style>{body}",
        escape(recipe.description()),
        escape(&recipe.to_json()),
        faces.into_iter().map(face).collect::<String>(),
    )
    .into_bytes())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
