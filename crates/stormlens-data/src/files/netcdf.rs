//! A whole result as one NetCDF-4 file that follows the Climate and Forecast conventions (CF-1.11):
//! fields and attributions on their projected grid, with times and everything needed to make it
//! again.

use std::path::Path;

use self::attributions::{write_grad_cam, write_integrated_gradients, write_mask};
use self::axes::Axes;
use self::builder::{Builder, Variable};
use super::FilesError;
use crate::card::Citation;
use crate::outcome::{Forecast, NowcastOutcome};

mod attributions;
mod axes;
mod builder;
mod projection;

const CONVENTIONS: &str = "CF-1.11";
const RAIN_RATE_UNITS: &str = "mm h-1";
const GRID_MAPPING: &str = "polar_stereographic";

/// Writes a result to a file.
///
/// # Errors
/// For a file that cannot be written, and for what [`to_bytes`] refuses.
pub fn write_outcome(
    outcome: &NowcastOutcome,
    references: &[Citation],
    path: &Path,
) -> Result<(), FilesError> {
    let bytes = to_bytes(outcome, references)?;
    let io = |cause| FilesError::Io { file: path.display().to_string(), cause };
    std::fs::write(path, bytes).map_err(io)
}

/// The bytes of the file.
///
/// Dimensions `y`, `x` (kilometres in the projected plane, pixel centres), `input_time` and `layer`.
/// Variables `input`, `prediction`, `persistence` and `observation` in mm/h; `grad_cam` by layer,
/// 0 to 1; `integrated_gradients` by input frame in mm/h; `target_mask`. Raw layer maps have sizes
/// of their own and are not in this file. What a result lacks is left out.
///
/// # Errors
/// For a grid whose projection is not polar stereographic, and for maps of other sizes than it.
pub fn to_bytes(outcome: &NowcastOutcome, references: &[Citation]) -> Result<Vec<u8>, FilesError> {
    let forecast = &outcome.forecast;
    let mut file = Builder::new();
    describe(&mut file, outcome, references)?;
    let axes = Axes::write(&mut file, forecast)?;
    write_fields(&mut file, &axes, forecast)?;
    let targets = [
        outcome.grad_cam.as_ref().map(|g| &g.target),
        outcome.integrated_gradients.as_ref().map(|g| &g.target),
    ];
    if let Some(target) = targets.into_iter().flatten().next() {
        write_mask(&mut file, &axes, target)?;
    }
    if let Some(grad_cam) = &outcome.grad_cam {
        write_grad_cam(&mut file, &axes, grad_cam)?;
    }
    if let Some(gradients) = &outcome.integrated_gradients {
        write_integrated_gradients(&mut file, &axes, gradients)?;
    }
    file.finish()
}

/// Global attributes: what this is, and how to make it again.
fn describe(
    file: &mut Builder,
    outcome: &NowcastOutcome,
    references: &[Citation],
) -> Result<(), FilesError> {
    let p = &outcome.provenance;
    let request = serde_json::to_string(&outcome.request)
        .map_err(|error| FilesError::Netcdf { what: error.to_string() })?;
    let lead_time_min = outcome.forecast.lead_time_min;
    let cited: Vec<&str> = references.iter().map(|r| r.text).collect();
    let title = format!("Precipitation forecast of {} and its explanation", p.model);
    let source = format!(
        "Neural network {} with checkpoint {}, {lead_time_min} minutes ahead, from radar data: {}",
        p.model, p.checkpoint, p.data_source
    );
    let texts = [
        ("Conventions", CONVENTIONS.to_owned()),
        ("title", title),
        ("source", source),
        ("history", format!("Computed and written by {} on {}", p.program, p.device)),
        ("references", cited.join("\n")),
        ("comment", "Times are the ends of the intervals over which rain was accumulated".into()),
        ("license", p.data_licence.clone()),
        ("provenance_program", p.program.clone()),
        ("provenance_model", p.model.clone()),
        ("provenance_checkpoint", p.checkpoint.clone()),
        ("provenance_weights_sha256", p.weights_sha256.clone()),
        ("provenance_data_source", p.data_source.clone()),
        ("provenance_data_files", p.data_files.join(" ")),
        ("provenance_data_sha256", p.data_sha256.clone()),
        ("provenance_data_licence", p.data_licence.clone()),
        ("provenance_device", p.device.clone()),
        ("request", request),
    ];
    texts.iter().try_for_each(|(name, text)| file.attribute(name, text))
}

fn write_fields(file: &mut Builder, axes: &Axes, forecast: &Forecast) -> Result<(), FilesError> {
    let inputs = axes.maps(file, "input", axes.input_time, forecast.inputs_mm_h.iter())?;
    describe_rain(file, inputs, "precipitation rate that the network was given", None)?;

    let at_lead = Some("valid_time forecast_reference_time forecast_period");
    let prediction = axes.map(file, "prediction", &forecast.prediction_mm_h)?;
    describe_rain(file, prediction, "precipitation rate that the network predicts", at_lead)?;
    let comment = "raw output of a regression; slightly negative values occur";
    file.texts(prediction, &[("comment", comment)])?;
    if let Some(last) = forecast.inputs_mm_h.last() {
        let persistence = axes.map(file, "persistence", last)?;
        let long_name = "precipitation rate of the last input frame, taken as a forecast";
        describe_rain(file, persistence, long_name, at_lead)?;
    }
    if let Some(observation) = &forecast.observation_mm_h {
        let observation = axes.map(file, "observation", observation)?;
        let long_name = "precipitation rate that the radar observed";
        describe_rain(file, observation, long_name, Some("valid_time"))?;
    }
    Ok(())
}

fn describe_rain(
    file: &mut Builder,
    variable: Variable,
    long_name: &str,
    coordinates: Option<&str>,
) -> Result<(), FilesError> {
    let texts = [
        ("standard_name", "lwe_precipitation_rate"),
        ("long_name", long_name),
        ("units", RAIN_RATE_UNITS),
        ("grid_mapping", GRID_MAPPING),
        ("coordinates", coordinates.unwrap_or_default()),
    ];
    file.texts(variable, &texts)
}

#[cfg(test)]
mod tests;
