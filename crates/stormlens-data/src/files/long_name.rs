//! What a variable is, in words for files.

use crate::outcome::{Role, Variable};

/// `rain rate that the network predicts`; of one layer `… of layer cbam4`, unless `layer_is_said` elsewhere.
pub fn long_name(variable: &Variable, layer_is_said: bool) -> String {
    let quantity = &variable.quantity.name;
    match &variable.role {
        Role::Input => format!("{quantity} that the network was given"),
        Role::Prediction => format!("{quantity} that the network predicts"),
        Role::Observation => format!("{quantity} that was observed"),
        Role::Reference => format!("{quantity} of {}, to compare with", variable.name),
        Role::Attribution { layer: Some(layer), .. } if !layer_is_said => {
            format!("{quantity} of layer {layer}")
        }
        Role::Attribution { .. } | Role::Mask | Role::Diagnostic | Role::Context => {
            quantity.clone()
        }
    }
}
