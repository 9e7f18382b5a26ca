//! A whole result as one NetCDF-4 file that follows the Climate and Forecast conventions (CF-1.11):
//! all variables on their grid, with times, projection and everything needed to make it again.

use self::builder::Builder;
use self::entries::entries;
use self::variables::Places;
use super::FilesError;
use crate::card::Citation;
use crate::outcome::{Colours, Domain, Number, Outcome, Quantity, SceneGeometry};
use crate::scene::Rectangle;

mod axes;
mod builder;
mod creation_order;
mod entries;
mod flags;
mod grid_mapping;
mod levels;
mod planes;
mod times;
mod variables;

const CONVENTIONS: &str = "CF-1.11";

/// The bytes of the file.
///
/// Every variable is there under its name, with `_` for what CF does not allow in one. Maps of several
/// layers that have one size are one variable over the dimension `layer`, with the layers' names as
/// `layer_name`. Dimensions are
/// - `y`, `x` of grids on the Earth: metres in the projected plane, with `latitude` and `longitude` of
///   each place; `latitude`, `longitude` in degrees where the grid has them;
/// - `row`, `column` of scenes: pixels of the square that a picture became;
/// - the same with a number behind it for coarser maps, e.g. `y_72`: their cells cover the same ground;
/// - `time` of what is forecast, with `lead_time` and `forecast_reference_time`; one for each other axis:
///   `input_time`, `class`, `channel` …; those of the same name and other coordinates have their length
///   behind it.
///
/// CDO knows one axis of time in a file, which is that of the forecast: to it, input frames are levels. In a file of their own
/// (`ncks -v input result.nc input.nc`) it dates them as well. Of `lead_time` and `forecast_reference_time` it warns that these
/// coordinates can't be assigned, as of every auxiliary coordinate of time (CF 5.7 has them like that, and xarray, iris and
/// the C library take them); it reads the lead time all the same, and knows the reference time from it.
///
/// Maps on the Earth that lie along no time have the `forecast_reference_time` as their coordinate; attributions and masks
/// of a result without one have its `valid_time`. What is of an interval has its bounds and `cell_methods`, or a `comment`
/// where it follows from a sum and is none. What lies on a level has that as a scalar coordinate (`pressure_850hPa`,
/// `height_2m`), and classes have `flag_values` and `flag_meanings`.
///
/// Numbers are variables without dimensions, notes and the request are global attributes.
///
/// # Errors
/// For a variable that does not hold together, and for a plane that PROJ does not know.
pub fn to_bytes(outcome: &Outcome, references: &[Citation]) -> Result<Vec<u8>, FilesError> {
    let mut file = Builder::new();
    describe(&mut file, outcome, references)?;
    let mut places = Places::default();
    for entry in entries(&outcome.variables) {
        variables::write(&mut file, &mut places, &entry, outcome)?;
    }
    outcome.numbers.iter().try_for_each(|number| write_number(&mut file, number))?;
    file.finish()
}

/// Global attributes: what this is, and how to make it again.
fn describe(
    file: &mut Builder,
    outcome: &Outcome,
    references: &[Citation],
) -> Result<(), FilesError> {
    let p = &outcome.provenance;
    let request = serde_json::to_string(&outcome.request)
        .map_err(|error| FilesError::Netcdf { what: error.to_string() })?;
    let cited: Vec<&str> = references.iter().map(|r| r.text).collect();
    let source = format!(
        "Neural network {} with checkpoint {}, from {}",
        p.model, p.checkpoint, p.data_source
    );
    let texts = [
        ("Conventions", CONVENTIONS.to_owned()),
        ("title", format!("Prediction of {} and its explanation", p.model)),
        ("source", source),
        ("history", format!("Computed and written by {} on {}", p.program, p.device)),
        ("references", cited.join("\n")),
        ("comment", outcome.remark()),
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
    texts.iter().try_for_each(|(name, text)| file.attribute(name, text))?;
    describe_notes(file, outcome)?;
    describe_scene(file, outcome)
}

/// Notes by their names, those of one name a line each.
fn describe_notes(file: &mut Builder, outcome: &Outcome) -> Result<(), FilesError> {
    let mut names: Vec<&str> = outcome.notes.iter().map(|note| note.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().try_for_each(|name| {
        let texts: Vec<&str> = outcome.notes(name).collect();
        file.attribute(&format!("note_{}", builder::name(name)), &texts.join("\n"))
    })
}

/// The picture that a scene comes from, and which part of its square is what.
fn describe_scene(file: &mut Builder, outcome: &Outcome) -> Result<(), FilesError> {
    let scenes = outcome.variables.iter().filter_map(|variable| match &variable.domain {
        Domain::Scene(scene) | Domain::SceneCentre(scene) => Some(scene),
        Domain::None | Domain::Earth(_) => None,
    });
    let Some(scene) = scenes.into_iter().next() else { return Ok(()) };
    let SceneGeometry { title, width_px, height_px, content, place, .. } = scene;
    let part = |part: Rectangle| {
        let Rectangle { left, top, width, height } = part;
        format!("left {left}, top {top}, width {width}, height {height}")
    };
    if let Some(place) = place {
        // In the words of GeoTIFF, of the picture's own pixels.
        let text = serde_json::to_string(place)
            .map_err(|error| FilesError::Netcdf { what: error.to_string() })?;
        file.attribute("scene_georeference", &text)?;
    }
    file.attribute("scene_title", title)?;
    file.attribute("scene_picture_px", &format!("width {width_px}, height {height_px}"))?;
    file.attribute("scene_content_px", &part(*content))?;
    file.attribute("scene_centre_px", &part(scene.crop()))
}

fn write_number(file: &mut Builder, number: &Number) -> Result<(), FilesError> {
    let Number { name, value, unit, meaning } = number;
    let written = file.free_name(name, 1);
    let variable = file.scalar(&written, *value)?;
    let units = Quantity::new(name, unit, Colours::None).udunits();
    let result_name = if *name == written { "" } else { name };
    let texts = [("long_name", meaning.as_str()), ("units", &units), ("result_name", result_name)];
    file.texts(variable, &texts)
}

#[cfg(test)]
mod tests;
