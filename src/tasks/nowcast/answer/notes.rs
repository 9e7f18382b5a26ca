//! What has to be known of a result.

use stormlens_data::card::Nowcasting;
use stormlens_data::import::radar::Measured;
use stormlens_data::likeness::{Difference, DifferenceKind, Likeness};
use stormlens_data::outcome::Note;

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
