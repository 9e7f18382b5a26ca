//! What a variable is, in words for files.

use crate::outcome::{Outcome, Quantity, Role, Variable};

/// `rain rate that the network predicts`; of one layer `… of layer cbam4`, unless `layer_is_said` elsewhere.
pub fn long_name(variable: &Variable, layer_is_said: bool, outcome: &Outcome) -> String {
    let quantity = placed(&variable.quantity);
    match &variable.role {
        Role::Input => format!("{quantity}, given to the network"),
        Role::Prediction => format!("{quantity} that the network predicts"),
        Role::Observation if outcome.is_observed() => format!("{quantity} that was observed"),
        Role::Observation => format!("{quantity}, to compare with; not an observation"),
        Role::Reference => format!("{quantity} of {}, to compare with", variable.name),
        Role::Attribution { layer: Some(layer), .. } if !layer_is_said => {
            format!("{quantity} of layer {layer}")
        }
        Role::Attribution { .. } | Role::Mask | Role::Diagnostic | Role::Context => quantity,
    }
}

/// `temperature at 850 hPa` of `temperature, 850 hPa`: words follow, and a comma would tear the level from what lies on it.
fn placed(quantity: &Quantity) -> String {
    let name = &quantity.name;
    let at = |level: String| {
        let what = name.strip_suffix(level.as_str())?.strip_suffix(", ")?;
        Some(format!("{what} at {level}"))
    };
    let level = quantity.level.map(|level| level.to_string());
    level.and_then(at).unwrap_or_else(|| name.clone())
}
