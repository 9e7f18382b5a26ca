//! What has to be known of a result.

use stormlens_data::card::{NowcastField, Nowcasting};
use stormlens_data::import::radar::Measured;
use stormlens_data::likeness::{Difference, DifferenceKind, Likeness};
use stormlens_data::outcome::{Note, Role, Variable};
use stormlens_plot::words::{number, percent};

use crate::tasks::nowcast::samples::Frames;
use crate::tasks::nowcast::seen::Seen;

/// A note of each way in which the frames are unlike those that the weights were trained on.
pub const UNLIKE_TRAINING: &str = "unlike-training-data";

/// What has to be known of the weights, of what is explained and of the frames.
pub(super) fn notes(
    task: &Nowcasting,
    is_simulated: bool,
    nothing: Option<String>,
    frames: &Frames,
) -> Vec<Note> {
    let mut notes = Vec::new();
    if is_simulated {
        notes.push(Note::new("simulated", "weights trained on simulated data", true).of_network());
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
pub(super) fn unlike(
    frames: &Frames,
    measured: Option<Measured>,
    training: Option<&Likeness>,
) -> Vec<Note> {
    let (Frames::Sample(sample), Some(training)) = (frames, training) else { return Vec::new() };
    let note = |difference: Difference| {
        let is_on_figures = difference.kind == DifferenceKind::Scale;
        Note::new(UNLIKE_TRAINING, difference.words, is_on_figures)
    };
    let differences = training.differences(&Likeness::of_sample(sample, measured));
    differences.into_iter().map(note).collect()
}

/// Rain below 0 in what a network forecasts or rebuilds; it is kept as the network gives it.
pub(super) fn negative(task: &Nowcasting, variable: &Variable) -> Option<Note> {
    if task.field != NowcastField::Precipitation || variable.role != Role::Prediction {
        return None;
    }
    let values = variable.to_f32();
    let below: Vec<f32> = values.iter().copied().filter(|&rain| rain < 0.0).collect();
    let least = below.iter().copied().fold(0.0, f32::min);
    let share = below.len() as f64 / values.len().max(1) as f64;
    let text = format!(
        "the network gives rain below 0 on {} of the pixels, {} {} at the lowest: files, explanations and scores of single \
         pixels keep these values, figures show no rain there",
        percent(share),
        number(f64::from(least)),
        task.field.unit()
    );
    (!below.is_empty()).then(|| Note::new("negative-rain", text, false).of_network())
}

/// How much of the input the network did not see, and what took its place.
pub(super) fn hidden(seen: &Seen) -> Option<Note> {
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
    (n_hidden > 0).then(|| Note::new("hidden-patches", text, true).of_network())
}
