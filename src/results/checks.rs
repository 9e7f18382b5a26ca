//! Whether what was read from a file is what was asked for, in the shapes that pages and figures take
//! for granted: they index without asking again.

mod shapes;
#[cfg(test)]
mod tests;

use stormlens_data::card::ModelCard;
use stormlens_data::outcome::{Outcome, Provenance, Role};
use stormlens_data::request::Request;

use crate::catalog::Catalog;

/// Why a stored result is not the one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
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
    Shape(String),
}

impl Unfit {
    /// A part of it has another shape.
    pub fn shape(part: impl Into<String>) -> Self {
        Self::Shape(part.into())
    }
}

/// What only a task knows of its results: whether they were made from the data that lie there now, and
/// whether all variables are there, over the axes that the network's card tells.
pub type TaskCheck =
    &'static (dyn Fn(&Outcome, &Request, &Catalog) -> Result<(), Unfit> + Send + Sync);

/// Checks an outcome against the question, the network's card, and what its task knows.
///
/// # Errors
/// When anything differs, and when the network or the data are not there any more.
pub(super) fn check(
    outcome: &Outcome,
    request: &Request,
    device: &str,
    (catalog, task_check): (&Catalog, TaskCheck),
) -> Result<(), Unfit> {
    ensure(outcome.request == *request, Unfit::Question)?;
    origin(&outcome.provenance, request, device, catalog)?;
    let cards = catalog.cards(request).ok_or(Unfit::Question)?;
    shapes::check(outcome)?;
    methods(outcome, &cards.model)?;
    task_check(outcome, request, catalog)
}

/// What a result says of its origin is what the key of its file says, too.
fn origin(
    provenance: &Provenance,
    request: &Request,
    device: &str,
    catalog: &Catalog,
) -> Result<(), Unfit> {
    let Provenance { model, checkpoint, weights_sha256, .. } = provenance;
    ensure(*model == request.model && *checkpoint == request.checkpoint, Unfit::Question)?;
    let mut checkpoints = catalog.checkpoints(model);
    let is_one_of_them = checkpoints
        .any(|weights| weights.name == *checkpoint && weights.weights_sha256 == *weights_sha256);
    ensure(is_one_of_them, Unfit::Weights)?;
    ensure(provenance.device == device, Unfit::Device)
}

/// Every method that was asked for is there and no other; of layers all that were asked for, in their
/// order. A network without layers has nothing to show of them.
fn methods(outcome: &Outcome, card: &ModelCard) -> Result<(), Unfit> {
    for variable in &outcome.variables {
        let Role::Attribution { method, .. } = &variable.role else { continue };
        let was_asked = outcome.request.explained_by(method).is_some();
        ensure(was_asked, Unfit::shape(&variable.name))?;
    }
    outcome.request.explain.iter().try_for_each(|explain| {
        let method = explain.method.as_str();
        let mut layers: Vec<&str> = Vec::new();
        for layer in outcome.attributions(method).filter_map(|variable| variable.layer()) {
            if !layers.contains(&layer) {
                layers.push(layer);
            }
        }
        let asked =
            |name: &&str| explain.layers.is_empty() || explain.layers.iter().any(|l| l == name);
        let known = card.layers.iter().map(|layer| layer.name.as_str()).filter(asked);
        let is_of_input = outcome.attributions(method).any(|variable| variable.layer().is_none());
        let fits = match layers.is_empty() {
            true => is_of_input || card.layers.is_empty(),
            false => known.eq(layers),
        };
        ensure(fits, Unfit::shape(method))
    })
}

/// `Ok` where that holds.
///
/// # Errors
/// Otherwise.
pub fn ensure(holds: bool, otherwise: Unfit) -> Result<(), Unfit> {
    if holds { Ok(()) } else { Err(otherwise) }
}
