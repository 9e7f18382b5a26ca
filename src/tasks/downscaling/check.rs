//! Whether a stored map is still that of the rain and the terrain that lie there now.

use stormlens_data::outcome::{Domain, Outcome};
use stormlens_data::request::{Request, Subject};

use super::question::{rain_of, refining};
use super::{DownscalingTask, split};
use crate::question::Cards;
use crate::results::{Unfit, ensure};
use crate::tasks::split::part_in;

/// Variables that pages rely on.
const NEEDED: [&str; 5] = ["prediction", "coarse", "bilinear", "weight_sum", "conservation_ratio"];

pub fn check(
    task: &DownscalingTask,
    outcome: &Outcome,
    request: &Request,
    cards: &Cards,
) -> Result<(), Unfit> {
    refining(cards).map_err(|_| Unfit::Question)?;
    let Subject::Downscaling { .. } = request.subject else { return Err(Unfit::Question) };
    let id = rain_of(&request.subject);
    // Numbers from a file lie nowhere and are not kept.
    task.fields.find(id).map_err(|_| Unfit::Data)?;
    let rain = task.fields.load(id).map_err(|error| Unfit::Unreadable(error.to_string()))?;
    ensure(outcome.provenance.data_sha256 == rain.credit.sha256, Unfit::Data)?;
    // Heights that came with the rain stand in its name, so that others are of another question.
    let heights = match &rain.heights {
        Some(own) => vec![own.name.clone()],
        None => task.fields.terrains.names(),
    };
    let is_known = |file: &String| rain.credit.files.contains(file) || heights.contains(file);
    ensure(outcome.provenance.data_files.iter().all(is_known), Unfit::Data)?;
    let is_simulated = outcome.notes("simulated").next().is_some();
    ensure(is_simulated == cards.checkpoint.is_simulated, Unfit::Weights)?;
    let part = split::part_of(&task.fields, &request.subject, &cards.checkpoint);
    ensure(part_in(outcome) == part, Unfit::Weights)?;
    NEEDED.iter().try_for_each(|name| {
        let is_map = outcome.variable(name).is_some_and(|variable| {
            variable.plane.is_some() && matches!(variable.domain, Domain::Earth(_))
        });
        ensure(is_map, Unfit::shape(*name))
    })
}
