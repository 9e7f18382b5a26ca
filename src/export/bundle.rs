//! Everything about a result in one ZIP archive.

use std::io::{Cursor, Write as _};

use serde::Serialize;
use stormlens_data::card::ModelCard;
use stormlens_data::files::netcdf;
use stormlens_data::outcome::{Outcome, Provenance};
use stormlens_data::request::Request;
use stormlens_data::score::verify;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::arrays::npz;
use super::citations::bibtex;
use super::{ExportError, Recipe, pdf, png, svg};
use crate::plot::{Figure, Style, draw};

/// What goes into an archive.
pub struct Bundle<'a> {
    pub outcome: &'a Outcome,
    pub card: &'a ModelCard,
    /// Each as SVG, PNG and PDF; see [`Figure::of`].
    pub figures: &'a [Figure],
    pub style: &'a Style,
    /// Of the PNG figures.
    pub dpi: u32,
    /// Of the score table.
    pub thresholds_mm_h: &'a [f64],
}

/// What `provenance.json` holds.
#[derive(Serialize)]
struct Origin<'a> {
    request: &'a Request,
    #[serde(flatten)]
    provenance: &'a Provenance,
    valid_time: String,
    lead_time_min: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    integrated_gradients: Option<Completeness>,
}

#[derive(Serialize)]
struct Completeness {
    n_steps: usize,
    baseline: &'static str,
    output_difference_mm_h: f64,
    convergence_delta_mm_h: f64,
}

/// The archive's bytes: figures, scores, arrays, what it was made from, and what to cite.
///
/// Equal bundles give equal bytes but for the PDF files' own identifiers.
///
/// # Errors
/// If a figure can't be drawn or a file can't be written.
pub fn bundle(bundle: &Bundle) -> Result<Vec<u8>, ExportError> {
    let mut archive = Archive::default();
    for figure in bundle.figures {
        figure_files(&mut archive, bundle, figure)?;
    }
    score_files(&mut archive, bundle)?;
    array_files(&mut archive, bundle)?;
    archive.add("provenance.json", "what the result was made from", &origin(bundle.outcome)?)?;
    let citations = bibtex(bundle.outcome, bundle.card, bundle.style);
    archive.add("CITATIONS.bib", "what to cite", citations.as_bytes())?;
    archive.finish(bundle)
}

fn figure_files(archive: &mut Archive, from: &Bundle, figure: &Figure) -> Result<(), ExportError> {
    let drawn = draw(from.outcome, figure, from.style)?;
    let recipe = Recipe::new(from.outcome, figure, from.style);
    let name = file_name(&figure.to_string());
    let what = &recipe.description;
    archive.add(&format!("figures/{name}.svg"), what, &svg(&drawn, &recipe)?)?;
    archive.add(&format!("figures/{name}.png"), what, &png(&drawn, from.dpi, &recipe)?)?;
    archive.add(&format!("figures/{name}.pdf"), what, &pdf(&drawn, &recipe)?)
}

fn score_files(archive: &mut Archive, from: &Bundle) -> Result<(), ExportError> {
    let forecast = &from.outcome.forecast;
    let Some(observation) = &forecast.observation_mm_h else { return Ok(()) };
    let (model, persistence) = (&forecast.prediction_mm_h, forecast.persistence_mm_h());
    let table = verify(model, persistence, observation, from.thresholds_mm_h);
    let what = "scores of the prediction beside those of persistence, per threshold in mm/h";
    archive.add("scores.csv", what, table.to_csv().as_bytes())?;
    archive.add("scores.json", what, &json("scores.json", &table)?)
}

fn array_files(archive: &mut Archive, from: &Bundle) -> Result<(), ExportError> {
    let what = "all numbers for NumPy: rain in mm/h, target, attributions";
    archive.add("arrays.npz", what, &npz(from.outcome)?)?;
    let name = "result.nc";
    let bytes = netcdf::to_bytes(from.outcome, from.card.citations)
        .map_err(|e| ExportError::Part { name: name.into(), reason: e.to_string() })?;
    archive.add(name, "the same maps as NetCDF-CF, with their projection and times", &bytes)
}

/// Where a result came from, as JSON.
///
/// # Errors
/// Never for numbers that JSON can hold.
pub fn origin(outcome: &Outcome) -> Result<Vec<u8>, ExportError> {
    let gradients = outcome.integrated_gradients.as_ref();
    json(
        "provenance.json",
        &Origin {
            request: &outcome.request,
            provenance: &outcome.provenance,
            valid_time: outcome.forecast.valid_time.to_string(),
            lead_time_min: outcome.forecast.lead_time_min,
            integrated_gradients: gradients.map(|g| Completeness {
                n_steps: g.n_steps,
                baseline: g.baseline,
                output_difference_mm_h: g.output_difference_mm_h,
                convergence_delta_mm_h: g.convergence_delta_mm_h,
            }),
        },
    )
}

fn json(name: &str, value: &impl Serialize) -> Result<Vec<u8>, ExportError> {
    serde_json::to_vec_pretty(value)
        .map_err(|e| ExportError::Part { name: name.to_owned(), reason: e.to_string() })
}

/// A name that every file system takes.
fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-,".contains(c) { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    // A grid of all layers has a name longer than file systems take.
    match name.char_indices().nth(100) {
        Some((cut, _)) => format!("{}-etc", &name[..cut]),
        None => name,
    }
}

/// A ZIP archive being written, with what each file is.
struct Archive {
    zip: ZipWriter<Cursor<Vec<u8>>>,
    contents: Vec<(String, String)>,
}

impl Default for Archive {
    fn default() -> Self {
        Self { zip: ZipWriter::new(Cursor::default()), contents: Vec::new() }
    }
}

impl Archive {
    fn add(&mut self, name: &str, what: &str, bytes: &[u8]) -> Result<(), ExportError> {
        self.contents.push((name.to_owned(), what.to_owned()));
        self.write(name, bytes)
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), ExportError> {
        // A fixed date, so that equal results give equal archives.
        let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
        self.zip.start_file(name, options).map_err(|e| ExportError::Zip(e.to_string()))?;
        self.zip.write_all(bytes).map_err(|e| ExportError::Zip(e.to_string()))
    }

    fn finish(mut self, bundle: &Bundle) -> Result<Vec<u8>, ExportError> {
        let readme = readme(bundle, &self.contents);
        self.write("README.txt", readme.as_bytes())?;
        let cursor = self.zip.finish().map_err(|e| ExportError::Zip(e.to_string()))?;
        Ok(cursor.into_inner())
    }
}

fn readme(bundle: &Bundle, contents: &[(String, String)]) -> String {
    let Provenance { program, weights_sha256, data_source, data_licence, data_sha256, .. } =
        &bundle.outcome.provenance;
    let mut text = format!(
        "{}\n\nMade by {program} from the request\n    {}\n\
         Weights: SHA-256 {weights_sha256}\n\
         Data: {data_source}, {data_licence}, SHA-256 {data_sha256}\n\n\
         Every figure carries its recipe: `stormlens render FIGURE --output NEW.pdf` draws it again.\n\
         Cite the works in CITATIONS.bib.\n\nFiles\n",
        bundle.card.title, bundle.outcome.request,
    );
    for (name, what) in contents {
        text.push_str(&format!("\n{name}\n    {what}\n"));
    }
    text
}
