//! A scene's numbers for NumPy.

use stormlens_data::field::Field;
use stormlens_data::files::FilesError;
use stormlens_data::files::npy::NpzWriter;
use stormlens_data::outcome::{ClassAttribution, SceneOutcome};

use super::bundle::origin;
use crate::export::ExportError;
use crate::export::arrays::compressed;

/// All arrays of a result as a compressed `.npz` file.
///
/// Row 0 is the upper one; classes are in the order of the logits:
///
/// | name | shape | what |
/// |---|---|---|
/// | `logits`, `probs` | `[2]`, float64 | before and after the softmax |
/// | `input_rgb` | `[N, N, 3]`, uint8 | the square that the picture became |
/// | `crop` | `[3]`, uint32 | left, top and side of its centre, which the network sees |
/// | `LAYER/weights` | `[K]` | the pooled gradients of the logit |
/// | `LAYER/raw`, `LAYER/cam` | `[h, w]` | Grad-CAM before and after rectification, over the centre |
/// | `integrated_gradients` | `[C, C, 3]` | over the centre, in units of the output |
/// | `path_outputs` | `[m + 1]`, float64 | the output from the baseline to the scene |
///
/// What the result lacks is left out. `numpy.load(file)["provenance.json"]` gives the bytes of what it
/// was made from.
///
/// # Errors
/// If a temporary file or the archive can't be written.
pub fn npz(outcome: &SceneOutcome) -> Result<Vec<u8>, ExportError> {
    compressed(&origin(outcome)?, |file| write(file, outcome))
}

fn write(file: &mut NpzWriter, outcome: &SceneOutcome) -> Result<(), FilesError> {
    let (view, crop) = (&outcome.view, outcome.view.crop());
    let n = view.variant.input_px;
    let of_classes = |number: fn(&stormlens_data::outcome::ClassScore) -> f64| -> Vec<f64> {
        outcome.classes.iter().map(number).collect()
    };
    file.add_f64("logits", &[outcome.classes.len()], &of_classes(|class| class.logit))?;
    file.add_f64("probs", &[outcome.classes.len()], &of_classes(|class| class.probability))?;
    file.add_u8("input_rgb", &[n, n, 3], &view.rgb)?;
    file.add_u32("crop", &[3], &[crop.left, crop.top, crop.width].map(|v| v as u32))?;
    for layer in outcome.grad_cam.iter().flat_map(|cam| &cam.layers) {
        let name = &layer.layer;
        file.add_f32(&format!("{name}/weights"), &[layer.weights.len()], &layer.weights)?;
        field(file, &format!("{name}/raw"), &layer.raw)?;
        field(file, &format!("{name}/cam"), &layer.cam)?;
    }
    match &outcome.integrated_gradients {
        Some(gradients) => attribution(file, gradients),
        None => Ok(()),
    }
}

fn attribution(file: &mut NpzWriter, gradients: &ClassAttribution) -> Result<(), FilesError> {
    let side = gradients.crop_px;
    let pixels = channels_last(&gradients.attribution, side * side);
    file.add_f32("integrated_gradients", &[side, side, 3], &pixels)?;
    file.add_f64("path_outputs", &[gradients.path.len()], &gradients.path)
}

/// From `[3, n]` to `[n, 3]`.
fn channels_last(values: &[f32], n: usize) -> Vec<f32> {
    (0..n).flat_map(|pixel| (0..3).map(move |channel| values[channel * n + pixel])).collect()
}

fn field(file: &mut NpzWriter, name: &str, field: &Field) -> Result<(), FilesError> {
    file.add_f32(name, &[field.height, field.width], &field.values)
}
