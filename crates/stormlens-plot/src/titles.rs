//! The name of a figure in a few words, from what its variables are.

use stormlens_data::outcome::{Colours, Outcome, Role, Variable};

use super::lookup::{Shown, n_shown};
use super::view::{is_picture, scene_of};
use super::words::sentence;
use super::{Polarity, Style, entries, target};

/// The name of one map above it: `Predicted rain rate`, `Grad-CAM, CBAM 4`.
pub fn long(outcome: &Outcome, shown: &Shown, style: &Style) -> String {
    let variable = shown.variable;
    let (quantity, name) = (&variable.quantity.name, words(variable));
    if shown.above.is_some() {
        return sentence(&shown.quantity().name);
    }
    if let Some(other) = shown.other {
        return format!("{} minus {}", sentence(&name), words(other));
    }
    match &variable.role {
        Role::Input => match scene_of(&variable.domain).filter(|_| is_picture(variable)) {
            Some(scene) => scene.title.clone(),
            None if entries::is_of_frames(variable) => {
                format!("Input frame {} of {}", shown.index + 1, n_shown(variable))
            }
            None => sentence(quantity),
        },
        Role::Prediction => format!("Predicted {quantity}"),
        Role::Observation => format!("Observed {quantity}"),
        Role::Reference => {
            let title = stormlens_data::forecast::title(&variable.name);
            format!("{} forecast", title.map_or_else(|| sentence(&name), str::to_owned))
        }
        Role::Attribution { layer: Some(layer), .. } => {
            let method = target::method_name(outcome, variable);
            format!("{method}{}, {}", before_rectification(variable), style.layer_label(layer))
        }
        Role::Attribution { layer: None, .. } => of_input(outcome, shown, style),
        Role::Mask => "Target of the explanation".into(),
        Role::Diagnostic | Role::Context => sentence(quantity),
    }
}

/// An attribution to the input.
fn of_input(outcome: &Outcome, shown: &Shown, style: &Style) -> String {
    let variable = shown.variable;
    let method = target::method_name(outcome, variable);
    if !shown.is_of_pixels() {
        return match entries::is_of_frames(variable) {
            true => format!("{method}, input frame {} of {}", shown.index + 1, n_shown(variable)),
            false => method,
        };
    }
    let direction = match (shown.colours(), style.polarity) {
        (Colours::Signed, Polarity::Positive) => " for",
        (Colours::Signed, Polarity::Negative) => " against",
        (Colours::Signed, Polarity::Signed) => ": what raises and what lowers",
        _ => " of",
    };
    format!("{method}{direction} {}", target::name(outcome, variable))
}

fn before_rectification(variable: &Variable) -> &'static str {
    if variable.quantity.colours == Colours::Signed { " before rectification" } else { "" }
}

/// The name of one map among others, or of a variable on a page: `Prediction, +30 min`, `CBAM 4`,
/// `55 min before the last frame`.
pub fn short(shown: &Shown, style: &Style) -> String {
    let variable = shown.variable;
    if shown.above.is_some() {
        return sentence(&shown.quantity().name);
    }
    let entry = match shown.is_of_pixels() {
        true => String::new(),
        false => entries::short(variable, shown.index),
    };
    let joined = |name: &str| match entry.as_str() {
        "" => sentence(name),
        entry => format!("{}, {entry}", sentence(name)),
    };
    match (&variable.role, variable.layer(), shown.other) {
        (_, _, Some(other)) => joined(&format!("{} minus {}", words(variable), words(other))),
        (_, Some(layer), _) => {
            format!("{}{}", style.layer_label(layer), before_rectification(variable))
        }
        (Role::Input | Role::Attribution { .. }, ..) if entries::is_of_frames(variable) => {
            sentence(&entry)
        }
        (Role::Mask, ..) => joined("target"),
        // `masks/mean` is no name for people.
        (Role::Diagnostic, ..) if variable.name.contains('/') => joined(&variable.quantity.name),
        _ => joined(&words(variable)),
    }
}

/// The name of a variable as people write it.
pub fn words(variable: &Variable) -> String {
    match stormlens_data::forecast::title(&variable.name) {
        Some(title) if variable.role == Role::Reference => title.to_owned(),
        _ => variable.name.replace(['_', '/'], " "),
    }
}
