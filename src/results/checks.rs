//! Whether what was read from a file is what was asked for, in the shapes that pages and figures take
//! for granted: they index without asking again.

mod nowcast;
mod scene;
#[cfg(test)]
mod tests;

use stormlens_data::card::ModelCard;
use stormlens_data::field::Field;
use stormlens_data::outcome::{Outcome, Provenance};
use stormlens_data::request::Request;

use crate::catalog::Catalog;

/// Why a stored result is not the one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error("another build of the program computed it")]
    Program,
    #[error("it answers another question")]
    Question,
    #[error("it was computed with other weights")]
    Weights,
    #[error("it was computed on another device or with other kernels")]
    Device,
    #[error("it was computed from other data")]
    Data,
    /// Which says nothing of the result: they may be readable the next time.
    #[error("its data cannot be read now: {0}")]
    Unreadable(String),
    #[error("{0} does not have the shape that pages rely on")]
    Shape(&'static str),
}

/// Checks an outcome against the question, the data that lie there now, and the network's card.
///
/// # Errors
/// When anything differs, and when the network or the data are not there any more.
pub(super) fn check(
    outcome: &Outcome,
    request: &Request,
    device: &str,
    catalog: &Catalog,
) -> Result<(), Unfit> {
    origin(outcome.provenance(), request, device, catalog)?;
    let card = catalog.model(request.model()).ok_or(Unfit::Question)?;
    match (outcome, request) {
        (Outcome::Nowcast(outcome), Request::Nowcast(request)) => {
            let sample = catalog.sample(&request.sample).ok_or(Unfit::Data)?;
            let sample =
                catalog.load(sample).map_err(|error| Unfit::Unreadable(error.to_string()))?;
            nowcast::check(outcome, request, card, &sample)
        }
        (Outcome::Scene(outcome), Request::Scene(request)) => {
            let scene = catalog.scenes().find(&request.scene).ok_or(Unfit::Data)?;
            let mut checkpoints = catalog.checkpoints(&request.model);
            let weights = checkpoints.find(|weights| weights.name == request.checkpoint);
            scene::check(outcome, request, (card, weights.ok_or(Unfit::Weights)?), &scene)
        }
        _ => Err(Unfit::Question),
    }
}

/// What a result says of its origin is what the key of its file says, too.
fn origin(
    provenance: &Provenance,
    request: &Request,
    device: &str,
    catalog: &Catalog,
) -> Result<(), Unfit> {
    let Provenance { model, checkpoint, weights_sha256, .. } = provenance;
    if model != request.model() || checkpoint != request.checkpoint() {
        return Err(Unfit::Question);
    }
    let mut checkpoints = catalog.checkpoints(model);
    let is_one_of_them = checkpoints
        .any(|weights| weights.name == *checkpoint && weights.weights_sha256 == *weights_sha256);
    ensure(is_one_of_them, Unfit::Weights)?;
    ensure(provenance.device == device, Unfit::Device)
}

fn ensure(holds: bool, otherwise: Unfit) -> Result<(), Unfit> {
    if holds { Ok(()) } else { Err(otherwise) }
}

/// Whether the maps of an explanation are of all layers of the network, in their order.
fn are_layers<'a>(names: impl Iterator<Item = &'a str>, card: &'a ModelCard) -> bool {
    names.eq(card.layers.iter().map(|layer| layer.name.as_str()))
}

/// Whether a map holds anything, and a value a pixel.
fn is_map(field: &Field) -> bool {
    let n_values = field.height.checked_mul(field.width);
    !field.values.is_empty() && n_values == Some(field.values.len())
}

/// Whether a map is of that size.
fn is_of(field: &Field, [height, width]: [usize; 2]) -> bool {
    is_map(field) && [field.height, field.width] == [height, width]
}
