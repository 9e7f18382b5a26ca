//! Files about a scene and what a classifier says of it.

mod arrays;
mod bundle;

use stormlens_data::card::ModelCard;
use stormlens_data::outcome::SceneOutcome;

use super::citations::{GRAD_CAM, GRAHN, INTEGRATED_GRADIENTS, data, entries};
use crate::plot::scene::{Polarity, Registration, SceneStyle};

pub use arrays::npz;
pub use bundle::{SceneBundle, bundle, origin};

/// The works behind a result: the network, the methods that were used, the way of showing them if it
/// is someone's, and the data.
pub fn bibtex(outcome: &SceneOutcome, card: &ModelCard, style: &SceneStyle) -> String {
    let mut all: Vec<String> = card.citations.iter().map(|c| c.bibtex.trim().into()).collect();
    if outcome.grad_cam.is_some() {
        all.push(GRAD_CAM.into());
    }
    if outcome.integrated_gradients.is_some() {
        all.push(INTEGRATED_GRADIENTS.into());
    }
    // One sign of integrated gradients is shown as they were published, in any colours.
    if style.registration == Registration::Published || style.polarity != Polarity::Signed {
        all.push(GRAHN.into());
    }
    all.push(data(&outcome.provenance));
    entries(all)
}

#[cfg(test)]
mod tests;
