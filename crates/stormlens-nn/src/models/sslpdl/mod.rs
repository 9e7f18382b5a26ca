//! SSLPDL: fields of a weather model to the probability of rain, by an InternImage encoder that was trained to rebuild
//! hidden fields (Lee et al. 2025, <https://arxiv.org/abs/2412.05825>; InternImage: Wang et al. 2023,
//! <https://arxiv.org/abs/2211.05778>).
//!
//! Where the published program and its evident intention differ, this is the intention: the layers of the encoder
//! compute, where the program returns their input; that one is the variant [`IDENTITY`].

mod block;
mod card;
mod form;
mod front;
mod head;
mod initial;
mod network;
mod schema;
#[cfg(test)]
pub(crate) mod tests;

pub use form::{Form, Naming};
pub use initial::fine_tuning_of;
pub use network::{IDENTITY, RECONSTRUCTION, Sslpdl};
pub use schema::architecture;

use stormlens_data::import::knmi::NORMALISATION_MM_5MIN;

use crate::layers::NormOptions;
use crate::registry::ModelEntry;

pub const ENTRY: ModelEntry = ModelEntry {
    card: card::card,
    name: "SSLPDL",
    network: &Sslpdl,
    recognise: schema::recognise,
    design: schema::design,
    initialise: initial::initialise,
    // Fields are normalised before the network, and logits have no unit.
    rescale: |_, _| {},
    published_frames: |_, _| None,
    normalisation_mm_5min: NORMALISATION_MM_5MIN,
    norm: NormOptions::PYTORCH,
    size_multiple: 1,
    from_keras: None,
};

/// Added to the variance of layer normalisation.
const EPSILON: f64 = 1e-6;
