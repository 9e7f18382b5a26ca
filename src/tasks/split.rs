//! What weights have seen of what they are asked about, as a result carries it: the same for every task.

use stormlens_data::card::Part;
use stormlens_data::outcome::{Note, Outcome};

/// The name of the note on a result.
const NOTE: &str = "split";

/// The part of the split as a note; figures say it where scores may be better than on new data.
pub fn note(part: Part) -> Note {
    Note::new(NOTE, part.words(), part.is_seen()).of_network()
}

/// What a result says beside that, for pages that say the part by itself.
pub fn other_notes(outcome: &Outcome) -> impl Iterator<Item = &Note> {
    outcome.notes.iter().filter(|note| note.name != NOTE)
}

/// What a result says of it; one that says nothing knows nothing.
pub fn part_in(outcome: &Outcome) -> Part {
    let words = outcome.notes(NOTE).next();
    let is_it = |part: &Part| Some(part.words()) == words;
    Part::ALL.into_iter().find(is_it).unwrap_or(Part::Unknown)
}

/// What all weights that can be asked have seen of a sample, for lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// `Training sample of 1 of 3 networks`; empty where there are no weights to ask.
    pub words: String,
    /// Whether scores of some of them may be better than on new data.
    pub is_seen: bool,
}

impl Seen {
    pub fn of(parts: &[Part]) -> Self {
        let Some(worst) = parts.iter().copied().max() else { return Self::default() };
        let n = parts.iter().filter(|part| **part == worst).count();
        let words = match worst.is_seen() && n < parts.len() {
            true => format!("{} of {n} of {} networks", worst.label(), parts.len()),
            false => worst.label().to_owned(),
        };
        Self { words, is_seen: worst.is_seen() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_say_the_part_that_says_most_against_a_score() {
        use Part::{Test, Training, Unknown};
        for (parts, words, is_seen) in [
            (&[][..], "", false),
            (&[Test, Test], "Test sample", false),
            (&[Test, Unknown], "Unknown whether used in training", false),
            (&[Test, Training, Test], "Training sample of 1 of 3 networks", true),
            (&[Training, Training], "Training sample", true),
        ] {
            assert_eq!(Seen::of(parts), Seen { words: words.to_owned(), is_seen }, "{parts:?}");
        }
    }

    #[test]
    fn a_result_carries_it_and_figures_say_what_was_seen() {
        for part in Part::ALL {
            let note = note(part);
            assert_eq!(note.is_on_figures, part.is_seen(), "{}", note.text);
            let mut outcome = stormlens_plot::testing::outcome();
            outcome.notes = vec![note];
            assert_eq!(part_in(&outcome), part);
            outcome.notes.push(Note::new("rule", "rain: a sum", false));
            assert_eq!(other_notes(&outcome).map(|note| &note.name).collect::<Vec<_>>(), ["rule"]);
            outcome.notes.clear();
            assert_eq!(part_in(&outcome), Part::Unknown);
        }
    }
}
