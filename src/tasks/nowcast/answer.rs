//! From a network's answer to a forecast in physical units, beside what was observed.

use stormlens_data::archive::{Lead, Sample};
use stormlens_data::card::{NowcastField, Nowcasting};
use stormlens_data::field::Field;
use stormlens_data::import::radar::Measured;
use stormlens_data::likeness::{Difference, DifferenceKind, Likeness};
use stormlens_data::network::{Answer, Explained};
use stormlens_data::outcome::{
    Axis, Colours, Coordinates, Domain, Note, Outcome, Provenance, Quantity, Role, Values, Variable,
};
use stormlens_data::request::Target;

use super::prepare::Rest;
use super::question::{has_steps_mean, last_lead_time_min, lead_time_min, threshold};
use super::references::{Beside, references};
use super::samples::Frames;
use super::scores::threshold_label;
use super::seen::Seen;
use crate::task::Answered;
use crate::tasks::explained::Setting;
use stormlens_plot::words::{count, number};

pub mod levels;
pub mod masked;
pub mod rebuilt;
#[cfg(test)]
mod tests;

/// A note of each way in which the frames are unlike those that the weights were trained on.
pub const UNLIKE_TRAINING: &str = "unlike-training-data";

/// The result of an answer to frames of which the radar measured that, where it is known.
///
/// # Panics
/// If the answer is of another task's question.
pub fn outcome(answered: Answered<'_>, measured: Option<Measured>) -> Outcome {
    let Answered { request, cards, rest, provenance, duration_ms, methods, placed, .. } = answered;
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
    let mut ground = Ground::new(&frames, task);
    if task.rebuilds() {
        ground.lead_axis = ground.input_axis.clone();
    }
    let target = request.explain.first().map(|explain| &explain.target);
    let (beside, no_reference) = match &frames {
        Frames::Sample(sample) if !task.rebuilds() => {
            references(sample, &task.lead_times_min, has_steps_mean(&request.subject))
        }
        _ => (Vec::new(), Vec::new()),
    };
    let none = Answer::default();
    let (answer, behind_masks) = answers.split_first().unwrap_or((&none, &[]));
    let mut variables = match task.rebuilds() {
        true => rebuilt::variables(&ground, &frames, answer, seen.as_ref()),
        false => forecast(&ground, &frames, answer, beside),
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
    variables.extend(target.and_then(|target| mask(&ground, target, answer)));
    let words = |explained: &Explained| target_words(task.field, target, explained);
    let unit = task.field.unit();
    let nothing = nothing_above(task.field, target, &variables);
    let setting = Setting {
        methods,
        input_axis: ground.input_axis.clone(),
        input_domain: ground.domain.clone(),
        layer_domain: ground.domain.clone(),
        unit: &|_| unit,
        factor: task.field.factor(),
        input_factor: task.field.factor(),
        has_own_unit: true,
        target: &words,
    };
    variables.extend(answer.explained.iter().flat_map(|explained| setting.variables(explained)));
    let mut notes = notes(task, cards.checkpoint.is_simulated, nothing, &frames);
    notes.extend(no_reference);
    notes.extend(seen.as_ref().and_then(hidden_in_words));
    notes.extend(unlike(&frames, measured, cards.checkpoint.likeness.as_deref()));
    Outcome {
        request: request.clone(),
        variables,
        numbers: answer.explained.iter().flat_map(|explained| setting.numbers(explained)).collect(),
        notes,
        provenance: frames.provenance(provenance),
        duration_ms,
    }
}

/// Which patches the network did not see, and how far from the truth each patch is that it rebuilt.
pub const HIDDEN: &str = "hidden";
pub const PATCH_ERROR: &str = "patch_error";

/// What every map of a forecast has in common.
pub struct Ground {
    quantity: Quantity,
    field: NowcastField,
    domain: Domain,
    input_axis: Axis,
    lead_axis: Axis,
    plane: [usize; 2],
}

impl Ground {
    fn new(frames: &Frames, task: &Nowcasting) -> Self {
        let [n_frames, height, width] = frames.shape();
        let (field, plane) = (task.field, [height, width]);
        let leads = task.lead_times_min.clone();
        let (domain, input_axis, lead_axis) = match frames {
            Frames::Sample(Sample { sequence, .. }) => {
                let start = sequence.times.last().copied().unwrap_or_default();
                let input_axis = Axis::input_time(sequence.times.clone());
                (Domain::Earth(sequence.grid.clone()), input_axis, Axis::lead_time(start, leads))
            }
            // Arrays do not say when and where they are of.
            Frames::Brought(_) => {
                let leads = leads.into_iter().map(f64::from).collect();
                let lead_axis = Axis::numbers(Axis::LEAD_TIME, "min", leads);
                (Domain::None, Axis::counted(Axis::INPUT_TIME, n_frames), lead_axis)
            }
        };
        Self { quantity: field.quantity(), field, domain, input_axis, lead_axis, plane }
    }

    /// A value a patch.
    fn of_patches(
        &self,
        name: &str,
        quantity: Quantity,
        (seen, values): (&Seen, Vec<f32>),
    ) -> Variable {
        let [_, rows, columns] = seen.patches.grid();
        let (values, plane) = seen.on_pixels(values, [rows, columns]);
        Variable {
            name: name.to_owned(),
            role: Role::Diagnostic,
            quantity,
            axes: Vec::new(),
            plane: Some(plane),
            domain: self.domain.clone(),
            values: Values::F32(values),
        }
    }

    /// The frames that went in, in the unit of the field.
    fn inputs(&self, frames: &Frames) -> Vec<f32> {
        match frames {
            Frames::Sample(sample) => all(&sample.sequence.frames),
            Frames::Brought(brought) => self.physical(brought.values()),
        }
    }

    /// Values of the network in the unit of the field.
    fn physical(&self, values: &[f32]) -> Vec<f32> {
        values.iter().map(|&x| self.field.to_physical(x)).collect()
    }

    fn variable(&self, name: &str, role: Role, axis: &Axis, values: Vec<f32>) -> Variable {
        Variable {
            name: name.to_owned(),
            role,
            quantity: self.quantity.clone(),
            axes: vec![axis.clone()],
            plane: Some(self.plane),
            domain: self.domain.clone(),
            values: Values::F32(values),
        }
    }
}

fn forecast(
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

/// Where patches are hidden, if any are.
fn hidden(ground: &Ground, seen: &Seen) -> Option<Variable> {
    let values = seen.hidden.iter().map(|&hidden| f32::from(u8::from(hidden)));
    let quantity = Quantity::new("hidden from the network", "1", Colours::Mask);
    let variable = ground.of_patches(HIDDEN, quantity, (seen, values.collect()));
    seen.hidden.contains(&true).then_some(variable)
}

/// How much of the input the network did not see, and what took its place.
fn hidden_in_words(seen: &Seen) -> Option<Note> {
    let n_hidden = seen.hidden.iter().filter(|&&hidden| hidden).count();
    let statistics = match seen.mask.whole_statistics {
        true => {
            "mean and spread of those that were chosen are known to it, but not to explanations"
        }
        false => "so are their mean and spread",
    };
    let text = format!(
        "{n_hidden} of {} patches are hidden from the network; {statistics}",
        seen.hidden.len()
    );
    (n_hidden > 0).then(|| Note::new("hidden-patches", text, true))
}

fn all(fields: &[Field]) -> Vec<f32> {
    fields.iter().flat_map(|field| field.values.iter().copied()).collect()
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

/// The pixels that the explained sum goes over.
fn mask(ground: &Ground, target: &Target, answer: &Answer) -> Option<Variable> {
    let mask = answer.explained.iter().find_map(|explained| explained.mask.clone())?;
    let leads = leads_of(ground, target);
    let axis = match ground.lead_axis.time(0) {
        Some(_) => {
            let start = ground.input_axis.time(ground.input_axis.len().saturating_sub(1))?;
            Axis::lead_time(start, leads)
        }
        None => {
            let leads = leads.into_iter().map(f64::from).collect();
            Axis::numbers(Axis::LEAD_TIME, "min", leads)
        }
    };
    // Titles say `pixels are …`.
    let above = threshold_label(ground.field, threshold(target));
    let quantity = Quantity::new(&format!("predicted above {above}"), "1", Colours::Mask);
    let mask = ground.variable("target_mask", Role::Mask, &axis, mask);
    Some(Variable { quantity, ..mask })
}

/// All lead times that a target goes over, in minutes.
fn leads_of(ground: &Ground, target: &Target) -> Vec<u32> {
    let first = lead_time_min(target);
    let Some(last) = last_lead_time_min(target) else { return vec![first] };
    let axis = &ground.lead_axis;
    let is_in = |lead: &u32| (first..=last).contains(lead);
    (0..axis.len()).filter_map(|i| minutes(axis, i)).filter(is_in).collect()
}

/// The lead time of an entry in minutes, also of arrays that do not say when they are of.
pub fn minutes(axis: &Axis, idx: usize) -> Option<u32> {
    match &axis.coordinates {
        Coordinates::Numbers { values, .. } => values.get(idx).map(|&minutes| minutes as u32),
        _ => axis.lead_time_min(idx),
    }
}

/// `target: predicted rain above 1.5 mm/h at +30 min (28,990 pixels)`
fn target_words(field: NowcastField, target: Option<&Target>, explained: &Explained) -> String {
    let Some(target) = target else { return String::new() };
    let n_pixels = explained.mask.iter().flatten().filter(|&&m| m > 0.0).count();
    let what = match field {
        NowcastField::Precipitation => "rain",
        NowcastField::CloudCover => "cloud cover",
    };
    let (above, lead) = (number(threshold(target)), lead_time_min(target));
    let to = last_lead_time_min(target).map(|last| format!(" to +{last}")).unwrap_or_default();
    let unit = match field.unit() {
        "1" => String::new(),
        unit => format!(" {unit}"),
    };
    format!(
        "target: predicted {what} above {above}{unit} at +{lead}{to} min ({} pixels)",
        count(n_pixels)
    )
}

/// What to do where the threshold leaves nothing to explain.
fn nothing_above(
    field: NowcastField,
    target: Option<&Target>,
    variables: &[Variable],
) -> Option<String> {
    let mask = variables.iter().find(|variable| variable.role == Role::Mask)?;
    let above = threshold_label(field, threshold(target?));
    mask.is_zero().then(|| {
        format!("nothing is predicted above {above}, so there is nothing to explain: choose a lower threshold")
    })
}

fn notes(
    task: &Nowcasting,
    is_simulated: bool,
    nothing: Option<String>,
    frames: &Frames,
) -> Vec<Note> {
    let mut notes = Vec::new();
    if is_simulated {
        notes.push(Note::new("simulated", "weights trained on simulated data", true));
    }
    notes.extend(nothing.map(|words| Note::new("nothing-to-explain", words, false)));
    if let Frames::Brought(array) = frames
        && !array.is_unit_stated
    {
        let text = format!(
            "the array does not say its unit: taken as {}; say it with --units",
            array.units.label()
        );
        notes.push(Note::new("unit-assumed", text, false));
    }
    if !task.is_stated {
        let text = "the weights do not say their lead times: those of the publication are taken";
        notes.push(Note::new("lead-times-assumed", text, false));
    }
    notes
}

/// In what frames differ from those of the training, where that is known of the weights. A figure says it where amounts
/// are of another size, as in another unit, for then it shows nothing that is true.
fn unlike(frames: &Frames, measured: Option<Measured>, training: Option<&Likeness>) -> Vec<Note> {
    let (Frames::Sample(sample), Some(training)) = (frames, training) else { return Vec::new() };
    let note = |difference: Difference| {
        let is_on_figures = difference.kind == DifferenceKind::Scale;
        Note::new(UNLIKE_TRAINING, difference.words, is_on_figures)
    };
    let differences = training.differences(&Likeness::of_sample(sample, measured));
    differences.into_iter().map(note).collect()
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
