//! From a network's answer to a forecast in physical units, beside what was observed.

use stormlens_data::card::Nowcasting;
use stormlens_data::import::radar::Measured;
use stormlens_data::network::{Answer, Explained, ShownLayer};
use stormlens_data::outcome::{Colours, Number, Outcome, Provenance, Quantity, Role, Variable};
use stormlens_data::request::Cancelled;

use super::prepare::Rest;
use super::question::has_steps_mean;
use super::references::references;
use super::samples::Frames;
use super::seen::{self, Seen};
use super::unmeasured::{Given, Unmeasured};
use crate::task::Answered;
use crate::tasks::explained::Setting;

mod forecast;
mod ground;
pub mod levels;
pub mod masked;
mod notes;
pub mod rebuilt;
mod target;
#[cfg(test)]
mod tests;

pub use ground::{Ground, dated};
pub use notes::UNLIKE_TRAINING;
pub use target::minutes;

/// The result of an answer to frames of which the radar measured that, where it is known.
///
/// # Errors
/// When nobody waits for it any more.
///
/// # Panics
/// If the answer is of another task's question.
pub fn outcome(answered: Answered<'_>, measured: Option<Measured>) -> Result<Outcome, Cancelled> {
    let Answered { request, cards, rest, provenance, duration_ms, methods, placed, .. } = answered;
    let progress = answered.progress;
    let mut answers = answered.answers;
    let Rest { frames, seen } = *rest.downcast::<Rest>().expect("the frames of this question");
    if let Some(seen) = &seen {
        seen.finish(&mut answers, &placed);
    }
    let task = cards.checkpoint.nowcasting.as_ref().expect("weights that take frames");
    let rebuilt = seen.as_ref().zip(answers.first()).filter(|_| task.rebuilds());
    let patch_errors = rebuilt.map(|(seen, first)| seen.errors(&first.prediction, &placed));
    if let Some(seen) = &seen {
        answers.iter_mut().for_each(|answer| seen.crop(answer));
    }
    let mut ground = Ground::new(&frames, task, measured);
    if task.rebuilds() {
        ground.lead_axis = ground.input_axis.clone();
    }
    let target = request.explain.first().map(|explain| &explain.target);
    let (beside, no_reference) = match &frames {
        Frames::Sample(sample) if !task.rebuilds() => {
            let steps_mean = has_steps_mean(&request.subject);
            references(sample, &task.lead_times_min, steps_mean, progress)?
        }
        _ => (Vec::new(), Vec::new()),
    };
    let none = Answer::default();
    let (answer, behind_masks) = answers.split_first().unwrap_or((&none, &[]));
    let mut variables = match task.rebuilds() {
        true => rebuilt::variables(&ground, &frames, answer, seen.as_ref()),
        false => forecast::variables(&ground, &frames, answer, beside),
    };
    if let Some(seen) = &seen {
        variables.extend(hidden(&ground, seen));
        let quantity =
            Quantity::new("squared error over the patch's spread squared", "1", Colours::Sizes);
        variables.extend(
            patch_errors.map(|errors| ground.of_patches(PATCH_ERROR, quantity, (seen, errors))),
        );
    }
    let observed = variables.iter().find(|variable| variable.role == Role::Observation);
    let observed = observed.filter(|_| !behind_masks.is_empty()).map(Variable::to_f32);
    variables.extend(masked::variables(&ground, behind_masks, observed.as_deref()));
    if let Some(seen) = &seen {
        variables.extend(levels::variables(&ground, seen, cards, &answer.shown));
    }
    variables.extend(target.and_then(|target| target::mask(&ground, target, answer)));
    let words = |explained: &Explained| target::words(task.field, target, explained);
    let unit = task.field.unit();
    let nothing = target::nothing_above(task.field, target, &variables);
    let setting = Setting {
        methods,
        input_axis: ground.input_axis.clone(),
        input_domain: ground.domain.clone(),
        layer_domain: ground.domain.clone(),
        unit: &|_| unit,
        factor: task.field.factor(),
        input_factor: task.field.factor(),
        has_own_unit: true,
        is_mean: false,
        target: &words,
    };
    variables.extend(answer.explained.iter().flat_map(|explained| setting.variables(explained)));
    let mut notes = notes::notes(task, cards.checkpoint.is_simulated, nothing, &frames);
    notes.extend(no_reference);
    let given = match (&seen, task.rebuilds()) {
        (None, _) => Given::NoRain,
        (Some(_), false) => Given::FewerPatches,
        (Some(_), true) => Given::WholePatches,
    };
    notes.extend(Unmeasured::of(&frames).note(given));
    notes.extend(variables.iter().find_map(|variable| notes::negative(task, variable)));
    notes.extend(seen.as_ref().and_then(notes::hidden));
    notes.extend(notes::unlike(&frames, measured, cards.checkpoint.likeness.as_deref()));
    let own = seen.as_ref().map(|_| statistics_floor(task, &placed));
    let explained = answer.explained.iter().flat_map(|explained| setting.numbers(explained));
    Ok(Outcome {
        request: request.clone(),
        variables,
        numbers: own.into_iter().chain(explained).collect(),
        notes,
        provenance: frames.provenance(provenance),
        duration_ms,
    })
}

/// What gives a dry patch a spread.
pub const STATISTICS_FLOOR: &str = "statistics_floor";

fn statistics_floor(task: &Nowcasting, placed: &[ShownLayer]) -> Number {
    Number {
        name: STATISTICS_FLOOR.to_owned(),
        value: seen::floor(placed) * task.field.factor(),
        unit: task.field.unit().to_owned(),
        meaning:
            "its square is added to the variance of each patch, so that a dry one has a spread"
                .to_owned(),
    }
}

/// Which patches the network did not see, and how far from the truth each patch is that it rebuilt.
pub const HIDDEN: &str = "hidden";
pub const PATCH_ERROR: &str = "patch_error";

/// Where patches are hidden, if any are.
fn hidden(ground: &Ground, seen: &Seen) -> Option<Variable> {
    let values = seen.hidden.iter().map(|&hidden| f32::from(u8::from(hidden)));
    let quantity = Quantity::new("hidden from the network", "1", Colours::Mask);
    let variable = ground.of_patches(HIDDEN, quantity, (seen, values.collect()));
    seen.hidden.contains(&true).then_some(variable)
}

impl Frames {
    fn provenance(&self, origin: Provenance) -> Provenance {
        let (data_source, data_licence) = self.credit();
        let (data_files, data_sha256) = match self {
            Self::Sample(sample) => (sample.files.clone(), sample.data_sha256.clone()),
            Self::Brought(brought) => (vec![brought.file.clone()], brought.sha256.clone()),
        };
        Provenance { data_source, data_licence, data_files, data_sha256, ..origin }
    }
}
