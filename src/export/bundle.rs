//! Everything about a result in one ZIP archive.

use super::archive::{Archive, file_name};
use super::files::BUNDLE;
use super::{ExportError, FILES, Recipe, Source, csv};
use stormlens_plot::{Figure, draw};

/// A file that only the task knows to make, e.g. a table of scores.
#[derive(Clone, Debug, PartialEq)]
pub struct Extra {
    pub name: String,
    /// For people.
    pub what: String,
    pub bytes: Vec<u8>,
}

/// The archive's bytes: figures (each as SVG, PNG at `dpi` and PDF), all [`FILES`], a table of each
/// variable that is no map, and what the task adds.
///
/// Equal results give equal bytes but for the PDF files' own identifiers.
///
/// # Errors
/// If a figure can't be drawn or a file can't be written.
pub fn bundle(source: &Source, figures: &[Figure], dpi: u32) -> Result<Vec<u8>, ExportError> {
    let Source { outcome, card, style, extra, .. } = *source;
    let mut archive = Archive::default();
    for figure in figures {
        let drawn = draw(outcome, figure, style)?;
        archive.add_figure(&drawn, &Recipe::new(outcome, figure, style), dpi)?;
    }
    for Extra { name, what, bytes } in extra {
        archive.add(name, what, bytes)?;
    }
    for variable in outcome.variables.iter().filter(|variable| variable.plane.is_none()) {
        let name = format!("tables/{}.csv", file_name(&variable.name));
        let what = format!("{}: {}", variable.name, variable.quantity.label());
        archive.add(&name, &what, csv(variable).as_bytes())?;
    }
    for file in FILES.iter().filter(|file| file.name != BUNDLE) {
        archive.add(file.name, file.what, &(file.write)(source)?)?;
    }
    archive.finish(card.title, &outcome.request, &outcome.provenance)
}
