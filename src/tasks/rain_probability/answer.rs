//! From the answers about fields to probabilities: as the network gives them, recalibrated, and beside what was measured.

mod classes;
mod made;
mod notes;

use stormlens_data::outcome::{
    Axis, Domain, Outcome, Provenance, Quantity, Role, Values, Variable,
};

pub use self::classes::{class_names, event_names, exceedances, softmax};
use self::made::Made;
use self::notes::notes_of;
use super::explained;
use super::points;
use super::prepare::Work;
use super::times;
use crate::task::Answered;

pub const PREDICTION: &str = "prediction";
pub const EXCEEDANCE: &str = "membership";
pub const PROBABILITY: &str = "probability";
pub const CLASS: &str = "class";
pub const ENTROPY: &str = "entropy";
pub const SPREAD: &str = "spread_behind_masks";
pub const MEAN: &str = "mean_behind_masks";

/// The result of an answer.
///
/// # Panics
/// If the answer is of another task's question.
pub fn outcome(mut answered: Answered<'_>) -> Outcome {
    let rest = std::mem::replace(&mut answered.rest, Box::new(()));
    let work = rest.downcast::<Work>().expect("the fields of this question");
    let made = Made::new(&work, &answered.answers);
    let found = explained::of(&answered, &work);
    let (mut variables, mut numbers) = (made.variables(), made.numbers());
    variables.extend(points::variables(&work, answered.answers.first()));
    variables.extend(found.variables);
    numbers.extend(found.numbers);
    if let Some(end) = work.loaded.end {
        times::date(&mut variables, end, &work.card.fields);
    }
    let mut notes = notes_of(&work, answered.cards);
    notes.extend(found.notes);
    Outcome {
        request: answered.request.clone(),
        variables,
        numbers,
        notes,
        provenance: provenance(&work, answered.provenance),
        duration_ms: answered.duration_ms,
    }
}

fn provenance(work: &Work, origin: Provenance) -> Provenance {
    let credit = &work.loaded.credit;
    Provenance {
        data_source: credit.source.clone(),
        data_licence: credit.licence.clone(),
        data_files: credit.files.clone(),
        data_sha256: credit.sha256.clone(),
        ..origin
    }
}

/// Numbers with names, without rows and columns.
pub fn numbers_of(name: &str, quantity: Quantity, axes: Vec<Axis>, values: Vec<f64>) -> Variable {
    Variable {
        name: name.to_owned(),
        role: Role::Diagnostic,
        quantity,
        axes,
        plane: None,
        domain: Domain::None,
        values: Values::F64(values),
    }
}
