//! What the model's configuration says of its input.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::super::error::Fault;

/// `input_px` and `crop_px`, the sides of the picture and of its centre that the network sees, and
/// `keras_version`; each only where the file says it. `model` is the configuration as JSON.
pub(super) fn hyper_parameters(
    version: Option<String>,
    model: Option<String>,
) -> Result<BTreeMap<String, Json>, Fault> {
    let mut found = BTreeMap::new();
    found.extend(version.map(|version| ("keras_version".to_owned(), version.into())));
    let Some(text) = model else { return Ok(found) };
    let model: Json = serde_json::from_str(&text)
        .map_err(|e| Fault::Damaged(format!("its configuration is no JSON ({e})")))?;
    let (input_px, crop_px) = (input_px(&model), crop_px(&model));
    if let (Some(input_px), Some(crop_px)) = (input_px, crop_px)
        && crop_px > input_px
    {
        return Err(Fault::Unsupported(format!(
            "it cuts {crop_px} pixels out of a picture of {input_px}"
        )));
    }
    for (name, side) in [("input_px", input_px), ("crop_px", crop_px)] {
        found.extend(side.map(|side| (name.to_owned(), side.into())));
    }
    Ok(found)
}

/// The side of the input layer's square pictures, which Keras 2 and Keras 3 name differently.
fn input_px(model: &Json) -> Option<u64> {
    let layer = model.pointer("/config/layers/0/config")?;
    let shape = layer.get("batch_input_shape").or_else(|| layer.get("batch_shape"))?;
    square(shape.get(1)?, shape.get(2)?)
}

/// The side of the square that the layer `CenterCrop` cuts out, which is nested in a model of its
/// own.
fn crop_px(model: &Json) -> Option<u64> {
    let layers = model.pointer("/config/layers")?.as_array()?;
    layers.iter().find_map(|layer| match layer["class_name"].as_str() {
        Some("CenterCrop") => square(&layer["config"]["height"], &layer["config"]["width"]),
        _ => crop_px(layer),
    })
}

fn square(height: &Json, width: &Json) -> Option<u64> {
    let side = height.as_u64()?;
    (width.as_u64() == Some(side) && side > 0).then_some(side)
}
