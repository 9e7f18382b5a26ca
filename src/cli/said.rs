//! What a result says on a terminal: units, times and places of its numbers, and what has to be known of it.

use stormlens_data::outcome::{Axis, Coordinates, Note, Number, Outcome, Role, Variable};
use stormlens_data::time::format_utc;

/// All lines, in the order in which they are read.
pub fn lines(outcome: &Outcome) -> Vec<String> {
    let of_role =
        |role: Role| outcome.variables.iter().filter(move |variable| variable.role == role);
    let mut lines: Vec<String> =
        of_role(Role::Input).chain(of_role(Role::Prediction)).filter_map(of_maps).collect();
    lines.extend(of_role(Role::Prediction).flat_map(of_series));
    lines.extend(outcome.notes.iter().map(of_note));
    for explain in &outcome.request.explain {
        let maps: Vec<_> = outcome.attributions(&explain.method).collect();
        lines.push(of_attributions(&explain.method, &maps));
    }
    // Those of methods; the others are in the files.
    let of_methods = outcome.numbers.iter().filter(|number| number.name.contains('/'));
    lines.extend(of_methods.map(of_number));
    lines
}

/// What a single number of a result says, by its name.
pub fn number(outcome: &Outcome, name: &str) -> Option<String> {
    outcome.numbers.iter().find(|number| number.name == name).map(of_number)
}

/// `terrain: F.nc, a node every 0.25°`: the name of a note, where its text does not begin with it.
fn of_note(Note { name, text, .. }: &Note) -> String {
    let begins = text.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with(':'));
    if begins { text.clone() } else { format!("{name}: {text}") }
}

/// `grad-cam: 4 attributions, 1 of them zero everywhere, 1 without a number anywhere`. A method may find numbers alone, such as
/// what each variable adds.
fn of_attributions(method: &str, maps: &[&Variable]) -> String {
    if maps.is_empty() {
        return format!("{method}: no maps; what it found are numbers, which the output holds");
    }
    let n_unknown = maps.iter().filter(|map| map.is_unknown()).count();
    let n_zero = maps.iter().filter(|map| map.is_zero()).count();
    let unknown = match n_unknown {
        0 => String::new(),
        n => format!(", {n} without a number anywhere"),
    };
    format!("{method}: {} attributions, {n_zero} of them zero everywhere{unknown}", maps.len())
}

/// `prediction: rain rate (mm/h) at 2010-08-26 06:05 UTC (+30 min), from 0 to 11.2`
fn of_maps(variable: &Variable) -> Option<String> {
    variable.plane?;
    let axis = variable.axes.first()?;
    let times = times(axis)?;
    let (name, quantity) = (&variable.name, variable.quantity.label());
    Some(format!("{name}: {quantity}{times}{}", range(variable)))
}

/// When the maps along an axis are of; `None` for an axis that is not one of time.
fn times(axis: &Axis) -> Option<String> {
    let time = |i: usize| axis.time(i).map(format_utc).unwrap_or_default();
    let n = axis.len();
    match &axis.coordinates {
        Coordinates::Times { .. } if n == 1 => Some(format!(", {}", time(0))),
        Coordinates::Times { .. } => {
            Some(format!(", {n} frames from {} to {}", time(0), time(n.saturating_sub(1))))
        }
        Coordinates::LeadTimes { .. } => {
            let each: Vec<_> = (0..n).map(|i| format!("{} ({})", time(i), axis.label(i))).collect();
            Some(format!(" at {}", each.join(", ")))
        }
        Coordinates::Numbers { .. } if axis.name == Axis::INPUT_TIME => {
            Some(format!(", {n} frames of unknown times"))
        }
        Coordinates::Numbers { .. } if axis.name == Axis::LEAD_TIME => {
            let each: Vec<_> = (0..n).map(|i| format!("+{}", axis.label(i))).collect();
            Some(format!(" at {}", each.join(", ")))
        }
        Coordinates::Numbers { .. } | Coordinates::Names { .. } => None,
    }
}

fn range(variable: &Variable) -> String {
    let finite = variable.to_f64().into_iter().filter(|value| value.is_finite());
    let range = finite.fold(None, |range: Option<(f64, f64)>, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    });
    range.map_or(String::new(), |(low, high)| {
        format!(", from {} to {}", rounded(low), rounded(high))
    })
}

/// Four digits are enough to see that a unit is the wrong one.
fn rounded(value: f64) -> f64 {
    // −0 is 0.
    (value * 1e3).round() / 1e3 + 0.0
}

/// A prediction without rows and columns, a line a value.
fn of_series(variable: &Variable) -> Vec<String> {
    match (variable.plane, variable.axes.as_slice()) {
        (None, [axis]) => {
            let of = |i| {
                format!(
                    "{}, {}: {:.4}",
                    axis.label(i),
                    variable.quantity.name,
                    variable.values.at(i)
                )
            };
            (0..axis.len()).map(of).collect()
        }
        _ => Vec::new(),
    }
}

fn of_number(Number { name, value, unit, meaning }: &Number) -> String {
    let unit = if unit == "1" { "" } else { unit.as_str() };
    // Files have all digits; −0 is 0.
    let value = (value * 1e6).round() / 1e6 + 0.0;
    format!("{name}: {value} {unit} ({meaning})").replace("  ", " ")
}

#[cfg(test)]
mod tests {
    use stormlens_data::outcome::Values;

    use super::*;

    #[test]
    fn units_and_times_of_the_maps_are_said() {
        let outcome = stormlens_plot::testing::outcome();
        let lines = lines(&outcome);
        let line = |name: &str| lines.iter().find(|line| line.starts_with(name)).expect(name);
        let input = line("input: ");
        assert!(input.contains("rain rate (mm/h), 12 frames from 2010-08-26 "), "{input}");
        assert!(input.contains(" UTC, from 0 to "), "{input}");
        let prediction = line("prediction: ");
        assert!(prediction.contains("rain rate (mm/h) at 2010-08-26 "), "{prediction}");
        assert!(prediction.contains(" UTC (+30 min), from "), "{prediction}");
    }

    #[test]
    fn a_number_is_said_by_its_name() {
        let outcome = stormlens_plot::testing::outcome();
        let said = number(&outcome, "grad_cam/target").expect("it is there");
        assert!(said.starts_with("grad_cam/target: "), "{said}");
        assert_eq!(number(&outcome, "seam_index"), None);
    }

    #[test]
    fn a_note_has_its_name_once() {
        let note = |name: &str, text: &str| of_note(&Note::new(name, text, false));
        assert_eq!(note("terrain", "terrain: F.nc"), "terrain: F.nc");
        assert_eq!(note("terrain", "terrains of F.nc"), "terrain: terrains of F.nc");
        assert_eq!(note("rule", "rain: a sum"), "rule: rain: a sum");
    }

    #[test]
    fn an_array_has_lead_times_and_no_dates() {
        let leads = Axis::numbers(Axis::LEAD_TIME, "min", vec![30.0, 60.0]);
        assert_eq!(times(&leads).as_deref(), Some(" at +30 min, +60 min"));
        let inputs = Axis::counted(Axis::INPUT_TIME, 12);
        assert_eq!(times(&inputs).as_deref(), Some(", 12 frames of unknown times"));
        assert_eq!(times(&Axis::names("channel", ["red"])), None);
    }

    /// What is not a number is not zero, and does not hide that everything else is.
    #[test]
    fn what_is_unknown_is_not_counted_as_something() {
        let outcome = stormlens_plot::testing::outcome();
        let map = outcome.attributions("saliency").next().expect("a map");
        let with = |values: &dyn Fn(usize) -> f32| Variable {
            values: Values::F32((0..map.values.len()).map(values).collect()),
            ..map.clone()
        };
        let maps = [with(&|_| f32::NAN), with(&|i| [0.0, f32::NAN][i % 2]), with(&|i| i as f32)];
        let said = of_attributions("saliency", &maps.each_ref());
        let expected =
            "saliency: 3 attributions, 1 of them zero everywhere, 1 without a number anywhere";
        assert_eq!(said, expected);
        assert!(!of_attributions("saliency", &[&maps[2]]).contains("without"), "nothing to say");
        assert!(of_attributions("occlusion", &[]).starts_with("occlusion: no maps; "));
    }

    #[test]
    fn classes_are_said_with_their_probabilities() {
        let outcome = stormlens_plot::testing::scene_outcome();
        assert!(lines(&outcome).iter().any(|line| line.contains(", probability: 0.")));
    }
}
