//! Whether a stored answer is still that of its picture.

use stormlens_data::outcome::{Domain, Outcome, Variable};
use stormlens_data::request::Request;
use stormlens_data::scene::Variant;

use super::prepare::variant;
use super::question::{classification, scene_of};
use super::scenes::{SceneEntry, Scenes};
use super::split;
use crate::question::Cards;
use crate::results::{Unfit, ensure};
use crate::tasks::split::part_in;

#[cfg(test)]
mod tests;

/// Checks picture, classes and the square. A name that somebody gave to a picture is not told to whoever
/// brings the same picture later.
pub fn check(
    scenes: &Scenes,
    outcome: &Outcome,
    request: &Request,
    cards: &Cards,
) -> Result<(), Unfit> {
    let entry = scenes.find(scene_of(&request.subject)).ok_or(Unfit::Data)?;
    ensure(outcome.provenance.data_sha256 == entry.sha256, Unfit::Data)?;
    let is_simulated = outcome.notes("simulated").next().is_some();
    ensure(is_simulated == cards.checkpoint.is_simulated, Unfit::Weights)?;
    ensure(part_in(outcome) == split::part(&entry, &cards.checkpoint), Unfit::Weights)?;
    let task = classification(cards).map_err(|_| Unfit::Question)?;
    for name in ["probability", "logit"] {
        let variable = outcome.variable(name).ok_or_else(|| Unfit::shape(name))?;
        let labels = (0..task.classes.len()).map(|i| variable.axis().map(|axis| axis.label(i)));
        let are_known = labels.eq(task.classes.iter().map(|class| Some(class.label.to_owned())));
        let fits = are_known && variable.shape() == [task.classes.len()];
        ensure(fits, Unfit::shape(name))?;
    }
    let side = variant(cards).input_px;
    let is_square = |variable: &Variable| {
        let is_whole = matches!(variable.domain, Domain::Scene(_));
        is_whole && variable.axes.len() == 1 && variable.plane == Some([side; 2])
    };
    let scene = outcome.variable("scene").filter(|variable| is_square(variable));
    ensure(scene.is_some_and(|scene| scene.axes[0].len() == 3), Unfit::shape("scene"))?;
    outcome.variables.iter().try_for_each(|variable| place(variable, &entry, variant(cards)))
}

/// What has rows and columns lies in the square that the picture became.
fn place(variable: &Variable, entry: &SceneEntry, variant: Variant) -> Result<(), Unfit> {
    let shape = || Unfit::shape(&variable.name);
    let geometry = match &variable.domain {
        Domain::Scene(geometry) | Domain::SceneCentre(geometry) => geometry,
        Domain::None => return Ok(()),
        Domain::Earth(_) => return Err(shape()),
    };
    let is_same = geometry.title == entry.title
        && [geometry.width_px, geometry.height_px] == [entry.width_px, entry.height_px];
    ensure(is_same, Unfit::Data)?;
    let fits = |start: usize, length: usize| {
        length > 0 && start.checked_add(length).is_some_and(|end| end <= variant.input_px)
    };
    let content = &geometry.content;
    let is_within = fits(content.left, content.width) && fits(content.top, content.height);
    ensure(geometry.variant == variant && is_within, shape())
}
