//! Whether a stored result is still that of the fields that lie there now.

use stormlens_data::outcome::Outcome;
use stormlens_data::request::{Request, Subject};

use super::answer::{CLASS, ENTROPY, EXCEEDANCE, PREDICTION};
use super::question::{fields, subject_of};
use super::samples::Samples;
use super::split;
use crate::question::Cards;
use crate::results::{Unfit, ensure};
use crate::tasks::split::part_in;

/// Variables that pages rely on.
const NEEDED: [&str; 4] = [PREDICTION, EXCEEDANCE, CLASS, ENTROPY];

pub fn check(
    samples: &Samples,
    outcome: &Outcome,
    request: &Request,
    cards: &Cards,
) -> Result<(), Unfit> {
    let Subject::RainProbability { .. } = request.subject else { return Err(Unfit::Question) };
    let card = fields(cards).map_err(|_| Unfit::Question)?;
    let (id, _) = subject_of(&request.subject);
    samples.find(id).map_err(|_| Unfit::Data)?;
    let loaded = samples.load(id, card).map_err(|error| Unfit::Unreadable(error.to_string()))?;
    ensure(outcome.provenance.data_sha256 == loaded.credit.sha256, Unfit::Data)?;
    let is_simulated = outcome.notes("simulated").next().is_some();
    let expected = card.fields.synthetic || cards.checkpoint.is_simulated;
    ensure(is_simulated == expected, Unfit::Weights)?;
    let part = split::part(samples, id, &cards.checkpoint);
    ensure(part_in(outcome) == part, Unfit::Weights)?;
    NEEDED.iter().try_for_each(|name| {
        let is_map = outcome.variable(name).is_some_and(|v| v.plane == Some(card.fields.size));
        ensure(is_map, Unfit::shape(*name))
    })
}
