//! A result's numbers for NumPy.

use std::io::{Cursor, Write as _};

use stormlens_data::field::Field;
use stormlens_data::files::FilesError;
use stormlens_data::files::npy::NpzWriter;
use stormlens_data::outcome::{NowcastOutcome, Target};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{ExportError, bundle};

/// All arrays of a result as a compressed `.npz` file.
///
/// Shapes are `[height, width]`, with the frame in front where there are several, row 0 in the north,
/// missing values NaN:
///
/// | name | unit |
/// |---|---|
/// | `inputs_mm_h`, `prediction_mm_h`, `observation_mm_h` | mm/h |
/// | `target_mask` | 1 where the target lies, else 0 |
/// | `score`, `score_mm_h` | the target's sum, normalised and in mm/h |
/// | `LAYER/raw`, `LAYER/cam` | Grad-CAM of a layer before rectification, at the layer's size, and after |
/// | `integrated_gradients_mm_h`, `frame_sums_mm_h` | mm/h |
///
/// What the result lacks is left out. `numpy.load(file)["provenance.json"]` gives the bytes of what it
/// was made from.
///
/// # Errors
/// If a temporary file or the archive can't be written.
pub fn npz(outcome: &NowcastOutcome) -> Result<Vec<u8>, ExportError> {
    compressed(&bundle::origin(outcome)?, |file| write(file, outcome))
}

/// A compressed `.npz` file of the arrays that `write` adds, and `provenance.json`.
pub fn compressed(
    origin: &[u8],
    write: impl FnOnce(&mut NpzWriter) -> Result<(), FilesError>,
) -> Result<Vec<u8>, ExportError> {
    let failed = |e: &dyn std::fmt::Display| ExportError::Part {
        name: "arrays.npz".into(),
        reason: e.to_string(),
    };
    let file = tempfile::NamedTempFile::new().map_err(|e| failed(&e))?;
    let mut writer = NpzWriter::create(file.path()).map_err(|e| failed(&e))?;
    write(&mut writer).map_err(|e| failed(&e))?;
    writer.finish().map_err(|e| failed(&e))?;
    let bytes = std::fs::read(file.path()).map_err(|e| failed(&e))?;

    let mut zip = ZipWriter::new_append(Cursor::new(bytes)).map_err(|e| failed(&e))?;
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    zip.start_file("provenance.json", options).map_err(|e| failed(&e))?;
    zip.write_all(origin).map_err(|e| failed(&e))?;
    Ok(zip.finish().map_err(|e| failed(&e))?.into_inner())
}

fn write(file: &mut NpzWriter, outcome: &NowcastOutcome) -> Result<(), FilesError> {
    let forecast = &outcome.forecast;
    stack(file, "inputs_mm_h", &forecast.inputs_mm_h)?;
    field(file, "prediction_mm_h", &forecast.prediction_mm_h)?;
    if let Some(observation) = &forecast.observation_mm_h {
        field(file, "observation_mm_h", observation)?;
    }
    if let Some(grad_cam) = &outcome.grad_cam {
        target(file, &grad_cam.target)?;
        for layer in &grad_cam.layers {
            field(file, &format!("{}/raw", layer.layer), &layer.raw)?;
            field(file, &format!("{}/cam", layer.layer), &layer.cam)?;
        }
    }
    if let Some(gradients) = &outcome.integrated_gradients {
        if outcome.grad_cam.is_none() {
            target(file, &gradients.target)?;
        }
        stack(file, "integrated_gradients_mm_h", &gradients.frames)?;
        let sums = &gradients.frame_sums_mm_h;
        file.add_f64("frame_sums_mm_h", &[sums.len()], sums)?;
    }
    Ok(())
}

fn target(file: &mut NpzWriter, target: &Target) -> Result<(), FilesError> {
    field(file, "target_mask", &target.mask)?;
    file.add_f64("score", &[], &[target.score])?;
    file.add_f64("score_mm_h", &[], &[target.score_mm_h])
}

fn field(file: &mut NpzWriter, name: &str, field: &Field) -> Result<(), FilesError> {
    file.add_f32(name, &[field.height, field.width], &field.values)
}

/// Fields of one size, one after the other.
fn stack(file: &mut NpzWriter, name: &str, fields: &[Field]) -> Result<(), FilesError> {
    let (height, width) = fields.first().map_or((0, 0), |f| (f.height, f.width));
    let values: Vec<f32> = fields.iter().flat_map(|f| &f.values).copied().collect();
    file.add_f32(name, &[fields.len(), height, width], &values)
}
