//! A result's numbers for NumPy.

use stormlens_data::files::geotiff;
use stormlens_data::files::npy::{NpzWriter, variable_to_npy};
use stormlens_data::outcome::{Number, Outcome, Variable};

use super::{ExportError, provenance_json};

const NAME: &str = "arrays.npz";
const PROVENANCE: &str = "provenance.json";

/// All variables and numbers of a result as a compressed `.npz` file, by their names.
///
/// Variables have the shape of their axes, then rows (row 0 in the north or above) and columns; missing
/// values are NaN. Numbers are float64 arrays of shape `[]`. What it was made from, with units and coordinates, is a
/// text of shape `[]`: `json.loads(str(numpy.load(file)["provenance.json"]))`. All members are arrays, so that
/// a loop over them ends well.
///
/// # Errors
/// If a temporary file or the archive can't be written.
pub fn npz(outcome: &Outcome) -> Result<Vec<u8>, ExportError> {
    let failed = |e: &dyn std::fmt::Display| ExportError::part(NAME, e);
    let file = tempfile::NamedTempFile::new().map_err(|e| failed(&e))?;
    let mut writer = NpzWriter::create(file.path()).map_err(|e| failed(&e))?;
    for variable in &outcome.variables {
        writer.add_variable(variable).map_err(|e| failed(&e))?;
    }
    for Number { name, value, .. } in &outcome.numbers {
        writer.add_f64(name, &[], &[*value]).map_err(|e| failed(&e))?;
    }
    let provenance = String::from_utf8_lossy(&provenance_json(outcome)?).into_owned();
    writer.add_text(PROVENANCE, &provenance).map_err(|e| failed(&e))?;
    writer.finish().map_err(|e| failed(&e))?;
    std::fs::read(file.path()).map_err(|e| failed(&e))
}

/// One variable as an `.npy` file, as it is in [`npz`].
///
/// # Errors
/// For a variable that doesn't hold together.
pub fn npy(variable: &Variable) -> Result<Vec<u8>, ExportError> {
    variable_to_npy(variable).map_err(|error| ExportError::part(&variable.name, error))
}

/// One map of a variable as GeoTIFF.
///
/// # Errors
/// For a variable that lies nowhere on the Earth.
pub fn geotiff(
    outcome: &Outcome,
    variable: &Variable,
    index: usize,
) -> Result<Vec<u8>, ExportError> {
    geotiff::to_bytes(outcome, variable, index)
        .map_err(|error| ExportError::part(&variable.name, error))
}
