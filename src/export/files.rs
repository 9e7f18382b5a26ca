//! The files that a whole result can be had as: downloads, the archive and the command line loop over
//! them.

use stormlens_data::card::{Citation, MethodCard, ModelCard};
use stormlens_data::files::netcdf;
use stormlens_data::outcome::Outcome;

use super::bundle::{Extra, bundle};
use super::{ExportError, bibtex, npz, numbers_csv, provenance_json, works};
use stormlens_plot::{Figure, Style};

/// The resolution of the archive's PNG figures.
const BUNDLE_DPI: u32 = 300;

/// What files are written from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub outcome: &'a Outcome,
    pub card: &'a ModelCard,
    /// All methods; cited are those that were used.
    pub methods: &'a [MethodCard],
    /// Layers whose figures go into the archive; all of them where it is empty.
    pub layers: &'a [String],
    pub style: &'a Style,
    /// Files that only the task knows to make, for the archive.
    pub extra: &'a [Extra],
}

/// A file about a whole result.
#[derive(Clone, Copy)]
pub struct FileKind {
    /// Its name in addresses and in the archive.
    pub name: &'static str,
    pub media_type: &'static str,
    /// For people, in lower case.
    pub what: &'static str,
    pub write: fn(&Source) -> Result<Vec<u8>, ExportError>,
}

/// All of them; the last one holds the others.
pub const FILES: &[FileKind] = &[
    FileKind {
        name: "arrays.npz",
        media_type: "application/zip",
        what: "all variables and numbers for NumPy, by their names",
        write: |source| npz(source.outcome),
    },
    FileKind {
        name: "result.nc",
        media_type: "application/x-netcdf",
        what: "the same as NetCDF-CF, with projection, times and units",
        write: |source| {
            let Source { outcome, card, methods, .. } = *source;
            netcdf(outcome, &works(outcome, card, methods))
        },
    },
    FileKind {
        name: NUMBERS,
        media_type: "text/csv; charset=utf-8",
        what: "all single numbers with their units and meanings",
        write: |source| Ok(numbers_csv(source.outcome).into_bytes()),
    },
    FileKind {
        name: PROVENANCE,
        media_type: "application/json",
        what: "what the result was made from, and what each array is",
        write: |source| provenance_json(source.outcome),
    },
    FileKind {
        name: "citations.bib",
        media_type: "text/plain; charset=utf-8",
        what: "what to cite",
        write: |source| {
            let Source { outcome, card, methods, style, .. } = *source;
            Ok(bibtex(outcome, card, methods, style).into_bytes())
        },
    },
    FileKind {
        name: BUNDLE,
        media_type: "application/zip",
        what: "all figures and files in one archive",
        write: |source| {
            let figures = Figure::all(source.outcome, source.layers);
            bundle(source, &figures, BUNDLE_DPI)
        },
    },
];

/// The single numbers of a result.
pub const NUMBERS: &str = "numbers.csv";

/// What is said of a result, and its numbers.
pub const PROVENANCE: &str = "provenance.json";

pub(super) const BUNDLE: &str = "bundle.zip";

/// A whole result as NetCDF-CF.
///
/// # Errors
/// For what [`netcdf::to_bytes`] refuses.
pub fn netcdf(outcome: &Outcome, citations: &[Citation]) -> Result<Vec<u8>, ExportError> {
    netcdf::to_bytes(outcome, citations).map_err(|error| ExportError::part("result.nc", error))
}
