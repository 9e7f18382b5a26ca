//! What is explained, from where the way to it leads, and how much of it an explanation accounts for.

use stormlens_data::outcome::{Axis, Coordinates, Outcome, Role, Variable};
use stormlens_data::request::Target;

use super::lookup::whole_of;
use super::square::Square;
use super::words::{in_unit, number, signed};

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
        method => {
            super::words::sentence(&method.unwrap_or(&variable.name).replace(['-', '_'], " "))
        }
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

/// The size of the completeness gap, as a share of the output's difference, that is pointed out.
const LARGE_GAP: f64 = 0.05;
/// Below this difference of a probability, shares of it drown in the rounding of 32-bit floats.
const SMALL_PROBABILITY: f64 = 1e-4;
/// Paths of more steps are not taken.
const MAX_STEPS: f64 = 1600.0;

/// Whether a probability is all but the same at both ends of a path, as that of a softmax that is saturated:
/// there is little to share out, whatever the steps, and the logit says more.
pub fn is_saturated(is_of_probability: bool, difference: f64) -> bool {
    is_of_probability && difference.abs() < SMALL_PROBABILITY
}

/// How an attribution adds up to what it explains.
pub struct Completeness {
    from: String,
    unit: String,
    pub n_steps: f64,
    pub sum: f64,
    pub difference: f64,
    gap: f64,
}

impl Completeness {
    /// `None` for methods whose attributions don't add up to anything.
    pub fn of(outcome: &Outcome, variable: &Variable) -> Option<Self> {
        let family = variable.name.split('/').next()?;
        let number = |name: &str| {
            let name = format!("{family}/{name}");
            outcome.numbers.iter().find(|number| number.name == name)
        };
        let difference = number("output_difference")?;
        Some(Self {
            from: baseline(outcome, variable),
            unit: difference.unit.clone(),
            n_steps: number("n_steps")?.value,
            sum: number("sum")?.value,
            difference: difference.value,
            gap: number("completeness_gap")?.value,
        })
    }

    /// `200 steps from black; completeness gap −1.4 % of +0.853`
    pub fn words(&self) -> String {
        let Self { n_steps, from, .. } = self;
        format!("{n_steps} steps from {from}; completeness gap {}", self.gap())
    }

    fn share(&self) -> Option<f64> {
        (self.difference != 0.0).then(|| self.gap / self.difference)
    }

    /// `−1.4 % of +0.853`, or the gap itself where there is no difference to compare it with.
    pub fn gap(&self) -> String {
        let unit = in_unit(&self.unit);
        let Some(share) = self.share() else { return format!("{}{unit}", signed(self.gap)) };
        let sign = if share < 0.0 { "−" } else { "+" };
        // A number and its % stay on one line.
        let share = match share.abs() * 100.0 {
            p if p < 0.1 => "less than 0.1\u{a0}%".to_owned(),
            p if p < 10.0 => format!("{sign}{p:.1}\u{a0}%"),
            p => format!("{sign}{p:.0}\u{a0}%"),
        };
        format!("{share} of {}{unit}", signed(self.difference))
    }

    fn is_saturated(&self) -> bool {
        is_saturated(self.unit == "probability", self.difference)
    }

    /// What to do about the gap; empty where it is small.
    pub fn advice(&self) -> &'static str {
        match self.share().is_some_and(|share| share.abs() > LARGE_GAP) {
            false => "",
            true if self.is_saturated() => "; the logit would tell more",
            true if self.n_steps >= MAX_STEPS => "; more steps are not taken",
            true => "; more steps would make it smaller",
        }
    }

    /// What a path says: `difference +0.853`.
    pub fn ends(&self, first: f64, last: f64) -> String {
        let unit = in_unit(&self.unit);
        let difference = signed(self.difference);
        format!("{} → {}: difference {difference}{unit}", number(first), number(last))
    }
}
