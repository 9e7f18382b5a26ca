//! SpaT-SparK: an hour of rain in twelve steps of five minutes, by a network that first learnt to rebuild hidden parts of
//! radar frames (Li, Siebes and Mehrkanoon 2025, <https://arxiv.org/abs/2412.15917>; SparK: Tian et al. 2023,
//! <https://arxiv.org/abs/2301.03580>).
//!
//! Where the published program and what serves a forecaster differ, this is the latter: nothing is hidden unless somebody
//! hides it, and what is hidden does not show in the statistics that give the forecast its size.

mod card;
mod decoder;
mod densify;
mod encoder;
mod form;
mod frames;
mod initial;
mod near;
mod network;
mod patches;
mod schema;
mod sparse;
#[cfg(test)]
pub(crate) mod tests;

pub use form::Form;
pub use frames::following;
pub use initial::{around_encoder, fine_tuning_of};
pub use network::{DECODED, SpatSpark};
pub use patches::{FLOOR, SIDE_PX};
pub use schema::architecture;

use crate::layers::NormOptions;
use crate::registry::ModelEntry;

pub const ENTRY: ModelEntry = ModelEntry {
    card: card::card,
    name: "SpaT-SparK",
    network: &SpatSpark,
    recognise: schema::recognise,
    design: schema::design,
    initialise: initial::initialise,
    rescale: patches::rescale,
    published_frames: frames::published,
    normalisation_mm_5min: frames::NORMALISATION_MM_5MIN,
    norm: NormOptions::PYTORCH,
    size_multiple: SIDE_PX,
    from_keras: None,
};
