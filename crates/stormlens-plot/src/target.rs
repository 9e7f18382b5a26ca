//! What is explained, and from where the way to it leads.

use stormlens_data::outcome::{Axis, Coordinates, Outcome, Role, Variable};
use stormlens_data::request::Target;

use super::lookup::whole_of;
use super::square::Square;
use super::words::sentence;

/// The words of what a variable explains, itself or as a part of what does.
pub fn words(outcome: &Outcome, variable: &Variable) -> Option<String> {
    let explains = |variable: &&Variable| !variable.target().is_empty();
    let found = Some(variable).filter(explains).or_else(|| whole_of(outcome, variable));
    found.map(|variable| variable.target().to_owned()).filter(|target| !target.is_empty())
}

/// `“front”` where a class is explained, else `the target`.
pub fn name(outcome: &Outcome, variable: &Variable) -> String {
    class(outcome, variable).map_or_else(|| "the target".into(), |class| format!("“{class}”"))
}

fn class<'a>(outcome: &'a Outcome, variable: &'a Variable) -> Option<&'a str> {
    let explain = outcome.request.explained_by(method(outcome, variable)?)?;
    let Target::Class { class, .. } = explain.target else { return None };
    let axes = outcome.variables.iter().filter_map(|variable| variable.axis());
    let names = axes.filter(|axis| axis.name == Axis::CLASS).find_map(|axis| {
        let Coordinates::Names { names } = &axis.coordinates else { return None };
        Some(names)
    });
    names?.get(class).map(String::as_str)
}

fn method<'a>(outcome: &'a Outcome, variable: &'a Variable) -> Option<&'a str> {
    let of = |variable: &'a Variable| match &variable.role {
        Role::Attribution { method, .. } => Some(method.as_str()),
        _ => None,
    };
    of(variable).or_else(|| whole_of(outcome, variable).and_then(of))
}

/// The name for people of the method that made a variable.
pub fn method_name(outcome: &Outcome, variable: &Variable) -> String {
    match method(outcome, variable) {
        Some("grad-cam") => "Grad-CAM".into(),
        method => sentence(&method.unwrap_or(&variable.name).replace(['-', '_'], " ")),
    }
}

/// Where the path ends, `the scene` or `the input`.
pub fn input(outcome: &Outcome) -> &'static str {
    if Square::of(outcome).is_some() { "the scene" } else { "the input" }
}

/// Where the path begins.
pub fn baseline(outcome: &Outcome, variable: &Variable) -> String {
    let explain = method(outcome, variable).and_then(|method| outcome.request.explained_by(method));
    let option = explain.and_then(|explain| explain.options.get("baseline")).map(String::as_str);
    let (input, is_scene) = (input(outcome), Square::of(outcome).is_some());
    let is_rain =
        outcome.variables.iter().any(|v| v.role == Role::Input && v.quantity.unit == "mm/h");
    match option {
        None | Some("zero") if is_scene => "black".into(),
        None | Some("zero") if is_rain => "no rain".into(),
        None | Some("zero") => "zero".into(),
        Some("blurred") => input.replace("the ", "the blurred "),
        Some(option) => format!("{input}'s {option}"),
    }
}
