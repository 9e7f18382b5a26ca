//! What weights have seen of what they are asked about, as a result carries it: the same for every task.

use stormlens_data::card::Part;
use stormlens_data::outcome::{Note, Outcome};

/// The name of the note on a result.
const NOTE: &str = "split";

/// The part of the split as a note; figures say it where scores may be better than on new data.
pub fn note(part: Part) -> Note {
    Note::new(NOTE, part.words(), part.is_seen())
}

/// What a result says of it; one that says nothing knows nothing.
pub fn part_in(outcome: &Outcome) -> Part {
    let words = outcome.notes(NOTE).next();
    let is_it = |part: &Part| Some(part.words()) == words;
    Part::ALL.into_iter().find(is_it).unwrap_or(Part::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_carries_it_and_figures_say_what_was_seen() {
        for part in Part::ALL {
            let note = note(part);
            assert_eq!(note.is_on_figures, part.is_seen(), "{}", note.text);
            let mut outcome = stormlens_plot::testing::outcome();
            outcome.notes = vec![note];
            assert_eq!(part_in(&outcome), part);
            outcome.notes.clear();
            assert_eq!(part_in(&outcome), Part::Unknown);
        }
    }
}
