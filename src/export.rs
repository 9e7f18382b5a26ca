//! Files to keep: figures for papers, and everything about a result in one archive.
//!
//! Each file says what it was made from. Its [`Recipe`] is a PNG's text, an SVG's `<metadata>` and a
//! PDF's XMP keywords, so that a figure found years later can be drawn again from itself.

mod archive;
mod arrays;
mod bundle;
mod citations;
mod csv;
mod diagram;
mod files;
mod json;
mod page;
mod pdf;
mod png;
mod provenance;
mod recipe;
mod svg;

use std::sync::{Arc, LazyLock};

use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use stormlens_plot::{FONT_REGULAR, FONT_SEMI_BOLD, PlotError};

pub use arrays::{geotiff, npy, npz};
pub use bundle::{Extra, bundle};
pub use citations::{bibtex, works};
pub use csv::{cell, csv, number, numbers_csv, record};
pub use diagram::{DiagramRecipe, diagram_csv, quantiles_csv};
pub use files::{FILES, FileKind, NUMBERS, PROVENANCE, Source, netcdf};
pub use json::{float32, json_head};
pub use page::page_svg;
pub use pdf::pdf;
pub use png::{RESOLUTIONS_DPI, png};
pub use provenance::provenance_json;
pub use recipe::{Recipe, RecipeError, Stamp};
pub use svg::svg;

/// Why a file can't be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("a picture at {dpi} dots per inch can't be made: choose between 36 and 1200")]
    Resolution { dpi: u32 },
    #[error(
        "at {dpi} dots per inch a figure of {width_mm:.0} mm has {n_megapixels} million pixels, more \
         than the {} million that are drawn: choose {max_dpi} at most for that width, or PDF or SVG, which have no \
         pixels",
        png::MAX_PIXELS / 1_000_000
    )]
    TooLarge { dpi: u32, width_mm: f64, n_megapixels: u64, max_dpi: u32 },
    #[error("the figure is no SVG that can be read: {0}")]
    Svg(String),
    #[error("the PNG can't be written: {0}")]
    Png(String),
    #[error("the PDF can't be written: {0}")]
    Pdf(String),
    #[error("the archive can't be written: {0}")]
    Zip(String),
    #[error("`{name}` can't be written: {reason}")]
    Part { name: String, reason: String },
    #[error(transparent)]
    Plot(#[from] PlotError),
}

impl ExportError {
    fn part(name: &str, reason: impl std::fmt::Display) -> Self {
        Self::Part { name: name.to_owned(), reason: reason.to_string() }
    }
}

/// The figure as resvg and krilla see it, with the fonts of the project and no others.
fn tree(svg: &str) -> Result<Tree, ExportError> {
    static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
        let mut fonts = Database::new();
        fonts.load_font_data(FONT_REGULAR.to_vec());
        fonts.load_font_data(FONT_SEMI_BOLD.to_vec());
        fonts.set_sans_serif_family("Inter");
        Arc::new(fonts)
    });
    let options =
        Options { fontdb: Arc::clone(&FONTS), font_family: "Inter".into(), ..Options::default() };
    // As an attribute, usvg reads only the older word for sharp pixels, and browsers only the newer.
    let svg = svg.replace("image-rendering=\"pixelated\"", "image-rendering=\"optimizeSpeed\"");
    Tree::from_str(&svg, &options).map_err(|e| ExportError::Svg(e.to_string()))
}

#[cfg(test)]
mod tests;
