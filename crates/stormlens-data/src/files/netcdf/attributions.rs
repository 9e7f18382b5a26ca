//! What explains the forecast.

use netcdf_writer::NcAttrValue;

use super::axes::Axes;
use super::builder::{Builder, Variable};
use super::{FilesError, GRID_MAPPING, RAIN_RATE_UNITS};
use crate::outcome::{GradCam, IntegratedGradients, Target};

pub fn write_mask(file: &mut Builder, axes: &Axes, target: &Target) -> Result<(), FilesError> {
    let mask = axes.values("target_mask", &target.mask)?;
    let mask: Vec<i8> = mask.iter().map(|&v| i8::from(v > 0.0)).collect();
    let variable = file.bytes("target_mask", &[axes.y, axes.x], &mask)?;
    let long_name = "pixels whose predicted precipitation the attributions explain";
    file.texts(
        variable,
        &[
            ("long_name", long_name),
            ("flag_meanings", "outside_target inside_target"),
            ("grid_mapping", GRID_MAPPING),
            ("coordinates", "valid_time"),
        ],
    )?;
    file.variable_attribute(variable, "flag_values", NcAttrValue::Bytes(vec![0, 1]))
}

/// The target's numbers, beside what explains it.
fn describe_target(
    file: &mut Builder,
    variable: Variable,
    target: &Target,
) -> Result<(), FilesError> {
    file.number(variable, "target_threshold_mm_h", target.threshold_mm_h)?;
    file.number(variable, "target_n_pixels", target.n_pixels as f64)?;
    file.number(variable, "target_score_normalised", target.score)?;
    file.number(variable, "target_score_mm_h", target.score_mm_h)?;
    file.texts(variable, &[("ancillary_variables", "target_mask"), ("grid_mapping", GRID_MAPPING)])
}

pub fn write_grad_cam(
    file: &mut Builder,
    axes: &Axes,
    grad_cam: &GradCam,
) -> Result<(), FilesError> {
    let layer = file.dimension("layer", grad_cam.layers.len())?;
    let names: Vec<&str> = grad_cam.layers.iter().map(|map| map.layer.as_str()).collect();
    let names = file.strings("layer_name", layer, &names)?;
    file.texts(names, &[("long_name", "name of the layer in the network")])?;
    let maps = grad_cam.layers.iter().map(|map| &map.cam);
    let variable = axes.maps(file, "grad_cam", layer, maps)?;
    file.texts(
        variable,
        &[
            (
                "long_name",
                "Grad-CAM of a layer, rectified, scaled to 0…1 and interpolated to the grid",
            ),
            ("units", "1"),
            ("coordinates", "layer_name"),
        ],
    )?;
    describe_target(file, variable, &grad_cam.target)
}

pub fn write_integrated_gradients(
    file: &mut Builder,
    axes: &Axes,
    gradients: &IntegratedGradients,
) -> Result<(), FilesError> {
    let name = "integrated_gradients";
    let variable = axes.maps(file, name, axes.input_time, gradients.frames.iter())?;
    let long_name = "contribution of an input pixel to the target, by integrated gradients";
    file.texts(
        variable,
        &[("long_name", long_name), ("units", RAIN_RATE_UNITS), ("baseline", gradients.baseline)],
    )?;
    file.number(variable, "n_steps", gradients.n_steps as f64)?;
    file.number(variable, "output_difference_mm_h", gradients.output_difference_mm_h)?;
    file.number(variable, "convergence_delta_mm_h", gradients.convergence_delta_mm_h)?;
    describe_target(file, variable, &gradients.target)
}
