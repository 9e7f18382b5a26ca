//! What weights of a pre-training give: the frames that went in, with what was hidden filled in, beside what a simple rule
//! would fill in.

use stormlens_data::field::Field;
use stormlens_data::network::Answer;
use stormlens_data::outcome::{Outcome, Quantity, Role, Variable};
use stormlens_data::patches::filled_from_around;
use stormlens_data::score::{MODEL, ScoreTable, Verification, default_thresholds};

use super::{Ground, HIDDEN};
use crate::tasks::nowcast::samples::Frames;
use crate::tasks::nowcast::seen::{Seen, spread_out};

/// The frames as they were measured, with what the network did not see as it rebuilt it.
pub const FILLED: &str = "filled";
/// The same filled by distance from what is seen.
pub const INTERPOLATED: &str = "interpolated";
/// The name of no rain at all in the table of what was filled in.
pub const DRY: &str = "dry";

/// The frames that went in, what was rebuilt of them, and what fills their gaps.
pub fn variables(
    ground: &Ground,
    frames: &Frames,
    answer: &Answer,
    seen: Option<&Seen>,
) -> Vec<Variable> {
    let inputs = ground.inputs(frames);
    let rebuilt = ground.physical(&answer.prediction);
    let axis = &ground.input_axis;
    let mut variables = vec![
        ground.variable("prediction", Role::Prediction, axis, rebuilt.clone()),
        ground.variable("observation", Role::Observation, axis, inputs.clone()),
        ground.variable("input", Role::Input, axis, inputs.clone()),
    ];
    if let Some(hidden) = seen.filter(|seen| seen.hidden.contains(&true)).map(Seen::hidden_pixels) {
        variables.extend(filled(ground, &inputs, &rebuilt, &hidden));
    }
    variables
}

fn filled(ground: &Ground, inputs: &[f32], rebuilt: &[f32], hidden: &[bool]) -> [Variable; 2] {
    let is_gap = |i: usize| hidden[i % hidden.len()] || inputs[i].is_nan();
    let by_network =
        (0..inputs.len()).map(|i| if is_gap(i) { rebuilt[i] } else { inputs[i] }).collect();
    let seen: Vec<f32> =
        (0..inputs.len()).map(|i| if is_gap(i) { f32::NAN } else { inputs[i] }).collect();
    let by_rule =
        seen.chunks_exact(hidden.len()).flat_map(|map| filled_from_around(map, ground.plane));
    let variable = |name: &str, role, what: &str, values| {
        let map = ground.variable(name, role, &ground.input_axis, values);
        Variable { quantity: Quantity { name: what.to_owned(), ..map.quantity.clone() }, ..map }
    };
    [
        variable(FILLED, Role::Diagnostic, "gaps filled by the network", by_network),
        variable(INTERPOLATED, Role::Diagnostic, "gaps filled by distance", by_rule.collect()),
    ]
}

/// How good what was filled in is where it was measured, over all frames together; `None` where nothing that was measured is
/// hidden. Values are compared where all have one.
pub fn table(outcome: &Outcome) -> Option<ScoreTable> {
    let [network, rule] = [FILLED, INTERPOLATED].map(|name| outcome.variable(name));
    let (network, rule, truth) = (network?, rule?, outcome.variable("observation")?);
    let (hidden, [height, width]) = (outcome.variable(HIDDEN)?.map(0), truth.plane?);
    let field = stormlens_data::card::NowcastField::Precipitation;
    let names = [MODEL, INTERPOLATED, DRY];
    let mut sums = Verification::new(field, &names, &[0], default_thresholds(field));
    let hidden = spread_out(&hidden.values, [hidden.height, hidden.width], [height, width]);
    for frame in 0..truth.n_maps() {
        let (mut truth, rule) = (truth.map(frame), rule.map(frame));
        for (i, value) in truth.values.iter_mut().enumerate() {
            if hidden[i] == 0.0 || rule.values[i].is_nan() {
                *value = f32::NAN;
            }
        }
        let dry = Field::new(height, width, vec![0.0; height * width]);
        sums.add(0, &[&network.map(frame), &rule, &dry], &truth);
    }
    let mut table = sums.finish();
    let is_measured = table.rows.iter().any(|row| row.counts.n_pixels() > 0);
    table.rows.iter_mut().for_each(|row| row.lead_time_min = None);
    is_measured.then_some(table)
}
