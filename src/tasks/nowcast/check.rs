//! Whether a stored forecast is still that of its sample.

use stormlens_data::archive::Sample;
use stormlens_data::field::Grid;
use stormlens_data::import::radar::Measured;
use stormlens_data::outcome::{Axis, Domain, Outcome, Variable};
use stormlens_data::request::Request;

use super::answer::dated;
use super::question::{nowcasting, sample_of};
use super::samples::{Frames, Samples};
use super::split;
use crate::question::Cards;
use crate::results::{Unfit, ensure};
use crate::tasks::split::part_in;

#[cfg(test)]
mod tests;

/// Checks the data, the grid and the times; pages rely on the input, the forecast, persistence, and what
/// was observed.
pub fn check(
    samples: &Samples,
    outcome: &Outcome,
    request: &Request,
    cards: &Cards,
) -> Result<(), Unfit> {
    let task = nowcasting(cards).map_err(|_| Unfit::Question)?;
    let id = sample_of(&request.subject);
    samples.find(id).map_err(|_| Unfit::Data)?;
    let frames = samples.load(id, task).map_err(|error| Unfit::Unreadable(error.to_string()))?;
    let Frames::Sample(sample) = &frames else { return Err(Unfit::Data) };
    ensure(outcome.provenance.data_sha256 == sample.data_sha256, Unfit::Data)?;
    let is_simulated = outcome.notes("simulated").next().is_some();
    ensure(is_simulated == cards.checkpoint.is_simulated, Unfit::Weights)?;
    let part = split::part(samples, id, &cards.checkpoint);
    ensure(part_in(outcome) == part, Unfit::Weights)?;
    let away = outcome.variables.iter().find(|v| !is_on_grid(v, &sample.sequence.grid));
    away.map_or(Ok(()), |variable| Err(Unfit::shape(&variable.name)))?;
    let measured = samples.measured(id);
    match task.rebuilds() {
        true => rebuilt(outcome, sample, measured),
        false => forecast(outcome, sample, measured),
    }
}

/// The frames that went in, and what was rebuilt of them.
fn rebuilt(
    outcome: &Outcome,
    Sample { sequence, .. }: &Sample,
    measured: Option<Measured>,
) -> Result<(), Unfit> {
    let inputs = dated(Axis::input_time(sequence.times.clone()), measured);
    let size = [sequence.grid.height, sequence.grid.width];
    ["input", "prediction", "observation"].into_iter().try_for_each(|name| {
        let variable = outcome.variable(name).ok_or_else(|| Unfit::shape(name))?;
        let fits = variable.axes == [inputs.clone()] && variable.plane == Some(size);
        ensure(fits, Unfit::shape(name))
    })
}

/// What has rows and columns lies on the sample's grid, on its pixels or on larger cells.
fn is_on_grid(variable: &Variable, grid: &Grid) -> bool {
    variable.plane.is_none() || matches!(&variable.domain, Domain::Earth(found) if found == grid)
}

/// All maps are there, at the times of the sample's frames and at those that are forecast.
fn forecast(outcome: &Outcome, sample: &Sample, measured: Option<Measured>) -> Result<(), Unfit> {
    let Sample { sequence, leads, .. } = sample;
    let inputs = dated(Axis::input_time(sequence.times.clone()), measured);
    let start = sequence.times.last().copied().unwrap_or_default();
    let ahead = Axis::lead_time(start, leads.iter().map(|lead| lead.lead_time_min).collect());
    let ahead = dated(ahead, measured);
    let is_observed = leads.iter().any(|lead| lead.observation.is_some());
    let size = [sequence.grid.height, sequence.grid.width];
    for (name, axis, is_there) in [
        ("input", &inputs, true),
        ("prediction", &ahead, true),
        ("persistence", &ahead, true),
        ("observation", &ahead, is_observed),
    ] {
        match outcome.variable(name) {
            Some(variable) if is_there => {
                let fits = variable.axes == [axis.clone()] && variable.plane == Some(size);
                ensure(fits, Unfit::shape(name))?;
            }
            None if !is_there => {}
            _ => return Err(Unfit::shape(name)),
        }
    }
    Ok(())
}
