//! HARPNET: coarse rain to fine rain, by an attention-gated residual U-Net on single tiles.
//!
//! There is no paper; the definition is the authors' program (<https://github.com/clamalo/harpnet>), whose
//! four versions differ: see [`Version`].

mod affine;
mod block;
mod card;
mod form;
mod network;
mod schema;
#[cfg(test)]
pub(crate) mod tests;

pub use affine::{AffineMap, affine_maps};
pub use form::{Form, Version};
pub use network::Harpnet;
pub use schema::architecture;

use stormlens_data::import::knmi::NORMALISATION_MM_5MIN;

use crate::layers::NormOptions;
use crate::registry::ModelEntry;

pub const ENTRY: ModelEntry = ModelEntry {
    card: card::card,
    name: "HARPNET",
    network: &Harpnet,
    recognise: schema::recognise,
    design: schema::design,
    initialise: schema::initialise,
    // Inputs are normalised before the network, and the output after it: there is no unit to change.
    rescale: |_, _| {},
    // It has no batch normalisation.
    published_frames: |_, _| None,
    normalisation_mm_5min: NORMALISATION_MM_5MIN,
    norm: NormOptions::PYTORCH,
    size_multiple: 1,
    from_keras: None,
};
