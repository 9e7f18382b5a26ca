//! What methods found, by variable.

use stormlens_data::network::Explained;
use stormlens_data::outcome::{Axis, Note, Number, Variable};
use stormlens_data::request::ClassOutput;

use super::answer::event_names;
use super::ground::Ground;
use super::prepare::Work;
use super::question::target_of;
use crate::task::Answered;
use crate::tasks::explained::Setting;

/// What the changes by each variable are called, before the event.
pub const EFFECT: &str = "effect/";

/// What is found of it.
#[derive(Default)]
pub struct Found {
    pub variables: Vec<Variable>,
    pub numbers: Vec<Number>,
    pub notes: Vec<Note>,
}

pub fn of(answered: &Answered<'_>, work: &Work) -> Found {
    let mut found = Found::default();
    let Some(answer) = answered.answers.first() else { return found };
    let ground = Ground(&work.card.fields);
    for (explained, explain) in answer.explained.iter().zip(&answered.request.explain) {
        let (event, place, output) = target_of(&explain.target);
        let unit = match output {
            // What the network gives, before recalibration.
            ClassOutput::Probability => "membership",
            ClassOutput::Logit => "logit",
        };
        let events = event_names(&work.card.fields);
        let name = events.get(event.from_class() - 1).map_or("", String::as_str);
        let target = match output {
            ClassOutput::Probability => format!("target: membership of {name}, mean of {place}"),
            ClassOutput::Logit => format!("target: log-odds of {name}, mean of {place}"),
        };
        let setting = Setting {
            methods: answered.methods,
            input_axis: variables(work),
            input_domain: ground.domain(),
            layer_domain: ground.domain(),
            unit: &|_: &Explained| unit,
            factor: 1.0,
            input_factor: 1.0,
            has_own_unit: false,
            is_mean: true,
            target: &|_: &Explained| target.clone(),
        };
        found.variables.extend(setting.variables(explained).into_iter().map(|v| told(v, &events)));
        found.numbers.extend(setting.numbers(explained));
    }
    found
}

/// What hiding each variable changes, by the event that it is about.
fn told(mut variable: Variable, events: &[String]) -> Variable {
    let event = match variable.name.as_str() {
        "occlusion/rain" => events.first(),
        "occlusion/heavy" => events.get(1),
        _ => None,
    };
    if let Some(event) = event {
        // A name of its own, since methods explain one event, and this is of both.
        variable.name = variable.name.replace("occlusion/", EFFECT);
        let of = match variable.quantity.unit.as_str() {
            "logit" => "log-odds",
            _ => "membership",
        };
        variable.quantity.name = format!("change of {of}, what each variable adds for {event}");
        // The name says already what it is a change of.
        variable.quantity.unit = "1".to_owned();
        variable.axes.iter_mut().for_each(|axis| axis.name = "variable".to_owned());
    }
    variable
}

/// Names of the input's channels; those that only fill a group up are called so.
fn variables(work: &Work) -> Axis {
    let statement = &work.card.fields;
    let names = statement.variables.iter().map(|variable| variable.name.clone());
    let filling = (0..statement.padded_channels).map(|i| format!("filling {}", i + 1));
    Axis::names(Axis::CHANNEL, names.chain(filling))
}

#[cfg(test)]
mod tests {
    use stormlens_data::outcome::{Colours, Domain, Quantity, Role, Values};

    use super::*;

    #[test]
    fn bars_are_changes_of_what_the_network_gives() {
        let check = |unit: &str, expected: &str| {
            let variable = Variable {
                name: "occlusion/heavy".to_owned(),
                role: Role::Diagnostic,
                quantity: Quantity::new("change of the answer", unit, Colours::None),
                axes: vec![Axis::names(Axis::CHANNEL, ["SLP"])],
                plane: None,
                domain: Domain::None,
                values: Values::F64(vec![0.1]),
            };
            let told = told(variable, &["≥ 1 mm".to_owned(), "≥ 10 mm".to_owned()]);
            assert_eq!(
                (told.name.as_str(), told.quantity.label().as_str()),
                ("effect/heavy", expected)
            );
        };
        check("membership", "change of membership, what each variable adds for ≥ 10 mm");
        check("logit", "change of log-odds, what each variable adds for ≥ 10 mm");
    }
}
