//! PDF files with text that can be selected and searched.

use krilla::document::Document;
use krilla::geom::Size;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla_svg::{SurfaceExt, SvgSettings};

use super::recipe::KEYWORD;
use super::{ExportError, Stamp, tree};

const POINTS_PER_PIXEL: f32 = 72.0 / 96.0;

/// A drawn figure as one page of its own size, vector but for its fields.
///
/// Krilla writes no fields of one's own into the XMP packet, so the recipe stands in its keywords and
/// the figure's meaning in its description.
///
/// # Errors
/// If the figure can't be read or written.
pub fn pdf(svg: &str, recipe: &dyn Stamp) -> Result<Vec<u8>, ExportError> {
    let tree = tree(svg)?;
    let [width, height] = [tree.size().width(), tree.size().height()].map(|v| v * POINTS_PER_PIXEL);
    let failed = || ExportError::Pdf(format!("a page of {width} × {height} pt can't be made"));
    let size = Size::from_wh(width, height).ok_or_else(failed)?;
    let settings = PageSettings::from_wh(width, height).ok_or_else(failed)?;
    let mut document = Document::new();
    document.set_metadata(
        Metadata::new()
            .title(recipe.name().to_owned())
            .description(recipe.description().to_owned())
            .keywords(vec![format!("{KEYWORD}: {}", recipe.to_json())])
            .creator(recipe.program().to_owned())
            .language("en".into()),
    );
    let mut page = document.start_page_with(settings);
    let mut surface = page.surface();
    surface.draw_svg(&tree, size, SvgSettings::default()).ok_or_else(failed)?;
    surface.finish();
    page.finish();
    document.finish().map_err(|e| ExportError::Pdf(format!("{e:?}")))
}
