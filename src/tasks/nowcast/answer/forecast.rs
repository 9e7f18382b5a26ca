//! A forecast in physical units, beside what was observed.

use stormlens_data::archive::Lead;
use stormlens_data::network::Answer;
use stormlens_data::outcome::{Role, Variable};

use super::Ground;
use crate::tasks::nowcast::references::Beside;
use crate::tasks::nowcast::samples::Frames;

/// The maps of a forecast, of what was observed and of the forecasts without a network beside it.
pub(super) fn variables(
    ground: &Ground,
    frames: &Frames,
    answer: &Answer,
    beside: Vec<Beside>,
) -> Vec<Variable> {
    let inputs = ground.inputs(frames);
    let n_pixels = ground.plane[0] * ground.plane[1];
    let last = &inputs[inputs.len() - n_pixels..];
    let persistence = last.repeat(ground.lead_axis.len());
    let lead_axis = &ground.lead_axis;
    let prediction = ground.variable(
        "prediction",
        Role::Prediction,
        lead_axis,
        ground.physical(&answer.prediction),
    );
    let mut variables = vec![prediction];
    let observed = match frames {
        Frames::Sample(sample) => observation(&sample.leads, n_pixels),
        Frames::Brought(brought) => brought.observed().map(|values| ground.physical(values)),
    };
    if let Some(observed) = observed {
        variables.push(ground.variable("observation", Role::Observation, lead_axis, observed));
    }
    variables.push(ground.variable("persistence", Role::Reference, lead_axis, persistence));
    let reference = |Beside { name, values }: Beside| {
        ground.variable(&name, Role::Reference, lead_axis, values)
    };
    variables.extend(beside.into_iter().map(reference));
    variables.push(ground.variable("input", Role::Input, &ground.input_axis, inputs));
    variables
}

/// What was observed at all lead times, missing where the archive has no frame; `None` where it has none
/// of them.
fn observation(leads: &[Lead], n_pixels: usize) -> Option<Vec<f32>> {
    leads.iter().any(|lead| lead.observation.is_some()).then(|| {
        let values = leads.iter().map(|lead| match &lead.observation {
            Some(observed) => observed.map.values.clone(),
            None => vec![f32::NAN; n_pixels],
        });
        values.flatten().collect()
    })
}
