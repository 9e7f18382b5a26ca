//! A result's numbers for NumPy.

use std::io::{Cursor, Write as _};

use stormlens_data::files::geotiff;
use stormlens_data::files::npy::{NpzWriter, variable_to_npy};
use stormlens_data::outcome::{Number, Outcome, Variable};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{ExportError, provenance_json};

const NAME: &str = "arrays.npz";

/// All variables and numbers of a result as a compressed `.npz` file, by their names.
///
/// Variables have the shape of their axes, then rows (row 0 in the north or above) and columns; missing
/// values are NaN. Numbers are float64 arrays of shape `[]`. `numpy.load(file)["provenance.json"]` gives
/// the bytes of what it was made from, with units and coordinates.
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
    writer.finish().map_err(|e| failed(&e))?;
    let bytes = std::fs::read(file.path()).map_err(|e| failed(&e))?;

    let mut zip = ZipWriter::new_append(Cursor::new(bytes)).map_err(|e| failed(&e))?;
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    zip.start_file("provenance.json", options).map_err(|e| failed(&e))?;
    zip.write_all(&provenance_json(outcome)?).map_err(|e| failed(&e))?;
    Ok(zip.finish().map_err(|e| failed(&e))?.into_inner())
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
pub fn geotiff(variable: &Variable, index: usize) -> Result<Vec<u8>, ExportError> {
    geotiff::to_bytes(variable, index).map_err(|error| ExportError::part(&variable.name, error))
}
