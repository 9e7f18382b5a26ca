//! Everything about a result in one ZIP archive.

use serde::Serialize;
use stormlens_data::card::{ModelCard, NowcastField};
use stormlens_data::files::netcdf;
use stormlens_data::outcome::{NowcastOutcome, Provenance};
use stormlens_data::request::{NowcastRequest, Request};
use stormlens_data::score::verify;

use super::archive::Archive;
use super::arrays::npz;
use super::citations::bibtex;
use super::{ExportError, Recipe};
use crate::plot::{Figure, Style, draw};

/// What goes into an archive.
pub struct Bundle<'a> {
    pub outcome: &'a NowcastOutcome,
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
    request: &'a NowcastRequest,
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
    let request = Request::Nowcast(bundle.outcome.request.clone());
    archive.finish(bundle.card.title, &request, &bundle.outcome.provenance)
}

fn figure_files(archive: &mut Archive, from: &Bundle, figure: &Figure) -> Result<(), ExportError> {
    let drawn = draw(from.outcome, figure, from.style)?;
    let recipe = Recipe::new(from.outcome, figure, from.style);
    archive.add_figure(&drawn, &recipe, from.dpi)
}

fn score_files(archive: &mut Archive, from: &Bundle) -> Result<(), ExportError> {
    let forecast = &from.outcome.forecast;
    let Some(observation) = &forecast.observation_mm_h else { return Ok(()) };
    let maps = [&forecast.prediction_mm_h, forecast.persistence_mm_h(), observation];
    let (field, lead_time_min) = (NowcastField::Precipitation, forecast.lead_time_min);
    let table = verify(field, lead_time_min, maps, from.thresholds_mm_h);
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
pub fn origin(outcome: &NowcastOutcome) -> Result<Vec<u8>, ExportError> {
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

pub fn json(name: &str, value: &impl Serialize) -> Result<Vec<u8>, ExportError> {
    serde_json::to_vec_pretty(value)
        .map_err(|e| ExportError::Part { name: name.to_owned(), reason: e.to_string() })
}
